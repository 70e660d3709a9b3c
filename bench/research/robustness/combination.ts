/**
 * Other ways to make one transcript of several decoding passes than to take the most probable one: votes, sums of
 * posteriors, and ROVER (Fiscus, "A post-processing system to yield reduced word error rates: recognizer output voting
 * error reduction", ASRU 1997).
 */
import { totalLogProbability } from '../../../src/domain/log-probability.js'
import type { Hypothesis } from '../../../src/domain/transcript.js'
import { comparableText } from '../../../src/domain/words.js'
import { groupBy } from '../../../fixtures/kit/statistics.js'

export function mostProbable(hypotheses: readonly Hypothesis[]): Hypothesis {
  return hypotheses.reduce((best, one) => scoreOf(one) > scoreOf(best) ? one : best)
}

/** The text of most passes; of equally many the most probable. */
export function mostFrequent(passes: readonly Hypothesis[]): Hypothesis {
  const groups = byText(passes).toSorted((a, b) =>
    b.length - a.length || scoreOf(mostProbable(b)) - scoreOf(mostProbable(a)))
  return mostProbable(groups[0]!)
}

/** The text whose probability, summed over the passes that found it, is highest. */
export function highestSum(passes: readonly Hypothesis[]): Hypothesis {
  const sumOf = (group: readonly Hypothesis[]): number => group.reduce((sum, one) => sum + Math.exp(scoreOf(one)), 0)
  return mostProbable(byText(passes).reduce((best, group) => sumOf(group) > sumOf(best) ? group : best))
}

export function byText(passes: readonly Hypothesis[]): Hypothesis[][] {
  return [...groupBy(passes, ({ text }) => comparableText(text)).values()]
}

export function logSumExp(values: readonly number[]): number {
  const highest = Math.max(...values)
  if (highest === -Infinity) return highest
  return highest + Math.log(values.reduce((sum, one) => sum + Math.exp(one - highest), 0))
}

function scoreOf({ logProbabilities }: Hypothesis): number {
  return totalLogProbability(logProbabilities)
}

export interface SpokenWord { readonly text: string; readonly confidence: number }

export interface Voting {
  /** Weight of the number of votes; the rest is that of the confidence. */
  readonly votes: number
  readonly confidence: 'mean' | 'highest'
  /** Confidence of "no word here". */
  readonly ofNoWord: number
}

/** A place of the network: for each pass, in their order, its word there, or undefined where it has none. */
type Place = readonly (SpokenWord | undefined)[]

/** The first transcript is the base that the others are aligned to, one after the other. */
export function rover(transcripts: readonly (readonly SpokenWord[])[], voting: Voting): string {
  const [first = [], ...others] = transcripts
  const base = first.map((word): Place => [word])
  const network = others.reduce((places, words, index) => align(places, words, index + 1), base)
  return network.map((place) => elect(place, voting)).filter((word) => word !== undefined).join(' ')
}

/** Fewest edits between the network of `passes` transcripts and one more. */
function align(places: readonly Place[], words: readonly SpokenWord[], passes: number): Place[] {
  const costs = Array.from({ length: places.length + 1 }, () => new Array<number>(words.length + 1).fill(0))
  const fits = (place: Place, word: SpokenWord): boolean => place.some((one) => one !== undefined && isSame(one, word))
  const best = (row: number, column: number): number => Math.min(
    row > 0 ? costs[row - 1]![column]! + (places[row - 1]!.includes(undefined) ? 0 : 1) : Infinity,
    column > 0 ? costs[row]![column - 1]! + 1 : Infinity,
    row > 0 && column > 0
      ? costs[row - 1]![column - 1]! + (fits(places[row - 1]!, words[column - 1]!) ? 0 : 1) : Infinity,
  )
  for (let row = 0; row <= places.length; row++) {
    for (let column = 0; column <= words.length; column++) {
      costs[row]![column] = row === 0 && column === 0 ? 0 : best(row, column)
    }
  }
  const aligned: Place[] = []
  for (let row = places.length, column = words.length; row > 0 || column > 0;) {
    const cost = costs[row]![column]!
    const [place, word] = [places[row - 1], words[column - 1]]
    if (place && word && cost === costs[row - 1]![column - 1]! + (fits(place, word) ? 0 : 1)) {
      aligned.unshift([...place, word])
      row--
      column--
    } else if (place && cost === costs[row - 1]![column]! + (place.includes(undefined) ? 0 : 1)) {
      aligned.unshift([...place, undefined])
      row--
    } else {
      aligned.unshift([...new Array<undefined>(passes).fill(undefined), word])
      column--
    }
  }
  return aligned
}

/** The word with the highest score; of equal ones that of the earliest pass. */
function elect(place: Place, { votes, confidence, ofNoWord }: Voting): string | undefined {
  const scoreOfWord = (word: SpokenWord | undefined): number => {
    const own = place.filter((one) => word === undefined ? one === undefined : one !== undefined && isSame(one, word))
    const confidences = own.map((one) => one?.confidence ?? ofNoWord)
    const summary = confidence === 'highest'
      ? Math.max(...confidences) : confidences.reduce((sum, one) => sum + one, 0) / confidences.length
    return votes * own.length / place.length + (1 - votes) * summary
  }
  return place.reduce((best, word) => scoreOfWord(word) > scoreOfWord(best) ? word : best)?.text
}

function isSame(one: SpokenWord, other: SpokenWord): boolean {
  return comparableText(one.text) === comparableText(other.text)
}
