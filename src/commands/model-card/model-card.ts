/**
 * `npm run model-card -- MODEL MANIFEST…`: a model card from measurements, which the service shows.
 *
 * The model recognizes the labelled clips alone, without a cascade. The card holds figures only; names of sets are
 * those of their folders, so that no path of this machine is published. docs/model-card.md explains the fields.
 */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { readConfig, type Config } from '../../config.js'
import { cardMarkdown } from '../../data/model-card/markdown.js'
import { propertyOf } from '../../domain/configuration.js'
import { parseModelCard } from '../../domain/model-card.js'
import { WORKER_SETTINGS } from '../../domain/worker-protocol.js'
import { modelDigest, readManifest } from '../../engine/manifest.js'
import { readCalibration } from '../../recognition/confidence/calibration.js'
import { listTextClips } from '../clips/clips.js'
import { countOf, readArguments, runCommand, UsageError } from '../command.js'
import { makeCard, type Statements } from './make.js'
import { measureSets, type DataSet } from './measure.js'

const USAGE = `npm run model-card -- MODEL MANIFEST…
                         MANIFEST: a folder or JSONL manifest; path, text, and speaker and tags where known

  --out FILE             default: card.json in the folder of the model, which the service reads
  --markdown FILE        the card for readers
  --limit N              the first N clips of each manifest
  --intended-use TEXT    what the model is for; may be repeated, as --not-for and --caveat
  --not-for TEXT         what it is not for
  --caveat TEXT          what a reader must know besides
  --training-data TEXT   what it was trained on`

/** Significant digits of numbers in the file. */
const DIGITS = 4
/** They name files of this machine, or what the card names anyway. */
const UNNAMED_SETTINGS: readonly string[] = ['modelsDir', 'warmUpClip', 'models', 'cascadeModel', 'cascadeBelow']

interface Options {
  readonly model: string
  readonly manifests: readonly string[]
  readonly out: string | undefined
  readonly markdown: string | undefined
  readonly limit: number
  readonly statements: Statements
}

/** Resolves to an exit code. */
export function runModelCard(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  return runCommand(USAGE, args, () => writeCard(readOptions(args), environment))
}

function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const
  const texts = { type: 'string', multiple: true } as const
  const { values, positionals: [model, ...manifests] } = readArguments({
    args: [...args], allowPositionals: true,
    options: {
      out: text, markdown: text, limit: text, 'intended-use': texts, 'not-for': texts, caveat: texts,
      'training-data': text,
    },
  })
  if (model === undefined || manifests.length === 0) throw new UsageError('a model and a manifest are needed')
  const { out, markdown, limit } = values
  return {
    model, manifests, out, markdown, limit: countOf('--limit', limit, Infinity),
    statements: {
      intendedUse: values['intended-use'], notFor: values['not-for'], caveats: values.caveat,
      trainingData: values['training-data'] ?? null,
    },
  }
}

async function writeCard(options: Options, environment: NodeJS.ProcessEnv): Promise<void> {
  const { model, manifests, markdown, statements } = options
  const config: Config = {
    ...readConfig({ ...environment, EARSHOT_MODELS: model, EARSHOT_CASCADE_MODEL: '' }), cascadeModel: undefined,
  }
  const manifest = await readManifest(config.modelsDir, model)
  const described = { name: model, digest: modelDigest(manifest) }
  const calibration = await readCalibration(config.modelsDir, described)
  const sets = manifests.map((given) => dataSetOf(given, options.limit))
  const card = makeCard(await measureSets(sets, config), {
    manifest, config, statements, command: commandOf(options, environment),
    fittedOn: calibration?.provenance ?? null, now: new Date(),
  })
  const out = options.out ?? path.join(config.modelsDir, model, 'card.json')
  const text = `${JSON.stringify(card, rounded, 1)}\n`
  const written = parseModelCard(text, out, described)
  await writeFile(out, text)
  if (markdown !== undefined) await writeFile(markdown, cardMarkdown(written))
  const { all, slices } = written.wordErrorRate
  console.log(`${out}: ${all.clips} clips, word error rate ${all.percent.toFixed(1)} %, ${slices.length} slices, `
    + `${written.limits.weaknesses.length} of them worse than all clips`)
}

/** Throws CLIPS_INVALID for a manifest without labelled clips. */
function dataSetOf(given: string, limit: number): DataSet {
  return { name: nameOf(given), clips: listTextClips(given, (_clip, index) => index < limit) }
}

/** The folder of a manifest.jsonl, else the name of the file. */
function nameOf(given: string): string {
  const { dir, name, base } = path.parse(path.resolve(given))
  return base === 'manifest.jsonl' ? path.basename(dir) : name
}

/** With the settings that change what is recognized. */
function commandOf({ model, manifests, limit }: Options, environment: NodeJS.ProcessEnv): string {
  const settings = Object.keys(environment).filter((name) => {
    const property = name.startsWith('EARSHOT_') ? propertyOf(name) : ''
    return (WORKER_SETTINGS as readonly string[]).includes(property) && !UNNAMED_SETTINGS.includes(property)
  }).sort().map((name) => `${name}=${environment[name]} `)
  const limited = limit === Infinity ? '' : ` --limit ${limit}`
  return `${settings.join('')}npm run model-card -- ${model} ${manifests.map(nameOf).join(' ')}${limited}`
}

/** Counts stay exact. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value
}
