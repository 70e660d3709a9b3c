/**
 * The greedy loop of a compiled decoder, for several sequences at a time: the interface of `writeGreedy` in
 * engine/compiler/greedy-loop.ts. Sequences can be run in any company from run to run; no company changes their tokens.
 */
import { SpeechError } from '../../domain/errors.js'
import { POSITIONS_MULTIPLE } from '../compiler/positions.js'
import { memoryInputsOf, type EncoderMemory } from './encoder-memory.js'
import { MemoryStack } from './memory-stack.js'
import { integers, missingPorts, outputOf, shapeOf, Tensor, type Session, type Tensors } from './session.js'

const INPUTS = ['tokens', 'lengths', 'past', 'room', 'budget', 'masks', 'mask_of']
const CHOSEN = ['chosen', 'log_probabilities', 'new_past']
const CHECKED = ['choices', 'choice_log_probabilities']
/** Added to a logit, it excludes the token; finite, so that no arithmetic makes a NaN of it. */
const EXCLUDED = -1e9

/** One transcript in the making. */
export interface Sequence {
  readonly memory: EncoderMemory
  /** Fed in the next run, at least one. */
  next: readonly number[]
  /** How many of the last of these are checked: the choice after each of them is returned. At least the last one. */
  checked: number
  /** Row of the masks for the choices after the tokens that are fed; after them the first row counts. */
  mask: number
  /** Tokens whose keys and values are kept. */
  length: number
  /** Keys and values, and where in them those of this sequence are. */
  past: Past | undefined
}

interface Past { readonly tensor: Tensor; readonly row: number }

export interface GreedyTokens { readonly tokens: number[]; readonly logProbabilities: number[] }

/** What a run chose. */
export interface Chosen extends GreedyTokens {
  /** The choices after the checked tokens; the last of them is also the first of `tokens`. */
  readonly checked: GreedyTokens
}

export function newSequence(memory: EncoderMemory, prompt: readonly number[], mask: number): Sequence {
  return { memory, next: prompt, checked: 1, mask, length: 0, past: undefined }
}

/** Keeps only the first `length` tokens. */
export function rewind(sequence: Sequence, length: number): void {
  sequence.length = Math.min(sequence.length, length)
}

export class GreedyGraph {
  /** Size of the vocabulary. */
  readonly vocabulary: number
  readonly #session: Session
  readonly #stack: MemoryStack
  readonly #rows: number
  readonly #heads: number
  readonly #headWidth: number

  /** Throws MODEL_INVALID when the graph has another interface. */
  constructor(session: Session) {
    const missing = missingPorts(session, INPUTS, [...CHOSEN, ...CHECKED])
    if (missing.length > 0) {
      throw new SpeechError('MODEL_INVALID', `the graph is no compiled decoder, it lacks ${missing.join(', ')}`)
    }
    const [, rows, heads, , headWidth] = shapeOf(session, 'past') as [number, number, number, number, number]
    const [, vocabulary] = shapeOf(session, 'masks') as [number, number]
    this.vocabulary = vocabulary
    this.#session = session
    this.#stack = new MemoryStack(memoryInputsOf(session))
    this.#rows = rows
    this.#heads = heads
    this.#headWidth = headWidth
  }

  /** Whether a sequence may run beside others: their memories are copied together, which takes memory. */
  fits(group: readonly Sequence[], sequence: Sequence): boolean {
    return this.#stack.fits([...group, sequence].map(({ memory }) => memory))
  }

  /** Nothing is decoded now: lets go of memory. */
  rest(): void {
    this.#stack.rest()
  }

  /**
   * Feeds the next tokens of each sequence, of all the same number, and chooses at most `maxTokens` of each. Ends
   * when one has chosen the end token.
   */
  async run(group: readonly Sequence[], maxTokens: number, masks: Masks): Promise<Chosen[]> {
    const [{ next: { length: fed }, checked }] = group as [Sequence, ...Sequence[]]
    const needed = Math.max(...group.map(({ length }) => length)) + fed + maxTokens - 1
    const past = this.#pastOf(group)
    const positions = past.dims[3]!
    const room = Math.max(0, Math.ceil(needed / POSITIONS_MULTIPLE) * POSITIONS_MULTIPLE - positions)
    const results = await this.#session.run({
      tokens: integers(group.flatMap(({ next }) => next), [group.length, fed]),
      lengths: integers(group.map(({ length }) => length)),
      past,
      room: integers([room]),
      budget: integers([maxTokens], []),
      masks: group.every(({ mask }) => mask === 0) ? masks.first : masks.all,
      mask_of: integers(group.flatMap(({ mask }) => masksOfChoices(mask, checked)), [group.length, checked]),
      ...this.#stack.over(group.map(({ memory }) => memory)),
    }, checked === 1 ? CHOSEN : [...CHOSEN, ...CHECKED])
    return this.#advance(group, fed, results)
  }

  #advance(group: readonly Sequence[], fed: number, results: Tensors): Chosen[] {
    const tensor = outputOf(results, 'new_past')
    const tokens = rowsOf(outputOf(results, 'chosen'), group.length)
    const logProbabilities = rowsOf(outputOf(results, 'log_probabilities'), group.length)
    return group.map((sequence, row) => {
      const [chosen, scores] = [tokens[row]!, logProbabilities[row]!]
      const checked = sequence.checked === 1 ? { tokens: chosen.slice(0, 1), logProbabilities: scores.slice(0, 1) }
        : checkedOf(results, row, sequence.checked)
      sequence.length += fed + chosen.length - 1
      sequence.past = { tensor, row }
      sequence.next = chosen.slice(-1)
      sequence.checked = 1
      sequence.mask = 0
      return { tokens: chosen, logProbabilities: scores, checked }
    })
  }

  /** [group, rows, heads, positions, head width]: that of the last run where the company is the same. */
  #pastOf(group: readonly Sequence[]): Tensor {
    const [first] = group
    const tensor = first?.past?.tensor
    const isSame = tensor !== undefined && tensor.dims[0] === group.length
      && group.every(({ past }, row) => past?.tensor === tensor && past.row === row)
    return isSame ? tensor : this.#pastTogether(group)
  }

  #pastTogether(group: readonly Sequence[]): Tensor {
    const [blocks, width] = [this.#rows * this.#heads, this.#headWidth]
    const longest = Math.max(...group.map(({ length }) => length))
    const positions = Math.ceil(longest / POSITIONS_MULTIPLE) * POSITIONS_MULTIPLE
    const together = new Float32Array(group.length * blocks * positions * width)
    for (const [row, { past, length }] of group.entries()) {
      if (past === undefined || length === 0) continue
      const given = past.tensor.data as Float32Array
      const stride = past.tensor.dims[3]! * width
      for (let block = 0; block < blocks; block++) {
        const from = (past.row * blocks + block) * stride
        const into = (row * blocks + block) * positions * width
        together.set(given.subarray(from, from + length * width), into)
      }
    }
    return new Tensor('float32', together, [group.length, this.#rows, this.#heads, positions, width])
  }
}

/** The first choice under its own mask, those after it under that of later steps. */
function masksOfChoices(mask: number, checked: number): number[] {
  return Array.from({ length: checked }, (_, index) => index === 0 ? mask : 0)
}

/** [steps, batch] → the numbers of each sequence. */
function rowsOf({ data, dims }: Tensor, batch: number): number[][] {
  const steps = dims[0]!
  const numbers = data as BigInt64Array | Float32Array
  return Array.from({ length: batch }, (_, row) =>
    Array.from({ length: steps }, (_, step) => Number(numbers[step * batch + row]!)))
}

function checkedOf(results: Tensors, row: number, count: number): GreedyTokens {
  const [tokens, scores] = CHECKED.map((name) => outputOf(results, name).data) as [BigInt64Array, Float32Array]
  return {
    tokens: Array.from(tokens.subarray(row * count, (row + 1) * count), Number),
    logProbabilities: [...scores.subarray(row * count, (row + 1) * count)],
  }
}

/** A mask that excludes these tokens. */
export function forbid(vocabulary: number, tokens: Iterable<number>): Float32Array {
  const mask = new Float32Array(vocabulary)
  for (const token of tokens) mask[token] = EXCLUDED
  return mask
}

/** A mask that excludes all other tokens. */
export function allowOnly(vocabulary: number, tokens: Iterable<number>): Float32Array {
  const mask = new Float32Array(vocabulary).fill(EXCLUDED)
  for (const token of tokens) mask[token] = 0
  return mask
}

/** Masks in rows, [masks, vocabulary], and the first row alone: most runs need no other. */
export interface Masks { readonly all: Tensor; readonly first: Tensor }

export function masksTogether(masks: readonly Float32Array[]): Masks {
  const [first] = masks as readonly [Float32Array, ...Float32Array[]]
  const together = new Float32Array(masks.length * first.length)
  for (const [index, mask] of masks.entries()) together.set(mask, index * first.length)
  return {
    all: new Tensor('float32', together, [masks.length, first.length]),
    first: new Tensor('float32', first, [1, first.length]),
  }
}
