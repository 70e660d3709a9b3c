/** What became of a spoken search, as a closed list: it becomes a label of a metric. */
export const SEARCH_OUTCOMES = ['hit', 'did_you_mean', 'no_match', 'engine_failed'] as const
export type SearchOutcome = (typeof SEARCH_OUTCOMES)[number]
