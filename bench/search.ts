/**
 * What a catalogue does to recognition: single words found in it and told apart from words outside it, and lists that
 * are not said. `npm run bench -- search --table words`; without `--table` all.
 *
 * Phrases go through the spellings of the service and the recognizer's own compiler, clips through the pipeline of a
 * worker; ids and ranking are those of POST /v1/search. With `--larger`, in a cascade.
 */
import { plainClips } from './audio/context.js'
import { SEARCH, SEARCH_TABLES } from './declarations/recognition.js'
import { defineBench } from './harness/bench.js'
import { readClips } from './harness/clips.js'
import { openRecognizer, SERVED } from './harness/recognizers.js'
import { measureTables, type NamedTables } from './harness/tables.js'
import type { SearchBench } from './search/context.js'

const TABLES: NamedTables<SearchBench, (typeof SEARCH_TABLES)[number]> = {
  words: {
    says: 'single words against their list: found, and told apart from words outside it',
    open: () => import('./search/words.js'),
  },
  names: { says: 'rare names at the end of a sentence', open: () => import('./search/names.js') },
  safety: { says: 'word errors with lists that are not said', open: () => import('./search/safety.js') },
}

export const run = defineBench(SEARCH, async (given) => {
  const { table, model, manifest, limit, strength, larger: largerName, below } = given
  const clips = await plainClips(await readClips(manifest, limit))
  const recognizer = await openRecognizer(model)
  const larger = largerName === undefined ? [] : [await openRecognizer(largerName)]
  const options = { ...SERVED, ...larger[0] && { language: 'en', cascade: { recognizer: larger[0], below } } }
  const bench: SearchBench = { clips, limit, recognizers: [recognizer, ...larger], options, biasStrength: strength }
  const outcome = await measureTables(table, TABLES, bench)
  for (const one of bench.recognizers) await one.dispose()
  return outcome
})
