/** What an operator may choose from, and what was used. */

/** The execution provider that a model runs on, and why earlier choices were not used. */
export interface ProviderReport {
  readonly provider: string
  readonly refused: readonly { readonly provider: string; readonly reason: string }[]
}

/** What runs a model: a graph that is compiled for this machine, or the published graphs step by step. */
export const ENGINES = ['compiled', 'reference'] as const
export type Engine = (typeof ENGINES)[number]

/** The engine that runs a model, with notes: why it is not the compiled one, how long compilation took. */
export interface EngineReport {
  readonly engine: Engine
  readonly notes: readonly string[]
}

/** How matrices of a compiled graph multiply; `auto` detects what the machine has. */
export const MATRIX_CHOICES = ['auto', 'signed', 'unsigned', 'real'] as const
export type MatrixChoice = (typeof MATRIX_CHOICES)[number]

/** One detector alone, or the spectral one and, where it is unsure, the neural one. */
export const DETECTION_MODES = ['spectral', 'neural', 'both'] as const
export type DetectionMode = (typeof DETECTION_MODES)[number]

/** What answers a spoken search: catalogues alone, or an external search engine, named by its protocol. */
export const SEARCH_ENGINES = ['none', 'url', 'opensearch', 'meilisearch'] as const
export type SearchEngineChoice = (typeof SEARCH_ENGINES)[number]
