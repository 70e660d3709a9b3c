/**
 * A manifest as verification reads it: JSON Lines, one clip a line, with every field kept for the corrected manifest.
 * A line that cannot be used is a finding and not the end of the run, since looking for such lines is the purpose.
 *
 * The names of NeMo (`audio_filepath`, `duration`) are read as well as ours (`path`, `seconds`).
 */
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { SpeechError } from '../../domain/errors.js'
import { sourceOf } from '../clip-source.js'
import { finding, type Finding, type Place } from './finding.js'

export interface ManifestClip extends Place {
  readonly clip: string
  readonly line: number
  /** Absolute, or relative to the working directory. */
  readonly file: string
  /** Null where the manifest has no label; an empty one says that nobody speaks. */
  readonly text: string | null
  readonly seconds: number | null
  /** Hz */
  readonly sampleRate: number | null
  readonly speaker: string | null
  readonly split: string | null
  readonly tags: readonly string[]
  /** The collection: the first folder of the path, or else the folder of the manifest. */
  readonly source: string
  /** The line as it was. */
  readonly fields: Readonly<Record<string, unknown>>
}

export interface ReadManifest {
  readonly clips: readonly ManifestClip[]
  /** One for each line that cannot be used. */
  readonly findings: readonly Finding[]
}

const Line = Type.Object({
  path: Type.Optional(Type.String({ minLength: 1 })),
  audio_filepath: Type.Optional(Type.String({ minLength: 1 })),
  text: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  seconds: Type.Optional(Type.Number({ minimum: 0 })),
  duration: Type.Optional(Type.Number({ minimum: 0 })),
  sampleRate: Type.Optional(Type.Number({ minimum: 1 })),
  speaker: Type.Optional(Type.String()),
  split: Type.Optional(Type.String()),
  tags: Type.Optional(Type.Array(Type.String())),
})

/** Throws CLIPS_INVALID where no line can be used, and the errors of the file system. */
export async function readManifest(file: string): Promise<ReadManifest> {
  const clips: ManifestClip[] = []
  const findings: Finding[] = []
  let line = 0
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    line++
    if (text.trim() === '') continue
    const read = readLine(text, line, path.dirname(file))
    if ('file' in read) clips.push(read)
    else findings.push(read)
  }
  if (clips.length > 0) return { clips, findings }
  const [first] = findings
  const because = first === undefined ? 'it is empty' : `line ${first.line}: ${first.detail}`
  const detail = `no line of ${file} can be used (${because}); a line is a JSON object with "path"`
  throw new SpeechError('CLIPS_INVALID', detail)
}

function readLine(text: string, line: number, folder: string): ManifestClip | Finding {
  const invalid = (why: string): Finding => finding('line_invalid', { clip: null, line }, `line ${line}: ${why}`)
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (cause) {
    return invalid((cause as Error).message)
  }
  if (!Value.Check(Line, data)) {
    const [fault] = Value.Errors(Line, data)
    return invalid(`${fault?.instancePath ?? ''} ${fault?.message ?? 'does not fit'}`.trim())
  }
  const clip = data.path ?? data.audio_filepath
  if (clip === undefined) return invalid('there is no "path"')
  const { speaker = null, split = null, tags = [], sampleRate = null } = data
  return {
    clip, line, file: path.resolve(folder, clip), text: data.text ?? null,
    seconds: data.seconds ?? data.duration ?? null, sampleRate, speaker, split, tags,
    source: sourceOf(clip, folder), fields: data,
  }
}
