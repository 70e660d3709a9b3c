/**
 * `npm run verify-data -- MANIFEST`: what can be wrong with the clips and labels of a manifest, ranked by cost.
 *
 * Clips are recognized by the processes of the service, so that its measurements are those of the reports. Nothing is
 * uploaded, and no audio is changed.
 */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { readConfig, type Config } from '../../config.js'
import { SpeechError } from '../../domain/errors.js'
import { projectRoot } from '../../domain/project-root.js'
import { normalizeText } from '../../domain/scoring/normalize.js'
import { ClipCache } from '../../data/clip-cache.js'
import { FACTS_VERSION, type ExaminedClip, type Facts } from '../../data/verification/facts.js'
import type { Finding } from '../../data/verification/finding.js'
import { labellerAgreement, type PairAgreement } from '../../data/labels/agreement/agreement.js'
import { parseGuide } from '../../data/labels/guide.js'
import { readLabelFile, type Label } from '../../data/labels/label-file.js'
import { fixManifest } from '../../data/verification/fix.js'
import { SEVERITIES } from '../../data/verification/kinds.js'
import { readManifest, type ManifestClip } from '../../data/verification/manifest.js'
import { summarize } from '../../data/verification/summary.js'
import { verify } from '../../data/verification/verify.js'
import { configurationDigest } from '../clips/configuration.js'
import { progressOf, withRecognizer } from '../clips/recognize.js'
import { countOf, printMessage, readArguments, runCommand, UsageError } from '../command.js'
import { examineAll } from './examine-all.js'
import { describeVerification, writeJsonLines, writePage } from './outputs.js'

const USAGE = `npm run verify-data -- MANIFEST.jsonl

  MANIFEST               a JSON object a line: path; text, seconds, sampleRate, speaker, split, tags where known
  --json FILE            all findings as JSON Lines
  --html FILE            a page with plots and players; --embed writes short clips into it
  --fix FILE             a new manifest without unusable clips and copies, with corrected lengths and rates
  --words FILE           expected words, any number a line: a word list or the names of a catalogue
  --labels FILE          labels of several people: how far they agree; may be repeated
  --guide FILE           of the labels (default: docs/labelling.md); --no-guide checks the set alone
  --language CODE        of the labels (default: en)
  --top N                findings in the table (default: 40)
  --fail-on SEVERITY     error (default), warning, note or never
  --cache FOLDER         measurements of earlier runs (default: .earshot/verify-data)

Exit code 0: no finding of that severity; 3: there are some; 1: failed; 2: wrong usage.`

const FAILED_ON_FINDINGS = 3
const DEFAULT_TOP = 40
const GUIDE = path.join(projectRoot, 'docs/labelling.md')

interface Options {
  readonly manifest: string
  readonly json: string | undefined
  readonly html: string | undefined
  readonly embed: boolean
  readonly fix: string | undefined
  readonly words: string | undefined
  readonly labels: readonly string[]
  /** Undefined: none. */
  readonly guide: string | undefined
  readonly language: string
  readonly top: number
  readonly failOn: string
  readonly cache: string
}

/** Resolves to an exit code. */
export async function runVerifyData(
  args: readonly string[], environment: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  let isFailed = false
  const exitCode = await runCommand(USAGE, args, async () => {
    const options = readOptions(args)
    const findings = await verifyData(options, readConfig(environment))
    const failing = SEVERITIES.slice(0, SEVERITIES.findIndex((severity) => severity === options.failOn) + 1)
    isFailed = findings.some(({ severity }) => failing.includes(severity))
  })
  return exitCode === 0 && isFailed ? FAILED_ON_FINDINGS : exitCode
}

function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = {
    json: text, html: text, embed: flag, fix: text, words: text, top: text, 'fail-on': text, cache: text,
    labels: { type: 'string', multiple: true }, guide: text, 'no-guide': flag, language: text,
  } as const
  const { values, positionals } = readArguments({ args: [...args], allowPositionals: true, options })
  const [manifest, ...more] = positionals
  if (manifest === undefined || more.length > 0) throw new UsageError('one manifest is needed')
  const { json, html, embed = false, fix, words, 'fail-on': failOn = 'error' } = values
  const top = countOf('--top', values.top, DEFAULT_TOP, 0)
  if (![...SEVERITIES, 'never'].includes(failOn)) throw new UsageError(`--fail-on is no severity: "${failOn}"`)
  if (fix !== undefined && path.resolve(fix) === path.resolve(manifest)) {
    throw new UsageError('--fix names a new file, not the manifest itself')
  }
  const { cache = path.join(projectRoot, '.earshot/verify-data'), labels = [], language = 'en' } = values
  const guide = values['no-guide'] ? undefined : values.guide ?? GUIDE
  return { manifest, json, html, embed, fix, words, labels, guide, language, top, failOn, cache }
}

async function verifyData(options: Options, config: Config): Promise<readonly Finding[]> {
  const { manifest, json, html, embed, fix, words, labels, guide: guideFile, language, top } = options
  const expectedWords = words === undefined ? undefined : await readWords(words, language)
  const guide = guideFile === undefined ? undefined : parseGuide(await readFile(guideFile, 'utf8'))
  const agreement = await readAgreement(labels, language)
  const { clips: listed, findings: faults } = await readManifest(manifest)
  const clips = await examineListed(listed, options, config)
  const findings = verify({ clips, expectedWords, guide, language, agreement }, faults)
  const verified = { manifest, clips: listed, summary: summarize(clips), findings, agreement }
  console.log(describeVerification(verified, top))
  if (json !== undefined) await writeJsonLines(json, verified)
  if (html !== undefined) await writePage(html, verified, embed)
  if (fix !== undefined) await writeFixed(fix, manifest, clips, findings)
  return findings
}

async function examineListed(
  listed: readonly ManifestClip[], options: Options, config: Config,
): Promise<ExaminedClip[]> {
  const cache = await ClipCache.open<Facts>(options.cache, await configurationOf(config))
  const onProgress = progressOf(listed.length, 'clips')
  try {
    return await withRecognizer(config, (recognize) => examineAll(listed, { config, cache, recognize, onProgress }))
  } finally {
    await cache.close()
  }
}

/** What facts depend on besides the clip and its label. */
async function configurationOf(config: Config): Promise<string> {
  return `${await configurationDigest(config)}-${FACTS_VERSION}`
}

/** Throws CLIPS_INVALID where no clip has labels of two people. */
async function readAgreement(files: readonly string[], language: string): Promise<PairAgreement[]> {
  const labels: Label[] = []
  for (const file of files) {
    const { labels: read, tornLines } = await readLabelFile(file)
    for (const line of tornLines) printMessage(`${file}, line ${line}, was cut off and is skipped`)
    labels.push(...read)
  }
  const agreement = labellerAgreement(labels, { language, examples: Infinity })
  if (files.length === 0 || agreement.length > 0) return agreement
  throw new SpeechError('CLIPS_INVALID', `no clip has labels of two labellers in ${files.join(', ')}`)
}

async function readWords(file: string, language: string): Promise<Set<string>> {
  return new Set(normalizeText(await readFile(file, 'utf8'), language))
}

/** Paths stay relative to the folder of the manifest where the new one is in the same folder. */
async function writeFixed(
  file: string, manifest: string, clips: readonly ExaminedClip[], findings: readonly Finding[],
): Promise<void> {
  const { lines, dropped, corrected } = fixManifest(clips, findings, {
    from: path.dirname(path.resolve(manifest)), to: path.dirname(path.resolve(file)),
  })
  await writeFile(file, lines.map((line) => `${line}\n`).join(''))
  printMessage(`${file}: ${lines.length} clips; ${dropped} left out, ${corrected} corrected`)
}
