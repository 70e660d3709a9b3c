/**
 * Other equalizations of a recording.
 *
 * - Pre-emphasis and de-emphasis: first-order filters, as in front of linear prediction.
 * - The band of telephones: 300 to 3400 Hz.
 * - The average spectrum of speech: third-octave levels of Byrne et al., "An international comparison of long-term
 *   average speech spectra", JASA 96, 1994, both sexes.
 */
import type { SpeechActivity, Waveform } from '../../../src/domain/audio.js'
import { lowPass } from '../../../fixtures/kit/mixtures.js'
import { highPass } from '../../drift/shifts.js'
import {
  amplify, analyse, BINS, FRAME_SAMPLES, HOP_SAMPLES, powersOf, synthesize,
} from './short-time-spectra.js'

const EMPHASIS = 0.97
/** Less than the inverse of the pre-emphasis, which would leave nothing but hum. */
const DE_EMPHASIS = 0.7

export function preEmphasized({ samples, sampleRate }: Waveform): Waveform {
  return { samples: samples.map((sample, n) => sample - EMPHASIS * (samples[n - 1] ?? 0)), sampleRate }
}

export function deEmphasized({ samples, sampleRate }: Waveform): Waveform {
  let state = 0
  return { samples: samples.map((sample) => state = sample + DE_EMPHASIS * state), sampleRate }
}

export function telephoneBand(waveform: Waveform): Waveform {
  return highPass(lowPass(waveform, 3_400), 300)
}

/** Hz and dB. */
const AVERAGE_SPEECH: readonly (readonly [number, number])[] = [
  [63, 38.6], [80, 43.5], [100, 54.4], [125, 57.7], [160, 56.8], [200, 60.2], [250, 60.3], [315, 59], [400, 62.1],
  [500, 62.1], [630, 60.5], [800, 56.8], [1000, 53.7], [1250, 53], [1600, 52], [2000, 48.7], [2500, 48.1],
  [3150, 46.8], [4000, 45.6], [5000, 44.5], [6300, 44.3], [8000, 43.7],
]
const MOST_CHANGE_DB = 12

/** The mean spectrum of the speech moved to the average one, by at most MOST_CHANGE_DB in each third of an octave. */
export function averageSpectrum({ samples, sampleRate }: Waveform, { spans }: SpeechActivity): Waveform {
  const spectra = analyse(samples)
  const powers = powersOf(spectra).filter((_, frame) => {
    const seconds = ((frame + 1) * HOP_SAMPLES - FRAME_SAMPLES / 2) / sampleRate
    return spans.some(({ startSeconds, endSeconds }) => seconds >= startSeconds && seconds <= endSeconds)
  })
  const bands = AVERAGE_SPEECH
    .map(([hertz, targetDb]) => ({ hertz, targetDb, ownDb: bandDb(powers, hertz, sampleRate) }))
    .filter(({ ownDb }) => Number.isFinite(ownDb))
  if (bands.length === 0) return { samples, sampleRate }
  const offset = bands.reduce((sum, { targetDb, ownDb }) => sum + targetDb - ownDb, 0) / bands.length
  const changes = bands.map(({ hertz, targetDb, ownDb }): readonly [number, number] =>
    [hertz, Math.max(-MOST_CHANGE_DB, Math.min(MOST_CHANGE_DB, targetDb - ownDb - offset))])
  const gains = Float64Array.from({ length: BINS }, (_, bin) =>
    10 ** (interpolated(changes, (bin * sampleRate) / FRAME_SAMPLES) / 20))
  return { samples: synthesize(amplify(spectra, spectra.real.map(() => gains)), samples.length), sampleRate }
}

function bandDb(powers: readonly Float64Array[], hertz: number, sampleRate: number): number {
  const edge = 2 ** (1 / 6)
  const first = Math.max(1, Math.floor((hertz / edge * FRAME_SAMPLES) / sampleRate))
  const last = Math.min(BINS - 1, Math.max(first, Math.ceil((hertz * edge * FRAME_SAMPLES) / sampleRate) - 1))
  let sum = 0
  for (const own of powers) for (let bin = first; bin <= last; bin++) sum += own[bin]!
  // Bins are equally wide and bands are not: the level of a band is that of its density times its width.
  return 10 * Math.log10(sum / (last - first + 1) * hertz)
}

/** Between two points along the logarithm of the frequency; outside them the value of the nearest. */
function interpolated(points: readonly (readonly [number, number])[], hertz: number): number {
  const above = points.findIndex(([point]) => point >= hertz)
  if (above <= 0) return (above === 0 ? points[0] : points.at(-1))![1]
  const [[low, lowDb], [high, highDb]] = [points[above - 1]!, points[above]!]
  return lowDb + (highDb - lowDb) * Math.log(hertz / low) / Math.log(high / low)
}
