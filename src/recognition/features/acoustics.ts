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
  const peak = indexOfPeak(samples)
  const spectrumStart = gridStart(peak, FFT_SAMPLES)
  return {
    ...energyAround(peak, waveform),
    spectrumStartSeconds: spectrumStart / sampleRate,
    spectrumHopSeconds: FFT_SAMPLES / sampleRate,
    hzPerBin: sampleRate / FFT_SAMPLES,
    ...describeSpectra(samples, spectrumStart, sampleRate / FFT_SAMPLES),
  }
}

type EnergyFeatures = Pick<FrameFeatures, 'energyStartSeconds' | 'energyHopSeconds' | 'energyDb'>

/** The energy grid alone, at any sample rate. */
export function describeEnergy(waveform: Waveform): EnergyFeatures {
  return energyAround(indexOfPeak(waveform.samples), waveform)
}

function energyAround(peak: number, { samples, sampleRate }: Waveform): EnergyFeatures {
  const hop = Math.round(sampleRate * ENERGY_HOP_SECONDS)
  const energyStart = gridStart(peak, hop)
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

/** The first one, where several are as loud. */
function indexOfPeak(samples: Float32Array): number {
  let [peak, highest] = [0, 0]
  for (let i = 0; i < samples.length; i++) {
    const size = Math.abs(samples[i]!)
    if (size > highest) [peak, highest] = [i, size]
  }
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
      const sample = samples[i]!
      // Only one product and one sum wait for the output before: hot.
      filtered = pole * (sample - previous) + pole * filtered
      previous = sample
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
  const ofMean = framesOfMean(samples.length, gridStart, frames)
  const sums = new Float64Array(SPECTRUM_BINS)
  const firstBin = Math.ceil(SPEECH_BAND_HZ.low / hzPerBin)
  const endBin = Math.min(Math.floor(SPEECH_BAND_HZ.high / hzPerBin), SPECTRUM_BINS - 1) + 1
  const frame = new Float32Array(FFT_SAMPLES)
  const spectrum = new Float32Array(SPECTRUM_BINS)
  const band = spectrum.subarray(firstBin, endBin)
  for (let index = 0; index < frames; index++) {
    fillWindowed(frame, samples, gridStart + index * FFT_SAMPLES)
    powerSpectrum(frame, spectrum)
    if (index >= ofMean.first && index < ofMean.end) addTo(sums, spectrum)
    const power = sumOf(band)
    bandEnergyDb[index] = toDb(power * POWER_SCALE)
    flatness[index] = flatnessOf(band, power)
    centroidHz[index] = hzPerBin * centroidOf(spectrum)
    for (let mel = 0; mel < MEL_BANDS; mel++) {
      melDb.data[index * MEL_BANDS + mel] = toDb(bandPower(spectrum, melBank[mel]!) * POWER_SCALE)
    }
  }
  const meanSpectrum = Float32Array.from(sums, (sum) => sum / Math.max(1, ofMean.end - ofMean.first))
  return { bandEnergyDb, flatness, centroidHz, melDb, meanSpectrum }
}

/** Indices, `end` excluded. */
interface FrameRange { readonly first: number; readonly end: number }

/** The frames that lie within the clip; all where none does. */
function framesOfMean(samples: number, gridStart: number, frames: number): FrameRange {
  const first = gridStart < 0 ? 1 : 0
  const end = Math.floor((samples - gridStart) / FFT_SAMPLES)
  return end > first ? { first, end } : { first: 0, end: frames }
}

function addTo(sums: Float64Array, spectrum: Float32Array): void {
  for (let bin = 0; bin < SPECTRUM_BINS; bin++) sums[bin]! += spectrum[bin]!
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
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * spectrum[firstBin + i]!
  return sum
}

function fillWindowed(frame: Float32Array, samples: Float32Array, start: number): void {
  const first = Math.max(0, -start)
  const end = Math.min(FFT_SAMPLES, samples.length - start)
  frame.fill(0, 0, first)
  for (let n = first; n < end; n++) frame[n] = WINDOW[n]! * samples[start + n]!
  frame.fill(0, Math.max(0, end))
}

/** Geometric over arithmetic mean of the power; 1 for an empty spectrum. */
function flatnessOf(band: Float32Array, power: number): number {
  if (power * POWER_SCALE <= FLOOR_POWER) return 1
  return Math.exp(sumOfLogarithms(band) / band.length) / (power / band.length)
}

/** Four at a time, in one logarithm: the product of four floats is in the range of doubles, unless one is zero. */
function sumOfLogarithms(values: Float32Array): number {
  let sum = 0
  for (let first = 0; first < values.length; first += 4) {
    const end = Math.min(first + 4, values.length)
    let product = 1
    for (let i = first; i < end; i++) product *= values[i]!
    if (product > 0 && product < Infinity) sum += Math.log(product)
    else for (let i = first; i < end; i++) sum += Math.log(Math.max(values[i]!, Number.MIN_VALUE))
  }
  return sum
}

function sumOf(values: Float32Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum
}

function toDb(power: number): number {
  return 10 * Math.log10(Math.max(power, FLOOR_POWER))
}
