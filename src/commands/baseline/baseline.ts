/**
 * `npm run baseline -- <make | merge | show> …`: what the service's clips will be compared with.
 *
 * Made from labelled clips, or, better, from what a running service has recorded (EARSHOT_DRIFT_RECORD): a baseline of
 * other people's clips says how much your users differ from them, and goes on saying it. Model and settings are those
 * of the environment, as for the service.
 */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { readConfig, type Config } from '../../config.js'
import { checkBaseline, monitoredFeatures, parseBaseline, pipelineOf, type Baseline } from '../../monitoring/drift/baseline.js'
import type { Bins } from '../../monitoring/drift/bins.js'
import type { FeatureName } from '../../monitoring/drift/features.js'
import { mergeBaselines } from '../../monitoring/drift/merge.js'
import { readRecord } from '../../monitoring/drift/record.js'
import { SpeechError } from '../../domain/errors.js'
import { modelDigest, readManifest } from '../../engine/manifest.js'
import { listClips } from '../clips/clips.js'
import { clipsOf, digestId, errorsByConfidence, makeBaseline, speakersOf, type Made, type MadeFrom } from './make.js'
import { recognizeAll, type Processed } from '../clips/recognize.js'
import { describeBaseline } from './show.js'

const USAGE = `npm run baseline -- make --clips FOLDER|MANIFEST.jsonl --out FILE   from clips: path, and text, speaker, session, time where known
npm run baseline -- make --recorded FILE [--from TIME] [--to TIME] --out FILE
                                                             from what a service recorded (EARSHOT_DRIFT_RECORD)
npm run baseline -- merge FILE FILE --out FILE               of two that have the same bins (make the second with --bins FIRST)
npm run baseline -- show FILE

  --id NAME            its name in metrics; default: a digest of its clips
  --provenance TEXT    where the clips come from
  --bins FILE          the bins of another baseline, to be merged with it`

const OPTIONS = {
  clips: { type: 'string' }, recorded: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' },
  out: { type: 'string' }, id: { type: 'string' }, provenance: { type: 'string' }, bins: { type: 'string' },
} as const
type Options = Partial<Record<keyof typeof OPTIONS, string>>

/** More clips that cannot be processed, and something is wrong with all of them. */
const MOST_FAILED = 0.05

/** The command was called wrongly. */
class UsageError extends Error {}

/** Answers with an exit code. What can be explained is printed as a sentence. */
export async function runBaseline(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  try {
    const { values, positionals: [command, ...files] } = parseCommand(args)
    switch (command) {
      case 'make': return await make(values, readConfig(environment))
      case 'merge': return await merge(files, values)
      case 'show': return await show(files)
      default: throw new UsageError(command === undefined ? 'what is to be done?' : `there is no "${command}"`)
    }
  } catch (thrown) {
    if (thrown instanceof UsageError) return complain(`${thrown.message}\n\n${USAGE}`, 2)
    if (thrown instanceof SpeechError || (thrown as NodeJS.ErrnoException).syscall !== undefined) return complain((thrown as Error).message, 1)
    throw thrown
  }
}

function parseCommand(args: readonly string[]): { values: Options; positionals: string[] } {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS })
  } catch (thrown) {
    throw new UsageError((thrown as Error).message)
  }
}

async function make(options: Options, config: Config): Promise<number> {
  const { out, clips, recorded } = options
  if (out === undefined) throw new UsageError('--out says where the baseline is to be written')
  if ((clips === undefined) === (recorded === undefined)) throw new UsageError('either --clips or --recorded')
  const source = clips === undefined ? await fromRecord(recorded!, options) : await fromClips(clips, config)
  const bins = options.bins === undefined ? undefined : binsOf(parseBaseline(await readFile(options.bins, 'utf8')))
  const id = options.id ?? digestId(source.clips)
  const made = makeBaseline({ ...source, id, provenance: options.provenance ?? source.provenance, bins }, new Date())
  await write(out, made.baseline)
  print(made)
  return 0
}

type Source = Omit<MadeFrom, 'id' | 'bins'>

async function fromClips(given: string, config: Config): Promise<Source> {
  const clips = listClips(given)
  const processed = await recognizeAll(clips, config, (done) => { if (done % 100 === 0 || done === clips.length) say(`${done} of ${clips.length} clips`) })
  const failed = processed.filter((one): one is Extract<Processed, { error: SpeechError }> => 'error' in one)
  for (const { clip, error } of failed.slice(0, 10)) say(`left out: ${clip.file}: ${error.message}`)
  if (failed.length > MOST_FAILED * clips.length) throw new SpeechError('BASELINE_INVALID', `${failed.length} of ${clips.length} clips could not be processed`)
  const model = await readManifest(config.modelsDir, config.models[0]!)
  return {
    provenance: `${clips.length} clips of ${given}`,
    model: { name: model.name, digest: modelDigest(model) }, pipeline: pipelineOf(config),
    clips: clipsOf(processed), speakers: speakersOf(processed), confidenceToWer: errorsByConfidence(processed),
  }
}

async function fromRecord(file: string, { from, to }: Options): Promise<Source> {
  const { model, pipeline, clips } = await readRecord(file, moment('from', from) ?? -Infinity, moment('to', to) ?? Infinity)
  if (clips.length === 0) throw new SpeechError('BASELINE_INVALID', `${file} has no clips of that time`)
  return { provenance: 'traffic of a service', model, pipeline, clips, speakers: null, confidenceToWer: null }
}

function moment(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new UsageError(`--${name} expects a time such as 2026-11-02 or 2026-11-02T08:00Z, not "${text}"`)
  return time
}

async function merge([first, second, ...more]: readonly string[], { out, id }: Options): Promise<number> {
  if (first === undefined || second === undefined || more.length > 0) throw new UsageError('two files at a time')
  if (out === undefined) throw new UsageError('--out says where the baseline is to be written')
  const [a, b] = [parseBaseline(await readFile(first, 'utf8')), parseBaseline(await readFile(second, 'utf8'))]
  const name = id ?? createHash('sha256').update(`${a.id} ${b.id}`).digest('hex').slice(0, 12)
  const baseline = mergeBaselines(a, b, name, new Date().toISOString())
  await write(out, baseline)
  console.log(describeBaseline(baseline))
  return 0
}

async function show([file, ...more]: readonly string[]): Promise<number> {
  if (file === undefined || more.length > 0) throw new UsageError('one file')
  console.log(describeBaseline(parseBaseline(await readFile(file, 'utf8'))))
  return 0
}

function print({ baseline, check }: Made): void {
  console.log(describeBaseline(baseline))
  if (check === null) console.log('\nself-check: too few sessions, or stretches of clips, to play traffic against')
  else {
    console.log(`\nself-check: half of the sessions as baseline, ordinary traffic of the others:\n  ${check.withAlarm} of ${check.streams} streams of ${check.clipsEach} clips raised an alarm${check.features.length === 0 ? '' : ` (${check.features.slice(0, 5).join(', ')})`}`)
    console.log(`  expect one false alarm in about ${check.withAlarm === 0 ? `${check.streams * check.clipsEach} clips or more` : `${Math.round(check.streams * check.clipsEach / check.withAlarm)} clips`}`)
  }
}

function binsOf(baseline: Baseline): Partial<Record<FeatureName, Bins>> {
  return Object.fromEntries(monitoredFeatures(baseline).map((name) => [name, baseline.features[name]!.bins as Bins]))
}

/** What was written is what a service will read: it is checked as there. */
async function write(file: string, baseline: Baseline): Promise<void> {
  const text = `${JSON.stringify(baseline, null, 1).replace(/\[\s+([^[\]{}]*?)\s+\]/g, (_, inner: string) => `[${inner.replace(/\s+/g, ' ')}]`)}\n`
  checkBaseline(parseBaseline(text), baseline.model, baseline.pipeline)
  await writeFile(file, text)
  console.log(`written to ${file}\n`)
}

function say(line: string): void {
  console.error(`earshot: ${line}`)
}

function complain(message: string, exitCode: number): number {
  say(message)
  return exitCode
}
