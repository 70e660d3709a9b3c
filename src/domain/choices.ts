/** What an operator may choose from, and what became of the choice. */

/** Which execution provider a model runs on, and why not on an earlier choice. */
export interface ProviderReport {
  readonly provider: string
  readonly refused: readonly { readonly provider: string; readonly reason: string }[]
}

/** What runs a model: the graph that was compiled for this machine, or the published graphs step by step. */
export const ENGINES = ['compiled', 'reference'] as const
export type Engine = (typeof ENGINES)[number]

/** Which engine runs a model, and what there is to say about it: why it is not the compiled one, how long compiling took. */
export interface EngineReport {
  readonly engine: Engine
  readonly notes: readonly string[]
}

/** How matrices of a compiled graph multiply; `auto` asks the machine. */
export const MATRIX_CHOICES = ['auto', 'signed', 'unsigned', 'real'] as const
export type MatrixChoice = (typeof MATRIX_CHOICES)[number]

/** Names of the setting: one detector alone, or the spectral one with the neural one in doubt. */
export const DETECTION_MODES = ['spectral', 'neural', 'both'] as const
export type DetectionMode = (typeof DETECTION_MODES)[number]

/** Who answers a spoken search: catalogues alone, or a search engine that the operator has, by how it is asked. */
export const SEARCH_ENGINES = ['none', 'url', 'opensearch', 'meilisearch'] as const
export type SearchEngineChoice = (typeof SEARCH_ENGINES)[number]
