/**
 * POST /v1/feedback and /v1/labels: what the user did with an answer, and the reference transcript. Texts are never
 * logged; the collection keeps a correction where the user agreed.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { SpeechError } from '../../../domain/errors.js'
import type { Statement } from '../../../monitoring/feedback/feedback.js'
import type { AnswerFacts } from '../../../monitoring/feedback/token.js'
import { handOverCorrection } from '../collection/hand-over.js'
import type { AppDependencies } from '../dependencies.js'
import { takeJson } from '../json-bodies.js'
import { UPLOAD_ERRORS } from '../documentation/answers.js'
import { AcceptedReply, FeedbackBody, LabelBody, LabelReply } from '../schemas.js'

const MAX_BODY_BYTES = 65_536

const ERRORS = [
  ...UPLOAD_ERRORS, 'TOKEN_INVALID', 'TOKEN_EXPIRED', 'FEEDBACK_DUPLICATE', 'TRANSCRIPT_OTHER',
] as const

export const feedback: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, dependencies) => {
  const { feedback: judged, uploads } = dependencies
  takeJson(scope, uploads, MAX_BODY_BYTES)

  scope.post('/v1/feedback', {
    config: { access: 'feedback', answers: { errors: ERRORS, example: { accepted: true } } },
    schema: {
      operationId: 'sendFeedback',
      summary: 'Report what the user did with a transcript',
      description: 'One event of each kind for an answer. With `corrected`, `text` and `transcript` together are a '
        + 'label of the source `correction`.',
      tags: ['feedback'],
      body: FeedbackBody,
      response: { 202: AcceptedReply },
    },
  }, async (request, reply) => {
    const { token, ...statement } = request.body
    const facts = judged.tell(token, readStatement(statement))
    if (statement.event === 'corrected') handOverCorrection(facts, statement.text ?? null, request, dependencies)
    log(request, facts, { event: statement.event })
    return reply.code(202).send({ accepted: true as const })
  })

  scope.post('/v1/labels', {
    config: { access: 'labels', answers: { errors: ERRORS, example: { accepted: true, words: 3, errors: 1 } } },
    schema: {
      operationId: 'sendReferenceTranscript',
      summary: 'Give the reference transcript of an answer',
      description: 'One label of each source for an answer. `transcript` is the text of the answer, unchanged: the '
        + 'service has not kept it.',
      tags: ['feedback'],
      body: LabelBody,
      response: { 202: LabelReply },
    },
  }, async (request, reply) => {
    const { token, ...label } = request.body
    const { label: { words, errors }, ...facts } = judged.label(token, label)
    if (label.source === 'correction') handOverCorrection(facts, label.reference, request, dependencies)
    log(request, facts, { source: label.source, referenceWords: words, errors })
    return reply.code(202).send({ accepted: true as const, words, errors })
  })
}

function readStatement({ event, delayMs, text, transcript, rank }: Omit<FeedbackBody, 'token'>): Statement {
  if ((text === undefined) !== (transcript === undefined)) {
    throw invalid(text === undefined ? 'text' : 'transcript', 'text and transcript belong together')
  }
  if (text !== undefined && event !== 'corrected') {
    throw invalid('text', `text belongs to the event "corrected", not "${event}"`)
  }
  if (rank !== undefined && event !== 'clicked') {
    throw invalid('rank', `rank belongs to the event "clicked", not "${event}"`)
  }
  return {
    event,
    rank,
    delaySeconds: delayMs === undefined ? undefined : delayMs / 1000,
    correction: text === undefined || transcript === undefined ? undefined : { reference: text, transcript },
  }
}

function invalid(parameter: string, detail: string): SpeechError {
  return new SpeechError('REQUEST_INVALID', detail, { parameter })
}

/** Numbers, and the request id of the answer that the feedback is about. */
function log(request: FastifyRequest, { id, model, words, confidence }: AnswerFacts, said: object): void {
  request.log.info({ answer: id, model, words, confidence, ...said }, 'feedback')
}
