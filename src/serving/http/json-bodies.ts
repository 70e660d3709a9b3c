/** Routes that take JSON: the parser and its limit exist in their scopes alone. */
import { Readable } from 'node:stream'
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { Uploads } from './uploads.js'

/** Bodies that may be read at a time. */
const MOST_BODIES = 64

/** The body is read under the limits of uploads; the parser gets the result. */
export function takeJson(scope: FastifyInstance, uploads: Uploads, maxUploadBytes: number): void {
  const bodies = uploads.withOwnMemory({ maxUploadBytes, maxUploadsBytes: MOST_BODIES * maxUploadBytes })
  scope.addHook('onRequest', async (request, reply) => { bodies.admit(request, reply) })
  scope.addHook('preParsing', async (request, reply) => {
    const { body, receivedBytes } = await bodies.receive(request, reply)
    return Object.assign(Readable.from(body), { receivedEncodedLength: receivedBytes })
  })
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, scope.getDefaultJsonParser('error', 'error'))
  // Fastify's own compiler converts null to a text and drops unknown properties: a label must not be guessed.
  scope.setValidatorCompiler(TypeBoxValidatorCompiler)
}
