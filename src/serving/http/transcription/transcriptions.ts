/** POST /v1/transcriptions: the clip is the raw body, options are in the query, the answer is the full report. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { AppDependencies } from '../dependencies.js'
import { withDeprecatedFields } from '../deprecated-fields.js'
import { TRANSCRIPTION_ERRORS } from '../documentation/answers.js'
import { REPORT_EXAMPLE } from '../documentation/examples.js'
import { readPhraseHints, withIds } from './phrase-hints.js'
import { RAW_CLIP, recognizeRawClip } from './raw-clip.js'
import { admitAudio } from './recognition.js'
import { ReportReply } from '../report-schemas.js'
import { TranscriptionQuery } from '../schemas.js'

export const transcriptions: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, dependencies) => {
  admitAudio(scope, dependencies)
  scope.post('/v1/transcriptions', {
    config: {
      access: 'transcribe',
      answers: {
        errors: [...TRANSCRIPTION_ERRORS, 'CATALOGUE_NOT_FOUND'],
        headers: ['earshot-languages'],
        example: REPORT_EXAMPLE,
      },
    },
    schema: {
      operationId: 'transcribe',
      summary: 'Transcribe a clip',
      description: 'The body is the audio file as it is. Its format is detected by its bytes; the content type matters '
        + 'only for samples without a container, such as audio/l16;rate=16000;channels=1.',
      tags: ['transcription'],
      ...RAW_CLIP,
      querystring: TranscriptionQuery,
      response: { 200: ReportReply },
    },
  }, async (request, reply) => {
    const hints = readPhraseHints(request.query, dependencies.catalogues, reply)
    const report = await recognizeRawClip(request.query, hints, request, reply, dependencies)
    return withDeprecatedFields({
      ...report, ...withIds(report, hints),
      requestId: request.id,
      feedbackToken: dependencies.feedback.answered(report, request.id),
    })
  })
}
