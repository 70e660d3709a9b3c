/** A transcript against its label: how it is aligned, and its word errors. */
import { normalizeText } from '../domain/scoring/normalize.js'
import { alignWords, countErrors, totalErrors, type Edit } from '../domain/scoring/word-errors.js'

export interface Scored {
  readonly edits: readonly Edit[]
  /** Substitutions, deletions and insertions. */
  readonly errors: number
}

/** `reference`: the normalized words of the label. */
export function scored(reference: readonly string[], transcript: string, language: string): Scored {
  const edits = alignWords(reference, normalizeText(transcript, language))
  return { edits, errors: totalErrors(countErrors(edits)) }
}
