/** Hands clips and corrections to the collection when their users agreed, after the answer was sent. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Report } from '../../../domain/report.js'
import type { AnswerFacts } from '../../../monitoring/feedback/token.js'
import { whenClosed } from '../connections/when-closed.js'
import type { AppDependencies } from '../dependencies.js'
import { mayCollect } from './consent.js'

export interface AnsweredClip {
  readonly audio: Uint8Array
  readonly mediaType: string
  readonly session: string | undefined
  readonly report: Report
}

type Collecting = Pick<AppDependencies, 'collection' | 'config' | 'drift'>

/** A clip whose client was gone before it had its answer is not kept. */
export function handOverClip(
  clip: AnsweredClip, request: FastifyRequest, reply: FastifyReply, { collection, config, drift }: Collecting,
): void {
  if (collection === undefined || !mayCollect(request.headers, config.collectConsent)) return
  const time = Date.now()
  whenClosed(reply.raw, () => {
    if (!reply.raw.writableFinished) return
    collection.consider({ ...clip, id: request.id, time, driftFeatures: drift.shifted(clip.report) })
  })
}

/** `text`: what the user says is right; null where they did not say. The request of the feedback needs consent too. */
export function handOverCorrection(
  { id, issuedSeconds }: AnswerFacts, text: string | null, { headers }: FastifyRequest,
  { collection, config }: Pick<Collecting, 'collection' | 'config'>,
): void {
  if (collection === undefined || !mayCollect(headers, config.collectConsent)) return
  collection.correct(id, issuedSeconds, text)
}
