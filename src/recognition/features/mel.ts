/**
 * Mel filter bank after Slaney's Auditory Toolbox (1998), as librosa and Whisper use it: the scale is linear below
 * 1 kHz and logarithmic above, and every triangle has the area 1 (over Hz), so that white noise has a flat spectrum.
 *
 * A filter covers a few neighbouring bins of the spectrum, so it is stored as its first bin and its weights.
 */

/** Up to 1 kHz, which is 15 mel, a mel is 200/3 Hz. */
const BREAK_HZ = 1000
const BREAK_MEL = 15
const HZ_PER_MEL = BREAK_HZ / BREAK_MEL
/** Above 1 kHz, 27 mel are a factor of 6.4 in frequency. */
const LOG_STEP = Math.log(6.4) / 27

export interface MelFilter {
  readonly firstBin: number
  readonly weights: Float64Array
}

export function hzToMel(hz: number): number {
  return hz < BREAK_HZ ? hz / HZ_PER_MEL : BREAK_MEL + Math.log(hz / BREAK_HZ) / LOG_STEP
}

export function melToHz(mel: number): number {
  return mel < BREAK_MEL ? mel * HZ_PER_MEL : BREAK_HZ * Math.exp(LOG_STEP * (mel - BREAK_MEL))
}

/**
 * `bins` filters whose corners are evenly spaced in mel from 0 Hz to half the sample rate, for a spectrum in which bin
 * k is k · sampleRate / fftSamples Hz. The Nyquist bin is left out: the last filter is zero there.
 */
export function slaneyMelBank(sampleRate: number, fftSamples: number, bins: number): readonly MelFilter[] {
  const highest = hzToMel(sampleRate / 2)
  const corners = Array.from({ length: bins + 2 }, (_, i) => melToHz((highest * i) / (bins + 1)))
  const hzPerBin = sampleRate / fftSamples
  return Array.from({ length: bins }, (_, i) =>
    triangle([corners[i]!, corners[i + 1]!, corners[i + 2]!], hzPerBin, fftSamples / 2))
}

/** The triangle with these corners in Hz and the area 1, sampled at the multiples of `hzPerBin` inside it. */
function triangle([low, peak, high]: [number, number, number], hzPerBin: number, endBin: number): MelFilter {
  const firstBin = Math.floor(low / hzPerBin) + 1
  const length = Math.max(0, Math.min(Math.ceil(high / hzPerBin), endBin) - firstBin)
  const height = 2 / (high - low)
  const weights = Float64Array.from({ length }, (_, i) => {
    const hz = (firstBin + i) * hzPerBin
    return height * Math.min((hz - low) / (peak - low), (high - hz) / (high - peak))
  })
  return { firstBin, weights }
}
