/**
 * Scopes of access keys, and reasons for refusing a request. docs/access.md is compared with this table by a test, in
 * both directions.
 */

export const SCOPES = {
  transcribe: 'Transcribe clips.',
  search: 'Search by voice.',
  catalogues: 'List, read, replace and remove catalogues.',
  feedback: 'Say what became of an answer.',
  labels: 'Say what was really said; labels move the published error rates.',
  labelling: 'Listen to clips that are to be labelled, and label them.',
  collection: 'Delete collected clips.',
  metrics: 'Read the metrics, drift and traffic.',
  admin: 'Everything.',
} as const

export type Scope = keyof typeof SCOPES
export const SCOPE_NAMES = Object.keys(SCOPES) as readonly Scope[]

/** What a route requires: nothing, any valid key, or a key with this scope. */
export type Access = 'open' | 'any' | Scope

export function allows(scopes: readonly Scope[], access: Access): boolean {
  return access === 'open' || access === 'any' || scopes.includes('admin') || scopes.includes(access)
}

/** Codes of domain/errors.ts. */
export const REFUSALS = ['KEY_MISSING', 'KEY_INVALID', 'KEY_EXPIRED', 'KEY_SCOPE'] as const
export type Refusal = typeof REFUSALS[number]

/** Replaces the name of the key for requests without one. */
export const NO_KEY = 'none'
