/**
 * `npm run bench -- <name> [options]`: one bench by name, or the list of them.
 *
 * Each bench is one file with one export, `run`, loaded only when it is asked for: `accuracy --help` should not
 * have to open the ONNX runtime. A bench answers whether the requirements it checks were met; that becomes the
 * exit code, so that a bench can guard a release.
 */
import { UsageError } from './options.js'

/** Answers false when something was measured that must not be. */
export type RunBench = (args: readonly string[]) => Promise<boolean>

interface Bench {
  readonly says: string
  open(): Promise<{ readonly run: RunBench }>
}

const BENCHES: Readonly<Record<string, Bench>> = {
  accuracy:   { says: 'word error rate per source, with speed beside it', open: () => import('./accuracy.js') },
  cascade:    { says: 'what asking a larger model in doubt gains and costs, over thresholds', open: () => import('./cascade.js') },
  latency:    { says: 'time per stage by clip length, and what HTTP and the process boundary add', open: () => import('./latency.js') },
  decoding:   { says: 'time and memory of every audio format, and what bombs cost', open: () => import('./decoding.js') },
  expensive:  { says: 'processor time of the most expensive requests that the limits admit', open: () => import('./expensive.js') },
  throughput: { says: 'clips and audio seconds per second at 1 to 16 clients', open: () => import('./throughput.js') },
  rivals:     { says: 'us and the rivals that you have installed, clip by clip: words, time, memory', open: () => import('./rivals.js') },
  floor:      { says: 'the least time this machine needs for a model, from measured rates', open: () => import('./floor.js') },
  load:       { says: 'load on a running server; --overload and --probe start their own', open: () => import('./load.js') },
  fairness:   { says: 'whether a client with short clips is served beside clients that send long or costly ones', open: () => import('./fairness.js') },
  revisions:  { says: 'whether this revision is slower than the compiled service of another one, in turn', open: () => import('./revisions.js') },
  quality:    { says: 'whether signal-to-noise ratio, bandwidth and warnings are true', open: () => import('./quality.js') },
  memory:     { says: 'resident memory of server and workers over a long run', open: () => import('./memory.js') },
  engine:     { says: 'the compiled engine beside the published graphs: words and time', open: () => import('./engine.js') },
  times:      { says: 'when words are said, against speech with known boundaries, and what it costs', open: () => import('./times.js') },
  resample:   { says: 'cost of the resampler by pairs of rates, and what it does to tones', open: () => import('./resample.js') },
  catalogue:  { says: 'a catalogue of 100 to 100,000 entries: read, indexed, sent, searched', open: () => import('./catalogue.js') },
  startup:    { says: 'from process start to listening to ready', open: () => import('./startup.js') },
  drain:      { says: 'SIGTERM under load: no request may be lost', open: () => import('./drain.js') },
  kill:       { says: 'kill -9 of a busy worker: its client still gets a transcript', open: () => import('./kill.js') },
  search:     { says: 'what a catalogue does to what is heard: words found, words told apart, harm, time; and its replacement under load', open: () => import('./search.js') },
  audio:      { says: 'what may be done to a recording before its words change: formats, levels, silence, noise', open: () => import('./audio.js') },
  hostile:    { says: 'spoiled files and requests of every kind over HTTP: typed answers, soon, no worker lost', open: () => import('./hostile.js') },
  drift:      { says: 'false drift alarms on clean traffic, and how soon injected shifts are noticed', open: () => import('./drift.js') },
}

// Both become an orderly exit, at which servers that were started here are ended too.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

const [name, ...args] = process.argv.slice(2)
process.exitCode = await main(name, args)
// A keep-alive connection or a model's threads would hold the process a little longer for nothing.
process.exit()

async function main(asked: string | undefined, options: readonly string[]): Promise<number> {
  const bench = asked === undefined ? undefined : BENCHES[asked]
  if (bench === undefined) return list(asked)
  try {
    const { run } = await bench.open()
    return await run(options) ? 0 : 1
  } catch (thrown) {
    const known = thrown instanceof UsageError || (thrown as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
    console.error(known ? (thrown as Error).message : thrown)
    return known ? 2 : 1
  }
}

function list(asked: string | undefined): number {
  if (asked !== undefined) console.error(`there is no bench "${asked}"`)
  console.log('npm run bench -- <name> [options], described in docs/benchmarks.md\n')
  for (const [benchName, { says }] of Object.entries(BENCHES)) console.log(`  ${benchName.padEnd(12)}${says}`)
  return asked === undefined ? 0 : 2
}
