/** Closed lists of label values that the code which counts needs too. */

/** Defects of an upload: warnings about it, and that it contains no speech. */
export const DEFECTS = [
  'clipped', 'too_quiet', 'no_speech', 'narrowband', 'dc_offset', 'truncated', 'noisy', 'too_short',
] as const

/** Why the service closed a connection. */
export const CONNECTION_ENDS = ['idle', 'displaced', 'refused', 'unread'] as const
export type ConnectionEnd = typeof CONNECTION_ENDS[number]

/** The model label of requests that were refused before their model was known. */
export const NO_MODEL = 'none'
