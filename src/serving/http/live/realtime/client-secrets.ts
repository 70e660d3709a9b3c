/** POST /v1/realtime/client_secrets: a page's server exchanges its access key for a secret that its page may know. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { SpeechError } from '../../../../domain/errors.js'
import { REALTIME_SECRET_EXAMPLE } from '../../documentation/examples.js'
import { UPLOAD_ERRORS } from '../../documentation/answers.js'
import type { AppDependencies } from '../../dependencies.js'
import { takeJson } from '../../json-bodies.js'
import { described, standardConfiguration, updated } from './configuration.js'
import { ClientSecrets } from '../../../access/client-secrets.js'

/** It travels in a header, of which Node takes 16 KiB in all. */
const MAX_BODY_BYTES = 4_096
const EXPIRY_SECONDS = { minimum: 10, maximum: 7_200 }
const USUAL_EXPIRY_SECONDS = 600

const Body = Type.Object({
  expires_after: Type.Optional(Type.Object({
    anchor: Type.Optional(Type.Literal('created_at')),
    seconds: Type.Optional(Type.Integer({ ...EXPIRY_SECONDS, description: 'How long it can open a session.' })),
  })),
  session: Type.Optional(Type.Object({}, {
    additionalProperties: true, description: 'Configuration of the session, as in the event `session.update`.',
  })),
}, { description: 'What the secret opens.' })

const Reply = Type.Object({
  value: Type.String({ description: 'The secret, to be used like an access key.' }),
  expires_at: Type.Integer({ description: 'Unix time, seconds.' }),
  session: Type.Object({}, { additionalProperties: true, description: 'The session that it opens.' }),
}, { description: 'A secret for one page.' })

export const clientSecrets: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, { config, keys, uploads }) => {
  takeJson(scope, uploads, MAX_BODY_BYTES)
  // Without keys every route is open: the secret opens nothing, and clients that ask for one work all the same.
  const secrets = keys?.clientSecrets ?? new ClientSecrets()
  scope.post('/v1/realtime/client_secrets', {
    config: { access: 'transcribe', answers: { errors: UPLOAD_ERRORS, example: REALTIME_SECRET_EXAMPLE } },
    schema: {
      operationId: 'createClientSecret',
      summary: 'Make a short-lived secret for a page that opens a live session',
      description: 'A page must not know an access key. Its server asks for a secret with its own key and hands it on. '
        + 'The secret opens sessions at `/v1/realtime` and transcribes, until it expires or the key is removed.',
      tags: ['live'],
      body: Body,
      response: { 200: Reply },
    },
  }, async (request) => {
    if (request.session !== undefined) throw new SpeechError('KEY_SCOPE', 'a client secret makes no others')
    const { expires_after: expiry, session = {} } = request.body
    const configuration = updated(standardConfiguration(config.models[0]!), session, false)
    const expiresAt = Date.now() + (expiry?.seconds ?? USUAL_EXPIRY_SECONDS) * 1000
    const value = secrets.issue({ keyName: request.keyName ?? '', expiresAt, session })
    return { value, expires_at: Math.floor(expiresAt / 1000), session: described('', configuration) }
  })
}
