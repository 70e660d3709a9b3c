/**
 * Parses a multipart/form-data body into its audio file and its text fields, in any order.
 * The parser is fastify's own (@fastify/busboy). It is fed in slices: its limits stop events, not work, and a
 * megabyte of empty parts given at once would keep the server busy for seconds.
 */
import { Busboy } from '@fastify/busboy'
import { SpeechError } from '../../../domain/errors.js'
import { shown } from '../parameters/values.js'

export interface Form {
  readonly file: Buffer | undefined
  /** Names of other parts that are files. */
  readonly otherFiles: readonly string[]
  /** Every value of every text field, in the order sent. */
  readonly fields: ReadonlyMap<string, readonly string[]>
}

/** Whether a body is a form by its content type. */
export function isForm(contentType: string | undefined): boolean {
  return /^\s*multipart\/form-data\b/i.test(contentType ?? '')
}

/** The part that is the audio. Throws AUDIO_MISSING. */
export function fileOf({ file, otherFiles }: Form): Buffer {
  if (file !== undefined) return file
  const others = otherFiles.length === 0 ? '' : `, but one named "${shown(otherFiles[0] ?? '')}"`
  const detail = `the form has no part named "file"${others}; for example curl -F file=@clip.wav`
  throw new SpeechError('AUDIO_MISSING', detail, { parameter: 'file' })
}

/**
 * Items of a list of texts: a value for each, or one value without brackets that is the whole list, as a JSON array or
 * between commas. Empty items are left out. Throws REQUEST_INVALID.
 */
export function itemsOf({ fields }: Form, name: string): readonly string[] {
  const plain = fields.get(name) ?? []
  const items = plain.length === 1 ? splitList(plain[0]!, name) : plain
  return [...fields.get(`${name}[]`) ?? [], ...items].filter((item) => item.trim() !== '')
}

function splitList(value: string, name: string): readonly string[] {
  if (!/^\s*\[/.test(value)) return value.split(',')
  const invalid = (cause?: unknown): SpeechError =>
    new SpeechError('REQUEST_INVALID', `${name} is no JSON array of texts`, { parameter: name, cause })
  let list: unknown
  try {
    list = JSON.parse(value)
  } catch (cause) {
    throw invalid(cause)
  }
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) throw invalid()
  return list
}

const SLICE_BYTES = 8 * 1024
/** Enough fields for a list of phrases and one of languages, each longer than what is used of it. */
const LIMITS = { files: 4, fields: 1_024, parts: 1_028, fieldNameSize: 100, fieldSize: 64 * 1024, headerPairs: 64 }

/** Throws REQUEST_INVALID when the body is not a form of its content type. */
export function parseForm(body: Buffer, contentType: string): Promise<Form> {
  return new Promise((resolve, reject) => {
    const fields = new Map<string, string[]>()
    const files: Buffer[][] = []
    const otherFiles: string[] = []
    let failed = false
    const fail = (reason: string): void => {
      failed = true
      reject(new SpeechError('REQUEST_INVALID', `multipart body: ${reason}`))
    }
    if (!/;\s*boundary=/i.test(contentType)) {
      return fail('its content type names no boundary; leave the header content-type to the client, which knows it')
    }
    const parser = openParser(contentType, fail)
    if (parser === undefined) return
    parser
      .on('file', (name, stream) => {
        const chunks: Buffer[] = []
        if (name === 'file') files.push(chunks)
        else otherFiles.push(name)
        stream.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', (error: Error) => { fail(error.message) })
      })
      .on('field', (name, value, _nameTruncated, valueTruncated) => {
        if (valueTruncated) return fail(`the field "${name}" is longer than ${LIMITS.fieldSize} bytes`)
        const values = fields.get(name)
        if (values === undefined) fields.set(name, [value])
        else values.push(value)
      })
      .on('partsLimit', () => { fail(`more than ${LIMITS.parts} parts`) })
      .on('filesLimit', () => { fail(`more than ${LIMITS.files} files`) })
      .on('fieldsLimit', () => { fail(`more than ${LIMITS.fields} fields`) })
      .on('error', (error) => { fail(error instanceof Error ? error.message : String(error)) })
      .on('finish', () => {
        if (files.length > 1) return fail('more than one part named "file"')
        resolve({ file: files[0] && Buffer.concat(files[0]), otherFiles, fields })
      })
    void feed(parser, body, () => failed)
  })
}

/** Other requests can run between two slices; the first failure ends the work. */
async function feed(parser: InstanceType<typeof Busboy>, body: Buffer, failed: () => boolean): Promise<void> {
  for (let start = 0; start < body.length && !failed(); start += SLICE_BYTES) {
    const slice = body.subarray(start, start + SLICE_BYTES)
    await new Promise<void>((resolve) => { parser.write(slice, () => setImmediate(resolve)) })
  }
  if (failed()) parser.destroy()
  else parser.end()
}

function openParser(contentType: string, fail: (reason: string) => void): InstanceType<typeof Busboy> | undefined {
  try {
    // Only the name of the part decides what is audio: clients choose any file name and type.
    const isPartAFile = (name?: string, _type?: string, filename?: string): boolean =>
      name === 'file' || filename !== undefined
    return new Busboy({ headers: { 'content-type': contentType }, limits: LIMITS, isPartAFile })
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error))
    return undefined
  }
}
