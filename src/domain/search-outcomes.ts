/** Outcomes of a spoken search: a closed list of label values of a metric. */
export const SEARCH_OUTCOMES = ['hit', 'did_you_mean', 'no_match', 'engine_failed'] as const
export type SearchOutcome = (typeof SEARCH_OUTCOMES)[number]
