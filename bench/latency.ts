/**
 * Where the time of a clip goes, by its length and by its format. `npm run bench -- latency --table front-end`; without
 * `--table` both tables.
 *
 * This process takes the low priority of a worker; otherwise a busy machine would favour one side of a comparison.
 */
import os from 'node:os'
import { LATENCY, type LATENCY_TABLES } from './declarations/service.js'
import { defineBench } from './harness/bench.js'
import { readClips } from './harness/clips.js'
import { openRecognizer } from './harness/recognizers.js'
import { recordTape } from './harness/speech-tape.js'
import { measureTables, type NamedTables } from './harness/tables.js'
import type { LatencyBench } from './latency/context.js'

const TABLES: NamedTables<LatencyBench, (typeof LATENCY_TABLES)[number]> = {
  'lengths': { says: 'time by stage and clip length, and what HTTP adds', open: () => import('./latency/lengths.js') },
  'front-end': { says: 'time before and beside the model, by format', open: () => import('./latency/front-end.js') },
}

export const run = defineBench(LATENCY, async ({ table, model, manifest, url, repeat }) => {
  const tape = await recordTape(await readClips(manifest))
  os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL)
  const recognizer = await openRecognizer(model)
  const outcome = await measureTables(table, TABLES, { model, recognizer, tape, url, repeat })
  await recognizer.dispose()
  return outcome
})
