/**
 * Drift alarms on recorded speech, through the real features and the real monitor: how often clean traffic raises an
 * alarm, and how soon injected shifts do. `npm run bench -- drift --table delay`; without `--table` all.
 *
 * Traffic is made from the development clips (drift/population.ts) and recognized once, which takes half an hour; the
 * reports are kept, and the next run begins at once. `--input-only` leaves the model out: then every transcript is one
 * word. `--sessions` and `--effort` make everything smaller.
 */
import { plainClips } from './audio/context.js'
import type { DriftBench } from './drift/context.js'
import { openTraffic } from './drift/traffic.js'
import { DRIFT, DRIFT_TABLES } from './declarations/data.js'
import { defineBench } from './harness/bench.js'
import { readClips } from './harness/clips.js'
import { measureTables, type NamedTables } from './harness/tables.js'

const TABLES: NamedTables<DriftBench, (typeof DRIFT_TABLES)[number]> = {
  runs:  { says: 'clean streams with an alarm', open: () => import('./drift/runs.js') },
  delay: {
    says: 'clips until a shift is noticed, and the features that are named', open: () => import('./drift/delay.js'),
  },
}

export const run = defineBench(DRIFT, async ({ table, model, sessions, effort, shifts, ...given }) => {
  const clips = await plainClips(await readClips(given.manifest, given.limit))
  const traffic = openTraffic(clips, { sessions, model, inputOnly: given['input-only'] })
  return measureTables(table, TABLES, { traffic, effort, shifts })
})
