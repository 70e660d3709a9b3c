/** Recordings one after the other, with silence or noise between them, as one stream. */
import { gainFor } from '../../fixtures/kit/mixtures.js'
import { recordedNoises } from '../../fixtures/kit/noises.js'
import { noise, scaled } from '../../fixtures/kit/synthesis.js'
import { resample } from '../../src/audio/signal/resample.js'
import type { TimeSpan } from '../../src/domain/audio.js'
import type { ToldUtterance } from '../../fixtures/kit/live-client.js'
import { SAMPLE_RATE, type Recording } from './recordings.js'

/** Before and behind every recording. */
export interface Surroundings {
  readonly leadSeconds: number
  readonly tailSeconds: number
  /** Speech level less the level of the noise; null: digital silence. */
  readonly noiseDb: number | null
}

/** One recording in a stream. */
export interface StreamPart {
  readonly recording: Recording
  /** Of the recording, on the time line of the stream. */
  readonly span: TimeSpan
  /** Of its speech. */
  readonly speech: TimeSpan
}

export interface Stream {
  /** 16-bit mono samples. */
  readonly audio: Uint8Array
  readonly seconds: number
  readonly parts: readonly StreamPart[]
}

/** Shorter recordings of noise would repeat too soon. */
const LEAST_NOISE_SECONDS = 2

/** `first`: number of its first recording, which chooses the noise. */
export function streamOf(recordings: readonly Recording[], around: Surroundings, first = 0): Stream {
  const pieces: Float32Array[] = []
  const parts: StreamPart[] = []
  let length = 0
  for (const [index, recording] of recordings.entries()) {
    const [lead, tail] = surround(recording.samples, around, first + index)
    const start = (length + lead.length) / SAMPLE_RATE
    const at = ({ startSeconds, endSeconds }: TimeSpan): TimeSpan =>
      ({ startSeconds: start + startSeconds, endSeconds: start + endSeconds })
    const span = at({ startSeconds: 0, endSeconds: recording.samples.length / SAMPLE_RATE })
    parts.push({ recording, span, speech: at(recording.speech) })
    pieces.push(lead, recording.samples, tail)
    length += lead.length + recording.samples.length + tail.length
  }
  return { audio: bytesOf(pieces, length), seconds: length / SAMPLE_RATE, parts }
}

/** Lead and tail of one recording: consecutive pieces of one noise. */
export function surround(
  samples: Float32Array, { leadSeconds, tailSeconds, noiseDb }: Surroundings, index: number,
): readonly [Float32Array, Float32Array] {
  const [lead, tail] = [Math.round(leadSeconds * SAMPLE_RATE), Math.round(tailSeconds * SAMPLE_RATE)]
  if (noiseDb === null) return [new Float32Array(lead), new Float32Array(tail)]
  const background = noiseOf(lead + tail, index)
  const gain = gainFor({ samples, sampleRate: SAMPLE_RATE }, background, noiseDb)
  const around = scaled(background, gain)
  return [around.subarray(0, lead), around.subarray(lead)]
}

let recorded: readonly Float32Array[] | undefined

/** Recorded where there are recordings, else pink. */
export function noiseOf(length: number, index: number): Float32Array {
  recorded ??= recordedNoises().map(({ waveform }) => resample(waveform, SAMPLE_RATE).samples)
    .filter((samples) => samples.length >= LEAST_NOISE_SECONDS * SAMPLE_RATE)
  if (recorded.length === 0) return noise('pink', length, 1 + index)
  const own = recorded[index % recorded.length]!
  return Float32Array.from({ length }, (_, n) => own[n % own.length]!)
}

export function bytesOf(pieces: readonly Float32Array[], length: number): Uint8Array {
  const all = new Int16Array(length)
  let at = 0
  for (const piece of pieces) {
    for (const sample of piece) all[at++] = Math.max(-0x8000, Math.min(0x7fff, Math.round(sample * 0x8000)))
  }
  return new Uint8Array(all.buffer)
}

/**
 * The utterances of each part: those that share most of their time with it, else the nearest. What the bench committed
 * behind the last part belongs to none.
 */
export function utterancesOf(
  parts: readonly StreamPart[], utterances: readonly ToldUtterance[],
): (readonly ToldUtterance[])[] {
  const found = parts.map((): ToldUtterance[] => [])
  for (const utterance of utterances) {
    const { final } = utterance
    if (final === undefined) continue
    const shared = parts.map(({ span }) =>
      Math.min(span.endSeconds, final.endSeconds) - Math.max(span.startSeconds, final.startSeconds))
    const most = shared.indexOf(Math.max(...shared))
    if (final.reason === 'committed' && shared[most]! <= 0) continue
    found[most]!.push(utterance)
  }
  return found
}

/** The texts of a part's utterances, joined. */
export function textOf(utterances: readonly ToldUtterance[]): string {
  return utterances.map(({ final }) => final!.text).filter((text) => text !== '').join(' ')
}
