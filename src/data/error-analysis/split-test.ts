/**
 * Does an error rate differ between the clips inside and outside any of many candidate slices?
 *
 * The statistic of a candidate is the sum of the residuals inside, squared, over its variance by speaker: a slice of
 * one speaker proves nothing about others, however many clips it has. The largest statistic of all candidates is
 * compared with the largest after permutation, which corrects for the number of candidates and for what they share
 * (maxT, Westfall & Young 1993; for trees Hothorn, Hornik & Zeileis 2006). Speakers exchange the properties of their
 * clips and keep their errors, because clips of one speaker share a voice and a microphone. Permuting stops early where
 * a significant result is out of reach (Besag & Clifford, Biometrika 1991).
 */
import { seededRandom } from '../../domain/scoring/seeded-random.js'
import { groupBy } from '../group-by.js'

/** One clip: its errors and words, both weighted, and its speaker (or itself, where none is known). */
export interface Tested {
  readonly errors: number
  readonly words: number
  readonly block: string
}

export interface Candidate {
  /** What holds inside, and what outside. */
  readonly inside: string
  readonly outside: string
  /** Of each clip, 1 inside. Shape [clips]. */
  readonly members: Uint8Array
}

export interface Best {
  readonly candidate: Candidate
  readonly statistic: number
  /** Of the largest statistic of all candidates. */
  readonly p: number
}

export interface PermutationOptions {
  readonly rounds?: number
  readonly seed?: number
}

const ROUNDS = 999
/** With so many larger statistics, p is above 0.05 whatever follows. */
const MOST_EXCEEDED = 100

/** `clips`: each with words. Undefined without a candidate. */
export function bestSplit(
  clips: readonly Tested[], candidates: readonly Candidate[],
  { rounds = ROUNDS, seed = 1 }: PermutationOptions = {},
): Best | undefined {
  const design = designOf(clips)
  const largestOf = (order: Int32Array): { statistic: number; index: number } => {
    let [statistic, index] = [-1, -1]
    for (const [number, { members }] of candidates.entries()) {
      const value = statisticOf(members, order, design)
      if (value > statistic) [statistic, index] = [value, number]
    }
    return { statistic, index }
  }
  const { statistic, index } = largestOf(Int32Array.from(clips.keys()))
  const candidate = candidates[index]
  if (candidate === undefined) return undefined
  const random = seededRandom(seed)
  let [exceeded, done] = [0, 0]
  while (done < rounds && exceeded < MOST_EXCEEDED) {
    if (largestOf(permutedOrder(design, random)).statistic >= statistic) exceeded++
    done++
  }
  return { candidate, statistic, p: (exceeded + 1) / (done + 1) }
}

interface Design {
  /** Clips of each block. */
  readonly blocks: readonly (readonly number[])[]
  /** Of each clip: errors less those that the rate of all clips predicts; their sum is 0. */
  readonly residuals: Float64Array
  readonly words: Float64Array
  readonly allWords: number
  /** Sum of the residuals of each block. */
  readonly ofBlock: Float64Array
  /** Sums inside, used again for each candidate. Shape [blocks]. */
  readonly inside: Float64Array
}

function designOf(clips: readonly Tested[]): Design {
  const blocks = [...groupBy(clips.keys(), (index) => clips[index]!.block).values()]
  const words = Float64Array.from(clips, (clip) => clip.words)
  const allWords = sumOf(words)
  const rate = sumOf(clips.map(({ errors }) => errors)) / allWords
  const residuals = Float64Array.from(clips, ({ errors, words: own }) => errors - rate * own)
  const ofBlock = Float64Array.from(blocks, (block) => sumOf(block.map((index) => residuals[index]!)))
  return { blocks, residuals, words, allWords, ofBlock, inside: new Float64Array(blocks.length) }
}

/**
 * The squared sum inside, over the sum of squares of what each block contributes to it. `order`: the clip from whose
 * properties each clip gets its own.
 */
function statisticOf(
  members: Uint8Array, order: Int32Array, { blocks, residuals, words, allWords, ofBlock, inside }: Design,
): number {
  let [sum, wordsInside] = [0, 0]
  for (let number = 0; number < blocks.length; number++) {
    let own = 0
    for (const clip of blocks[number]!) {
      if (members[order[clip]!] === 0) continue
      own += residuals[clip]!
      wordsInside += words[clip]!
    }
    inside[number] = own
    sum += own
  }
  const share = wordsInside / allWords
  let variance = 0
  for (let number = 0; number < blocks.length; number++) variance += (inside[number]! - share * ofBlock[number]!) ** 2
  return variance === 0 ? 0 : sum ** 2 / variance
}

/**
 * The clips of all blocks, block by block, give their properties to those of all blocks in another order: properties of
 * one speaker stay together as far as unequal numbers of clips allow, and each is given once. Errors stay where they
 * are, so that speakers differ from each other exactly as much as they do.
 */
function permutedOrder({ blocks, residuals }: Design, random: () => number): Int32Array {
  const given = shuffled(blocks, random).flatMap((block) => shuffled(block, random))
  const order = new Int32Array(residuals.length)
  for (const [at, clip] of shuffled(blocks, random).flat().entries()) order[clip] = given[at]!
  return order
}

/** Fisher and Yates. */
function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const order = [...values]
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[order[last], order[other]] = [order[other]!, order[last]!]
  }
  return order
}

function sumOf(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
