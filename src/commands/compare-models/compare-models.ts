/**
 * `npm run compare-models -- A B --clips MANIFEST`: is B better than A, not worse, worse, or is that not known yet?
 *
 * Both recognize the same labelled clips by the processes of the service. The exit code is the verdict, so that
 * continuous integration can use it. docs/compare-models.md explains the figures.
 */
import { stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { compare } from '../../data/comparison/compare.js'
import { comparisonPage } from '../../data/comparison/page.js'
import type { Both, Pair } from '../../data/comparison/pairs.js'
import { comparisonText } from '../../data/comparison/text.js'
import { DEFAULT_MARGIN, type Verdict } from '../../data/comparison/verdict.js'
import { projectRoot } from '../../domain/project-root.js'
import { listTextClips, type TextClip } from '../clips/clips.js'
import { dataAddress } from '../clips/data-address.js'
import { progressOf } from '../clips/recognize.js'
import { countOf, printMessage, readArguments, runCommand, UsageError } from '../command.js'
import { recognizeBoth } from './recognize-both.js'
import { withSides } from './built-sides.js'
import { openSearch } from './search-hits.js'
import { readSide } from './side.js'

const DEFAULT_LISTEN = 20

const USAGE = `npm run compare-models -- A B --clips FOLDER|MANIFEST.jsonl
                         A, B: MODEL, profile:NAME, revision:NAME (of git, which is built),
                         checkout:FOLDER (another revision, built there) or default;
                         behind it ?SETTING=VALUE&SETTING=VALUE, or ?catalogue=FILE
                         clips: path and text; speaker and tags where known

  --margin POINTS        how much worse B may be, in points of the word error rate (default ${DEFAULT_MARGIN})
  --limit N              the first N clips of each source
  --language CODE        of the references, for their normalization (default en)
  --listen N             clips to listen to (default ${DEFAULT_LISTEN})
  --search CATALOGUE     compares search hits too, in this catalogue or in that of the side;
                         the manifest says in "entry" what is to be found, or the text is a name
  --json                 prints JSON instead of tables
  --html FILE            writes a page with plots and recordings
  --cache FOLDER         keeps transcripts there (default .earshot/recognitions)
  --no-cache             recognizes everything again

Exit code: 0 better or not worse, 3 worse, 4 undecided; 1 failed, 2 wrong usage.`

const EXIT_CODES: Readonly<Record<Verdict['verdict'], number>> = {
  'better': 0, 'not worse': 0, 'worse': 3, 'undecided': 4,
}
/** A larger recording is left out of the page. */
const MOST_BYTES = 2_000_000

interface Options {
  /** A and B as they were written. */
  readonly written: Both<string>
  readonly search: string | undefined
  readonly clips: string
  readonly margin: number
  readonly limit: number
  readonly language: string
  readonly listen: number
  readonly isJson: boolean
  readonly html: string | undefined
  readonly cacheFolder: string | undefined
}

/** Resolves to an exit code. */
export async function runCompareModels(
  args: readonly string[], environment: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  /** None where help was asked for. */
  let verdict: Verdict['verdict'] | undefined
  const failed = await runCommand(USAGE, args, async () => {
    verdict = await compareModels(readOptions(args, environment), environment)
  })
  return failed || (verdict === undefined ? 0 : EXIT_CODES[verdict])
}

function readOptions(args: readonly string[], environment: NodeJS.ProcessEnv): Options {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }] as const
  const options = {
    'clips': text, 'margin': text, 'limit': text, 'language': text, 'listen': text, 'json': flag, 'html': text,
    'search': text, 'cache': text, 'no-cache': flag,
  } as const
  const { values, positionals } = readArguments({ args: [...args], options, allowPositionals: true })
  const [a, b, ...more] = positionals
  if (a === undefined || b === undefined || more.length > 0) throw new UsageError('two sides are compared, A and B')
  if (values.clips === undefined) throw new UsageError('--clips names the labelled clips')
  const { clips, language = 'en', cache = path.join(projectRoot, '.earshot/recognitions') } = values
  // What is wrong with a side is said before a revision is built.
  for (const side of [a, b]) readSide(side, environment)
  return {
    written: { a, b }, search: values.search, clips, language,
    margin: marginOf(values.margin), limit: countOf('--limit', values.limit, Infinity),
    listen: countOf('--listen', values.listen, DEFAULT_LISTEN, 0), isJson: values.json ?? false, html: values.html,
    cacheFolder: values['no-cache'] ? undefined : cache,
  }
}

function marginOf(given: string | undefined): number {
  const value = given === undefined ? DEFAULT_MARGIN : Number(given)
  if (given?.trim() === '' || Number.isNaN(value) || value < 0) {
    throw new UsageError(`--margin expects a number of at least 0, not "${given}"`)
  }
  return value
}

async function compareModels(options: Options, environment: NodeJS.ProcessEnv): Promise<Verdict['verdict']> {
  const { search, margin, language, listen, isJson, html, cacheFolder } = options
  const clips = clipsOf(options)
  warnOfProbabilities(clips)
  return withSides(options.written, environment, search, async (sides) => {
    const findHits = search === undefined ? undefined : await openSearch(sides, language)
    const { pairs, ...recognized } = await recognizeBoth(clips, sides, {
      cacheFolder, language, findHits, onProgress: progressOf(clips.length, 'clips'),
    })
    const names = { a: sides.a.name, b: sides.b.name }
    const comparison = compare(pairs, { ...recognized, names, margin, listed: listen })
    if (html !== undefined) await writeFile(html, await comparisonPage(comparison, { recordingOf, language }))
    console.log(isJson ? JSON.stringify(comparison, withoutSegments, 1) : comparisonText(comparison))
    return comparison.verdict.verdict
  })
}

/** With a text, the first of each source. */
function clipsOf({ clips: given, limit }: Options): TextClip[] {
  const taken = new Map<string, number>()
  return listTextClips(given, ({ source }) => {
    const before = taken.get(source) ?? 0
    taken.set(source, before + 1)
    return before < limit
  })
}

/** The test of a difference has no weights; equal ones would change nothing. */
function warnOfProbabilities(clips: readonly TextClip[]): void {
  if (new Set(clips.map(({ samplingProbability = 1 }) => samplingProbability)).size === 1) return
  printMessage('samplingProbability differs between the clips, and comparisons use no weights: rates and verdict hold '
    + 'for these clips, not for the traffic. For the traffic, compare those of '
    + '"collected -- export --reason uniform"')
}

async function recordingOf({ file }: Pair): Promise<string | undefined> {
  return (await stat(file)).size > MOST_BYTES ? undefined : dataAddress(file)
}

/** The list of a clip; the number of segments of a test stays. */
function withoutSegments(key: string, value: unknown): unknown {
  return key === 'segments' && Array.isArray(value) ? undefined : value
}
