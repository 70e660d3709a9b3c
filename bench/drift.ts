/**
 * Drift alarms on recorded speech, through the real features and the real monitor: how often clean traffic alarms, how
 * soon injected shifts do, and what it all costs. `npm run bench -- drift --table null,delay`; without `--table` all.
 *
 * Traffic is made from the development clips (drift/population.ts) and recognized once, which takes half an hour; the
 * reports are kept, and the next run begins at once. `--input-only` leaves the model out, for a quick look: then every
 * transcript is one word. `--sessions` and `--effort` make everything smaller.
 */
import { plainClips } from './audio/context.js'
import { defaultManifest, limitPerSource, readClips } from './clips.js'
import type { DriftBench } from './drift/context.js'
import { openTraffic } from './drift/traffic.js'
import { beginRun } from './machine.js'
import { measureTables, pickTables, type NamedTables } from './named-tables.js'
import { countOption, numberOption, parseOptions } from './options.js'
import { DEFAULT_MODEL } from './recognizers.js'
import type { RunBench } from './run.js'

const TABLES: NamedTables<DriftBench> = {
  null:   { says: 'the law of the statistics when nothing changed', open: () => import('./drift/null.js') },
  runs:   { says: 'clean streams with an alarm, and the same under the usual fixed rule', open: () => import('./drift/runs.js') },
  delay:  { says: 'clips until a shift is noticed, and what is named', open: () => import('./drift/delay.js') },
  output: { says: 'speech that the model does not understand, as loud as ever', open: () => import('./drift/output.js') },
  cost:   { says: 'time, memory, series, and what a client waits', open: () => import('./drift/cost.js') },
  live:   { says: 'an alarm from beginning to end, in a real service and a real Prometheus', open: () => import('./drift/live.js') },
}

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    table: { type: 'string', default: Object.keys(TABLES).join(',') },
    model: { type: 'string', default: DEFAULT_MODEL }, manifest: { type: 'string', default: defaultManifest() }, limit: { type: 'string' },
    sessions: { type: 'string' }, effort: { type: 'string' }, shifts: { type: 'string' }, 'input-only': { type: 'boolean', default: false },
  })
  const names = pickTables(given.table, TABLES)
  const clips = limitPerSource(await plainClips(await readClips(given.manifest)), countOption('limit', given.limit, Number.MAX_SAFE_INTEGER))
  const sessions = countOption('sessions', given.sessions, 600)
  const effort = numberOption('effort', given.effort, 1)
  const bench = await beginRun('drift', { ...given, clips: clips.length, sessions, effort })
  const traffic = openTraffic(clips, { sessions, model: given.model, inputOnly: given['input-only'] })
  const outcomes = await measureTables(names, TABLES, { clips, model: given.model, traffic, effort, shifts: given.shifts?.split(',') })
  await bench.save(outcomes)
  return Object.values(outcomes).every(({ missed }) => missed.length === 0)
}
