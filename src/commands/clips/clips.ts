/** The clips that baselines and calibrations are made from: a manifest, or a folder of audio files. */
import { readFileSync, readdirSync, statSync, existsSync } from 'node:fs'
import path from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { sourceOf } from '../../data/clip-source.js'
import { SpeechError } from '../../domain/errors.js'

/** A line of a manifest; of a file in a folder, only its name is known. */
export interface SourceClip {
  /** Absolute, or relative to the working directory. */
  readonly file: string
  readonly text: string | null
  readonly speaker: string | null
  readonly session: string | null
  /** Milliseconds since the epoch. */
  readonly time: number | null
  /** The collection: the first folder of the path, or else the folder of the manifest. */
  readonly source: string
  /** Absent in clips that are not from a manifest. */
  readonly tags?: readonly string[]
  /** Ids of a catalogue that a search for the clip is to find; empty: none. Absent where the manifest does not say. */
  readonly entry?: readonly string[]
  /** With which a clip of a collection was drawn; absent: not drawn. */
  readonly samplingProbability?: number
  /** False if the manifest says `no`. */
  readonly isRedistributable: boolean
}

export type TextClip = SourceClip & { readonly text: string }

const Line = Type.Object({
  path: Type.String({ minLength: 1 }),
  text: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  speaker: Type.Optional(Type.String()),
  session: Type.Optional(Type.String()),
  time: Type.Optional(Type.String({ description: 'ISO 8601' })),
  tags: Type.Optional(Type.Array(Type.String())),
  entry: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
  samplingProbability: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1 })),
  redistributable: Type.Optional(Type.String({ description: '`no`, or how' })),
})

const AUDIO =
  /\.(wav|wave|rf64|bw64|w64|webm|mkv|mka|ogg|oga|opus|mp4|m4a|3gp|mov|aac|mp3|flac|amr|aif|aiff|aifc|caf|au|snd|gsm)$/i

/**
 * `given`: a JSONL manifest (paths relative to it), a folder that has a manifest.jsonl, or a folder of audio.
 * Throws CLIPS_INVALID.
 */
export function listClips(given: string): SourceClip[] {
  if (!existsSync(given)) throw new SpeechError('CLIPS_INVALID', `there is nothing at ${given}`)
  if (!statSync(given).isDirectory()) return readManifest(given)
  const manifest = path.join(given, 'manifest.jsonl')
  if (existsSync(manifest)) return readManifest(manifest)
  const files = readdirSync(given, { recursive: true, encoding: 'utf8' }).filter((name) => AUDIO.test(name)).sort()
  if (files.length === 0) throw new SpeechError('CLIPS_INVALID', `there are no audio files in ${given}`)
  return files.map((name) => ({
    file: path.join(given, name), text: null, speaker: null, session: null, time: null,
    source: sourceOf(name, given), isRedistributable: true,
  }))
}

/** Those with a text to compare with; `isTaken` chooses among them. Throws CLIPS_INVALID without any. */
export function listTextClips(given: string, isTaken: (clip: TextClip, index: number) => boolean): TextClip[] {
  const clips = listClips(given).filter((clip): clip is TextClip => clip.text !== null).filter(isTaken)
  if (clips.length === 0) throw new SpeechError('CLIPS_INVALID', `no clip of ${given} has a text to compare with`)
  return clips
}

function readManifest(file: string): SourceClip[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  const clips = lines.flatMap((line, index) =>
    line.trim() === '' ? [] : [readLine(line, `${file}, line ${index + 1}`, path.dirname(file))])
  if (clips.length === 0) throw new SpeechError('CLIPS_INVALID', `${file} lists no clips`)
  return clips
}

function readLine(line: string, place: string, folder: string): SourceClip {
  let data: unknown
  try {
    data = JSON.parse(line)
  } catch (cause) {
    throw new SpeechError('CLIPS_INVALID', `${place}: ${(cause as Error).message}`, { cause })
  }
  if (!Value.Check(Line, data)) {
    const [fault] = Value.Errors(Line, data)
    throw new SpeechError('CLIPS_INVALID', `${place}: ${fault?.instancePath ?? ''} ${fault?.message ?? 'does not fit'}`)
  }
  const time = data.time === undefined ? null : Date.parse(data.time)
  if (Number.isNaN(time)) throw new SpeechError('CLIPS_INVALID', `${place}: "${data.time}" is no time (ISO 8601)`)
  const { text = null, speaker = null, session = null, tags = [] } = data
  return {
    file: path.resolve(folder, data.path), text, speaker, session, time, tags,
    source: sourceOf(data.path, folder), isRedistributable: data.redistributable !== 'no',
    ...data.samplingProbability !== undefined && { samplingProbability: data.samplingProbability },
    ...data.entry !== undefined && { entry: [data.entry].flat() },
  }
}
