/**
 * Uploads through the real pipeline, once. About 60 ms each, so reports are kept as JSON lines in bench/results/drift/,
 * in files that are named after what could change them: the model, the sources of the pipeline, and the first uploads,
 * byte by byte. The features of src/monitoring/drift/ are taken from reports anew, so changing them costs nothing.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { transcribe } from '../../src/recognition/pipeline.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import { projectRoot } from '../../src/domain/project-root.js'
import type { Report } from '../../src/domain/report.js'
import { startProgress } from '../harness/progress.js'
import { SERVED } from '../harness/recognizers.js'

/** Whatever decides what a report says of an upload. */
const SOURCES = [
  'src/audio', 'src/engine/architectures', 'src/engine/compiler', 'src/engine/tokenizer.ts', 'src/recognition',
  'bench/harness/recognizers.ts',
]
const PROBED_UPLOADS = 5
const FOLDER = path.join(projectRoot, 'bench/results/drift')

export interface UploadSet {
  /** A part of the file's name. */
  readonly name: string
  readonly count: number
  /** The same bytes every time. */
  make(index: number): Promise<Uint8Array>
}

/** The recognizer whose reports are kept; opened only when one is missing. */
export interface Source { readonly model: string; open(): Promise<Recognizer> }

/** A run that was stopped continues where it ended. */
export async function reportsOf(set: UploadSet, source: Source): Promise<Report[]> {
  const file = path.join(FOLDER, `${set.name}-${await keyOf(set, source.model)}.jsonl`)
  const kept = await readLines(file)
  if (kept.length >= set.count) return kept.slice(0, set.count)
  await mkdir(FOLDER, { recursive: true })
  const recognizer = await source.open()
  const progress = startProgress(set.name, set.count - kept.length)
  for (let index = kept.length; index < set.count; index++) {
    const report = await transcribe(await set.make(index), recognizer, SERVED)
    await appendFile(file, `${JSON.stringify(report)}\n`)
    kept.push(report)
    progress.step()
  }
  return kept
}

/** Without a line that was cut off, which is taken out of the file as well. */
async function readLines(file: string): Promise<Report[]> {
  if (!existsSync(file)) return []
  const text = await readFile(file, 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) {
    await writeFile(`${file}.whole`, whole)
    await rename(`${file}.whole`, file)
  }
  return whole.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Report)
}

let sources: Buffer | undefined

async function keyOf({ make }: UploadSet, model: string): Promise<string> {
  sources ??= digestOfSources()
  const hash = createHash('sha256').update(model).update(sources)
  for (let index = 0; index < PROBED_UPLOADS; index++) hash.update(await make(index))
  return hash.digest('hex').slice(0, 12)
}

function digestOfSources(): Buffer {
  const hash = createHash('sha256')
  for (const source of SOURCES.flatMap(filesOf)) {
    hash.update(source).update(readFileSync(path.join(projectRoot, source)))
  }
  return hash.digest()
}

function filesOf(source: string): string[] {
  if (source.endsWith('.ts')) return [source]
  const files = readdirSync(path.join(projectRoot, source), { recursive: true, encoding: 'utf8' })
  return files.filter((file) => file.endsWith('.ts')).sort().map((file) => `${source}/${file}`)
}
