/**
 * PUT, GET and DELETE /v1/catalogues/:name, and their list. The body of a PUT is the file as it is. It has upload
 * memory of its own, so that a large catalogue takes none from audio, enough for two of the largest: one that is
 * half sent blocks no other catalogue. If anything fails, the previous version stays in use.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { formatOfUpload } from '../../../search/catalogue/parse.js'
import type { Stored } from '../../../search/catalogue/store.js'
import { SpeechError } from '../../../domain/errors.js'
import { CatalogueListReply, CatalogueParameters, CatalogueReply } from './catalogue-schemas.js'
import type { AppDependencies } from '../dependencies.js'
import { BINARY } from '../schemas.js'
import { UPLOAD_ERRORS } from '../documentation/answers.js'
import { CATALOGUE_EXAMPLE } from '../documentation/examples.js'
import { whenClosed } from '../connections/when-closed.js'

const GET_SCHEMA = {
  operationId: 'getCatalogue',
  summary: 'Describe a catalogue',
  tags: ['search'],
  params: CatalogueParameters,
  response: { 200: CatalogueReply },
}

const PUT_ERRORS = [
  ...UPLOAD_ERRORS.filter((code) => code !== 'UPLOAD_TOO_LARGE'),
  'CATALOGUE_TOO_LARGE', 'CATALOGUE_INVALID', 'CATALOGUE_NOT_TAKEN',
] as const
const NOT_FOUND = ['CATALOGUE_NOT_FOUND'] as const

const LIST_SCHEMA = {
  operationId: 'listCatalogues',
  summary: 'List the catalogues',
  tags: ['search'],
  response: { 200: CatalogueListReply },
}

const PUT_SCHEMA = {
  operationId: 'putCatalogue',
  summary: 'Make or replace a catalogue',
  description: 'CSV or JSON Lines of id, name, and optionally aliases, weight, tags. Answered when every '
    + 'recognition process has compiled it.',
  tags: ['search'],
  consumes: ['text/csv', 'application/jsonl', BINARY],
  params: CatalogueParameters,
  body: Type.Any({ description: 'The file.', contentMediaType: BINARY }),
  response: { 200: CatalogueReply },
}

export const catalogues: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, dependencies) => {
  const { config, catalogues: store, uploads } = dependencies
  const bodies = uploads.withOwnMemory({
    maxUploadBytes: config.maxCatalogueBytes,
    maxUploadsBytes: 2 * config.maxCatalogueBytes,
    tooLarge: (bytes) =>
      new SpeechError('CATALOGUE_TOO_LARGE', `at most ${bytes} bytes (EARSHOT_MAX_CATALOGUE_BYTES)`),
  })
  /** Names of catalogues that are being uploaded or loaded. */
  const inProgress = new Set<string>()

  scope.get('/v1/catalogues', {
    config: { access: 'catalogues' },
    schema: LIST_SCHEMA,
  }, async () => ({ data: store.list().map(describe) }))

  scope.put('/v1/catalogues/:name', {
    config: { access: 'catalogues', answers: { errors: PUT_ERRORS, example: CATALOGUE_EXAMPLE } },
    schema: PUT_SCHEMA,
    onRequest: async (request, reply) => {
      const { name } = request.params
      bodies.admit(request, reply, () => inProgress.has(name) || store.isLoading(name) ? busyWith(name) : undefined)
      inProgress.add(name)
      whenClosed(reply.raw, () => { inProgress.delete(name) })
    },
  }, async (request, reply) => {
    const { body } = await bodies.receive(request, reply)
    const format = formatOfUpload(request.headers['content-type'] ?? '', body)
    const stored = await store.put(request.params.name, body, format)
    const { catalogue: { name, version, entries }, compileSeconds } = stored
    request.log.info({ catalogue: name, version, entries: entries.length, compileSeconds }, 'catalogue taken in')
    return describe(stored)
  })

  scope.get('/v1/catalogues/:name', {
    config: { access: 'catalogues', answers: { errors: NOT_FOUND, example: CATALOGUE_EXAMPLE } },
    schema: GET_SCHEMA,
  }, async ({ params }) => describe(store.get(params.name)))

  scope.delete('/v1/catalogues/:name', {
    config: { access: 'catalogues', answers: { errors: NOT_FOUND } },
    schema: {
      operationId: 'deleteCatalogue',
      summary: 'Remove a catalogue',
      tags: ['search'],
      params: CatalogueParameters,
      response: { 204: Type.Null({ description: 'It is removed.' }) },
    },
  }, async (request, reply) => {
    store.delete(request.params.name)
    request.log.info({ catalogue: request.params.name }, 'catalogue removed')
    return reply.code(204).send(null)
  })
}

function busyWith(name: string): SpeechError {
  const detail = `another version of "${name.slice(0, 64)}" is being loaded`
  return new SpeechError('QUEUE_FULL', detail, { retryAfterSeconds: 2 })
}

function describe({ catalogue, loadedAt, compileSeconds, report }: Stored): CatalogueReply {
  const { name, version, entries, index } = catalogue
  return {
    name, version, entries: entries.length, names: index.names.length,
    loadedAt: loadedAt.toISOString(), compileSeconds, report,
  }
}
