/** Utterances in which the speaker pauses: sentences with a pause between two words, and digits said one by one. */
import { groupBy } from '../../fixtures/kit/statistics.js'
import type { SpeechClip } from '../harness/clips.js'
import { SAMPLE_RATE, type Recording } from './recordings.js'
import { noiseOf } from './streams.js'
import { gainFor } from '../../fixtures/kit/mixtures.js'
import { scaled } from '../../fixtures/kit/synthesis.js'

export interface Interruptible {
  readonly kind: 'sentence' | 'digits'
  readonly recording: Recording
  /** Sample between two words. */
  readonly cut: number
}

/** Shorter utterances have no middle, longer ones take too long. */
const WORDS = { least: 4, most: 14 }
const MOST_SECONDS = 8
const DIGITS = /^(zero|one|two|three|four|five|six|seven|eight|nine)[.!?]?$/i
const DIGITS_TOGETHER = 4
const BETWEEN_DIGITS_SECONDS = 0.1
/** Around the speech of a digit, so that no sound is lost. */
const MARGIN_SECONDS = 0.05
/** Level of the noise in a pause, below that of the speech. */
const PAUSE_NOISE_DB = 30

/** `recordings` have word times. */
export function interruptible(recordings: readonly Recording[]): Interruptible[] {
  const sentences = recordings.flatMap((recording): Interruptible[] => {
    const { words, samples, clip } = recording
    const said = clip.text.split(/\s+/).length
    if (said < WORDS.least || said > WORDS.most || words.length < WORDS.least) return []
    if (samples.length > MOST_SECONDS * SAMPLE_RATE) return []
    const [before, after] = [words[words.length / 2 - 1 | 0]!, words[words.length / 2 | 0]!]
    const cut = Math.round((before.endSeconds + after.startSeconds) / 2 * SAMPLE_RATE)
    return [{ kind: 'sentence', recording, cut }]
  })
  return [...sentences, ...digitStrings(recordings)]
}

/** Digits of one source in the order of the manifest, four at a time; the cut is in their middle. */
function digitStrings(recordings: readonly Recording[]): Interruptible[] {
  const digits = groupBy(recordings.filter(({ clip }) => DIGITS.test(clip.text)), ({ clip }) => clip.source)
  return [...digits.values()].flatMap((own) =>
    Array.from({ length: Math.floor(own.length / DIGITS_TOGETHER) }, (_, index) =>
      joined(own.slice(index * DIGITS_TOGETHER, (index + 1) * DIGITS_TOGETHER))))
}

function joined(digits: readonly Recording[]): Interruptible {
  const gap = new Float32Array(Math.round(BETWEEN_DIGITS_SECONDS * SAMPLE_RATE))
  const spoken = digits.map(({ samples, speech }) => samples.subarray(
    Math.max(0, Math.round((speech.startSeconds - MARGIN_SECONDS) * SAMPLE_RATE)),
    Math.round((speech.endSeconds + MARGIN_SECONDS) * SAMPLE_RATE),
  ))
  const samples = concat(spoken.flatMap((piece, index) => index === 0 ? [piece] : [gap, piece]))
  const half = concat(spoken.slice(0, DIGITS_TOGETHER / 2).flatMap((piece) => [piece, gap])).length - gap.length / 2
  const text = digits.map(({ clip }) => clip.text.toLowerCase().replace(/[^a-z]/g, '')).join(' ')
  const clip: SpeechClip = { ...digits[0]!.clip, text, seconds: samples.length / SAMPLE_RATE }
  const speech = { startSeconds: MARGIN_SECONDS, endSeconds: clip.seconds - MARGIN_SECONDS }
  return { kind: 'digits', recording: { clip, samples, text: '', speech, words: [] }, cut: Math.round(half) }
}

/** With a pause of this length, in which there is faint noise. */
export function interrupted({ recording, cut }: Interruptible, pauseSeconds: number, index: number): Recording {
  const { samples, speech } = recording
  const background = noiseOf(Math.round(pauseSeconds * SAMPLE_RATE), index)
  const pause = scaled(background, gainFor({ samples, sampleRate: SAMPLE_RATE }, background, PAUSE_NOISE_DB))
  return {
    ...recording, samples: concat([samples.subarray(0, cut), pause, samples.subarray(cut)]),
    speech: { ...speech, endSeconds: speech.endSeconds + pauseSeconds },
  }
}

function concat(pieces: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
