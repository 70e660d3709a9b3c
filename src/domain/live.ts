/** Closed lists about live sessions: of metrics, settings and protocols. */

/** How a session is carried. */
export const LIVE_PROTOCOLS = ['realtime', 'deepgram'] as const
export type LiveProtocol = (typeof LIVE_PROTOCOLS)[number]

/**
 * How a session ended: the client closed it; it was gone without a word; it sent nothing for too long, or more than a
 * session may; it read too slowly; the service shut down; or recognition failed.
 */
export const LIVE_OUTCOMES = ['closed', 'gone', 'idle', 'too_long', 'unread', 'invalid', 'shutdown', 'failed'] as const
export type LiveOutcome = (typeof LIVE_OUTCOMES)[number]

/** `manual`: the client says when an utterance is over. */
export const ENDPOINTING_PROFILES = ['fast', 'balanced', 'patient', 'manual'] as const
export type EndpointingProfile = (typeof ENDPOINTING_PROFILES)[number]

/** A pause, a shorter one after complete words, the client, the longest utterance, or the end of the stream. */
export const ENDPOINT_REASONS = ['pause', 'complete', 'committed', 'max_length', 'end_of_stream'] as const
export type EndpointReason = (typeof ENDPOINT_REASONS)[number]
