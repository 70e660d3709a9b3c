/**
 * Live sessions of the real service over OpenAI's Realtime protocol: recordings streamed one after the other, with
 * pauses and noise between them, several sessions at a time. `npm run bench -- live --table words` runs one table.
 */
import { LIVE, type LIVE_TABLES } from './declarations/service.js'
import { defineBench } from './harness/bench.js'
import { readClips } from './harness/clips.js'
import { measureTables, type NamedTables } from './harness/tables.js'
import type { LiveBench } from './live/context.js'

const TABLES: NamedTables<LiveBench, (typeof LIVE_TABLES)[number]> = {
  words: {
    says: 'words of finals beside those of the same recordings posted whole', open: () => import('./live/words.js'),
  },
  latency: { says: 'from the end of speech to the final, in real time', open: () => import('./live/latency.js') },
  cut: { says: 'utterances that are divided because their speaker pauses', open: () => import('./live/cut.js') },
  capacity: { says: 'sessions that are sustained, and four times as many', open: () => import('./live/capacity.js') },
  stability: { says: 'shown words that change', open: () => import('./live/stability.js') },
}

export const run = defineBench(LIVE, async ({ table, model, manifest, limit, workers, ...given }) => {
  const { seconds, profiles, sessions, piece } = given
  const clips = await readClips(manifest, limit)
  return measureTables(table, TABLES, { model, clips, workers, seconds, profiles, sessions, pieceMs: piece })
})
