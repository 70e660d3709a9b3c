/** What a bootstrap draws: speakers where there are enough of them, otherwise clips. */

import { groupBy } from '../group-by.js'

/** Something that was said by somebody. */
export interface Spoken {
  /** Null: unknown. */
  readonly speaker: string | null
}

export interface Blocks<T> {
  /** By clip, an interval says nothing about other speakers. */
  readonly by: 'speaker' | 'clip'
  readonly blocks: readonly (readonly T[])[]
}

/**
 * With n blocks that differ by chance, all of them favour the same system with a probability of 2 / 2ⁿ, and then no
 * bootstrap sample contradicts them. From six blocks on, that is rarer than one in twenty.
 */
export const MIN_SPEAKERS = 6

/** Known ones. */
export function speakersOf(clips: readonly Spoken[]): number {
  return new Set(clips.flatMap(({ speaker }) => speaker ?? [])).size
}

/** A clip whose speaker is unknown is a block of its own. */
export function blocksOf<T extends Spoken>(clips: readonly T[]): Blocks<T> {
  const isKnown = ({ speaker }: T): boolean => speaker !== null
  const bySpeaker = groupBy(clips.filter(isKnown), ({ speaker }) => speaker!)
  const alone = clips.filter((clip) => !isKnown(clip)).map((clip) => [clip])
  const isBySpeaker = bySpeaker.size >= MIN_SPEAKERS
  return isBySpeaker
    ? { by: 'speaker', blocks: [...bySpeaker.values(), ...alone] }
    : { by: 'clip', blocks: clips.map((clip) => [clip]) }
}
