/** Choices of an operator, and their outcome. */

/** The execution provider of a model, and why earlier choices were refused. */
export interface ProviderReport {
  readonly provider: string
  readonly refused: readonly { readonly provider: string; readonly reason: string }[]
}

/** The inference engine of a model: a graph compiled for this machine, or the published graphs step by step. */
export const ENGINES = ['compiled', 'reference'] as const
export type Engine = (typeof ENGINES)[number]

/** The engine of a model, with notes: why it is not the compiled one, how long compiling took. */
export interface EngineReport {
  readonly engine: Engine
  readonly notes: readonly string[]
}

/** Number format of matrix products in a compiled graph; `auto` chooses by the execution provider and the CPU. */
export const MATRIX_CHOICES = ['auto', 'signed', 'unsigned', 'real', 'half'] as const
export type MatrixChoice = (typeof MATRIX_CHOICES)[number]

/** One detector alone, or the spectral one and, where it is unsure, the neural one. */
export const DETECTION_MODES = ['spectral', 'neural', 'both'] as const
export type DetectionMode = (typeof DETECTION_MODES)[number]

/** What answers a spoken search: catalogues alone, or an external search engine, by its protocol. */
export const SEARCH_ENGINES = ['none', 'url', 'opensearch', 'meilisearch'] as const
export type SearchEngineChoice = (typeof SEARCH_ENGINES)[number]

/** Models and thresholds that were measured together, from the least time to the fewest errors. */
export const PROFILES = ['fast', 'balanced', 'accurate'] as const
export type Profile = (typeof PROFILES)[number]

/** Who agreed to the collection of clips: who says so in a header, or everyone who does not refuse. */
export const CONSENTS = ['header', 'everyone'] as const
export type Consent = (typeof CONSENTS)[number]

/** Form of the log: for programs, for a person, or chosen by whether a terminal shows it. */
export const LOG_FORMATS = ['auto', 'pretty', 'json'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]
