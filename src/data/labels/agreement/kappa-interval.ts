/**
 * The 95 % interval of a kappa: percentile bootstrap over clips (Efron 1979). Words of one clip share their recording
 * and the labeller's attention, so whole clips are resampled. The sums of a clip would have a number for each word, so
 * its items are counted and not added up as in `bootstrapInterval`.
 */
import { seededRandom } from '../../../domain/scoring/seeded-random.js'
import { percentileInterval, type Interval } from '../../statistics/bootstrap.js'
import type { Rated } from './kappa.js'

/** Null where fewer than half of the samples have a kappa. `clips`: the items of each. */
export function kappaInterval(clips: readonly (readonly Rated[])[], { rounds = 500, seed = 1 } = {}): Interval | null {
  const numbers = new Map<string, number>()
  const numberOf = (category: string): number => {
    const known = numbers.get(category) ?? numbers.size
    numbers.set(category, known)
    return known
  }
  const coded = clips.map((items) => Int32Array.from(items.flatMap(([a, b]) => [numberOf(a), numberOf(b)])))
  const counts = { first: new Int32Array(numbers.size), second: new Int32Array(numbers.size) }
  const random = seededRandom(seed)
  const kappas = Array.from({ length: rounds }, () => kappaOfSample(coded, counts, random))
    .filter((kappa) => !Number.isNaN(kappa))
  return kappas.length < rounds / 2 ? null : percentileInterval(Float64Array.from(kappas).sort())
}

/** NaN where it is not defined. `counts` is scratch, as long as there are categories. */
function kappaOfSample(
  clips: readonly Int32Array[], counts: { readonly first: Int32Array; readonly second: Int32Array },
  random: () => number,
): number {
  const { first, second } = counts
  first.fill(0)
  second.fill(0)
  let items = 0
  let equal = 0
  for (let drawn = 0; drawn < clips.length; drawn++) {
    const clip = clips[Math.floor(random() * clips.length)]!
    for (let at = 0; at < clip.length; at += 2) {
      first[clip[at]!]!++
      second[clip[at + 1]!]!++
      items++
      if (clip[at] === clip[at + 1]) equal++
    }
  }
  let products = 0
  for (let category = 0; category < first.length; category++) products += first[category]! * second[category]!
  const expected = products / items ** 2
  return expected === 1 ? Number.NaN : (equal / items - expected) / (1 - expected)
}
