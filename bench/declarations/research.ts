/** Benches that say how a constant was chosen. */
import { declareBench } from '../harness/declaration.js'
import { model } from '../harness/needs.js'
import { count, list, optionalList, optionalText, text } from '../harness/options.js'
import { DEFAULT_MODEL, LARGER, LIMIT, MANIFEST, MODEL, SYNTHETIC_ONLY } from './shared.js'

export const CONDITION_NAMES = ['clean', 'reverberation', 'clipping', 'noise'] as const
/** Its decoder over silence is one of the language models of `robustness`. */
export const SILENT_DECODER = 'whisper-base-en'

export const CASCADE = declareBench({
  name: 'cascade', says: 'cascade by threshold',
  measures: 'Word error rate and time of a cascade at every threshold, and the threshold that is chosen. Target: at '
    + 'most 1.1 times the errors in 0.4 of the time of the larger model.',
  takes: '40 minutes with --limit 40; --limit 2: 2 minutes', without: SYNTHETIC_ONLY,
  needs: (given) => [model(given.model), model(given.larger)],
  options: {
    model: MODEL, larger: LARGER, manifest: MANIFEST, limit: LIMIT,
    language: text('of the clips; detect: the model finds out', 'en', 'CODE'),
  },
})

export const LISTS = declareBench({
  name: 'lists', says: 'n-best lists of two models',
  measures: 'Word error rate and time when the first transcripts, one n-best list or both are scored by both '
    + 'models. It judges nothing.',
  takes: '40 minutes with --limit 40; --limit 2: 2 minutes', without: SYNTHETIC_ONLY,
  needs: (given) => [model(given.model), model(given.larger)],
  options: {
    model: MODEL, larger: LARGER, alternatives: count('transcripts of a list', 5), manifest: MANIFEST, limit: LIMIT,
  },
})

export const QUANTIZATION = declareBench({
  name: 'quantization', says: 'weights as real numbers and integers',
  measures: 'Encoder signal-to-noise ratio, word error rate and speed with weights as real numbers, as integers '
    + 'with a scale for each column, and with one for the matrix. It judges nothing.',
  takes: '20 minutes with --limit 20; --limit 1 --encoded 1: 2 minutes', without: SYNTHETIC_ONLY,
  needs: (given) => [model(given.model)],
  options: {
    model: text('a model whose weights are real numbers', 'whisper-base-en'), manifest: MANIFEST, limit: LIMIT,
    encoded: count('clips for the signal-to-noise ratio', 12),
  },
})

export const ROBUSTNESS = declareBench({
  name: 'robustness', says: 'doubtful clips',
  measures: 'Attempts to recognize doubtful clips better, on clean clips and with echo, clipping and noise, beside '
    + 'the service as it is. It judges nothing; docs/benchmarks/attempts.md has what helped.',
  takes: 'hours on the development clips; --limit 1 --condition clean: 3 minutes',
  without: `the packages of --texts: rescoring with trigrams. ${SYNTHETIC_ONLY}`,
  needs: () => [model(DEFAULT_MODEL), model(SILENT_DECODER)],
  options: {
    'manifest': MANIFEST, 'limit': LIMIT, 'condition': list('what happens to the clips', CONDITION_NAMES),
    'texts': optionalText('a folder whose node_modules has the texts of the language model', 'DIR'),
    'rows': optionalList('only attempts whose row begins with one of these'),
    'passes-file': optionalText('keeps decoded passes, so that the next run decodes only what is new', 'FILE'),
  },
  unsaved: ['passes-file', 'texts'],
})
