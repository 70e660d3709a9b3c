/**
 * Clips whose labellers wrote different words. Where people disagree, one of them is wrong, or the guide leaves the
 * case open; both are worth a look before a model is blamed.
 */
import type { Disagreement, PairAgreement } from '../../labels/agreement/agreement.js'
import { countErrors, totalErrors } from '../../../domain/scoring/word-errors.js'
import { finding, type Finding } from '../finding.js'
import type { CheckedSet } from './check.js'

export function* checkLabellers({ clips, agreement = [] }: CheckedSet): Iterable<Finding> {
  const byName = new Map(clips.flatMap(({ listed }) => {
    const { id } = listed.fields
    return [[listed.clip, listed] as const, ...typeof id === 'string' ? [[id, listed] as const] : []]
  }))
  for (const pair of agreement) {
    for (const disagreement of pair.examples) {
      const listed = byName.get(disagreement.clip)
      if (listed !== undefined) yield differing(listed, pair, disagreement)
    }
  }
}

/** More certain, the larger the share of words that differ. */
function differing(
  listed: CheckedSet['clips'][number]['listed'], { authors }: PairAgreement, { texts, edits }: Disagreement,
): Finding {
  const differences = edits.filter(({ kind }) => kind !== 'match')
    .map(({ reference, hypothesis }) => `${reference ?? '–'} / ${hypothesis ?? '–'}`)
  const share = Math.min(1, totalErrors(countErrors(edits)) / Math.max(1, edits.length))
  const detail = `${authors[0]} and ${authors[1]} differ: ${differences.join(', ')}`
  const evidence = { authors: [...authors], first: texts[0], second: texts[1], differingShare: share }
  return finding('labellers_differ', listed, detail, evidence, (1 + share) / 2)
}
