/** Clips of which it is known when their words are said: what the bench `times` is made of. */
import type { Waveform } from '../../src/types.js'

export interface TimedClip {
  /** How it was made; docs/benchmarks.md lists the kinds. */
  readonly kind: string
  /** Mono, 16 kHz. */
  readonly waveform: Waveform
  readonly words: readonly KnownWord[]
}

/** Null where the moment is not known: inside a sentence whose ends alone are. */
export interface KnownWord {
  readonly text: string
  readonly startSeconds: number | null
  readonly endSeconds: number | null
}

export const SAMPLE_RATE = 16_000
