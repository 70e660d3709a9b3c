/**
 * Does an error rate differ between the clips inside and outside any of many candidate slices?
 *
 * The statistic of a candidate is the sum of the residuals inside, squared, over its variance by speaker: a slice of
 * one speaker proves nothing about others, however many clips it has. The largest statistic of all candidates is
 * compared with the largest in permuted residuals, which corrects for the number of candidates and for what they share
 * (maxT, Westfall & Young 1993; for trees Hothorn, Hornik & Zeileis 2006). Residuals of one speaker stay together when
 * they are permuted, because clips of one speaker share a voice and a microphone. Permuting stops early where a
 * significant result is out of reach (Besag & Clifford, Biometrika 1991).
 */
import { seededRandom } from '../../domain/scoring/seeded-random.js'

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
  const design = designOf(clips, candidates)
  const residuals = residualsOf(clips)
  const statistics = candidates.map((_, index) => statisticOf(index, residuals, design))
  const best = statistics.indexOf(Math.max(...statistics))
  const candidate = candidates[best]
  if (candidate === undefined) return undefined
  const statistic = statistics[best]!
  const random = seededRandom(seed)
  let [exceeded, done] = [0, 0]
  while (done < rounds && exceeded < MOST_EXCEEDED) {
    const permuted = permute(residuals, clips, design, random)
    let largest = 0
    for (let index = 0; index < candidates.length; index++) {
      largest = Math.max(largest, statisticOf(index, permuted, design))
    }
    if (largest >= statistic) exceeded++
    done++
  }
  return { candidate, statistic, p: (exceeded + 1) / (done + 1) }
}

interface Design {
  /** Number of the block of each clip. Shape [clips]. */
  readonly blockOf: Int32Array
  /** Clips of each block. */
  readonly blocks: readonly (readonly number[])[]
  /** Of each candidate: its clips, and their share of the words. */
  readonly members: readonly Int32Array[]
  readonly shares: readonly number[]
  readonly words: Float64Array
  readonly allWords: number
  /** Sums by block, used again for each candidate: of all clips, and of those inside. Shape [blocks]. */
  readonly ofBlock: Float64Array
  readonly inside: Float64Array
}

function designOf(clips: readonly Tested[], candidates: readonly Candidate[]): Design {
  const numbers = new Map<string, number>()
  const blocks: number[][] = []
  const blockOf = Int32Array.from(clips, ({ block }, index) => {
    const number = numbers.get(block) ?? blocks.length
    numbers.set(block, number)
    const own = blocks[number] ??= []
    own.push(index)
    return number
  })
  const words = Float64Array.from(clips, (clip) => clip.words)
  const allWords = words.reduce((total, one) => total + one, 0)
  const members = candidates.map((candidate) =>
    Int32Array.from([...clips.keys()].filter((index) => candidate.members[index] === 1)))
  const shares = members.map((own) => own.reduce((total, index) => total + words[index]!, 0) / allWords)
  const [ofBlock, inside] = [new Float64Array(blocks.length), new Float64Array(blocks.length)]
  return { blockOf, blocks, members, shares, words, allWords, ofBlock, inside }
}

/** Errors less those that the rate of all clips predicts; their sum is 0. */
function residualsOf(clips: readonly Tested[]): Float64Array {
  const rate = sumOf(clips.map(({ errors }) => errors)) / sumOf(clips.map(({ words }) => words))
  return Float64Array.from(clips, ({ errors, words }) => errors - rate * words)
}

/** The squared sum inside, over the sum of squares of what each block contributes to it. */
function statisticOf(index: number, residuals: Float64Array, design: Design): number {
  const { blockOf, ofBlock, inside, members, shares } = design
  ofBlock.fill(0)
  inside.fill(0)
  for (let clip = 0; clip < residuals.length; clip++) ofBlock[blockOf[clip]!]! += residuals[clip]!
  let sum = 0
  for (const clip of members[index]!) {
    inside[blockOf[clip]!]! += residuals[clip]!
    sum += residuals[clip]!
  }
  let variance = 0
  for (let block = 0; block < inside.length; block++) {
    variance += (inside[block]! - shares[index]! * ofBlock[block]!) ** 2
  }
  return variance === 0 ? 0 : sum ** 2 / variance
}

/**
 * Each block gets the standardized residuals of another block, in a random order; a larger one gets them several times.
 * So blocks differ from each other at least as much as they do, and the test is on the safe side where their sizes are
 * unequal.
 */
function permute(
  residuals: Float64Array, clips: readonly Tested[], { blocks, words, allWords }: Design, random: () => number,
): Float64Array {
  const donors = shuffled(blocks, random)
  const permuted = new Float64Array(residuals.length)
  let total = 0
  for (const [number, block] of blocks.entries()) {
    const given = shuffled(donors[number]!, random)
    for (const [at, place] of block.entries()) {
      const from = given[at % given.length]!
      permuted[place] = residuals[from]! * Math.sqrt(clips[place]!.words / clips[from]!.words)
      total += permuted[place]
    }
  }
  for (let clip = 0; clip < permuted.length; clip++) permuted[clip]! -= total * words[clip]! / allWords
  return permuted
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

function sumOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
