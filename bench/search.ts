/**
 * What a catalogue does to what is heard: single words found in it, and words that are not in it told apart; lists that
 * nobody says; time. `npm run bench -- search --table words`; without `--table` all.
 *
 * Phrases go through the spellings of the service and the recognizer's own compiler, clips through the pipeline of a
 * worker; ids and ranking are those of POST /v1/search.
 */
import { plainClips } from './audio/context.js'
import { defaultManifest, limitPerSource, readClips } from './clips.js'
import { beginRun } from './machine.js'
import { measureTables, pickTables, type NamedTables } from './named-tables.js'
import { countOption, numberOption, parseOptions } from './options.js'
import { DEFAULT_MODEL, openRecognizer } from './recognizers.js'
import type { RunBench } from './run.js'
import type { SearchBench } from './search/context.js'

const TABLES: NamedTables<SearchBench> = {
  words:  { says: 'single words against their list: found, and told apart from words that are not in it', open: () => import('./search/words.js') },
  names:  { says: 'rare names in sentences of synthesizers: how many fewer errors with the names as a catalogue', open: () => import('./search/names.js') },
  safety: { says: 'word errors with lists that nobody says, and what they cost', open: () => import('./search/safety.js') },
}

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    table: { type: 'string', default: Object.keys(TABLES).join(',') },
    model: { type: 'string', default: DEFAULT_MODEL }, manifest: { type: 'string', default: defaultManifest() },
    limit: { type: 'string' }, strength: { type: 'string' },
  })
  const names = pickTables(given.table, TABLES)
  const clips = limitPerSource(await plainClips(await readClips(given.manifest)), countOption('limit', given.limit, Number.MAX_SAFE_INTEGER))
  const bench = await beginRun('search', { ...given, clips: clips.length })
  const recognizer = await openRecognizer(given.model)
  const outcomes = await measureTables(names, TABLES, { clips, recognizer, biasStrength: numberOption('strength', given.strength, 1) })
  await recognizer.dispose()
  await bench.save(outcomes)
  return Object.values(outcomes).every(({ missed }) => missed.length === 0)
}
