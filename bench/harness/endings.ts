/**
 * How a bench ends other than by a verdict. Each has a message that is all that is printed, and an exit code, so that a
 * release script can tell a missed target from a bench that could not run.
 */

/** The command was called wrongly. */
export class UsageError extends Error {}

/** Something that the bench needs is not here: says what, and how to get it. */
export class Skipped extends Error {}

/** A table or a verdict would rest on nothing: no clip, no request, no answer. */
export class NothingMeasured extends Error {}

export const EXIT = {
  met: 0, missed: 1, usage: 2,
  /** As in test harnesses of Automake. */
  skipped: 77,
} as const

/** Throws NothingMeasured where a count is zero, or no number: a share or a mean of nothing is no result. */
export function requireMeasured(judged: Readonly<Record<string, number>>): void {
  const empty = Object.entries(judged).filter(([, count]) => !(count > 0)).map(([what]) => what)
  if (empty.length > 0) {
    throw new NothingMeasured(`nothing was measured: there are no ${empty.join(' and no ')}, so there is no verdict`)
  }
}
