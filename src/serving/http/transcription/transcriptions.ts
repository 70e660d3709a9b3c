/** POST /v1/transcriptions: the clip is the raw body, options are in the query, the answer is the full report. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { AppDependencies } from '../dependencies.js'
import { withDeprecatedFields } from '../deprecated-fields.js'
import { TRANSCRIPTION_ERRORS } from '../documentation/answers.js'
import { OPENAI_EXAMPLES, REPORT_EXAMPLE } from '../documentation/examples.js'
import { heldBy, readPhraseHints, withIds } from './phrase-hints.js'
import { chooseFormat, sendText } from './answer-format.js'
import { eventContent, reportEvents, sendEvents } from './event-stream.js'
import { RAW_CLIP, readRawClip, recognizeRawClip } from './raw-clip.js'
import { admitAudio } from './recognition.js'
import { ReportReply } from '../report-schemas.js'
import { TranscriptionForm, TranscriptionQuery } from '../schemas.js'

/** The JSON is serialized by its schema, the text is sent as it is. */
const ANSWERS = {
  description: 'The report, the transcript alone, or both as events.',
  content: {
    'application/json': { schema: ReportReply, examples: { report: REPORT_EXAMPLE } },
    'text/plain': {
      schema: Type.String({ description: 'The transcript and a line break.' }),
      examples: { text: OPENAI_EXAMPLES.text },
    },
    ...eventContent('Accept: text/event-stream', ' with the report'),
  },
}

export const transcriptions: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, dependencies) => {
  admitAudio(scope, dependencies)
  scope.post('/v1/transcriptions', {
    config: {
      access: 'transcribe',
      answers: {
        errors: [...TRANSCRIPTION_ERRORS, 'CATALOGUE_NOT_FOUND'],
        headers: ['earshot-feedback-token', 'earshot-languages'],
        content: ANSWERS.content,
      },
      form: TranscriptionForm,
    },
    schema: {
      operationId: 'transcribe',
      summary: 'Transcribe a clip',
      description: 'The body is the audio file as it is. Its format is detected by its bytes; the content type matters '
        + 'only for samples without a container, such as audio/l16;rate=16000;channels=1.',
      tags: ['transcription'],
      ...RAW_CLIP,
      querystring: TranscriptionQuery,
      response: { 200: ANSWERS },
    },
  }, async (request, reply) => {
    const { query: { format, ...options }, form } = await readRawClip(request.query, request, reply, dependencies)
    const { answer, spelling } = chooseFormat(format, request)
    const query = { ...options, ...spelling }
    const hints = readPhraseHints(query, dependencies.catalogues, heldBy(reply))
    const report = await recognizeRawClip({ query, form }, hints, request, reply, dependencies)
    const feedbackToken = dependencies.feedback.answered(report, request.id)
    if (answer === 'text') return sendText(report.text, feedbackToken, reply)
    const whole = withDeprecatedFields({ ...report, ...withIds(report, hints), requestId: request.id, feedbackToken })
    if (answer === 'json') return whole
    return reply.send(sendEvents(reportEvents(whole), reply))
  })
}
