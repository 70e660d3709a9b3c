/** DELETE /v1/collected: what a user no longer wants to be kept, by session or by request. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { SpeechError } from '../../../domain/errors.js'
import type { AppDependencies } from '../dependencies.js'
import { shortened } from './session.js'

const MAX_ID_CHARACTERS = 200

const DeletedReply = Type.Object({
  deleted: Type.Integer({ description: 'Clips that were stored; those in memory are gone too.' }),
}, { description: 'Nothing of it is kept any more.' })
const RESPONSE = { 200: DeletedReply }
const CONFIG = {
  access: 'collection',
  answers: { errors: ['COLLECTION_OFF', 'COLLECTION_UNAVAILABLE'], example: { deleted: 1 } },
} as const

export const collected: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, { collection }) => {
  scope.delete('/v1/collected', {
    config: CONFIG,
    schema: {
      operationId: 'deleteCollectedSession',
      summary: 'Delete the collected clips of a session',
      tags: ['collection'],
      querystring: Type.Object({
        session: Type.String({ minLength: 1, description: 'As it was sent in the header `earshot-session`.' }),
      }, { additionalProperties: false }),
      response: RESPONSE,
    },
  }, async (request, reply) => {
    const session = shortened(request.query.session)
    return reply.send({ deleted: await deleteClips({ session }, collection) })
  })

  scope.delete('/v1/collected/:id', {
    config: CONFIG,
    schema: {
      operationId: 'deleteCollectedClip',
      summary: 'Delete the collected clip of a request',
      tags: ['collection'],
      params: Type.Object({
        id: Type.String({ minLength: 1, maxLength: MAX_ID_CHARACTERS, description: 'The id of the request.' }),
      }),
      response: RESPONSE,
    },
  }, async (request, reply) =>
    reply.send({ deleted: await deleteClips({ request: request.params.id }, collection) }))
}

/** Throws COLLECTION_OFF, and COLLECTION_UNAVAILABLE where the store fails. */
async function deleteClips(
  meant: { readonly request: string } | { readonly session: string }, collection: AppDependencies['collection'],
): Promise<number> {
  if (collection === undefined) throw new SpeechError('COLLECTION_OFF')
  try {
    return await collection.delete(meant)
  } catch (cause) {
    if (cause instanceof SpeechError) throw cause
    throw new SpeechError('COLLECTION_UNAVAILABLE', undefined, { cause })
  }
}
