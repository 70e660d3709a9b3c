/**
 * POST /v1/search: spoken search. The clip is the raw body, as for /v1/transcriptions; the answer is the same report,
 * with ranked hits. Hits come from a catalogue, from phrases of the request, or from an external search engine, which
 * gets every alternative and has a time limit, so that it never delays the transcript for long.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { runSliced } from '../../../search/catalogue/time-slices.js'
import { SpeechError } from '../../../domain/errors.js'
import type { ExternalEngineFailure, ExternalSearchEngine } from '../../../search/external-engine.js'
import type { SearchOutcome } from '../../../domain/search-outcomes.js'
import { alternativesOf } from '../../../search/ranking/alternatives.js'
import { DEFAULT_THRESHOLD, rankInSteps, type Match } from '../../../search/ranking/ranking.js'
import type { Alternative, PhraseScore } from '../../../domain/phrases.js'
import { SearchForm, SearchQuery, SearchReply, type Hit } from './catalogue-schemas.js'
import type { AppDependencies } from '../dependencies.js'
import { withDeprecatedFields } from '../deprecated-fields.js'
import { TRANSCRIPTION_ERRORS } from '../documentation/answers.js'
import { SEARCH_EXAMPLE } from '../documentation/examples.js'
import { prefersEvents } from '../transcription/answer-format.js'
import { eventContent, reportEvents, sendEvents } from '../transcription/event-stream.js'
import { heldBy, readPhraseHints, withIds, type PhraseHints } from '../transcription/phrase-hints.js'
import { RAW_CLIP, readRawClip, recognizeRawClip } from '../transcription/raw-clip.js'
import { admitAudio } from '../transcription/recognition.js'

export const DEFAULT_ALTERNATIVES = 5
const DEFAULT_LIMIT = 5

export interface Found {
  readonly outcome: SearchOutcome
  readonly hits: Hit[] | null
  readonly didYouMean: Hit[]
  readonly reason: ExternalEngineFailure | null
}

/** The JSON is serialized by its schema, events are sent as they are. */
const ANSWERS = {
  description: 'The report with its hits, as JSON or as events.',
  content: {
    'application/json': { schema: SearchReply, examples: { example: SEARCH_EXAMPLE } },
    ...eventContent('Accept: text/event-stream', ' with the report and its hits'),
  },
}

export const search: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, dependencies) => {
  admitAudio(scope, dependencies)
  scope.post('/v1/search', {
    config: {
      access: 'search',
      answers: {
        errors: [...TRANSCRIPTION_ERRORS, 'CATALOGUE_NOT_FOUND'],
        headers: ['earshot-languages'],
        content: ANSWERS.content,
      },
      form: SearchForm,
    },
    schema: {
      operationId: 'search',
      summary: 'Search by voice',
      description: 'The body is the audio file as it is, as for /v1/transcriptions.',
      tags: ['search'],
      ...RAW_CLIP,
      querystring: SearchQuery,
      response: { 200: ANSWERS },
    },
  }, async (request, reply) => {
    const clip = await readRawClip(request.query, request, reply, dependencies)
    const { hits: _hits, limit: _limit, threshold: _threshold, ...options } = clip.query
    const hints = readPhraseHints(options, dependencies.catalogues, heldBy(reply))
    const ask = searcherFor(clip.query, hints, dependencies)
    const query = { nBest: DEFAULT_ALTERNATIVES, ...options }
    const report = await recognizeRawClip({ ...clip, query }, hints, request, reply, dependencies)
    const since = performance.now()
    const alternatives = alternativesOf(report)
    const found = await ask(alternatives, report.phraseScores)
    const searchSeconds = (performance.now() - since) / 1000
    dependencies.telemetry.searched(found.outcome, searchSeconds)
    logSearch(request, found, searchSeconds)
    const whole = withDeprecatedFields({
      ...report, ...found, searchSeconds,
      ...withIds({ alternatives, phraseScores: report.phraseScores }, hints),
      catalogue: hints?.catalogue ?? null,
      requestId: request.id,
      feedbackToken: dependencies.feedback.answered(report, request.id),
    })
    return prefersEvents(request) ? reply.send(sendEvents(reportEvents(whole), reply)) : whole
  })
}

/** Numbers alone. */
function logSearch({ log }: FastifyRequest, { outcome, hits, reason }: Found, searchSeconds: number): void {
  log.info({ outcome, hits: hits?.length ?? null, ...reason !== null && { reason }, searchSeconds }, 'searched')
}

export type Ask = (alternatives: readonly Alternative[], phraseScores: readonly PhraseScore[]) => Promise<Found>

/** Chosen before the body is read, so that a request which nothing can answer costs nothing. */
export function searcherFor(
  query: Pick<SearchQuery, 'hits' | 'limit' | 'threshold'>, hints: PhraseHints | undefined,
  { searchEngine }: AppDependencies,
): Ask {
  const { hits, limit = DEFAULT_LIMIT, threshold = DEFAULT_THRESHOLD } = query
  if (hits !== 'catalogue' && searchEngine !== undefined) return askEngine(searchEngine, limit)
  if (hits === 'engine') {
    const detail = 'there is no search engine behind this service (EARSHOT_SEARCH_ENGINE)'
    throw new SpeechError('REQUEST_INVALID', detail, { parameter: 'hits' })
  }
  if (hints !== undefined) return askCatalogue(hints, limit, threshold)
  throw new SpeechError('REQUEST_INVALID', 'a search needs a catalogue or phrases', { parameter: 'catalogue' })
}

/** The result when no speech is found. */
const NOTHING: Found = { outcome: 'no_match', hits: [], didYouMean: [], reason: null }

function askEngine(searchEngine: ExternalSearchEngine, limit: number): Ask {
  return async (alternatives) => {
    if (alternatives.length === 0) return NOTHING
    const answer = await searchEngine.find(alternatives, limit)
    if ('failure' in answer) return { outcome: 'engine_failed', hits: null, didYouMean: [], reason: answer.failure }
    const hits = answer.hits.map((hit) => ({ ...hit, why: [], inText: null, tags: [] }))
    return { outcome: hits.length > 0 ? 'hit' : 'no_match', hits, didYouMean: [], reason: null }
  }
}

function askCatalogue(hints: PhraseHints, limit: number, threshold: number): Ask {
  return async (alternatives, phraseScores) => {
    if (alternatives.length === 0) return NOTHING
    const steps = rankInSteps(alternatives, phraseScores, await hints.searchable(), { limit, threshold })
    const ranking = await runSliced(steps)
    const describe = ({ entry, score, why, inText }: Match): Hit => {
      const { id, name, tags } = hints.describe(entry)
      return { id, name, tags, score, why: [...why], inText }
    }
    const outcome = ranking.hits.length > 0 ? 'hit' : ranking.didYouMean.length > 0 ? 'did_you_mean' : 'no_match'
    return {
      outcome, hits: ranking.hits.map(describe), didYouMean: ranking.didYouMean.map(describe), reason: null,
    }
  }
}
