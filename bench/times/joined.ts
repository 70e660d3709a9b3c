/**
 * Recordings cut tightly and joined, so that the cuts are known to the sample: of single words, every boundary; of
 * sentences, the first and the last.
 *
 * What lies more than SPEECH_DB below the loudest 10 ms of a recording is cut off at its ends, so that nothing of a
 * word is outside its cuts, and the pauses between are the faint noise of a room. Pieces are brought to one loudness.
 * That a faint first or last sound was cut off makes no boundary wrong.
 */
import { readFile } from 'node:fs/promises'
import { decodeAudio } from '../../src/audio/decode.js'
import { resample } from '../../src/audio/signal/resample.js'
import { framePowersDb } from '../audio/frames.js'
import { atLevel, noise } from '../../fixtures/kit/synthesis.js'
import type { SpeechClip } from '../harness/clips.js'
import { groupBy, percentile, seededRandom } from '../../fixtures/kit/statistics.js'
import type { KnownWord, TimedClip } from './timed-clips.js'

const SAMPLE_RATE = 16_000
const SPEECH_DB = -30
const FRAME_SECONDS = 0.01
const LEVEL_DBFS = -26
const ROOM_DBFS = -68
const FADE_SECONDS = 0.004
/** Between two pieces, in turns; and before the first and behind the last. */
const PAUSES_SECONDS = [0.08, 0.3, 0.15, 0.6]
const MARGIN_SECONDS = 0.4
const WORDS_TOGETHER = 4
const LEAST_TOGETHER = 3
const SENTENCES_TOGETHER = 2

/** Single words of one speaker after the other, where a speaker has said enough of them. */
export async function joinWords(kind: string, clips: readonly SpeechClip[]): Promise<TimedClip[]> {
  const random = seededRandom(11)
  const groups = [...groupBy(clips, ({ speaker }) => speaker).values()].filter((own) => own.length >= LEAST_TOGETHER)
  const rows = groups.flatMap((own) =>
    chunks(shuffled(own, random), WORDS_TOGETHER)).filter((row) => row.length >= LEAST_TOGETHER)
  return Promise.all(rows.map((row, index) => join(kind, row, index, ({ text }, startSeconds, endSeconds) => [
    { text, startSeconds, endSeconds },
  ])))
}

/** Sentences of one speaker, of which only the ends are known. */
export async function joinSentences(kind: string, clips: readonly SpeechClip[]): Promise<TimedClip[]> {
  const rows = [...groupBy(clips, ({ speaker }) => speaker).values()].flatMap((own) =>
    chunks(own, SENTENCES_TOGETHER)).filter((row) => row.length === SENTENCES_TOGETHER)
  return Promise.all(rows.map((row, index) => join(kind, row, index, ({ text }, startSeconds, endSeconds) => {
    const words = text.split(/\s+/).filter((word) => /[\p{Letter}\p{Number}]/u.test(word))
    return words.map((word, at) => ({
      text: word, startSeconds: at === 0 ? startSeconds : null, endSeconds: at === words.length - 1 ? endSeconds : null,
    }))
  })))
}

type WordsOf = (clip: SpeechClip, startSeconds: number, endSeconds: number) => KnownWord[]

async function join(kind: string, clips: readonly SpeechClip[], index: number, wordsOf: WordsOf): Promise<TimedClip> {
  const pieces = await Promise.all(clips.map(async ({ file }) => tightly(await readFile(file))))
  const pauses = pieces.map((_, at) =>
    at === pieces.length - 1 ? MARGIN_SECONDS : PAUSES_SECONDS[(index + at) % PAUSES_SECONDS.length]!)
  const length = Math.round((MARGIN_SECONDS + pauses.reduce((sum, pause) =>
    sum + pause, 0)) * SAMPLE_RATE) + pieces.reduce((sum, piece) => sum + piece.length, 0)
  const samples = atLevel(noise('white', length, 1 + index), ROOM_DBFS)
  const words: KnownWord[] = []
  let from = Math.round(MARGIN_SECONDS * SAMPLE_RATE)
  for (const [at, piece] of pieces.entries()) {
    for (let n = 0; n < piece.length; n++) samples[from + n]! += piece[n]!
    words.push(...wordsOf(clips[at]!, from / SAMPLE_RATE, (from + piece.length) / SAMPLE_RATE))
    from += piece.length + Math.round(pauses[at]! * SAMPLE_RATE)
  }
  return { kind, waveform: { samples, sampleRate: SAMPLE_RATE }, words }
}

/** From its first to its last loud 10 ms, faded over so little that no sound is lost. */
async function tightly(bytes: Uint8Array): Promise<Float32Array> {
  const { waveform } = await decodeAudio(bytes, { maxSeconds: 60 })
  const { samples } = resample(waveform, SAMPLE_RATE)
  const powers = framePowersDb({ samples, sampleRate: SAMPLE_RATE })
  const threshold = percentile(powers, 1) + SPEECH_DB
  const frame = FRAME_SECONDS * SAMPLE_RATE
  const piece = atLevel(samples.slice(powers.findIndex((power) =>
    power > threshold) * frame, (powers.findLastIndex((power) => power > threshold) + 1) * frame), LEVEL_DBFS)
  const fade = FADE_SECONDS * SAMPLE_RATE
  for (let n = 0; n < fade; n++) {
    piece[n]! *= n / fade
    piece[piece.length - 1 - n]! *= n / fade
  }
  return piece
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  return values.map((value) => ({ value, place: random() })).sort((a, b) => a.place - b.place).map(({ value }) => value)
}

function chunks<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size))
}
