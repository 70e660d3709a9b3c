/**
 * How long a pause has to be until the utterance counts as over: less where the words are complete, more where they ask
 * for a continuation.
 */
import type { EndpointingProfile } from '../../domain/live.js'

/** Seconds. */
export interface PauseLimits {
  /** After words that say nothing about what follows. */
  readonly usual: number
  /** After words that nothing can continue. */
  readonly shortest: number
  /** After words that cannot be the last. */
  readonly longest: number
}

/** Windows have 32 ms, so a pause is up to that much longer. Measured in docs/benchmarks/live.md. */
const PAUSES: Readonly<Record<Exclude<EndpointingProfile, 'manual'>, PauseLimits>> = {
  fast: { usual: 0.35, shortest: 0.22, longest: 0.8 },
  balanced: { usual: 0.5, shortest: 0.3, longest: 1.2 },
  patient: { usual: 1, shortest: 0.6, longest: 2 },
}

/** The limits of a profile, or of a pause that a client wants. Null: no pause ends an utterance. */
export function pauseLimits(profile: EndpointingProfile, usual?: number): PauseLimits | null {
  if (profile === 'manual') return null
  const limits = PAUSES[profile]
  if (usual === undefined) return limits
  const scale = usual / limits.usual
  return { usual, shortest: limits.shortest * scale, longest: limits.longest * scale }
}

/** What a catalogue says about words: a name that no longer name continues, the start of one, or neither. */
export type Completeness = 'complete' | 'continues' | 'unknown'

/** What is known when somebody pauses. */
export interface PauseFacts {
  readonly text: string
  /** exp(mean token log-probability), in [0, 1]; null without text. */
  readonly confidence: number | null
  readonly completeness: Completeness
  /** From the first to the last speech. */
  readonly speechSeconds: number
}

/** The pause after which the utterance is over, seconds. */
export function pauseNeeded({ usual, shortest, longest }: PauseLimits, facts: PauseFacts): number {
  const { text, confidence, completeness, speechSeconds } = facts
  const words = wordsOf(text)
  if (words.length === 0) return usual
  if (completeness === 'complete') return shortest
  if (completeness === 'continues' || asksForMore(words)) return longest
  const isSlow = words.length > 2 && words.length / speechSeconds < SLOW_WORDS_PER_SECOND
  const isDoubtful = confidence !== null && confidence < DOUBTFUL_CONFIDENCE
  return Math.min(longest, usual * (isSlow ? SLOWER : 1) * (isDoubtful ? SLOWER : 1))
}

const SLOW_WORDS_PER_SECOND = 1.6
const DOUBTFUL_CONFIDENCE = 0.6
const SLOWER = 1.3

/** English words after which a phrase goes on: articles, prepositions, conjunctions, possessives, hesitations. */
const UNFINISHED = new Set([
  'a', 'an', 'the', 'to', 'from', 'of', 'in', 'at', 'by', 'for', 'with', 'into', 'about', 'between', 'and', 'or', 'but',
  'because', 'than', 'if', 'my', 'your', 'his', 'our', 'their', 'is', 'are', 'was', 'were', 'am', 'um', 'uh', 'er',
  'point', 'hundred', 'thousand', 'double', 'triple', 'dot', 'minus', 'plus', 'per', 'until', 'till', 'towards', 'near',
])

function asksForMore(words: readonly string[]): boolean {
  const last = words.at(-1)!
  if (UNFINISHED.has(last)) return true
  // Digits come in groups: of a telephone number of which seven are said, more may follow.
  const digits = words.slice(-3).filter((word) => DIGITS.has(word) || /^\d$/.test(word))
  return digits.length === 3
}

const DIGITS = new Set(['zero', 'oh', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'])

function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/).map((word) => word.replace(/[^\p{L}\p{N}']/gu, '')).filter((word) => word !== '')
}
