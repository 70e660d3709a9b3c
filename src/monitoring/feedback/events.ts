/** What may be said about a transcript afterwards, as closed lists: they become labels of metrics. */

/** What became of a transcript, as a client tells it. */
export const FEEDBACK_EVENTS = ['accepted', 'clicked', 'corrected', 'requeried', 'typed', 'abandoned', 'thumbs_down'] as const
export type FeedbackEvent = (typeof FEEDBACK_EVENTS)[number]

/** Where a label comes from. Only a random sample measures the word error rate: people correct what is wrong. */
export const LABEL_SOURCES = ['random', 'correction', 'canary_set'] as const
export type LabelSource = (typeof LABEL_SOURCES)[number]

/** Why feedback could not be attributed to an answer. */
export const UNMATCHED_REASONS = ['expired', 'bad_token', 'duplicate', 'other_text'] as const
export type UnmatchedReason = (typeof UNMATCHED_REASONS)[number]
