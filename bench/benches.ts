/**
 * The list of benches. Each is a declaration (declarations/), which `--help` reads, and a file with one export, `run`,
 * which is loaded only when the bench is started.
 */
import { CONTRADICTIONS, DRIFT, EQUAL, PLANTED, SCALE } from './declarations/data.js'
import {
  ACCURACY, AUDIO, ENGINE, NONSPEECH, PROFILES_BENCH, RIVALS, SEARCH, SPELLING, TIMES,
} from './declarations/recognition.js'
import { CASCADE, LISTS, QUANTIZATION, ROBUSTNESS } from './declarations/research.js'
import {
  COLLECTION, DRAIN, EXPENSIVE, FAIRNESS, HOSTILE, LATENCY, LIVE, LOAD, MEMORY, PROMPTS, REVISIONS, STARTUP, THROUGHPUT,
} from './declarations/service.js'
import type { RunBench } from './harness/bench.js'
import { helpOf, type Declaration } from './harness/declaration.js'
import type { Options } from './harness/options.js'

export interface Bench {
  readonly name: string
  readonly says: string
  /** The text of `--help`. */
  readonly help: () => string
  /** Names of its options. */
  readonly options: readonly string[]
  /** It runs large models in this process, which then needs the allocator of their workers. */
  readonly hasLargeModels: boolean
  readonly open: () => Promise<{ readonly run: RunBench }>
}

const LARGE_MODELS = true

export const BENCHES: readonly Bench[] = [
  bench(ACCURACY, () => import('./accuracy.js')),
  bench(AUDIO, () => import('./audio.js')),
  bench(CASCADE, () => import('./research/cascade.js'), LARGE_MODELS),
  bench(COLLECTION, () => import('./data/collection.js')),
  bench(CONTRADICTIONS, () => import('./contradictions.js'), LARGE_MODELS),
  bench(DRAIN, () => import('./drain.js')),
  bench(DRIFT, () => import('./drift.js')),
  bench(ENGINE, () => import('./engine.js')),
  bench(EQUAL, () => import('./equal.js')),
  bench(EXPENSIVE, () => import('./expensive.js')),
  bench(FAIRNESS, () => import('./fairness.js')),
  bench(HOSTILE, () => import('./hostile.js')),
  bench(LATENCY, () => import('./latency.js')),
  bench(LISTS, () => import('./research/joint-lists.js'), LARGE_MODELS),
  bench(LIVE, () => import('./live.js')),
  bench(LOAD, () => import('./load.js')),
  bench(MEMORY, () => import('./memory.js')),
  bench(NONSPEECH, () => import('./nonspeech.js'), LARGE_MODELS),
  bench(PLANTED, () => import('./planted.js')),
  bench(PROFILES_BENCH, () => import('./profiles.js'), LARGE_MODELS),
  bench(PROMPTS, () => import('./prompts.js')),
  bench(QUANTIZATION, () => import('./research/quantization.js')),
  bench(REVISIONS, () => import('./revisions.js')),
  bench(RIVALS, () => import('./rivals.js')),
  bench(ROBUSTNESS, () => import('./research/robustness.js'), LARGE_MODELS),
  bench(SCALE, () => import('./scale.js')),
  bench(SEARCH, () => import('./search.js')),
  bench(SPELLING, () => import('./spelling.js')),
  bench(STARTUP, () => import('./startup.js')),
  bench(THROUGHPUT, () => import('./throughput.js')),
  bench(TIMES, () => import('./times.js')),
]

function bench<T extends Options>(
  declaration: Declaration<T>, open: Bench['open'], hasLargeModels = false,
): Bench {
  const { name, says, options } = declaration
  return { name, says, options: Object.keys(options), hasLargeModels, open, help: () => helpOf(declaration) }
}
