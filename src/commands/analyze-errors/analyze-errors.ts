/**
 * `npm run analyze-errors -- MANIFEST`: what goes wrong, for whom, why, and what to work on first.
 *
 * Clips are recognized by the processes of the service. docs/analyze-errors.md explains the figures and the test of
 * each cause.
 */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { analyze, type Analysis } from '../../data/error-analysis/analyze.js'
import { readLabelledClips } from '../../data/error-analysis/manifest.js'
import { analysisText } from '../../data/error-analysis/text.js'
import { wordsOfNames } from '../../data/error-analysis/words.js'
import { projectRoot } from '../../domain/project-root.js'
import { countOf, readArguments, runCommand, UsageError } from '../command.js'
import { readBuiltSide, type Side } from '../compare-models/side.js'
import { readCatalogue } from '../compare-models/system.js'
import { gather, type Sources } from './gather.js'
import { writePage } from './page.js'
import { readReference } from './reference.js'
import { soundOf } from './sound.js'

const USAGE = `npm run analyze-errors -- MANIFEST.jsonl

  MANIFEST               a JSON object a line: path, text; speaker, tags and other fields where known
  --model MODEL          MODEL, profile:NAME or default, perhaps ?SETTING=VALUE or ?catalogue=FILE (default: default)
  --reference WHAT       what is possible: another model or profile, or people:FILE, labels of people
  --catalogue FILE       names that are reported apart; recognition is biased only with ?catalogue=FILE
  --limit N              at most N clips, every k-th of the manifest
  --language CODE        of the labels, for their normalization (default: en)
  --top N                rows of the tables on the terminal (default: 20)
  --json FILE            everything
  --html FILE            a page with plots and players
  --cache FOLDER         keeps transcripts there (default: .earshot/recognitions); --no-cache keeps none

Exit code 0: done; 1: failed; 2: wrong usage.`

const DEFAULT_TOP = 20

interface Options {
  readonly manifest: string
  readonly side: Side
  readonly reference: string | undefined
  readonly catalogue: string | undefined
  readonly limit: number
  readonly language: string
  readonly top: number
  readonly json: string | undefined
  readonly html: string | undefined
  readonly cacheFolder: string | undefined
}

/** Resolves to an exit code. */
export function runAnalyzeErrors(
  args: readonly string[], environment: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  return runCommand(USAGE, args, async () => {
    const options = readOptions(args, environment)
    const { reference } = options
    const read = reference === undefined ? undefined : await readReference(reference, environment)
    const analysis = await analyzeErrors(options, { reference: read, environment })
    console.log(analysisText(analysis, options.top))
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(analysis)}\n`)
    if (options.html !== undefined) await writePage(options.html, analysis)
  })
}

function readOptions(args: readonly string[], environment: NodeJS.ProcessEnv): Options {
  const text = { type: 'string' } as const
  const options = {
    'model': text, 'reference': text, 'catalogue': text, 'limit': text, 'language': text, 'top': text, 'json': text,
    'html': text, 'cache': text, 'no-cache': { type: 'boolean' },
  } as const
  const { values, positionals } = readArguments({ args: [...args], allowPositionals: true, options })
  const [manifest, ...more] = positionals
  if (manifest === undefined || more.length > 0) throw new UsageError('one manifest is needed')
  const { model = 'default', reference, catalogue, language = 'en', json, html } = values
  const { cache = path.join(projectRoot, '.earshot/recognitions') } = values
  return {
    manifest, side: readBuiltSide(model, environment), reference, catalogue, language, json, html,
    limit: countOf('--limit', values.limit, Infinity), top: countOf('--top', values.top, DEFAULT_TOP),
    cacheFolder: values['no-cache'] ? undefined : cache,
  }
}

async function analyzeErrors(options: Options, read: Pick<Sources, 'reference' | 'environment'>): Promise<Analysis> {
  const { manifest, side, language, catalogue = side.catalogue } = options
  const catalogueWords = await wordsOfCatalogue(catalogue, language)
  const listed = await readLabelledClips(manifest, options.limit)
  const names = { manifest: path.basename(manifest), model: side.name, reference: options.reference ?? null }
  const explain = { language, soundOf }
  const { clips, leftOut } = await gather(listed, { ...options, ...read, explain })
  return analyze(clips, { ...explain, names, leftOut, catalogueWords })
}

async function wordsOfCatalogue(file: string | undefined, language: string): Promise<ReadonlySet<string>> {
  if (file === undefined) return new Set()
  const entries = await readCatalogue(file)
  return wordsOfNames(entries.flatMap(({ name, aliases }) => [name, ...aliases]), language)
}
