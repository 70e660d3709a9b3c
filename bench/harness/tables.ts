/** Benches that are several tables, each a file with one export, `measure`: those that were asked for, one by one. */
import type { Outcome } from './bench.js'
import { requireMeasured, Skipped } from './endings.js'

export interface NamedTable<Context> {
  readonly says: string
  open(): Promise<{ readonly measure: (context: Context) => Promise<Outcome> }>
}

export type NamedTables<Context, Name extends string> = Readonly<Record<Name, NamedTable<Context>>>

/**
 * One outcome of all; a sentence about a missed target begins with the name of its table. A table that cannot run is
 * left out with its reason, and without any table nothing was measured.
 */
export async function measureTables<Context, Name extends string>(
  names: readonly Name[], tables: NamedTables<Context, Name>, context: Context,
): Promise<Outcome & { readonly results: Readonly<Record<string, unknown>> }> {
  const results: Record<string, unknown> = {}
  const judged: Record<string, number> = {}
  const missed: string[] = []
  const skipped: string[] = []
  for (const name of names) {
    const table = tables[name]
    console.log(`${name}: ${table.says}\n`)
    const since = performance.now()
    const outcome = await measureOne(table, context)
    if (typeof outcome === 'string') {
      console.log(`${name}: left out: ${outcome}\n`)
      skipped.push(`${name}: ${outcome}`)
      continue
    }
    requireMeasured(outcome.judged)
    console.log(`\n${name}: ${((performance.now() - since) / 1000).toFixed(0)} s\n`)
    results[name] = outcome.results
    missed.push(...outcome.missed.map((line) => `${name}: ${line}`))
    for (const [what, count] of Object.entries(outcome.judged)) judged[`${what} of ${name}`] = count
  }
  if (skipped.length === names.length) throw new Skipped(skipped.join('\n'))
  return { missed, judged, results }
}

/** The reason where the table is skipped. */
async function measureOne<Context>(table: NamedTable<Context>, context: Context): Promise<Outcome | string> {
  try {
    return await (await table.open()).measure(context)
  } catch (thrown) {
    if (thrown instanceof Skipped) return thrown.message
    throw thrown
  }
}
