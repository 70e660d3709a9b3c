/** A labelled clip as it passes between formats, and the report of what a format cannot hold. */
import { SpeechError } from '../../../domain/errors.js'

export interface TimedWord {
  readonly text: string
  /** From the start of the recording, in seconds. */
  readonly startSeconds: number
  readonly durationSeconds: number
  /** In [0, 1]. */
  readonly confidence: number | null
}

export interface Utterance {
  /** Path of the audio, relative to the manifest, or the name of a recording where a format has no paths. */
  readonly path: string
  /** Where a format names utterances besides their audio. */
  readonly id: string | null
  readonly text: string
  /** Length of the utterance. */
  readonly seconds: number | null
  /** Where it begins in the recording; null for a recording that is one utterance. */
  readonly startSeconds: number | null
  readonly speaker: string | null
  /** As CTM and STM name it: `1`, `A`. */
  readonly channel: string | null
  readonly tags: readonly string[]
  readonly words: readonly TimedWord[] | null
  /** Fields of our manifests that labels do not touch, such as a sampling probability. */
  readonly other?: Readonly<Record<string, unknown>>
}

export const NO_DETAILS = {
  id: null, seconds: null, startSeconds: null, speaker: null, channel: null, tags: [], words: null,
} as const satisfies Partial<Utterance>

/** Of our manifests, which also list clips that nobody has labelled yet: their text is null. */
export type ManifestClip = Omit<Utterance, 'text'> & { readonly text: string | null }

export interface Imported {
  readonly utterances: Utterance[]
  /** What was in the source and is lost, in sentences. */
  readonly losses: string[]
}

/** File name → content. A format of one file has one entry, whose name the caller chooses. */
export interface Exported {
  readonly files: ReadonlyMap<string, string>
  readonly losses: string[]
}

/** Counts utterances by what of them is lost. */
export class Losses {
  readonly #counts = new Map<string, number>()

  /** `what`: "tags", as in "lost: tags of 3 clips". */
  add(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1)
  }

  list(): string[] {
    return [...this.#counts].map(([what, count]) => `${what} of ${count} ${count === 1 ? 'clip' : 'clips'}`)
  }
}

/** Adds what an utterance has of these and the format has no place for. */
export function countLost(
  losses: Losses, utterance: Utterance, fields: readonly ('tags' | 'words' | 'speaker' | 'channel' | 'id')[],
): void {
  const names = { tags: 'tags', words: 'word times', speaker: 'speakers', channel: 'channels', id: 'utterance ids' }
  for (const field of fields) {
    const value = utterance[field]
    if (value !== null && value.length > 0) losses.add(names[field])
  }
  for (const field of Object.keys(utterance.other ?? {})) losses.add(`the field "${field}"`)
}

export function invalidFormat(place: string, detail: string): SpeechError {
  return new SpeechError('CLIPS_INVALID', `${place}: ${detail}`)
}

/** Lines that are not blank, with their numbers from 1. Throws nothing. */
export function numberedLines(text: string): [number: number, line: string][] {
  return text.split(/\r?\n/).flatMap((line, index): [number, string][] =>
    line.trim() === '' ? [] : [[index + 1, line]])
}

/** Throws CLIPS_INVALID for what is no number of seconds from 0 on. */
export function readSeconds(text: string | undefined, place: string): number {
  const seconds = text === undefined || !/^\d*\.?\d+(e-?\d+)?$/i.test(text) ? Number.NaN : Number(text)
  if (Number.isFinite(seconds)) return seconds
  throw invalidFormat(place, `"${text ?? ''}" is no time in seconds`)
}

/** At most microseconds: sums of times would have digits that nobody measured. */
export function roundedSeconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6
}
