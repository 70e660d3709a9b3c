/**
 * Manifests of JSON Lines: our own, which the other commands read, and NeMo's (`audio_filepath`, `duration`, `text`,
 * with `offset` for a part of a recording; NVIDIA NeMo, "ASR Datasets"). NeMo ignores fields that it does not know, so
 * tags and speakers are kept there too.
 */
import { Type, type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import {
  countLost, invalidFormat, Losses, NO_DETAILS, numberedLines, type Exported, type Imported, type ManifestClip,
  type Utterance,
} from './utterance.js'

const Seconds = Type.Number({ minimum: 0 })
const Text = Type.String({ minLength: 1 })

const OwnLine = Type.Object({
  path: Text,
  text: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  seconds: Type.Optional(Seconds),
  start: Type.Optional(Seconds),
  id: Type.Optional(Text),
  speaker: Type.Optional(Type.String()),
  channel: Type.Optional(Text),
  tags: Type.Optional(Type.Array(Type.String())),
  words: Type.Optional(Type.Array(Type.Object({
    text: Text, startSeconds: Seconds, durationSeconds: Seconds,
    confidence: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  }))),
})

const NemoLine = Type.Object({
  audio_filepath: Text,
  text: Type.String(),
  duration: Type.Optional(Type.Union([Seconds, Type.Null()])),
  offset: Type.Optional(Seconds),
  speaker: Type.Optional(Type.String()),
  tags: Type.Optional(Type.Array(Type.String())),
})

/** Fields that are not known stay with the utterance. */
export function importManifest(content: string, name: string): ReadLines<ManifestClip> {
  const { utterances } = importLines(content, name, OwnLine, (line, other): ManifestClip => ({
    path: line.path, id: line.id ?? null, text: line.text ?? null, seconds: line.seconds ?? null,
    startSeconds: line.start ?? null, speaker: line.speaker ?? null, channel: line.channel ?? null,
    tags: line.tags ?? [],
    words: line.words?.map(({ confidence = null, ...word }) => ({ ...word, confidence })) ?? null,
    ...Object.keys(other).length > 0 && { other },
  }))
  return { utterances, losses: [] }
}

export function exportManifest(utterances: readonly Utterance[]): Exported {
  const lines = utterances.map(({ path, id, text, seconds, startSeconds, speaker, channel, tags, words, other }) => ({
    ...other, path, text, ...seconds !== null && { seconds }, ...startSeconds !== null && { start: startSeconds },
    ...id !== null && { id }, ...speaker !== null && { speaker }, ...channel !== null && { channel },
    ...tags.length > 0 && { tags },
    ...words !== null && {
      words: words.map(({ confidence, ...word }) => ({ ...word, ...confidence !== null && { confidence } })),
    },
  }))
  return { files: new Map([['manifest.jsonl', asLines(lines)]]), losses: [] }
}

export function importNemo(content: string, name: string): Imported {
  return importLines(content, name, NemoLine, ({ audio_filepath, text, duration, offset, speaker, tags }) => ({
    ...NO_DETAILS, path: audio_filepath, text, seconds: duration ?? null, startSeconds: offset ?? null,
    speaker: speaker ?? null, tags: tags ?? [],
  }))
}

/** NeMo filters and sorts by duration: a clip without one is an error here, before a training run fails on it. */
export function exportNemo(utterances: readonly Utterance[]): Exported {
  const losses = new Losses()
  const lines = utterances.map((utterance) => {
    const { path, text, seconds, startSeconds, speaker, tags } = utterance
    if (seconds === null) throw invalidFormat(path, 'NeMo needs the length of each clip; add "seconds" to the manifest')
    countLost(losses, utterance, ['words', 'channel', 'id'])
    return {
      audio_filepath: path, duration: seconds, ...startSeconds !== null && { offset: startSeconds }, text,
      ...speaker !== null && { speaker }, ...tags.length > 0 && { tags },
    }
  })
  return { files: new Map([['manifest.json', asLines(lines)]]), losses: losses.list() }
}

interface ReadLines<U> { readonly utterances: U[]; readonly losses: string[] }

function importLines<T extends TSchema, U>(
  content: string, name: string, schema: T, asUtterance: (line: Static<T>, other: Record<string, unknown>) => U,
): ReadLines<U> {
  const losses = new Losses()
  const known = new Set(Object.keys((schema as unknown as { properties: object }).properties))
  const utterances = numberedLines(content).map(([number, line]) => {
    const place = `${name}, line ${number}`
    const data = parse(line, place)
    if (!Value.Check(schema, data)) {
      const [fault] = Value.Errors(schema, data)
      throw invalidFormat(place, `${fault?.instancePath ?? ''} ${fault?.message ?? 'does not fit'}`)
    }
    const other = Object.fromEntries(Object.entries(data).filter(([field]) => !known.has(field)))
    for (const field of Object.keys(other)) losses.add(`the field "${field}"`)
    return asUtterance(data, other)
  })
  return { utterances, losses: losses.list() }
}

function parse(line: string, place: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw invalidFormat(place, (cause as Error).message)
  }
}

function asLines(lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}
