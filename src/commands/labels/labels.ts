/**
 * `npm run labels -- check|agree|import|export …`: what is inconsistent in labels, how far labellers agree, and other
 * tools' formats. No audio is read.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { labellerAgreement } from '../../data/labels/agreement/agreement.js'
import { applyLabels } from '../../data/labels/apply-labels.js'
import { checkLabels } from '../../data/labels/checks/check-labels.js'
import { exportManifest } from '../../data/labels/formats/json-lines.js'
import { parseGuide, type Guide } from '../../data/labels/guide.js'
import { appendLabels, readLabelFile, type Label } from '../../data/labels/label-file.js'
import { SpeechError } from '../../domain/errors.js'
import { projectRoot } from '../../domain/project-root.js'
import { actionOf, printMessage, readArguments, runCommand, UsageError } from '../command.js'
import { describeAgreement, describeFindings } from './describe.js'
import { FORMAT_NAMES, formatNamed, readManifestFile, writeExported } from './formats.js'

const USAGE = `npm run labels -- check MANIFEST [--labels FILE] [--guide FILE | --no-guide] [--json]
                         exit code 1 where a finding is an error
npm run labels -- agree FILE… [--json]
                         label files of two or more labellers
npm run labels -- import FORMAT SOURCE --out MANIFEST [--labels FILE --author NAME]
                         with --labels, the texts are appended to a label file too
npm run labels -- export FORMAT MANIFEST --out PATH [--labels FILE]
                         with --labels, the newest label of each clip replaces the text of the manifest

  FORMAT                 ${FORMAT_NAMES.join(', ')}
  --language CODE        of the labels, ISO 639; en by default`

interface Options {
  readonly labels?: string | undefined
  readonly guide?: string | undefined
  readonly 'no-guide'?: boolean | undefined
  readonly language?: string | undefined
  readonly author?: string | undefined
  readonly out?: string | undefined
  readonly json?: boolean | undefined
}

/** Resolves to whether all is well. */
type Action = (given: readonly string[], options: Options) => Promise<boolean>

const ACTIONS: Readonly<Record<string, Action>> = { check, agree, import: importLabels, export: exportLabels }

/** Resolves to an exit code. */
export async function runLabels(args: readonly string[]): Promise<number> {
  let isWell = true
  const code = await runCommand(USAGE, args, async () => {
    const { action, given, options } = readOptions(args)
    isWell = await action(given, options)
  })
  return code === 0 && !isWell ? 1 : code
}

function readOptions(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values, positionals: [name = '', ...given] } = readArguments({
    args: [...args], allowPositionals: true,
    options: { labels: text, guide: text, 'no-guide': flag, language: text, author: text, out: text, json: flag },
  })
  return { action: actionOf(ACTIONS, name), given, options: values as Options }
}

async function check(given: readonly string[], options: Options): Promise<boolean> {
  const [manifest] = requireCount(given, 1, 'check needs one manifest')
  const { utterances, unlabelled } = await labelledUtterances(manifest!, options)
  printLosses('not checked', unlabelled)
  const guide = options['no-guide'] === true ? undefined : readGuide(options.guide)
  const entries = utterances.map(({ path: file, id, text, speaker, tags }) =>
    ({ clip: id ?? file, text, speaker, tags }))
  const findings = checkLabels(entries, { language: options.language ?? 'en', ...guide !== undefined && { guide } })
  if (options.json === true) for (const finding of findings) console.log(JSON.stringify(finding))
  else console.log(describeFindings(findings, entries.length))
  return findings.every(({ severity }) => severity !== 'error')
}

async function agree(files: readonly string[], { language = 'en', json }: Options): Promise<boolean> {
  if (files.length === 0) throw new UsageError('agree needs label files')
  const labels: Label[] = []
  for (const file of files) labels.push(...await readLabels(file))
  const pairs = labellerAgreement(labels, { language })
  if (pairs.length === 0) throw new SpeechError('CLIPS_INVALID', 'no clip has labels of two labellers; give both files')
  if (json === true) for (const pair of pairs) console.log(JSON.stringify(pair))
  else console.log(describeAgreement(pairs))
  return true
}

async function importLabels(given: readonly string[], { out, labels, author }: Options): Promise<boolean> {
  const [name, source] = requireCount(given, 2, 'import needs a format and a source')
  if (out === undefined) throw new UsageError('--out names the manifest to write')
  if ((labels === undefined) !== (author === undefined)) throw new UsageError('--labels and --author go together')
  const { utterances, losses } = formatNamed(name!).read(source!)
  writeExported(formatNamed('manifest'), exportManifest(utterances), out)
  printLosses('lost', losses)
  if (labels !== undefined && author !== undefined) {
    const time = new Date().toISOString()
    await appendLabels(labels, utterances.map(({ path: clip, id, text, tags }): Label => ({
      clip: id ?? clip, text, author, time, tags: [...tags], state: 'labelled', secondOpinion: false,
    })))
  }
  console.log(`${utterances.length} utterances in ${out}`)
  return true
}

async function exportLabels(given: readonly string[], options: Options): Promise<boolean> {
  const [name, manifest] = requireCount(given, 2, 'export needs a format and a manifest')
  const { out } = options
  if (out === undefined) throw new UsageError('--out names the file or folder to write')
  const format = formatNamed(name!)
  const { utterances, unlabelled, losses } = await labelledUtterances(manifest!, options)
  const exported = format.write(utterances)
  writeExported(format, exported, out)
  printLosses('lost', [...unlabelled, ...losses, ...exported.losses])
  console.log(`${manifest} → ${out}: ${utterances.length} labelled clips`)
  return true
}

async function labelledUtterances(manifest: string, { labels }: Options) {
  const { utterances: clips, losses } = readManifestFile(manifest)
  if (clips.length === 0) throw new SpeechError('CLIPS_INVALID', `${manifest} lists no clips`)
  const applied = applyLabels(clips, labels === undefined ? [] : await readLabels(labels))
  return { utterances: applied.utterances, unlabelled: applied.losses, losses }
}

async function readLabels(file: string): Promise<Label[]> {
  const { labels, tornLines } = await readLabelFile(file)
  for (const line of tornLines) printMessage(`${file}, line ${line}, was cut off and is skipped`)
  return labels
}

function readGuide(file = path.join(projectRoot, 'docs/labelling.md')): Guide {
  return parseGuide(readFileSync(file, 'utf8'))
}

function requireCount(given: readonly string[], count: number, message: string): readonly string[] {
  if (given.length !== count) throw new UsageError(message)
  return given
}

function printLosses(what: string, losses: readonly string[]): void {
  for (const loss of losses) printMessage(`${what}: ${loss}`)
}
