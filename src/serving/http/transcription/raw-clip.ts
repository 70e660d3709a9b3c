/**
 * A clip as the raw body of a request, its options in the query: what /v1/transcriptions and /v1/search share. A form
 * is taken too, since many clients send nothing else: the part `file` is the clip, the other fields are options.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Report } from '../../../domain/report.js'
import type { AppDependencies } from '../dependencies.js'
import { reportIgnored } from '../parameters/ignored.js'
import { violated, type Violation } from '../parameters/messages.js'
import { readQuery, schemasOf } from '../parameters/query.js'
import type { PhraseHints } from './phrase-hints.js'
import { fileOf, isForm, parseForm } from './multipart.js'
import { readChannel, readUpload, recognize } from './recognition.js'
import { BINARY, type RecognitionQuery } from '../schemas.js'

/** Bytes: see `withBinaries` in documentation.ts. */
export const Audio = Type.Any({ description: 'The audio file.', contentMediaType: BINARY })

/** Part of a route's schema. */
export const RAW_CLIP = {
  consumes: [
    'audio/wav', 'audio/webm', 'audio/ogg', 'audio/mp4', 'audio/mpeg', 'audio/flac', 'audio/l16',
    BINARY,
  ],
  body: Audio,
}

/** A request whose options are known. */
export interface RawClip<Query> {
  readonly query: Query
  /** Of a form, whose body is read already. */
  readonly form: { readonly audio: Buffer } | undefined
}

/**
 * The options of a request; a form is read for them. The body of any other request is not: what nothing can answer is
 * refused before it. Throws REQUEST_INVALID and AUDIO_MISSING.
 */
export async function readRawClip<Query extends object>(
  query: Query, request: FastifyRequest, reply: FastifyReply, dependencies: AppDependencies,
): Promise<RawClip<Query>> {
  const contentType = request.headers['content-type'] ?? ''
  if (!isForm(contentType)) return { query, form: undefined }
  const form = await parseForm(await readUpload(request, reply, dependencies), contentType)
  const given = new Map<string, unknown[]>()
  const queried: [string, unknown][] = Object.entries(query)
  for (const [name, values] of [...queried, ...form.fields]) {
    given.set(name, [...given.get(name) ?? [], ...[values].flat()])
  }
  const { values, unknown } = readQuery(Object.fromEntries(given), schemasOf(request.routeOptions.schema?.querystring))
  reportIgnored(reply, unknown)
  const isValid = request.getValidationFunction('querystring')
  if (isValid === undefined) throw new Error('a route with clips has a schema of its query')
  if (isValid(values) !== true) throw violated((isValid.errors ?? []) as Violation[], 'form')
  return { query: values as Query, form: { audio: fileOf(form) } }
}

/** Options that are not converted below pass as they are. */
export async function recognizeRawClip(
  { query, form }: RawClip<RecognitionQuery>, hints: PhraseHints | undefined,
  request: FastifyRequest, reply: FastifyReply, dependencies: AppDependencies,
): Promise<Report> {
  const { channel, words = false, catalogue: _catalogue, phrases: _phrases, ...options } = query
  return recognize({
    ...options,
    audio: form?.audio ?? await readUpload(request, reply, dependencies),
    mediaType: request.headers['content-type'],
    inForm: form !== undefined,
    channel: readChannel(channel),
    words: words ? { requiredBy: 'words' } : undefined,
    phrases: hints?.phrases,
  }, request, reply, dependencies)
}
