/**
 * Waveform → spectrogram image: frames of 32 ms, power in decibels below the maximum, 0 Hz at the bottom. Coloured with
 * viridis (van der Walt and Smith 2015, CC0), which is perceptually uniform and readable in greyscale.
 */
import type { Waveform } from '../../domain/audio.js'
import { FFT_SAMPLES, hannWindow, powerSpectrum, SPECTRUM_BINS } from '../../recognition/features/spectrum.js'
import type { IndexedImage } from './png.js'

/** Range of the palette, dB. */
export const RANGE_DB = 80

const COLUMNS = 640
/** Two bins each, 62.5 Hz at 16 kHz. */
const ROWS = SPECTRUM_BINS / 2
/** Number of colours; more would be indistinguishable, and compress worse. */
const LEVELS = 64
/** A column of a long recording is the mean of at most this many frames. */
const MOST_FRAMES = 8
const SILENCE_POWER = 1e-12

/** Viridis at 0, 1/8 … 1. */
const VIRIDIS = [
  [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141], [39, 173, 129], [92, 200, 99],
  [170, 220, 50], [253, 231, 37],
] as const

export function drawSpectrogram({ samples }: Waveform): IndexedImage {
  const power = Array.from({ length: COLUMNS }, (_, column) => columnPower(samples, column))
  const loudest = power.reduce(
    (most, column) => column.reduce((highest, value) => Math.max(highest, value), most), SILENCE_POWER,
  )
  const pixels = new Uint8Array(COLUMNS * ROWS)
  for (let column = 0; column < COLUMNS; column++) {
    for (let row = 0; row < ROWS; row++) {
      const decibels = 10 * Math.log10(Math.max(power[column]![row]!, SILENCE_POWER * 1e-12) / loudest)
      const level = Math.round((1 + decibels / RANGE_DB) * (LEVELS - 1))
      pixels[(ROWS - 1 - row) * COLUMNS + column] = Math.max(0, level)
    }
  }
  return {
    width: COLUMNS, height: ROWS, pixels,
    palette: Array.from({ length: LEVELS }, (_, level) => viridis(level / (LEVELS - 1))),
  }
}

/** Colour of a share in [0, 1]. */
export function viridis(share: number): [number, number, number] {
  const place = share * (VIRIDIS.length - 1)
  const index = Math.min(VIRIDIS.length - 2, Math.floor(place))
  const mixed = (channel: 0 | 1 | 2): number => {
    const [from, to] = [VIRIDIS[index]![channel], VIRIDIS[index + 1]![channel]]
    return Math.round(from + (to - from) * (place - index))
  }
  return [mixed(0), mixed(1), mixed(2)]
}

const WINDOW = hannWindow(FFT_SAMPLES)

/** Mean power of the frames of one column, two bins together. Shape [ROWS]. */
function columnPower(samples: Float32Array, column: number): Float32Array {
  const width = samples.length / COLUMNS
  const frames = Math.min(MOST_FRAMES, Math.max(1, Math.round(width / FFT_SAMPLES)))
  const rows = new Float32Array(ROWS)
  const frame = new Float32Array(FFT_SAMPLES)
  for (let index = 0; index < frames; index++) {
    const start = Math.round((column + (index + 0.5) / frames) * width) - FFT_SAMPLES / 2
    for (let n = 0; n < FFT_SAMPLES; n++) frame[n] = WINDOW[n]! * (samples[start + n] ?? 0)
    const spectrum = powerSpectrum(frame)
    for (let bin = 0; bin < SPECTRUM_BINS; bin++) rows[bin >> 1]! += spectrum[bin]! / frames
  }
  return rows
}
