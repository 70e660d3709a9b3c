/** Closed lists for feedback on a transcript; they are label values of metrics. */

/** What happened to a transcript, as reported by a client. */
export const FEEDBACK_EVENTS = [
  'accepted', 'clicked', 'corrected', 'requeried', 'typed', 'abandoned', 'thumbs_down',
] as const
export type FeedbackEvent = (typeof FEEDBACK_EVENTS)[number]

/** Source of a label. Only a random sample measures the word error rate, since users correct what is wrong. */
export const LABEL_SOURCES = ['random', 'correction', 'canary_set'] as const
export type LabelSource = (typeof LABEL_SOURCES)[number]

/** Why feedback could not be attributed to an answer. */
export const UNMATCHED_REASONS = ['expired', 'bad_token', 'duplicate', 'other_text'] as const
export type UnmatchedReason = (typeof UNMATCHED_REASONS)[number]
