/**
 * Waveform → short-time descriptors: what speech detection and the quality report listen to.
 *
 * Two grids. Energy is cheap and decides where a word begins, so it is taken every 10 ms from the samples, after a
 * first-order high pass against hum and rumble. Spectra come from Meyda every 32 ms, without overlap: they only
 * tell voices from noise, and cost ten times as much.
 *
 * Both grids are hung on the loudest sample of the clip, not on its first one. Whatever is then put before or behind
 * the voice (a second of silence, 3 ms by another recorder), the frames over the voice stay the same frames, and so
 * does all that is derived from them.
 */
import type { FrameFeatures, Waveform } from '../../domain/audio.js'
import { slaneyMelBank, type MelFilter } from './mel.js'
import { FFT_SAMPLES, hannWindow, powerSpectrum, SPECTRUM_BINS } from './spectrum.js'

const ENERGY_HOP_SECONDS = 0.01
const MEL_BANDS = 24
const RUMBLE_HZ = 100
const BAND_HZ = { low: 300, high: 4_000 }
/** Power of what is not there at all, dB: below the last bit of 24. */
const FLOOR_DB = -150
const FLOOR_POWER = 10 ** (FLOOR_DB / 10)

const WINDOW = hannWindow(FFT_SAMPLES)
/** |FFT|² of a windowed frame → its mean power: Parseval, one side of the spectrum, energy of the window. */
const POWER_SCALE = 2 / (FFT_SAMPLES * WINDOW.reduce((sum, weight) => sum + weight * weight, 0))

/** Describes audio at a rate of at least 8 kHz, so that the speech band is there. */
export function describeFrames(waveform: Waveform): FrameFeatures {
  const { samples, sampleRate } = waveform
  const spectrumStart = gridStart(loudestSample(samples), FFT_SAMPLES)
  return {
    ...describeEnergy(waveform),
    spectrumStartSeconds: spectrumStart / sampleRate,
    spectrumHopSeconds: FFT_SAMPLES / sampleRate,
    hzPerBin: sampleRate / FFT_SAMPLES,
    ...describeSpectra(samples, spectrumStart, sampleRate / FFT_SAMPLES),
  }
}

/** The cheaper grid alone, at any rate. */
export function describeEnergy({ samples, sampleRate }: Waveform): Pick<FrameFeatures, 'energyStartSeconds' | 'energyHopSeconds' | 'energyDb'> {
  const hop = Math.round(sampleRate * ENERGY_HOP_SECONDS)
  const energyStart = gridStart(loudestSample(samples), hop)
  return {
    energyStartSeconds: energyStart / sampleRate,
    energyHopSeconds: hop / sampleRate,
    energyDb: shortTimeEnergy(samples, energyStart, hop, Math.exp((-2 * Math.PI * RUMBLE_HZ) / sampleRate)),
  }
}

const melBanks = new Map<number, readonly MelFilter[]>()

/** Made once for each rate: a process knows one or two. */
function melBankFor(sampleRate: number): readonly MelFilter[] {
  const made = melBanks.get(sampleRate) ?? slaneyMelBank(sampleRate, FFT_SAMPLES, MEL_BANDS)
  melBanks.set(sampleRate, made)
  return made
}

function loudestSample(samples: Float32Array): number {
  let loudest = 0
  for (let i = 1; i < samples.length; i++) if (Math.abs(samples[i]!) > Math.abs(samples[loudest]!)) loudest = i
  return loudest
}

/** Where the grid through `anchor` begins: in (-hop, 0]. */
function gridStart(anchor: number, hop: number): number {
  const phase = anchor % hop
  return phase === 0 ? 0 : phase - hop
}

/** Power of the samples that each stretch really has; the first and the last may be shorter. */
function shortTimeEnergy(samples: Float32Array, gridStart: number, hop: number, pole: number): Float32Array {
  const energyDb = new Float32Array(Math.ceil((samples.length - gridStart) / hop))
  let before = samples[0] ?? 0
  let filtered = 0
  for (let index = 0, i = 0; index < energyDb.length; index++) {
    const start = i
    let sum = 0
    for (const end = Math.min(gridStart + (index + 1) * hop, samples.length); i < end; i++) {
      filtered = pole * (filtered + samples[i]! - before)
      before = samples[i]!
      sum += filtered * filtered
    }
    energyDb[index] = toDb(sum / (i - start))
  }
  return energyDb
}

/** Frames that reach over an end of the clip are filled up with zeros: edges that were never heard, and no part of the mean unless they are all there is. */
function describeSpectra(samples: Float32Array, gridStart: number, hzPerBin: number): Pick<FrameFeatures, 'bandEnergyDb' | 'flatness' | 'centroidHz' | 'melDb' | 'meanSpectrum'> {
  const frames = Math.ceil((samples.length - gridStart) / FFT_SAMPLES)
  const bandEnergyDb = new Float32Array(frames)
  const flatness = new Float32Array(frames)
  const centroidHz = new Float32Array(frames)
  const melDb = { data: new Float32Array(frames * MEL_BANDS), frames, bins: MEL_BANDS }
  const melBank = melBankFor(Math.round(hzPerBin * FFT_SAMPLES))
  const meanSpectrum = new Float32Array(SPECTRUM_BINS)
  const isWhole = (index: number): boolean => gridStart + index * FFT_SAMPLES >= 0 && gridStart + (index + 1) * FFT_SAMPLES <= samples.length
  const wholeFrames = Array.from({ length: frames }, (_, index) => isWhole(index)).filter(Boolean).length
  const firstBin = Math.ceil(BAND_HZ.low / hzPerBin)
  const endBin = Math.min(Math.floor(BAND_HZ.high / hzPerBin), SPECTRUM_BINS - 1) + 1
  const frame = new Float32Array(FFT_SAMPLES)
  for (let index = 0; index < frames; index++) {
    fillWindowed(frame, samples, gridStart + index * FFT_SAMPLES)
    const spectrum = powerSpectrum(frame)
    if (isWhole(index) || wholeFrames === 0) for (let bin = 0; bin < SPECTRUM_BINS; bin++) meanSpectrum[bin] += spectrum[bin]! / (wholeFrames || frames)
    const band = spectrum.subarray(firstBin, endBin)
    const power = sumOf(band)
    bandEnergyDb[index] = toDb(power * POWER_SCALE)
    flatness[index] = flatnessOf(band, power)
    centroidHz[index] = hzPerBin * centroidOf(spectrum)
    melBank.forEach((filter, mel) => { melDb.data[index * MEL_BANDS + mel] = toDb(bandPower(spectrum, filter) * POWER_SCALE) })
  }
  return { bandEnergyDb, flatness, centroidHz, melDb, meanSpectrum }
}

/** In bins; 0 for an empty spectrum. */
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

/** Geometric over arithmetic mean; an empty spectrum is as flat as can be. */
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
