/** A clip as the raw body of a request, its options in the query: what /v1/transcriptions and /v1/search share. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Report } from '../../../domain/report.js'
import type { AppDependencies } from '../dependencies.js'
import type { PhraseHints } from './phrase-hints.js'
import { readChannel, readUpload, recognize } from './recognition.js'
import { BINARY, type TranscriptionQuery } from '../schemas.js'

/** Bytes: see `withBinaries` in documentation.ts. */
export const Audio = Type.Any({ description: 'The audio file.', contentMediaType: BINARY })

/** Part of a route's schema. */
export const RAW_CLIP = {
  consumes: [
    'audio/wav', 'audio/webm', 'audio/ogg', 'audio/mp4', 'audio/mpeg', 'audio/flac', 'audio/l16',
    BINARY,
  ],
  body: Audio,
}

/** Options that are not converted below pass as they are. */
export async function recognizeRawClip(
  query: TranscriptionQuery, hints: PhraseHints | undefined,
  request: FastifyRequest, reply: FastifyReply, dependencies: AppDependencies,
): Promise<Report> {
  const { channel, words = false, catalogue: _catalogue, phrases: _phrases, ...options } = query
  return recognize({
    ...options,
    audio: await readUpload(request, reply, dependencies),
    mediaType: request.headers['content-type'],
    channel: readChannel(channel),
    words: words ? { requiredBy: 'words' } : undefined,
    phrases: hints?.phrases,
  }, request, reply, dependencies)
}
