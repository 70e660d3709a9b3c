/**
 * N-best and names → ranked hits. For each entry, the best that any reading says for it:
 *
 *   score = acoustic · match · prior
 *
 * `acoustic` falls with the model's doubt about the reading and with how much likelier the first reading is; `match`
 * is 1 where the reading is the name, less where the name is only a part of it or the two are merely alike; `prior`
 * moves the score by a few per cent with the entry's weight. So a name that was said beats one that is like it in the
 * same reading, whatever their weights, and weights decide between what is otherwise equal.
 *
 * Where the decoder asked the clip about an entry itself, its answer is worth a score too:
 *
 *   score = evidence · prior
 *
 * The higher one counts; but where the clip is one of these entries beyond doubt, it alone says which.
 *
 * Weighted by hand and held by invariants (test/search/ranking/ranking.test.ts), not fitted: the scores order hits, and are
 * no probabilities.
 */
import { MAX_N_BEST, type Alternative, type PhraseScore } from '../../domain/phrases.js'
import { runToCompletion, type InterruptibleWork } from '../../domain/interruptible-work.js'
import { toUtterance, type NameIndex } from './name-index.js'
import { bestSimilarity, type Similarity } from './similarity.js'

/** Why an entry is a hit: it was said, its letters are like what was said, or its sound is. */
export const REASONS = ['heard', 'spelled_alike', 'sounds_alike'] as const
export type Reason = (typeof REASONS)[number]

/** One entry found; `entry` is its index. */
export interface Match {
  readonly entry: number
  /** In [0, 1]. */
  readonly score: number
  readonly why: readonly Reason[]
}

export interface Ranking {
  /** At or above the threshold, best first. */
  readonly hits: readonly Match[]
  /** Below it and not hopeless, best first; empty when there are hits. */
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

export const DEFAULT_THRESHOLD = 0.65
/** A suggestion has at least this share of the threshold. */
const SUGGESTION_SHARE = 0.6
const MOST_SUGGESTIONS = 3
/** Each is compared with hundreds of stretches of a long reading. */
const CANDIDATES_OF_A_STEP = 16
/** How fast doubt takes a score down: powers of the confidence, and of how likely a reading is against the first. */
const CONFIDENCE_POWER = 0.5
const RIVALRY_POWER = 0.25
/** What a stretch of an utterance that is a name is worth, however little of the utterance it is. */
const LEAST_OF_A_PART = 0.5
/** Below 1: half of an utterance is worth more than half. */
const COVERAGE_POWER = 0.7
/** Never as much as what was said, at any weight: less than 1 - PRIOR. */
const MOST_OF_ALIKE = 0.92
const PRIOR = 0.06
const SOUND_WEIGHS = 0.6
/** What sounds the same is what a recognizer takes for each other, however it is written. */
const LEAST_OF_SAME_SOUND = 0.8
/** From here on letters, or a sound, are a reason. */
const REASON_FROM = 0.6

/**
 * Where the decoder asked about an entry itself, its margin over what nobody expected decides: half believed at this
 * one, by so many natural logarithms more surely.
 */
const DOUBTED_MARGIN = -4.9
const MARGIN_SCALE = 1
/** From this score by evidence on, the clip is that entry and nothing else. */
const BEYOND_DOUBT = 0.65

export function rank(alternatives: readonly Alternative[], evidence: readonly PhraseScore[], searchable: Searchable, options: RankingOptions): Ranking {
  return runToCompletion(rankInSteps(alternatives, evidence, searchable, options))
}

/** As `rank`. A millisecond in all, but for long readings and a catalogue of names that are their parts. */
export function* rankInSteps(alternatives: readonly Alternative[], evidence: readonly PhraseScore[], { index, weights }: Searchable, { limit, threshold }: RankingOptions): InterruptibleWork<Ranking> {
  const best = new Map<number, Match>()
  for (const alternative of alternatives.slice(0, MAX_N_BEST)) {
    const acoustic = acousticOf(alternative, alternatives[0]!)
    for (const { entry, match, why } of yield* matches(alternative, index)) {
      const score = acoustic * match * prior(weights[entry]!)
      if (score > (best.get(entry)?.score ?? 0)) best.set(entry, { entry, score, why })
    }
  }
  const asked = evidence.map(({ phrase: entry, logLikelihoodRatio: margin }): Match => ({ entry, score: prior(weights[entry]!) / (1 + Math.exp((DOUBTED_MARGIN - margin) / MARGIN_SCALE)), why: ['heard'] }))
  const isOneOfThem = asked.some(({ score }) => score >= BEYOND_DOUBT)
  for (const one of asked) if (isOneOfThem || one.score > (best.get(one.entry)?.score ?? 0)) best.set(one.entry, one)
  const ranked = [...best.values()].sort((a, b) => b.score - a.score || weights[b.entry]! - weights[a.entry]! || a.entry - b.entry)
  const hits = ranked.filter(({ score }) => score >= threshold).slice(0, limit)
  const suggestions = ranked.filter(({ score }) => score < threshold && score >= threshold * SUGGESTION_SHARE).slice(0, Math.min(limit, MOST_SUGGESTIONS))
  return { hits, didYouMean: hits.length > 0 ? [] : suggestions }
}

function acousticOf({ confidence, logProbability }: Alternative, first: Alternative): number {
  const rivalry = Math.min(1, Math.exp(logProbability - first.logProbability))
  return confidence ** CONFIDENCE_POWER * rivalry ** RIVALRY_POWER
}

/** From 1 - PRIOR for no weight to 1 for all of it; half way for an ordinary entry. */
function prior(weight: number): number {
  return 1 - PRIOR + PRIOR * weight / (1 + weight)
}

interface Found {
  readonly entry: number
  readonly match: number
  readonly why: readonly Reason[]
}

/** What one reading says for each name that it can mean. */
function* matches({ text, phrases }: Alternative, index: NameIndex): InterruptibleWork<Found[]> {
  const utterance = toUtterance(text)
  if (utterance.length === 0) return []
  const heard = new Set(phrases)
  const candidates = new Set([...index.candidates(utterance), ...phrases.flatMap((entry) => index.namesOf(entry))])
  const found: Found[] = []
  for (const at of candidates) {
    if (found.length % CANDIDATES_OF_A_STEP === 0) yield
    const name = index.names[at]!
    const likeness = bestSimilarity(utterance, name, matchOf, mostOfAlike)
    // The decoder knows spellings that do not look like the name.
    const match = heard.has(name.entry) ? Math.max(matchOf(likeness), partly(likeness.coverage)) : matchOf(likeness)
    found.push({ entry: name.entry, match, why: likeness.exact || heard.has(name.entry) ? ['heard'] : reasonsOf(likeness) })
  }
  return found
}

function matchOf({ exact, letters, sound, coverage }: Similarity): number {
  if (exact) return partly(coverage)
  const blended = (1 - SOUND_WEIGHS) * letters + SOUND_WEIGHS * sound
  return mostOfAlike(coverage) * Math.max(blended, sound === 1 ? LEAST_OF_SAME_SOUND : 0)
}

function mostOfAlike(coverage: number): number {
  return MOST_OF_ALIKE * partly(coverage)
}

/** What a stretch is worth that is a share of the utterance. */
function partly(coverage: number): number {
  return LEAST_OF_A_PART + (1 - LEAST_OF_A_PART) * coverage ** COVERAGE_POWER
}

function reasonsOf({ letters, sound }: Similarity): Reason[] {
  const reasons: Reason[] = []
  if (letters >= REASON_FROM || letters >= sound) reasons.push('spelled_alike')
  if (sound >= REASON_FROM || sound > letters) reasons.push('sounds_alike')
  return reasons
}
