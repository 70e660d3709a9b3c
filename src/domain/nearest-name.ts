/** The name that was probably meant, for messages about a name that does not exist. */
import { distance } from 'fastest-levenshtein'

/** Share of the letters that a typing error may change; a name of few letters may have two wrong ones. */
const MOST_CHANGED = 0.3
const LEAST_CHANGED = 2

/** The nearest by edit distance (Levenshtein), if one is near. */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((name) => ({ name, edits: distance(given, name) }))
    .sort((a, b) => a.edits - b.edits)
  const most = Math.max(LEAST_CHANGED, Math.floor(MOST_CHANGED * given.length))
  return best !== undefined && best.edits <= most ? best.name : undefined
}
