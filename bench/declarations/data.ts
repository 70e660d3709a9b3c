/** Benches of tools for data, and of what watches traffic. */
import { DEFAULT_MARGIN } from '../../src/data/comparison/verdict.js'
import { declareBench } from '../harness/declaration.js'
import { LINUX, model, models } from '../harness/needs.js'
import { count, flag, list, number, optionalText } from '../harness/options.js'
import { DEFAULT_MODEL, LIMIT, MANIFEST, MODEL, SEED, SYNTHETIC_ONLY } from './shared.js'

export const DRIFT_TABLES = ['runs', 'delay'] as const
export const SHIFT_NAMES = [
  'clean', 'gain-6', 'gain-12', 'over-gain', 'telephone', 'babble', 'speed-1.2', 'speed-2', 'reverberation',
  'late-stop', 'nobody', 'mu-law', 'wav-24', 'flac',
] as const

export const CONTRADICTIONS = declareBench({
  name: 'contradictions', says: 'wrong labels found',
  measures: 'Plants a wrong word in the label of each clip and ranks all words by how much the recognizer '
    + 'contradicts them. Target: an area under the ROC curve of at least 0.9.',
  takes: '10 minutes on the development clips; --limit 10: 1 minute', without: SYNTHETIC_ONLY,
  needs: (given) => models(given.model, given.larger),
  options: {
    model: MODEL, larger: optionalText('the larger model of a cascade'), manifest: MANIFEST, limit: LIMIT, seed: SEED,
  },
})

export const DRIFT = declareBench({
  name: 'drift', says: 'false drift alarms, and how soon a shift is noticed',
  measures: 'Simulates traffic from recordings: how often clean streams raise an alarm, and after how many clips a '
    + 'shift is noticed. Targets stand in docs/benchmarks/drift.md.',
  takes: 'an hour the first time, since all traffic is recognized once; --input-only --sessions 40 --effort 0.02 '
    + '--table runs: 2 minutes',
  without: `ffmpeg: shifts of codecs are left out. ${SYNTHETIC_ONLY}`,
  needs: (given) => given['input-only'] ? [] : [model(given.model)],
  options: {
    'table': list('tables', DRIFT_TABLES), 'model': MODEL, 'manifest': MANIFEST, 'limit': LIMIT,
    'sessions': count('simulated sessions', 600), 'effort': number('share of the streams or runs of a table', 1, 0.001),
    'shifts': list('shifts', SHIFT_NAMES), 'input-only': flag('without the model: every transcript is one word'),
  },
})

export const EQUAL = declareBench({
  name: 'equal', says: 'how often equal systems are called different',
  measures: 'Simulates test sets with two systems and compares them as npm run compare-models does. Target: at most '
    + '5 % of equal pairs are called better or worse.',
  takes: '5 minutes; --pairs 20: 10 s', needs: () => [],
  options: {
    pairs: count('simulated comparisons of each row', 1_000), speakers: count('in a test set', 30),
    clips: count('of a speaker, on average', 10), words: count('of a clip', 8), wer: number('of both systems, %', 8),
    suits: number('deviation of the error rates between speakers', 0.3), even: flag('exactly --clips of each speaker'),
    margin: number('difference that does not matter, points', DEFAULT_MARGIN),
  },
})

export const PLANTED = declareBench({
  name: 'planted', says: 'recall of planted faults by verify-data, and precision',
  measures: 'Plants faults in clips and labels and counts those that npm run verify-data finds. Targets: 90 % of a '
    + 'kind (or what the kind says), and a precision of 80 % of the top.',
  takes: '15 minutes on the development clips; --limit 20 --each 1: 2 minutes', without: SYNTHETIC_ONLY,
  needs: (given) => [model(given.model)],
  options: { model: MODEL, manifest: MANIFEST, limit: LIMIT, each: count('faults of each kind', 10), seed: SEED },
})

export const SCALE = declareBench({
  name: 'scale', says: 'verify-data on 10,000 clips: time, memory, resume',
  measures: 'Runs npm run verify-data on many clips, kills a second run half-way and continues it. Targets: at most '
    + '2 GiB of memory, the same findings, no clip measured twice.',
  takes: '60 minutes for 10,000 clips; --clips 40: 1 minute', without: SYNTHETIC_ONLY,
  needs: () => [LINUX, model(DEFAULT_MODEL)],
  options: {
    manifest: MANIFEST, more: optionalText('clips of a second manifest', 'FILE'),
    clips: count('in the set', 10_000, 20), seed: SEED,
  },
  unsaved: ['manifest', 'more'],
})
