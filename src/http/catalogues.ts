/**
 * PUT, GET and DELETE /v1/catalogues/:name, and their list. The body of a PUT is the file as it is. It has a door of
 * its own, so that a large catalogue takes no room from audio, with room for two: one that is half sent blocks nobody. Whatever goes wrong, the version before still answers.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { formatOfUpload } from '../catalogue/parse.js'
import type { Stored } from '../catalogue/store.js'
import { SpeechError } from '../errors.js'
import { CatalogueListReply, CatalogueParameters, CatalogueReply } from './catalogue-schemas.js'
import type { AppDependencies } from './dependencies.js'
import type { Intake } from './intake.js'
import { ErrorReply } from './schemas.js'

export const catalogues: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, { config, catalogues: store, intake }) => {
  const door = intake.sideDoor({ maxUploadBytes: config.maxCatalogueBytes, maxUploadsBytes: 2 * config.maxCatalogueBytes })
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
    bodyLimit: config.maxCatalogueBytes,
  }, async (request, reply) => {
    const body = await read(request, reply, door)
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

/** Lets a catalogue in; the service does not shut down before it has been answered. The limit of uploads has another name here. */
async function read(request: FastifyRequest, reply: FastifyReply, door: Intake): Promise<Buffer> {
  try {
    door.check(request)
    door.enter(reply)
    return (await door.receive(request, reply)).body
  } catch (thrown) {
    if (thrown instanceof SpeechError && thrown.code === 'UPLOAD_TOO_LARGE') throw new SpeechError('CATALOGUE_TOO_LARGE', 'EARSHOT_MAX_CATALOGUE_BYTES', { cause: thrown })
    throw thrown
  }
}

function describe({ catalogue, loadedAt, compileSeconds, report }: Stored): CatalogueReply {
  const { name, version, entries, index } = catalogue
  return { name, version, entries: entries.length, names: index.names.length, loadedAt: loadedAt.toISOString(), compileSeconds, report }
}
