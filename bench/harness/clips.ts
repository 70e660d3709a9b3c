/**
 * Recorded speech with reference texts, and the options that say which: a JSONL manifest, one clip a line, paths
 * relative to the manifest. The development clips when they are there, else the synthetic clips of the project.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { seededRandom } from '../../fixtures/kit/statistics.js'
import { projectRoot } from '../../src/domain/project-root.js'
import { count, text, UsageError } from './options.js'

export interface SpeechClip {
  /** Absolute. */
  readonly file: string
  /** What was said. */
  readonly text: string
  readonly seconds: number
  readonly speaker: string
  /**
   * Recordings of one kind: the first folder of the path, else the prefix of the speaker, else the manifest's folder.
   */
  readonly source: string
}

interface ManifestLine {
  readonly path: string
  readonly text: string
  readonly seconds: number
  readonly speaker: string
}

const DEVELOPMENT = path.join(projectRoot, '../shared/data/speech/manifest.jsonl')

/** The option `--manifest`; some benches call it `--clips`. */
export const MANIFEST = text(existsSync(DEVELOPMENT) ? DEVELOPMENT : path.join(
  projectRoot, 'fixtures/clips/manifest.jsonl',
))
/** Clips of each source. */
export const LIMIT = count(Infinity)

/** `given` is a manifest or a folder with a manifest.jsonl; `limit`: clips of each source. */
export async function readClips(given: string, limit = Infinity): Promise<SpeechClip[]> {
  const file = given.endsWith('.jsonl') ? given : path.join(given, 'manifest.jsonl')
  if (!existsSync(file)) throw new UsageError(`there is no manifest ${file}`)
  const folder = path.dirname(path.resolve(file))
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.trim() !== '')
  return firstOfEachSource(lines.map((line) => {
    const { path: clipPath, text: said, seconds, speaker } = JSON.parse(line) as ManifestLine
    const source = sourceOf(clipPath, speaker, folder)
    return { file: path.join(folder, clipPath), text: said, seconds, speaker, source }
  }), limit)
}

/** In the order of the manifest. */
export function firstOfEachSource(clips: readonly SpeechClip[], limit: number): SpeechClip[] {
  const taken = new Map<string, number>()
  return clips.filter(({ source }) => {
    const before = taken.get(source) ?? 0
    taken.set(source, before + 1)
    return before < limit
  })
}

/** The bytes of an upload and the length of its audio. */
export interface Upload { readonly body: Buffer; readonly seconds: number }

/** Clips drawn with a fixed seed: the same load in every run. */
export async function drawUploads(clips: readonly SpeechClip[], many: number): Promise<Upload[]> {
  const random = seededRandom(7)
  const drawn = Array.from({ length: many }, () => clips[Math.floor(random() * clips.length)]!)
  return Promise.all(drawn.map(async ({ file, seconds }) => ({ body: await readFile(file), seconds })))
}

function sourceOf(clipPath: string, speaker: string, folder: string): string {
  const [first, ...inside] = clipPath.split('/')
  const [prefix, ...named] = speaker.split(':')
  if (first !== undefined && inside.length > 0) return first
  return prefix !== undefined && named.length > 0 ? prefix : path.basename(folder)
}
