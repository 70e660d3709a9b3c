/**
 * Labels as people make them: JSON Lines, appended and never changed, so that a crash costs at most the line that was
 * being written, and every decision stays traceable. The last label of each author for a clip counts.
 */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { SpeechError } from '../../domain/errors.js'

export const LABEL_STATES = ['labelled', 'unsure', 'skipped'] as const

const LabelSchema = Type.Object({
  clip: Type.String({ minLength: 1, description: 'id or path, as the manifest has it' }),
  text: Type.String(),
  author: Type.String({ minLength: 1 }),
  time: Type.String({ description: 'ISO 8601 with a time zone' }),
  tags: Type.Array(Type.String({ minLength: 1 })),
  state: Type.Enum([...LABEL_STATES]),
  secondOpinion: Type.Boolean({ description: 'the clip was given to a second labeller' }),
}, { additionalProperties: false })

export type Label = Readonly<Static<typeof LabelSchema>>

export interface ReadLabels {
  /** In the order of the file; all, not only those that count. */
  readonly labels: Label[]
  /** Numbers of lines that a crash cut off, and that were skipped. */
  readonly tornLines: number[]
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/

/**
 * Throws CLIPS_INVALID for a line that is JSON and no label. A line that is no JSON was cut off: the beginning of an
 * object never is. It stays in the file when later labels are appended, so that not only the last one may be torn.
 */
export async function readLabelFile(file: string): Promise<ReadLabels> {
  const labels: Label[] = []
  const tornLines: number[] = []
  const input = createReadStream(file, 'utf8')
  let number = 0
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number++
      if (line.trim() === '') continue
      const data = parseLine(line)
      if (data === undefined) tornLines.push(number)
      else labels.push(requireLabel(data, `${file}, line ${number}`))
    }
  } finally {
    input.destroy()
  }
  return { labels, tornLines }
}

/** The last label of each author for each clip: by time, and of equal times the later line. */
export function labelsThatCount(labels: readonly Label[]): Label[] {
  const last = new Map<string, Label>()
  for (const label of labels) {
    const key = JSON.stringify([label.clip, label.author])
    const known = last.get(key)
    if (known === undefined || Date.parse(label.time) >= Date.parse(known.time)) last.set(key, label)
  }
  return [...last.values()]
}

/**
 * Resolves when the labels are on the disk. A line that was cut off before is ended first, so that it does not swallow
 * the first of them. Throws CLIPS_INVALID for what is no label.
 */
export async function appendLabels(file: string, labels: readonly Label[]): Promise<void> {
  const lines = labels.map((label) => JSON.stringify(requireLabel(label, `the label of ${label.clip}`)))
  const handle = await open(file, 'a+', 0o600) // what people said is for its owner alone
  try {
    const { size } = await handle.stat()
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1))
    const ending = size > 0 && buffer.toString() !== '\n' ? '\n' : ''
    await handle.appendFile(ending + lines.map((line) => `${line}\n`).join(''))
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Undefined for what is no JSON. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

function requireLabel(data: unknown, place: string): Label {
  if (!Value.Check(LabelSchema, data)) {
    const [fault] = Value.Errors(LabelSchema, data)
    const where = `${fault?.instancePath ?? ''} ${fault?.message ?? 'does not fit'}`
    throw new SpeechError('CLIPS_INVALID', `${place}: ${where}; docs/labelling.md has the fields of a label`)
  }
  if (INSTANT.test(data.time) && !Number.isNaN(Date.parse(data.time))) return data
  throw new SpeechError('CLIPS_INVALID', `${place}: "${data.time}" is no time; write it as 2026-05-04T09:30:00Z`)
}
