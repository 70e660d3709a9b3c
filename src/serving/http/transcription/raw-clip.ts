/** A clip as the raw body of a request, its options in the query: what /v1/transcriptions and /v1/search have in common. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Report } from '../../../domain/report.js'
import type { AppDependencies } from '../dependencies.js'
import type { PhraseHints } from './phrase-hints.js'
import { readChannel, readUpload, recognize } from './recognition.js'
import type { TranscriptionQuery } from '../schemas.js'

/** Part of a route's schema. */
export const RAW_CLIP = {
  consumes: ['audio/wav', 'audio/webm', 'audio/ogg', 'audio/mp4', 'audio/mpeg', 'audio/flac', 'audio/l16', 'application/octet-stream'],
  body: Type.Any({ description: 'The audio file.' }),
}

export async function recognizeRawClip(query: TranscriptionQuery, expected: PhraseHints | undefined, request: FastifyRequest, reply: FastifyReply, dependencies: AppDependencies): Promise<Report> {
  const { model, language, channel, words = false, deadlineSeconds, nBest, biasStrength } = query
  return recognize({
    audio: await readUpload(request, reply, dependencies),
    model, language, channel: readChannel(channel), words: words ? { demandedBy: 'words' } : undefined,
    mediaType: request.headers['content-type'], deadlineSeconds,
    phrases: expected?.phrases, nBest, biasStrength,
  }, request, reply, dependencies)
}
