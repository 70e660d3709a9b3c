/**
 * POST /v1/search: a clip in, the thing out. The clip is the raw body, as for /v1/transcriptions; the answer is the
 * same report, with ranked hits. Hits come from a catalogue, from phrases of the request, or from the operator's own
 * search engine, which is given every reading and never holds up the transcript for long.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { finishInTurns } from '../../../search/catalogue/turns.js'
import { SpeechError } from '../../../domain/errors.js'
import type { EngineFailure } from '../../../search/external-engine.js'
import type { SearchOutcome } from '../../../domain/search-outcomes.js'
import { DEFAULT_THRESHOLD, rankInSteps, type Match } from '../../../search/ranking/ranking.js'
import type { Alternative, PhraseScore, RankedAlternative } from '../../../domain/phrases.js'
import type { Report } from '../../../domain/report.js'
import { SearchQuery, SearchReply, type Hit } from './catalogue-schemas.js'
import type { AppDependencies } from '../dependencies.js'
import { withDeprecatedFields } from '../deprecated-fields.js'
import { readPhraseHints, withIds, type PhraseHints } from '../transcription/phrase-hints.js'
import { RAW_CLIP, recognizeRawClip } from '../transcription/raw-clip.js'
import { admitAudio } from '../transcription/recognition.js'
import { ErrorReply } from '../schemas.js'

const READINGS = 5
const HITS = 5

interface Found {
  readonly outcome: SearchOutcome
  readonly hits: Hit[] | null
  readonly didYouMean: Hit[]
  readonly reason: EngineFailure | null
}

export const search: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, dependencies) => {
  admitAudio(scope, dependencies)
  scope.post('/v1/search', {
    config: { access: 'search' },
    schema: {
      summary: 'Search by voice',
      description: 'The body is the audio file as it is, as for /v1/transcriptions.',
      tags: ['search'],
      ...RAW_CLIP,
      querystring: SearchQuery,
      response: { 200: SearchReply, '4xx': ErrorReply, '5xx': ErrorReply },
    },
  }, async (request, reply) => {
    const { hits: _hits, limit: _limit, threshold: _threshold, ...query } = request.query
    const expected = readPhraseHints(query, dependencies.catalogues, reply)
    const ask = whoAnswers(request.query, expected, dependencies)
    const report = await recognizeRawClip({ nBest: READINGS, ...query }, expected, request, reply, dependencies)
    const since = performance.now()
    const alternatives = readingsOf(report)
    const found = await ask(alternatives, report.phraseScores)
    const searchSeconds = (performance.now() - since) / 1000
    dependencies.telemetry.searched(found.outcome, searchSeconds)
    request.log.info({ outcome: found.outcome, hits: found.hits?.length ?? null, ...found.reason !== null && { reason: found.reason }, searchSeconds }, 'searched')
    return withDeprecatedFields({
      ...report, ...found, searchSeconds,
      ...withIds({ alternatives, phraseScores: report.phraseScores }, expected),
      catalogue: expected?.catalogue ?? null,
      requestId: request.id,
      feedbackToken: dependencies.feedback.answered(report, request.id),
    })
  })
}

/** Known before the body is read, so that a request which nobody could answer costs nothing. */
function whoAnswers({ hits, limit = HITS, threshold = DEFAULT_THRESHOLD }: SearchQuery, expected: PhraseHints | undefined, { searchEngine }: AppDependencies): (alternatives: readonly Alternative[], evidence: readonly PhraseScore[]) => Promise<Found> {
  if (hits !== 'catalogue' && searchEngine !== undefined) {
    return async (alternatives) => {
      if (alternatives.length === 0) return NOTHING
      const answer = await searchEngine.find(alternatives, limit)
      if ('failure' in answer) return { outcome: 'engine_failed', hits: null, didYouMean: [], reason: answer.failure }
      return { outcome: answer.hits.length > 0 ? 'hit' : 'no_match', hits: answer.hits.map((hit) => ({ ...hit, why: [], tags: [] })), didYouMean: [], reason: null }
    }
  }
  if (hits === 'engine') throw new SpeechError('REQUEST_INVALID', 'there is no search engine behind this service (EARSHOT_SEARCH_ENGINE)', { parameter: 'hits' })
  if (expected === undefined) throw new SpeechError('REQUEST_INVALID', 'a search needs a catalogue or phrases', { parameter: 'catalogue' })
  return async (alternatives, evidence) => {
    if (alternatives.length === 0) return NOTHING
    const ranking = await finishInTurns(rankInSteps(alternatives, evidence, await expected.searchable(), { limit, threshold }))
    const describe = ({ entry, score, why }: Match): Hit => {
      const { id, name, tags } = expected.describe(entry)
      return { id, name, tags, score, why: [...why] }
    }
    const outcome = ranking.hits.length > 0 ? 'hit' : ranking.didYouMean.length > 0 ? 'did_you_mean' : 'no_match'
    return { outcome, hits: ranking.hits.map(describe), didYouMean: ranking.didYouMean.map(describe), reason: null }
  }
}

/** Nobody spoke, so nothing is asked for. */
const NOTHING: Found = { outcome: 'no_match', hits: [], didYouMean: [], reason: null }

/** A model that gives no readings has one: its transcript. */
function readingsOf({ alternatives, text, confidence, correctness, segments }: Report): readonly RankedAlternative[] {
  if (alternatives.length > 0 || text === '') return alternatives
  const logProbability = segments.reduce((sum, { meanLogProbability, tokens }) => sum + meanLogProbability * tokens.length, 0)
  return [{ text, confidence: confidence!, logProbability, phrases: [], posterior: correctness }]
}
