/**
 * The contract of a check: the whole set in, findings out. Checks see each other's results nowhere, so their order
 * does not matter, and one that looks at labels with a recognizer is added to the list in `verify.ts` like any other.
 */
import type { ExaminedClip } from '../facts.js'
import type { Finding } from '../finding.js'

export interface CheckedSet {
  readonly clips: readonly ExaminedClip[]
  /** Words that are expected, normalized: a word list, or the names of a catalogue. */
  readonly expectedWords?: ReadonlySet<string> | undefined
}

export type Check = (set: CheckedSet) => Iterable<Finding>
