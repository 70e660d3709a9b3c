/**
 * `npm run baseline -- <make | merge | show> …`: makes the baseline that the service compares its clips with.
 *
 * A baseline is made from clips, or preferably from what a running service has recorded (EARSHOT_DRIFT_RECORD):
 * compared with clips of other people, your users differ permanently. Model and settings are read from the
 * environment, as by the service.
 */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { readConfig, type Config } from '../../config.js'
import {
  checkBaseline, parseBaseline, pipelineOf, type Baseline,
} from '../../monitoring/drift/baseline.js'
import type { Bins } from '../../monitoring/drift/bins.js'
import type { FeatureName } from '../../monitoring/drift/features.js'
import { mergeBaselines } from '../../monitoring/drift/merge.js'
import { readRecord } from '../../monitoring/drift/record.js'
import { SpeechError } from '../../domain/errors.js'
import { modelDigest, readManifest } from '../../engine/manifest.js'
import { listClips } from '../clips/clips.js'
import { progressOf, recognizeAll, requireMostRecognized } from '../clips/recognize.js'
import { defaultModelOf, readArguments, runCommand, UsageError } from '../command.js'
import { clipsOf, digestId, errorsByConfidence, makeBaseline, speakersOf, type Made, type MadeFrom } from './make.js'
import { describeBaseline } from './show.js'

const USAGE = `npm run baseline -- make --clips FOLDER|MANIFEST.jsonl --out FILE
                     from clips: path, and text, speaker, session, time where known
npm run baseline -- make --recorded FILE [--from TIME] [--to TIME] --out FILE
                     from what a service recorded (EARSHOT_DRIFT_RECORD)
npm run baseline -- merge FILE FILE --out FILE
                     of two that have the same bins (make the second with --bins FIRST)
npm run baseline -- show FILE

  --id NAME            its name in metrics; default: a digest of its clips
  --provenance TEXT    where the clips come from
  --bins FILE          the bins of another baseline, to be merged with it`

const OPTIONS = {
  clips: { type: 'string' }, recorded: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' },
  out: { type: 'string' }, id: { type: 'string' }, provenance: { type: 'string' }, bins: { type: 'string' },
} as const
type Options = Partial<Record<keyof typeof OPTIONS, string>>

/** Resolves to an exit code. */
export function runBaseline(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  return runCommand(USAGE, args, async () => {
    const { values, positionals: [command, ...files] } =
      readArguments({ args: [...args], allowPositionals: true, options: OPTIONS })
    switch (command) {
      case 'make': return await make(values, readConfig(environment))
      case 'merge': return await merge(files, values)
      case 'show': return await show(files)
      case undefined: throw new UsageError('make, merge or show?')
      default: throw new UsageError(`there is no "${command}"`)
    }
  })
}

async function make(options: Options, config: Config): Promise<void> {
  const { out, clips, recorded } = options
  if (out === undefined) throw new UsageError('--out names the file of the baseline')
  const source = await readSource(clips, recorded, options, config)
  const bins = options.bins === undefined ? undefined : binsOf(parseBaseline(await readFile(options.bins, 'utf8')))
  const id = options.id ?? digestId(source.clips)
  const made = makeBaseline({ ...source, id, provenance: options.provenance ?? source.provenance, bins }, new Date())
  await write(out, made.baseline)
  print(made)
}

type Source = Omit<MadeFrom, 'id' | 'bins'>

function readSource(
  clips: string | undefined, recorded: string | undefined, options: Options, config: Config,
): Promise<Source> {
  if (clips !== undefined && recorded === undefined) return fromClips(clips, config)
  if (clips === undefined && recorded !== undefined) return fromRecord(recorded, options)
  throw new UsageError('either --clips or --recorded')
}

async function fromClips(given: string, config: Config): Promise<Source> {
  const clips = listClips(given)
  const processed = await recognizeAll(clips, config, progressOf(clips.length, 'clips'))
  requireMostRecognized(processed, 'BASELINE_INVALID')
  const model = await readManifest(config.modelsDir, defaultModelOf(config))
  return {
    provenance: `${clips.length} clips of ${given}`,
    model: { name: model.name, digest: modelDigest(model) }, pipeline: pipelineOf(config),
    clips: clipsOf(processed), speakers: speakersOf(processed), confidenceToWer: errorsByConfidence(processed),
  }
}

async function fromRecord(file: string, { from, to }: Options): Promise<Source> {
  const [start, end] = [parseTime('from', from) ?? -Infinity, parseTime('to', to) ?? Infinity]
  const { model, pipeline, clips } = await readRecord(file, start, end)
  if (clips.length === 0) throw new SpeechError('BASELINE_INVALID', `${file} has no clips of that time`)
  return { provenance: 'traffic of a service', model, pipeline, clips, speakers: null, confidenceToWer: null }
}

function parseTime(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const time = Date.parse(text)
  if (Number.isNaN(time)) {
    throw new UsageError(`--${name} expects a time such as 2026-11-02 or 2026-11-02T08:00Z, not "${text}"`)
  }
  return time
}

async function merge([first, second, ...more]: readonly string[], { out, id }: Options): Promise<void> {
  if (first === undefined || second === undefined || more.length > 0) throw new UsageError('merge takes two files')
  if (out === undefined) throw new UsageError('--out names the file of the baseline')
  const [a, b] = [parseBaseline(await readFile(first, 'utf8')), parseBaseline(await readFile(second, 'utf8'))]
  const name = id ?? createHash('sha256').update(`${a.id} ${b.id}`).digest('hex').slice(0, 12)
  const baseline = mergeBaselines(a, b, name, new Date().toISOString())
  await write(out, baseline)
  console.log(describeBaseline(baseline))
}

async function show([file, ...more]: readonly string[]): Promise<void> {
  if (file === undefined || more.length > 0) throw new UsageError('show takes one file')
  console.log(describeBaseline(parseBaseline(await readFile(file, 'utf8'))))
}

function print({ baseline, check }: Made): void {
  console.log(describeBaseline(baseline))
  if (check === null) {
    console.log('\nself-check: too few sessions, or stretches of clips, to play traffic against')
    return
  }
  const { withAlarm, streams, clipsEach, features } = check
  const named = features.length === 0 ? '' : ` (${features.slice(0, 5).join(', ')})`
  const clips = streams * clipsEach
  const interval = withAlarm === 0 ? `${clips} clips or more` : `${Math.round(clips / withAlarm)} clips`
  console.log('\nself-check: half of the sessions as baseline, ordinary traffic of the others:')
  console.log(`  ${withAlarm} of ${streams} streams of ${clipsEach} clips raised an alarm${named}`)
  console.log(`  expect one false alarm in about ${interval}`)
}

function binsOf({ features }: Baseline): Partial<Record<FeatureName, Bins>> {
  return Object.fromEntries(Object.entries(features).map(([name, { bins }]) => [name, bins as Bins]))
}

/** The text is checked as a service will check it. */
async function write(file: string, baseline: Baseline): Promise<void> {
  const text = `${withListsOnOneLine(JSON.stringify(baseline, null, 1))}\n`
  checkBaseline(parseBaseline(text), baseline.model, baseline.pipeline)
  await writeFile(file, text)
  console.log(`written to ${file}\n`)
}

function withListsOnOneLine(json: string): string {
  return json.replace(/\[\s+([^[\]{}]*?)\s+\]/g, (_, inner: string) => `[${inner.replace(/\s+/g, ' ')}]`)
}
