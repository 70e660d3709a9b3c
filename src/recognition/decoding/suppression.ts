/** Tokens that an encoder-decoder must not choose: sets for decoding step by step, and masks of compiled graphs. */
import { forbid, masksTogether, type Masks } from '../../engine/runtime/greedy-graph.js'
import type { GreedyOptions } from './greedy.js'

/** What a family suppresses. */
export interface SuppressedTokens {
  /** Tokens that are never chosen. */
  readonly suppressed: Iterable<number>
  /** Tokens that are not chosen first, in addition. */
  readonly suppressedFirst: Iterable<number>
}

export interface Suppression {
  readonly always: ReadonlySet<number>
  readonly first: ReadonlySet<number>
  /** Where speech was detected, the end token is not chosen first either. */
  readonly firstOfSpeech: ReadonlySet<number>
}

export function suppressionOf({ suppressed, suppressedFirst }: SuppressedTokens, endToken: number): Suppression {
  const first = new Set(suppressedFirst)
  return { always: new Set(suppressed), first, firstOfSpeech: new Set([...first, endToken]) }
}

export function forbiddenIn(
  { always, first, firstOfSpeech }: Suppression, expectSpeech: boolean,
): Pick<GreedyOptions, 'forbidden' | 'forbiddenFirst'> {
  return { forbidden: always, forbiddenFirst: expectSpeech ? firstOfSpeech : first }
}

/** Rows of `masksOf`: for every choice but the first, and for the first one. */
export const MASKS = { later: 0, first: 1, firstOfSpeech: 2 } as const

export function masksOf({ always, first, firstOfSpeech }: Suppression, vocabulary: number): Masks {
  return masksTogether([[], first, firstOfSpeech].map((more) => forbid(vocabulary, [...always, ...more])))
}
