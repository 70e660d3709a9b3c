/**
 * Waveform → energy and spectral features of short frames, for speech detection and the quality report.
 *
 * There are two grids. Energy is cheap and decides where a word begins, so it is measured every 10 ms on the samples,
 * after a first-order high-pass filter against hum and rumble. Spectra come from Meyda every 32 ms, without overlap:
 * they only distinguish speech from noise, and cost ten times as much.
 *
 * Both grids are aligned to the loudest sample of the clip, not to its first one. If something is added before or after
 * the speech (a second of silence, 3 ms by another recorder), the frames of the speech, and all that is derived from
 * them, stay the same.
 */
import type { FrameFeatures, Waveform } from '../../domain/audio.js'
import { slaneyMelBank, type MelFilter } from './mel.js'
import { FFT_SAMPLES, hannWindow, powerSpectrum, SPECTRUM_BINS } from './spectrum.js'

const ENERGY_HOP_SECONDS = 0.01
const MEL_BANDS = 24
/** Cut-off of the high-pass filter. */
const RUMBLE_HZ = 100
const SPEECH_BAND_HZ = { low: 300, high: 4_000 }
/** Power of digital silence, dB: below the last bit of 24. */
const FLOOR_DB = -150
const FLOOR_POWER = 10 ** (FLOOR_DB / 10)

const WINDOW = hannWindow(FFT_SAMPLES)
/** Factor from |FFT|² of a windowed frame to its mean power: Parseval, one-sided spectrum, energy of the window. */
const POWER_SCALE = 2 / (FFT_SAMPLES * WINDOW.reduce((sum, weight) => sum + weight * weight, 0))

/** Takes audio at 8 kHz or more, so that it has the whole speech band. */
export function describeFrames(waveform: Waveform): FrameFeatures {
  const { samples, sampleRate } = waveform
  const spectrumStart = gridStart(indexOfPeak(samples), FFT_SAMPLES)
  return {
    ...describeEnergy(waveform),
    spectrumStartSeconds: spectrumStart / sampleRate,
    spectrumHopSeconds: FFT_SAMPLES / sampleRate,
    hzPerBin: sampleRate / FFT_SAMPLES,
    ...describeSpectra(samples, spectrumStart, sampleRate / FFT_SAMPLES),
  }
}

type EnergyFeatures = Pick<FrameFeatures, 'energyStartSeconds' | 'energyHopSeconds' | 'energyDb'>

/** The energy grid alone, at any sample rate. */
export function describeEnergy({ samples, sampleRate }: Waveform): EnergyFeatures {
  const hop = Math.round(sampleRate * ENERGY_HOP_SECONDS)
  const energyStart = gridStart(indexOfPeak(samples), hop)
  return {
    energyStartSeconds: energyStart / sampleRate,
    energyHopSeconds: hop / sampleRate,
    energyDb: shortTimeEnergy(samples, energyStart, hop, Math.exp((-2 * Math.PI * RUMBLE_HZ) / sampleRate)),
  }
}

const melBanks = new Map<number, readonly MelFilter[]>()

/** Cached by sample rate: a process uses one or two. */
function melBankFor(sampleRate: number): readonly MelFilter[] {
  const bank = melBanks.get(sampleRate) ?? slaneyMelBank(sampleRate, FFT_SAMPLES, MEL_BANDS)
  melBanks.set(sampleRate, bank)
  return bank
}

function indexOfPeak(samples: Float32Array): number {
  let peak = 0
  for (let i = 1; i < samples.length; i++) if (Math.abs(samples[i]!) > Math.abs(samples[peak]!)) peak = i
  return peak
}

/** First frame of the grid that has a frame at `anchor`: in (-hop, 0]. */
function gridStart(anchor: number, hop: number): number {
  const phase = anchor % hop
  return phase === 0 ? 0 : phase - hop
}

/** Mean power of the samples of each frame; the first and the last frame may be shorter. */
function shortTimeEnergy(samples: Float32Array, gridStart: number, hop: number, pole: number): Float32Array {
  const energyDb = new Float32Array(Math.ceil((samples.length - gridStart) / hop))
  let previous = samples[0] ?? 0
  let filtered = 0
  for (let index = 0, i = 0; index < energyDb.length; index++) {
    const start = i
    let sum = 0
    for (const end = Math.min(gridStart + (index + 1) * hop, samples.length); i < end; i++) {
      filtered = pole * (filtered + samples[i]! - previous)
      previous = samples[i]!
      sum += filtered * filtered
    }
    energyDb[index] = toDb(sum / (i - start))
  }
  return energyDb
}

type SpectralFeatures = Pick<FrameFeatures, 'bandEnergyDb' | 'flatness' | 'centroidHz' | 'melDb' | 'meanSpectrum'>

/**
 * Frames that extend beyond the clip are filled up with zeros. The edge of such a frame is not in the recording, so the
 * mean spectrum leaves them out, unless there are no others.
 */
function describeSpectra(samples: Float32Array, gridStart: number, hzPerBin: number): SpectralFeatures {
  const frames = Math.ceil((samples.length - gridStart) / FFT_SAMPLES)
  const bandEnergyDb = new Float32Array(frames)
  const flatness = new Float32Array(frames)
  const centroidHz = new Float32Array(frames)
  const melDb = { data: new Float32Array(frames * MEL_BANDS), frames, bins: MEL_BANDS }
  const melBank = melBankFor(Math.round(hzPerBin * FFT_SAMPLES))
  const meanSpectrum = new Float32Array(SPECTRUM_BINS)
  const isWhole = (index: number): boolean =>
    gridStart + index * FFT_SAMPLES >= 0 && gridStart + (index + 1) * FFT_SAMPLES <= samples.length
  const wholeFrames = Array.from({ length: frames }, (_, index) => isWhole(index)).filter(Boolean).length
  const firstBin = Math.ceil(SPEECH_BAND_HZ.low / hzPerBin)
  const endBin = Math.min(Math.floor(SPEECH_BAND_HZ.high / hzPerBin), SPECTRUM_BINS - 1) + 1
  const frame = new Float32Array(FFT_SAMPLES)
  for (let index = 0; index < frames; index++) {
    fillWindowed(frame, samples, gridStart + index * FFT_SAMPLES)
    const spectrum = powerSpectrum(frame)
    if (isWhole(index) || wholeFrames === 0) {
      for (let bin = 0; bin < SPECTRUM_BINS; bin++) meanSpectrum[bin]! += spectrum[bin]! / (wholeFrames || frames)
    }
    const band = spectrum.subarray(firstBin, endBin)
    const power = sumOf(band)
    bandEnergyDb[index] = toDb(power * POWER_SCALE)
    flatness[index] = flatnessOf(band, power)
    centroidHz[index] = hzPerBin * centroidOf(spectrum)
    melBank.forEach((filter, mel) => {
      melDb.data[index * MEL_BANDS + mel] = toDb(bandPower(spectrum, filter) * POWER_SCALE)
    })
  }
  return { bandEnergyDb, flatness, centroidHz, melDb, meanSpectrum }
}

/** Spectral centroid in bins; 0 for an empty spectrum. */
function centroidOf(spectrum: Float32Array): number {
  let power = 0
  let moment = 0
  for (let bin = 0; bin < spectrum.length; bin++) {
    power += spectrum[bin]!
    moment += bin * spectrum[bin]!
  }
  return power === 0 ? 0 : moment / power
}

function bandPower(spectrum: Float32Array, { firstBin, weights }: MelFilter): number {
  let sum = 0
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * (spectrum[firstBin + i] ?? 0)
  return sum
}

function fillWindowed(frame: Float32Array, samples: Float32Array, start: number): void {
  for (let n = 0; n < frame.length; n++) frame[n] = WINDOW[n]! * (samples[start + n] ?? 0)
}

/** Geometric over arithmetic mean of the power; 1 for an empty spectrum. */
function flatnessOf(band: Float32Array, power: number): number {
  if (power * POWER_SCALE <= FLOOR_POWER) return 1
  let logs = 0
  for (const value of band) logs += Math.log(Math.max(value, Number.MIN_VALUE))
  return Math.exp(logs / band.length) / (power / band.length)
}

function sumOf(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum
}

function toDb(power: number): number {
  return 10 * Math.log10(Math.max(power, FLOOR_POWER))
}
