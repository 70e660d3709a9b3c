/**
 * The contract of a check: the whole set in, findings out. Checks see each other's results nowhere, so their order
 * does not matter, and one that looks at labels with a recognizer is added to the list in `verify.ts` like any other.
 */
import type { PairAgreement } from '../../labels/agreement/agreement.js'
import type { Guide } from '../../labels/guide.js'
import type { ExaminedClip } from '../facts.js'
import type { Finding } from '../finding.js'

export interface CheckedSet {
  readonly clips: readonly ExaminedClip[]
  /** Words that are expected, normalized: a word list, or the names of a catalogue. */
  readonly expectedWords?: ReadonlySet<string> | undefined
  /** Of the labels; without one, only the set itself says what is consistent. */
  readonly guide?: Guide | undefined
  /** Of the labels, ISO 639; `en` by default. */
  readonly language?: string | undefined
  /** Of labellers who labelled the same clips, with all clips on which they differ as examples. */
  readonly agreement?: readonly PairAgreement[] | undefined
}

export type Check = (set: CheckedSet) => Iterable<Finding>
