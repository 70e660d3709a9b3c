/**
 * N-best alternatives and names → ranked hits. The score of an entry is the maximum over the alternatives of
 *
 *   score = calibrated(acoustic · match · prior)
 *
 * `acoustic` falls with the model's doubt about the alternative, and with the likelihood ratio of the first alternative
 * to it. `match` is 1 if the alternative is the name, and less if the name is only a part of it or both are merely
 * similar. `prior` changes the score by a few per cent with the weight of the entry. So a name that was said ranks
 * above a similar one in the same alternative, whatever their weights, and weights decide between entries that are
 * equal otherwise.
 *
 * If the decoder has scored an entry as a phrase, that gives a score too:
 *
 *   score = probability of the phrase · prior / prior of weight 1
 *
 * It replaces that of alternatives which are the entry or resemble it as a whole; of alternatives that say more than
 * the entry, the higher score counts. But if one entry is more probable than all else, its probability alone decides.
 *
 * The weights of the product are chosen by hand and checked by invariants (test/search/ranking/ranking.test.ts). A
 * logistic curve (Platt 1999) turns the product into the probability that the entry was said, so that both scores can
 * be compared and of hits at 0.9 nine in ten are right (docs/benchmarks/search.md).
 */
import { MAX_N_BEST, PHRASE_THRESHOLD, type Alternative, type PhraseScore } from '../../domain/phrases.js'
import { runToCompletion, type InterruptibleWork } from '../../domain/interruptible-work.js'
import { toUtterance, type NameIndex } from './name-index.js'
import { bestSimilarity, type Similarity } from './similarity.js'

/** Why an entry is a hit: it was recognized, or the transcript has similar letters or a similar sound. */
export const REASONS = ['heard', 'spelled_alike', 'sounds_alike'] as const
export type Reason = (typeof REASONS)[number]

/**
 * How the transcript relates to an entry: it is its name, contains it, or is similar to one. `no`: the audio fits the
 * entry better than the transcript does, or another alternative says it.
 */
export const IN_TEXT = ['whole', 'part', 'similar', 'no'] as const
export type InText = (typeof IN_TEXT)[number]

/** One entry found; `entry` is its index. */
export interface Match {
  readonly entry: number
  /** In [0, 1]. */
  readonly score: number
  readonly why: readonly Reason[]
  readonly inText: InText
}

export interface Ranking {
  /** At or above the threshold, best first. */
  readonly hits: readonly Match[]
  /** Below it but close, best first; empty if there are hits. */
  readonly didYouMean: readonly Match[]
}

export interface RankingOptions {
  readonly limit: number
  readonly threshold: number
}

export interface Searchable {
  readonly index: NameIndex
  /** Prior of each entry. */
  readonly weights: ArrayLike<number>
}

export const DEFAULT_THRESHOLD = PHRASE_THRESHOLD
/** A suggestion has at least this share of the threshold. */
const SUGGESTION_SHARE = 0.15
const MAX_SUGGESTIONS = 3
/** A candidate is compared with up to hundreds of spans. */
const CANDIDATES_PER_STEP = 16
/** Exponents of the confidence, and of the likelihood of an alternative relative to the first. */
const CONFIDENCE_POWER = 0.5
const LIKELIHOOD_POWER = 0.25
/** Minimum match of a span that is a name, however small its coverage. */
const MIN_PART_MATCH = 0.4
/** Below 1: half of an utterance counts more than half. */
const COVERAGE_POWER = 0.7
/** Maximum match of a similar name: less than 1 - PRIOR, so that an exact one ranks higher at any weight. */
const MAX_SIMILAR_MATCH = 0.82
const PRIOR = 0.06
const SOUND_WEIGHT = 0.6
/** Minimum similarity of names that sound the same, which recognizers confuse whatever their spelling. */
const MIN_SAME_SOUND = 0.8
/** Similarity from which letters, or sound, are a reason. */
const MIN_REASON = 0.6

/** Logistic curve from the product to the score, fitted on lists that are said and lists that are not. */
const CALIBRATION = { intercept: -7.64, slope: 12.81 }

export function rank(
  alternatives: readonly Alternative[], phraseScores: readonly PhraseScore[], searchable: Searchable,
  options: RankingOptions,
): Ranking {
  return runToCompletion(rankInSteps(alternatives, phraseScores, searchable, options))
}

/**
 * As `rank`. It takes a millisecond in all, except for long alternatives and a catalogue of names that are their parts.
 */
export function* rankInSteps(
  alternatives: readonly Alternative[], phraseScores: readonly PhraseScore[], { index, weights }: Searchable,
  { limit, threshold }: RankingOptions,
): InterruptibleWork<Ranking> {
  const priorOf = (entry: number): number => prior(weights[entry] ?? 0)
  const probabilities = new Map(phraseScores.map(({ phrase, probability }) => [phrase, probability]))
  const best = new Map<number, Omit<Match, 'inText'>>()
  const inText = new Map<number, InText>()
  const [first] = alternatives
  for (const alternative of alternatives.slice(0, MAX_N_BEST)) {
    const acoustic = acousticOf(alternative, first ?? alternative)
    for (const { entry, match, isExact, isWhole, why } of yield* matches(alternative, index)) {
      if (alternative === first && inText.get(entry) !== 'whole') {
        inText.set(entry, isExact ? isWhole ? 'whole' : 'part' : inText.get(entry) ?? 'similar')
      }
      if (isWhole && probabilities.has(entry)) continue
      const score = calibrated(acoustic * match * priorOf(entry))
      if (score > (best.get(entry)?.score ?? 0)) best.set(entry, { entry, score, why })
    }
  }
  const isPhrase = phraseScores.some(({ probability }) => probability >= PHRASE_THRESHOLD)
  for (const [entry, probability] of probabilities) {
    const score = Math.min(1, probability * priorOf(entry) / prior(1))
    if (isPhrase || score > (best.get(entry)?.score ?? 0)) best.set(entry, { entry, score, why: ['heard'] })
  }
  const ranked = [...best.values()].map((one): Match => ({ ...one, inText: inText.get(one.entry) ?? 'no' }))
    .sort((a, b) => b.score - a.score || (weights[b.entry] ?? 0) - (weights[a.entry] ?? 0) || a.entry - b.entry)
  const hits = ranked.filter(({ score }) => score >= threshold).slice(0, limit)
  if (hits.length > 0) return { hits, didYouMean: [] }
  const suggestions = ranked.filter(({ score }) => score < threshold && score >= threshold * SUGGESTION_SHARE)
  return { hits, didYouMean: suggestions.slice(0, Math.min(limit, MAX_SUGGESTIONS)) }
}

function acousticOf({ confidence, logProbability }: Alternative, first: Alternative): number {
  const likelihood = Math.min(1, Math.exp(logProbability - first.logProbability))
  return confidence ** CONFIDENCE_POWER * likelihood ** LIKELIHOOD_POWER
}

function calibrated(product: number): number {
  return 1 / (1 + Math.exp(-(CALIBRATION.intercept + CALIBRATION.slope * product)))
}

/** From 1 - PRIOR for weight 0 towards 1; half way for the default weight 1. */
function prior(weight: number): number {
  return 1 - PRIOR + PRIOR * weight / (1 + weight)
}

interface Found {
  readonly entry: number
  readonly match: number
  /** The words are those of the name. */
  readonly isExact: boolean
  /** The alternative is as long as the name. */
  readonly isWhole: boolean
  readonly why: readonly Reason[]
}

/** The match of each candidate name with one alternative. */
function* matches({ text, phrases }: Alternative, index: NameIndex): InterruptibleWork<Found[]> {
  const utterance = toUtterance(text)
  if (utterance.length === 0) return []
  const recognized = new Set(phrases)
  const candidates = new Set([...index.candidates(utterance), ...phrases.flatMap((entry) => index.namesOf(entry))])
  const found: Found[] = []
  for (const at of candidates) {
    if (found.length % CANDIDATES_PER_STEP === 0) yield
    const name = index.names[at]
    if (name === undefined) continue
    const similarity = bestSimilarity(utterance, name, matchOf, maxSimilarMatch)
    const isRecognized = recognized.has(name.entry)
    // The decoder also knows spellings that do not resemble the name.
    const match = isRecognized ? Math.max(matchOf(similarity), partMatch(similarity.coverage)) : matchOf(similarity)
    const isWhole = similarity.coverage === 1
    const why: readonly Reason[] = similarity.exact || isRecognized ? ['heard'] : reasonsOf(similarity)
    found.push({ entry: name.entry, match, isExact: similarity.exact, isWhole, why })
  }
  return found
}

function matchOf({ exact, letters, sound, coverage }: Similarity): number {
  if (exact) return partMatch(coverage)
  const blended = (1 - SOUND_WEIGHT) * letters + SOUND_WEIGHT * sound
  return maxSimilarMatch(coverage) * Math.max(blended, sound === 1 ? MIN_SAME_SOUND : 0)
}

function maxSimilarMatch(coverage: number): number {
  return MAX_SIMILAR_MATCH * partMatch(coverage)
}

/** The match of a span that is a name, by its share of the utterance. */
function partMatch(coverage: number): number {
  return MIN_PART_MATCH + (1 - MIN_PART_MATCH) * coverage ** COVERAGE_POWER
}

function reasonsOf({ letters, sound }: Similarity): Reason[] {
  const reasons: Reason[] = []
  if (letters >= MIN_REASON || letters >= sound) reasons.push('spelled_alike')
  if (sound >= MIN_REASON || sound > letters) reasons.push('sounds_alike')
  return reasons
}
