/**
 * Waveform → short-time descriptors: what silence trimming listens to.
 *
 * Two grids. Energy is cheap and decides where a word begins, so it is taken every 10 ms from the samples, after a
 * first-order high pass against hum and rumble. Spectra come from Meyda every 32 ms, without overlap: they only
 * tell voices from noise, and cost ten times as much.
 */
import type { FrameFeatures, Waveform } from '../types.js'
import { FFT_SAMPLES, hannWindow, powerSpectrum, SPECTRUM_BINS } from './spectrum.js'

const ENERGY_HOP_SECONDS = 0.01
const RUMBLE_HZ = 100
const BAND_HZ = { low: 300, high: 4_000 }
/** Power of what is not there at all, dB: below the last bit of 24. */
const FLOOR_DB = -150
const FLOOR_POWER = 10 ** (FLOOR_DB / 10)

const WINDOW = hannWindow(FFT_SAMPLES)
/** |FFT|² of a windowed frame → its mean power: Parseval, one side of the spectrum, energy of the window. */
const POWER_SCALE = 2 / (FFT_SAMPLES * WINDOW.reduce((sum, weight) => sum + weight * weight, 0))

/** Describes audio at a rate of at least 8 kHz, so that the speech band is there. */
export function describeFrames({ samples, sampleRate }: Waveform): FrameFeatures {
  const hop = Math.round(sampleRate * ENERGY_HOP_SECONDS)
  return {
    energyHopSeconds: hop / sampleRate,
    energyDb: shortTimeEnergy(samples, hop, Math.exp((-2 * Math.PI * RUMBLE_HZ) / sampleRate)),
    spectrumHopSeconds: FFT_SAMPLES / sampleRate,
    hzPerBin: sampleRate / FFT_SAMPLES,
    ...describeSpectra(samples, sampleRate / FFT_SAMPLES),
  }
}

/** The last stretch may be shorter; its power is the mean over what is there. */
function shortTimeEnergy(samples: Float32Array, hop: number, pole: number): Float32Array {
  const energyDb = new Float32Array(Math.ceil(samples.length / hop))
  let before = samples[0] ?? 0
  let filtered = 0
  for (let index = 0, i = 0; index < energyDb.length; index++) {
    const start = i
    let sum = 0
    for (const end = Math.min(start + hop, samples.length); i < end; i++) {
      filtered = pole * (filtered + samples[i]! - before)
      before = samples[i]!
      sum += filtered * filtered
    }
    energyDb[index] = toDb(sum / (i - start))
  }
  return energyDb
}

/** The last frame is filled up with zeros: an edge that was never heard, and no part of the mean unless it is all there is. */
function describeSpectra(samples: Float32Array, hzPerBin: number): Pick<FrameFeatures, 'bandEnergyDb' | 'flatness' | 'meanSpectrum'> {
  const frames = Math.ceil(samples.length / FFT_SAMPLES)
  const bandEnergyDb = new Float32Array(frames)
  const flatness = new Float32Array(frames)
  const meanSpectrum = new Float32Array(SPECTRUM_BINS)
  const wholeFrames = Math.max(1, Math.floor(samples.length / FFT_SAMPLES))
  const firstBin = Math.ceil(BAND_HZ.low / hzPerBin)
  const endBin = Math.min(Math.floor(BAND_HZ.high / hzPerBin), FFT_SAMPLES / 2 - 1) + 1
  const frame = new Float32Array(FFT_SAMPLES)
  for (let index = 0; index < frames; index++) {
    fillWindowed(frame, samples, index * FFT_SAMPLES)
    const spectrum = powerSpectrum(frame)
    if (index < wholeFrames) for (let bin = 0; bin < SPECTRUM_BINS; bin++) meanSpectrum[bin] += spectrum[bin]! / wholeFrames
    const band = spectrum.subarray(firstBin, endBin)
    const power = sumOf(band)
    bandEnergyDb[index] = toDb(power * POWER_SCALE)
    flatness[index] = flatnessOf(band, power)
  }
  return { bandEnergyDb, flatness, meanSpectrum }
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
