/**
 * Groups alarms by their likely cause. In the order of the table (causes.ts), each cause whose signs are among the
 * alarms takes these and the alarms that are its effects; what it is not known to produce, such as 20 dB of gain by a
 * codec, stays for the causes after it. Weaker signs are looked for when no strong one is left. What no cause explains
 * stays together.
 *
 * This is a diagnosis by rules, not a proof: counts do not tell which features moved on the same clips.
 */
import { CAUSE_NAMES, CAUSES, NO_COMMON_CAUSE, type CauseDefinition, type CauseName, type Pattern } from './causes.js'
import { MISSING, type Evidence } from './evidence.js'

/** A feature with an alarm. */
export interface Shift {
  readonly feature: string
  /** Excess of the population stability index. */
  readonly excess: number
  /** Cliff's delta; null for categories. */
  readonly delta: number | null
  readonly evidence: Evidence
  /** Milliseconds since the epoch: when the alarm was raised, and when the oldest clip of its window came. */
  readonly since: number | null
  readonly from: number | null
}

export interface LikelyCause {
  readonly name: CauseName | typeof NO_COMMON_CAUSE
  readonly title: string
  /** What has happened, and what to do, as sentences. */
  readonly help: string
  readonly advice: string
  /** Features that show the cause, and those that are its effects; the largest excess first. */
  readonly signs: readonly string[]
  readonly effects: readonly string[]
  /** Sum of the excess of these features: how much of the drift the cause explains. */
  readonly excess: number
  /** Of the signs, then of the effects, in their order. */
  readonly evidence: readonly Evidence[]
  /** ISO 8601: the first alarm, and the oldest clip of the windows that raised them. */
  readonly since: string | null
  readonly from: string | null
}

/** A smaller Cliff's delta is negligible (Romano et al. 2006): the values changed their spread, not their location. */
const NEGLIGIBLE_DELTA = 0.147

/** The cause that explains most comes first, what no cause explains last. Every shift is in exactly one of them. */
export function likelyCauses(shifts: readonly Shift[]): LikelyCause[] {
  const open = new Set(shifts)
  const found: LikelyCause[] = []
  for (const strength of ['signs', 'weakSigns'] as const) {
    for (const name of CAUSE_NAMES) {
      const definition: CauseDefinition = CAUSES[name]
      const signs = signsOf(definition, strength, open, shifts)
      if (signs.length === 0) continue
      const effects = [...open].filter((shift) => !signs.includes(shift) && isEffect(shift, definition))
      for (const shift of [...signs, ...effects]) open.delete(shift)
      found.push(describe(name, definition, signs, effects))
    }
  }
  found.sort((a, b) => b.excess - a.excess)
  return open.size === 0 ? found : [...found, describe(NO_COMMON_CAUSE, UNEXPLAINED, [...open], [])]
}

const UNEXPLAINED: CauseDefinition = {
  title: 'No common cause',
  help: 'These features moved, and no cause that is known here moves them in this way.',
  advice: 'Look at each of them, and listen to some clips.',
  signs: [],
  effects: {},
}

/** The open shifts that show a cause. */
function signsOf(
  definition: CauseDefinition, strength: 'signs' | 'weakSigns', open: ReadonlySet<Shift>, all: readonly Shift[],
): Shift[] {
  const matched = (definition[strength] ?? []).flatMap((pattern) => matching(pattern, [...open], all))
  return [...new Set(matched)]
}

/** The open shifts of a pattern; none unless all of them are there, and none of those that must be steady. */
function matching(pattern: Pattern, open: readonly Shift[], all: readonly Shift[]): Shift[] {
  const entries = Object.entries(pattern)
  const hasAlarm = (feature: string): boolean => all.some((shift) => shift.feature === feature)
  if (entries.some(([feature, wanted]) => wanted === 'steady' && hasAlarm(feature))) return []
  const moved = entries.filter(([, wanted]) => wanted !== 'steady')
  const isWanted = (shift: Shift, wanted: string): boolean =>
    wanted === 'any' ? movementOf(shift) !== 'missing' : movementOf(shift) === wanted
  const found = moved.flatMap(([feature, wanted]) =>
    open.filter((shift) => shift.feature === feature && isWanted(shift, wanted)))
  return found.length === moved.length ? found : []
}

/** A feature that often cannot be measured says nothing about its values. */
function movementOf(shift: Shift): 'lower' | 'higher' | 'missing' | null {
  return shift.evidence.range === MISSING ? 'missing' : directionOf(shift)
}

function isEffect(shift: Shift, { effects }: CauseDefinition): boolean {
  const limit = (effects as Readonly<Record<string, string | number | undefined>>)[shift.feature]
  if (limit === undefined) return false
  return typeof limit === 'string' ? directionOf(shift) === limit : Math.abs(shift.delta ?? 0) <= limit
}

function directionOf({ delta }: Shift): 'lower' | 'higher' | null {
  if (delta === null || Math.abs(delta) < NEGLIGIBLE_DELTA) return null
  return delta < 0 ? 'lower' : 'higher'
}

function describe(
  name: LikelyCause['name'], { title, help, advice }: CauseDefinition, signs: readonly Shift[],
  effects: readonly Shift[],
): LikelyCause {
  const all = [...signs, ...effects]
  const strongest = (shifts: readonly Shift[]): Shift[] => [...shifts].sort((a, b) => b.excess - a.excess)
  return {
    name, title, help, advice,
    signs: strongest(signs).map(({ feature }) => feature),
    effects: strongest(effects).map(({ feature }) => feature),
    excess: all.reduce((sum, { excess }) => sum + Math.max(0, excess), 0),
    evidence: [...strongest(signs), ...strongest(effects)].map(({ evidence }) => evidence),
    since: earliest(all.map(({ since }) => since)),
    from: earliest(all.map(({ from }) => from)),
  }
}

function earliest(times: readonly (number | null)[]): string | null {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : new Date(Math.min(...known)).toISOString()
}
