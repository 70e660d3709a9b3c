/**
 * Recorded speech with reference texts: a JSONL manifest, one clip a line, paths relative to the manifest.
 * The development clips when they are there, else the synthetic clips that the project ships.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { projectRoot } from '../src/domain/project-root.js'
import { UsageError } from './options.js'
import { seededRandom } from './statistics.js'

export interface SpeechClip {
  /** Absolute. */
  readonly file: string
  /** What was said. */
  readonly text: string
  readonly seconds: number
  readonly speaker: string
  /** Recordings of one kind: the first folder of the path, else the prefix of the speaker, else the manifest's folder. */
  readonly source: string
}

interface ManifestLine { readonly path: string; readonly text: string; readonly seconds: number; readonly speaker: string }

export function defaultManifest(): string {
  const development = path.join(projectRoot, '../shared/data/speech/manifest.jsonl')
  return existsSync(development) ? development : path.join(projectRoot, 'fixtures/clips/manifest.jsonl')
}

/** `given` is a manifest or a folder with a manifest.jsonl. */
export async function readClips(given: string = defaultManifest()): Promise<SpeechClip[]> {
  const file = given.endsWith('.jsonl') ? given : path.join(given, 'manifest.jsonl')
  if (!existsSync(file)) throw new UsageError(`there is no manifest ${file}`)
  const folder = path.dirname(path.resolve(file))
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => {
    const { path: clipPath, text, seconds, speaker } = JSON.parse(line) as ManifestLine
    return { file: path.join(folder, clipPath), text, seconds, speaker, source: sourceOf(clipPath, speaker, folder) }
  })
}

/** The first `limit` clips of each source, in the order of the manifest. */
export function limitPerSource(clips: readonly SpeechClip[], limit: number): SpeechClip[] {
  const taken = new Map<string, number>()
  return clips.filter(({ source }) => {
    const count = (taken.get(source) ?? 0) + 1
    taken.set(source, count)
    return count <= limit
  })
}

/** The bytes of an upload and how long they sound. */
export interface Upload { readonly body: Buffer; readonly seconds: number }

/** `count` clips drawn with a fixed seed: the same load in every run. */
export async function drawUploads(clips: readonly SpeechClip[], count: number): Promise<Upload[]> {
  const random = seededRandom(7)
  const drawn = Array.from({ length: count }, () => clips[Math.floor(random() * clips.length)]!)
  return Promise.all(drawn.map(async ({ file, seconds }) => ({ body: await readFile(file), seconds })))
}

function sourceOf(clipPath: string, speaker: string, folder: string): string {
  if (clipPath.includes('/')) return clipPath.split('/')[0]!
  return speaker.includes(':') ? speaker.split(':')[0]! : path.basename(folder)
}
