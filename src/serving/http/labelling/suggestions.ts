/**
 * What may be said in a clip, and where speech is, from the default model. These requests are no traffic: they are not
 * counted in the metrics of recognition, and drift does not see them, since clips that are labelled are often the
 * unusual ones.
 */
import type { Static } from 'typebox'
import { checkLength, headerlessFormat, probeAudio } from '../../../audio/decode.js'
import type { ClipAudio, ClipToLabel } from '../../../data/labels/clips-to-label.js'
import { fromWire } from '../../../domain/errors.js'
import { REQUEST_DEFAULTS } from '../../../domain/request.js'
import type { Report } from '../../../domain/report.js'
import type { AppDependencies } from '../dependencies.js'
import type { SuggestionsReply } from './labelling-schemas.js'

type Suggestions = Static<typeof SuggestionsReply>

const N_BEST = 5
/** For fair scheduling: labelling has the share of one client. */
const CLIENT = 'labelling'

/** Throws what a transcription throws. Numbers are words, as the guide has them. */
export async function suggest(
  clip: ClipToLabel, { bytes, mediaType }: ClipAudio, signal: AbortSignal,
  { pool, models, config }: Pick<AppDependencies, 'pool' | 'models' | 'config'>,
): Promise<Suggestions> {
  const [standard] = models
  if (standard === undefined) throw new Error('no model is served')
  const headerless = headerlessFormat(bytes, mediaType)
  const probe = probeAudio(bytes, { headerless, disabledCodecs: config.disabledCodecs })
  checkLength(probe, config.maxAudioSeconds)
  const { outcome } = await pool.run({
    ...REQUEST_DEFAULTS, model: standard.name, nBest: N_BEST, numbers: 'words', headerless, client: CLIENT,
    audio: bytes, audioSeconds: Math.min(probe.seconds, config.maxAudioSeconds),
    deadlineSeconds: config.deadlineSeconds,
  }, signal)
  if (!outcome.ok) throw fromWire(outcome.error)
  const { report } = outcome
  return {
    suggestions: distinct([...given(clip), ...recognized(report)]),
    speech: report.segments.map(({ startSeconds, endSeconds }) => ({ startSeconds, endSeconds })),
    audioSeconds: report.input.audioSeconds,
  }
}

function given({ text, time }: ClipToLabel): Suggestions['suggestions'] {
  return text === null ? [] : [{ text, source: time === null ? 'manifest' : 'correction', probability: null }]
}

function recognized({ text, alternatives, correctness }: Report): Suggestions['suggestions'] {
  if (alternatives.length === 0) return [{ text, source: 'recognizer', probability: correctness }]
  return alternatives.map((one) => ({ text: one.text, source: 'recognizer', probability: one.posterior }))
}

function distinct(suggestions: Suggestions['suggestions']): Suggestions['suggestions'] {
  const known = new Set<string>()
  return suggestions.filter(({ text }) => !known.has(text) && known.add(text)).slice(0, N_BEST)
}
