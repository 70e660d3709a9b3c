/**
 * Recorded speech with reference texts: a JSONL manifest, one clip a line, paths absolute or relative to the
 * manifest.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { seededRandom } from '../../fixtures/kit/statistics.js'
import { NothingMeasured, UsageError } from './endings.js'

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

/**
 * `given` is a manifest or a folder with a manifest.jsonl; `limit`: clips of each source. Throws where there is none:
 * no bench can say anything about no clips.
 */
export async function readClips(given: string, limit = Infinity): Promise<SpeechClip[]> {
  const file = given.endsWith('.jsonl') ? given : path.join(given, 'manifest.jsonl')
  if (!existsSync(file)) throw new UsageError(`there is no manifest ${file}`)
  const folder = path.dirname(path.resolve(file))
  const clips = (await readFile(file, 'utf8')).split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const { path: clipPath, text: said, seconds, speaker } = parseLine(line, `line ${index + 1} of ${file}`)
    return [{
      file: path.resolve(folder, clipPath), text: said, seconds, speaker, source: sourceOf(clipPath, speaker, folder),
    }]
  })
  return requireClips(firstOfEachSource(clips, limit), `${file} lists no clip`)
}

/** The clips, or NothingMeasured with the reason why there are none. */
export function requireClips<Clip>(clips: readonly Clip[], reason: string): Clip[] {
  if (clips.length === 0) throw new NothingMeasured(`nothing was measured: ${reason}`)
  return [...clips]
}

function parseLine(line: string, where: string): ManifestLine {
  const found = asObject(line, where)
  const wanted = { path: 'string', text: 'string', seconds: 'number', speaker: 'string' }
  for (const [field, type] of Object.entries(wanted)) {
    if (typeof found[field] !== type) throw new UsageError(`${where} has no "${field}" that is a ${type}`)
  }
  return found as unknown as ManifestLine
}

function asObject(line: string, where: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(line)) as Record<string, unknown>
  } catch (cause) {
    throw new UsageError(`${where} is no JSON: ${(cause as Error).message}`)
  }
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
  requireClips(clips, 'there is no clip to send')
  const random = seededRandom(7)
  const drawn = Array.from({ length: many }, () => clips[Math.floor(random() * clips.length)]!)
  return Promise.all(drawn.map(async ({ file, seconds }) => ({ body: await readFile(file), seconds })))
}

function sourceOf(clipPath: string, speaker: string, folder: string): string {
  const [first, ...inside] = clipPath.split('/')
  const [prefix, ...named] = speaker.split(':')
  // The first part of an absolute path, or of one that leaves the manifest's folder, is no folder in there.
  if (first !== undefined && first !== '' && first !== '..' && inside.length > 0) return first
  return prefix !== undefined && named.length > 0 ? prefix : path.basename(folder)
}
