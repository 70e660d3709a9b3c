/** Addresses of live sessions: only requests to these become WebSockets. */
export const REALTIME_PATH = '/v1/realtime'
export const DEEPGRAM_PATH = '/v1/listen'
export const LIVE_PATHS: readonly string[] = [REALTIME_PATH, DEEPGRAM_PATH]
