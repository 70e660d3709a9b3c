/**
 * What is done to a file: one to three mutations of its tree, then it is written, then perhaps its bytes are cut or
 * spoiled. Most files keep sizes and checksums that fit, so that a mutation is not refused for the size of its parent.
 */
import { corrupt } from '../audio/corruption.js'
import { CHOICES, MOST_BYTES } from './mutations.js'
import type { Chance } from './random.js'
import type { Seed } from './seeds.js'
import { allParts, copy, leaf, write, type Part, type Placed } from './tree.js'

interface Mutant {
  readonly bytes: Buffer
  readonly mutations: readonly string[]
}

export function mutate(seed: Seed, chance: Chance, seeds: readonly Seed[]): Mutant {
  const parts = copy(seed.parts)
  const mutations: string[] = []
  const count = chance.of([1, 1, 1, 2, 2, 3])
  for (let i = 0; i < count && parts.length > 0; i++) mutations.push(chance.of(CHOICES)(parts, chance, seeds))
  const writing = { sized: chance.happens(0.8), sealed: chance.happens(0.85) }
  if (!writing.sized) mutations.push('sizes as they were')
  if (!writing.sealed) mutations.push('checksums as they were')
  const bytes = write(parts, writing).subarray(0, MOST_BYTES)
  return spoilBytes(bytes, parts, mutations, chance)
}

function spoilBytes(bytes: Buffer, parts: Part[], mutations: readonly string[], chance: Chance): Mutant {
  const dice = chance.number()
  if (dice < 0.08) {
    const { start, end, part } = chance.of(
      allParts(parts)
        .map((placed) => ({
          ...placed,
          start: Math.min(placed.start, bytes.length),
          end: Math.min(placed.end, bytes.length),
        }))
        .concat(asPlaced(parts, bytes)),
    )
    const at = chance.of([start, end, start + part.head.length]) + chance.of([-1, 0, 0, 0, 1])
    return { bytes: bytes.subarray(0, Math.max(0, at)), mutations: [...mutations, `cut at byte ${at}`] }
  }
  if (dice < 0.13 && bytes.length > 0) {
    const { kind, bytes: spoiled } = corrupt(bytes, chance.below(2 ** 30))
    return { bytes: spoiled, mutations: [...mutations, kind] }
  }
  return { bytes, mutations }
}

/** The whole file, so that there is always something to choose. */
function asPlaced(parts: Part[], bytes: Buffer): Placed {
  return { part: leaf('file', bytes), siblings: parts, depth: 0, start: 0, end: bytes.length }
}
