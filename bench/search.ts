/**
 * What a catalogue does to what is heard: single words found in it, and words that are not in it told apart; lists that
 * nobody says; time; and what its replacement does to requests. `npm run bench -- search --table words`; without
 * `--table` all.
 *
 * Phrases go through the spellings of the service and the recognizer's own compiler, clips through the pipeline of a
 * worker; ids and ranking are those of POST /v1/search. Replacing a catalogue is measured on a service of its own.
 */
import { plainClips } from './audio/context.js'
import { defaultManifest, limitPerSource, readClips } from './clips.js'
import { beginRun } from './machine.js'
import { measureTables, pickTables, type NamedTables, type Outcome } from './named-tables.js'
import { countOption, numberOption, parseOptions } from './options.js'
import { DEFAULT_MODEL, openRecognizer } from './recognizers.js'
import type { RunBench } from './run.js'
import type { SearchBench, ServiceBench } from './search/context.js'

/** They hear in this process. */
const HEARING: NamedTables<SearchBench> = {
  words:  { says: 'single words against their list: found, and told apart from words that are not in it', open: () => import('./search/words.js') },
  prompts: { says: 'telephone prompts among ten thousand other entries, against text search over the transcript', open: () => import('./search/prompts.js') },
  names:  { says: 'rare names in sentences of synthesizers: how many fewer errors with the names as a catalogue', open: () => import('./search/names.js') },
  safety: { says: 'word errors with lists that nobody says, and what they cost', open: () => import('./search/safety.js') },
  latency: { says: 'clips of three seconds with a thousand and a hundred thousand entries, and their memory', open: () => import('./search/latency.js') },
}

/** They ask a service that they start. */
const SERVING: NamedTables<ServiceBench> = {
  swap: { says: 'catalogues replaced under load: no request may fail, none may see an older version', open: () => import('./search/swap.js') },
}

const TABLES = { ...HEARING, ...SERVING }

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    table: { type: 'string', default: Object.keys(TABLES).join(',') },
    model: { type: 'string', default: DEFAULT_MODEL }, manifest: { type: 'string', default: defaultManifest() },
    limit: { type: 'string' }, strength: { type: 'string' }, workers: { type: 'string', default: '2' },
  })
  const names = pickTables(given.table, TABLES)
  const clips = limitPerSource(await plainClips(await readClips(given.manifest)), countOption('limit', given.limit, Number.MAX_SAFE_INTEGER))
  const bench = await beginRun('search', { ...given, clips: clips.length })
  const outcomes = {
    ...await measureHearing(names.filter((name) => name in HEARING), given.model, { clips, biasStrength: numberOption('strength', given.strength, 1) }),
    ...await measureTables(names.filter((name) => name in SERVING), SERVING, { clips, model: given.model, workers: countOption('workers', given.workers, 2) }),
  }
  await bench.save(outcomes)
  return Object.values(outcomes).every(({ missed }) => missed.length === 0)
}

async function measureHearing(names: readonly string[], model: string, context: Omit<SearchBench, 'recognizer'>): Promise<Record<string, Outcome>> {
  if (names.length === 0) return {}
  const recognizer = await openRecognizer(model)
  try {
    return await measureTables(names, HEARING, { ...context, recognizer })
  } finally {
    await recognizer.dispose()
  }
}
