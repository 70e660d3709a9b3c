/** Choices of one input: a pure function of the seed of the run and the number of the input. */
import { seededRandom } from '../statistics.js'

export interface Chance {
  /** In [0, 1). */
  number(): number
  /** Whole, from 0 to below `end`. */
  below(end: number): number
  of<T>(values: readonly T[]): T
  happens(probability: number): boolean
  bytes(length: number): Buffer
}

export function chanceOf(seed: number, number: number): Chance {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b))
  const below = (end: number): number => Math.floor(random() * end)
  return {
    number: random,
    below,
    of: (values) => values[below(values.length)]!,
    happens: (probability) => random() < probability,
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  }
}
