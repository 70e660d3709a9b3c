/** What the checks of labels find, as plain data: it is printed, written as JSON and ranked together with others. */
import type { Guide } from '../guide.js'

/** In the order of their cost. */
export const LABEL_SEVERITIES = ['error', 'warning', 'info'] as const
export type LabelSeverity = (typeof LABEL_SEVERITIES)[number]

export const LABEL_FINDING_KINDS = ['empty', 'alphabet', 'convention', 'typo', 'guide'] as const
export type LabelFindingKind = (typeof LABEL_FINDING_KINDS)[number]

/** What a convention is about: the id of a rule of the labelling guide. A test compares them with the page. */
export const CONVENTION_TOPICS = [
  'fillers', 'numbers', 'symbols', 'names', 'spelled-letters', 'noise-marks', 'spelling', 'compounds', 'apostrophes',
  'casing', 'punctuation',
] as const
export type ConventionTopic = (typeof CONVENTION_TOPICS)[number]

/** A label to check. Several labels of one clip, by several labellers, are several entries. */
export interface LabelEntry {
  /** Id or path; unique for each clip. */
  readonly clip: string
  readonly text: string
  readonly speaker?: string | null
  /** An empty label is right where one of them is `not speech`. */
  readonly tags?: readonly string[]
}

export interface CheckOptions {
  /** ISO 639; decides the alphabet, and which conventions are known. `en` by default. */
  readonly language?: string
  /** Without it, only the set itself says what is consistent. */
  readonly guide?: Guide
  /** Words that are no typing errors, such as those of a catalogue; in lower case. */
  readonly knownWords?: ReadonlySet<string>
}

export interface FormCount {
  readonly form: string
  /** Labels that have it. */
  readonly labels: number
}

export interface LabelFinding {
  readonly kind: LabelFindingKind
  readonly severity: LabelSeverity
  /** Of a convention, its topic; of the guide, the id of the rule; otherwise null. */
  readonly rule: string | null
  /** What is wrong, in a sentence. */
  readonly message: string
  /** Clips to change, each once, in the order of the entries. */
  readonly clips: readonly string[]
  /** The written forms in question. */
  readonly words: readonly string[]
  /** What to write or do. */
  readonly suggestion: string
  /** Of a convention: all forms, the most frequent first. */
  readonly forms?: readonly FormCount[]
}

