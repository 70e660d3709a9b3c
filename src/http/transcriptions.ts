/** POST /v1/transcriptions: the clip as the raw body, options in the query, our full report as the answer. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { AppDependencies } from './dependencies.js'
import { admitAudio, readUpload, recognize } from './recognition.js'
import { ErrorReply, ReportReply, TranscriptionQuery } from './schemas.js'

export const transcriptions: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, dependencies) => {
  admitAudio(scope, dependencies)
  scope.post('/v1/transcriptions', {
    schema: {
      summary: 'Transcribe a clip',
      description: 'The body is the audio file as it is. Its format is found by its bytes; the content type does not matter.',
      tags: ['transcription'],
      consumes: ['audio/wav', 'application/octet-stream'],
      body: Type.Any({ description: 'The audio file.' }),
      querystring: TranscriptionQuery,
      response: { 200: ReportReply, '4xx': ErrorReply, '5xx': ErrorReply },
    },
  }, async (request, reply) => {
    const audio = await readUpload(request, dependencies)
    const { model, language, deadlineSeconds } = request.query
    const report = await recognize({ audio, model, language, deadlineSeconds }, request, reply, dependencies)
    return { ...report, requestId: request.id }
  })
}
