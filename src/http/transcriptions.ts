/** POST /v1/transcriptions: the clip as the raw body, options in the query, our full report as the answer. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { AppDependencies } from './dependencies.js'
import { readExpected, withIds } from './expectations.js'
import { admitAudio, readChannel, readUpload, recognize } from './recognition.js'
import { ErrorReply, ReportReply, TranscriptionQuery } from './schemas.js'

export const transcriptions: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, dependencies) => {
  admitAudio(scope, dependencies)
  scope.post('/v1/transcriptions', {
    schema: {
      summary: 'Transcribe a clip',
      description: 'The body is the audio file as it is. Its format is found by its bytes; the content type matters only for samples without a container, such as audio/l16;rate=16000;channels=1.',
      tags: ['transcription'],
      consumes: ['audio/wav', 'audio/webm', 'audio/ogg', 'audio/mp4', 'audio/mpeg', 'audio/flac', 'audio/l16', 'application/octet-stream'],
      body: Type.Any({ description: 'The audio file.' }),
      querystring: TranscriptionQuery,
      response: { 200: ReportReply, '4xx': ErrorReply, '5xx': ErrorReply },
    },
  }, async (request, reply) => {
    const { model, language, channel, deadlineSeconds, nBest, biasStrength } = request.query
    const expected = readExpected(request.query, dependencies.catalogues, reply)
    const audio = await readUpload(request, dependencies)
    const { words = false } = request.query
    const report = await recognize({
      audio, model, language, channel: readChannel(channel), words: words ? { demandedBy: 'words' } : undefined, mediaType: request.headers['content-type'], deadlineSeconds,
      phrases: expected?.phrases, nBest, biasStrength,
    }, request, reply, dependencies)
    return { ...report, ...withIds(report, expected), requestId: request.id, feedbackToken: dependencies.feedback.answered(report, request.id) }
  })
}
