/**
 * POST /v1/feedback and /v1/labels: what became of an answer, and what was really said. The only routes that take
 * JSON; their parser and its limit exist in this scope alone. Nothing of a text is logged.
 */
import { Readable } from 'node:stream'
import { TypeBoxValidatorCompiler, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { SpeechError } from '../../../domain/errors.js'
import type { Statement } from '../../../monitoring/feedback/feedback.js'
import type { AnswerFacts } from '../../../monitoring/feedback/token.js'
import type { AppDependencies } from '../dependencies.js'
import { AcceptedReply, ErrorReply, FeedbackBody, LabelBody, LabelReply } from '../schemas.js'

const BODY_BYTES = 65_536
/** Of all that are being read. */
const BODIES_BYTES = 64 * BODY_BYTES

export const feedback: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, { feedback: judged, uploads }) => {
  const door = uploads.sideDoor({ maxUploadBytes: BODY_BYTES, maxUploadsBytes: BODIES_BYTES })
  scope.addHook('onRequest', async (request, reply) => { door.admit(request, reply) })
  // Under the limits of all bodies first; the parser gets what came.
  scope.addHook('preParsing', async (request, reply) => {
    const { body } = await door.receive(request, reply)
    return Object.assign(Readable.from(body), { receivedEncodedLength: body.length })
  })
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, scope.getDefaultJsonParser('error', 'error'))
  // Fastify's own would make a text of null, and drop what it does not know: a label must not be guessed.
  scope.setValidatorCompiler(TypeBoxValidatorCompiler)

  scope.post('/v1/feedback', {
    config: { access: 'feedback' },
    schema: {
      summary: 'Say what became of a transcript',
      description: 'One event of each kind for an answer. With `corrected`, `text` and `transcript` together are a label of the source `correction`.',
      tags: ['feedback'],
      body: FeedbackBody,
      response: { 202: AcceptedReply, '4xx': ErrorReply, '5xx': ErrorReply },
    },
  }, async (request, reply) => {
    const { token, ...statement } = request.body
    const facts = judged.tell(token, readStatement(statement))
    log(request, facts, { event: statement.event })
    return reply.code(202).send({ accepted: true as const })
  })

  scope.post('/v1/labels', {
    config: { access: 'labels' },
    schema: {
      summary: 'Say what was really said',
      description: 'One label of each source for an answer. `transcript` is the text of the answer, unchanged: the service has not kept it.',
      tags: ['feedback'],
      body: LabelBody,
      response: { 202: LabelReply, '4xx': ErrorReply, '5xx': ErrorReply },
    },
  }, async (request, reply) => {
    const { token, ...label } = request.body
    const { label: { words, errors }, ...facts } = judged.label(token, label)
    log(request, facts, { source: label.source, referenceWords: words, errors })
    return reply.code(202).send({ accepted: true as const, words, errors })
  })
}

function readStatement({ event, delayMs, text, transcript, rank }: Omit<FeedbackBody, 'token'>): Statement {
  if ((text === undefined) !== (transcript === undefined)) throw new SpeechError('REQUEST_INVALID', 'text and transcript come together', { parameter: text === undefined ? 'text' : 'transcript' })
  if (text !== undefined && event !== 'corrected') throw new SpeechError('REQUEST_INVALID', `text goes with the event "corrected", not "${event}"`, { parameter: 'text' })
  if (rank !== undefined && event !== 'clicked') throw new SpeechError('REQUEST_INVALID', `rank goes with the event "clicked", not "${event}"`, { parameter: 'rank' })
  return {
    event,
    rank,
    delaySeconds: delayMs === undefined ? undefined : delayMs / 1000,
    correction: text === undefined || transcript === undefined ? undefined : { reference: text, transcript },
  }
}

/** Numbers, and the request id of the answer that is judged. */
function log(request: FastifyRequest, { id, model, words, confidence }: AnswerFacts, said: object): void {
  request.log.info({ answer: id, model, words, confidence, ...said }, 'feedback')
}
