/**
 * PUT, GET and DELETE /v1/catalogues/:name, and their list. The body of a PUT is the file as it is. It has a door of
 * its own, so that a large catalogue takes no room from audio, with room for two of the largest: one that is half sent
 * blocks no other catalogue. Whatever goes wrong, the version before still answers.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { formatOfUpload } from '../../../search/catalogue/parse.js'
import type { Stored } from '../../../search/catalogue/store.js'
import { SpeechError } from '../../../domain/errors.js'
import { CatalogueListReply, CatalogueParameters, CatalogueReply } from './catalogue-schemas.js'
import type { AppDependencies } from '../dependencies.js'
import { ErrorReply } from '../schemas.js'
import { whenClosed } from '../connections/when-closed.js'

export const catalogues: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, { config, catalogues: store, uploads }) => {
  const door = uploads.withOwnMemory({
    maxUploadBytes: config.maxCatalogueBytes,
    maxUploadsBytes: 2 * config.maxCatalogueBytes,
    tooLarge: (maxBytes) => new SpeechError('CATALOGUE_TOO_LARGE', `at most ${maxBytes} bytes (EARSHOT_MAX_CATALOGUE_BYTES)`),
  })
  /** Names of those whose body is on its way, or that are being taken in. */
  const underWay = new Set<string>()
  const errors = { '4xx': ErrorReply, '5xx': ErrorReply }

  scope.get('/v1/catalogues', {
    config: { access: 'catalogues' },
    schema: { summary: 'List the catalogues', tags: ['search'], response: { 200: CatalogueListReply } },
  }, async () => ({ data: store.list().map(describe) }))

  scope.put('/v1/catalogues/:name', {
    config: { access: 'catalogues' },
    schema: {
      summary: 'Make or replace a catalogue',
      description: 'CSV or JSON Lines of id, name, and optionally aliases, weight, tags. Answered when every recognition process hears with it.',
      tags: ['search'],
      consumes: ['text/csv', 'application/jsonl', 'application/octet-stream'],
      params: CatalogueParameters,
      body: Type.Any({ description: 'The file.' }),
      response: { 200: CatalogueReply, ...errors },
    },
    onRequest: async (request, reply) => {
      const { name } = request.params
      door.admit(request, reply, () => underWay.has(name) || store.isTaking(name) ? takesAnother(name) : undefined)
      underWay.add(name)
      whenClosed(reply.raw, () => { underWay.delete(name) })
    },
  }, async (request, reply) => {
    const { body } = await door.receive(request, reply)
    const stored = await store.put(request.params.name, body, formatOfUpload(request.headers['content-type'] ?? '', body))
    const { catalogue, compileSeconds } = stored
    request.log.info({ catalogue: catalogue.name, version: catalogue.version, entries: catalogue.entries.length, compileSeconds }, 'catalogue taken in')
    return describe(stored)
  })

  scope.get('/v1/catalogues/:name', {
    config: { access: 'catalogues' },
    schema: { summary: 'Describe a catalogue', tags: ['search'], params: CatalogueParameters, response: { 200: CatalogueReply, ...errors } },
  }, async ({ params }) => describe(store.get(params.name)))

  scope.delete('/v1/catalogues/:name', {
    config: { access: 'catalogues' },
    schema: { summary: 'Remove a catalogue', tags: ['search'], params: CatalogueParameters, response: { 204: Type.Null(), ...errors } },
  }, async (request, reply) => {
    store.delete(request.params.name)
    request.log.info({ catalogue: request.params.name }, 'catalogue removed')
    return reply.code(204).send(null)
  })
}

function takesAnother(name: string): SpeechError {
  return new SpeechError('QUEUE_FULL', `another version of "${name.slice(0, 64)}" is being taken in`, { retryAfterSeconds: 2 })
}

function describe({ catalogue, loadedAt, compileSeconds, report }: Stored): CatalogueReply {
  const { name, version, entries, index } = catalogue
  return { name, version, entries: entries.length, names: index.names.length, loadedAt: loadedAt.toISOString(), compileSeconds, report }
}
