/** Benches that are several tables, each a file with one export, `measure`: those that were asked for, one by one. */
import type { Outcome } from './bench.js'

export interface NamedTable<Context> {
  readonly says: string
  open(): Promise<{ readonly measure: (context: Context) => Promise<Outcome> }>
}

export type NamedTables<Context> = Readonly<Record<string, NamedTable<Context>>>

/** One outcome of all; a sentence about a missed target begins with the name of its table. */
export async function measureTables<Context>(
  names: readonly string[], tables: NamedTables<Context>, context: Context,
): Promise<Outcome & { readonly results: Readonly<Record<string, unknown>> }> {
  const results: Record<string, unknown> = {}
  const missed: string[] = []
  for (const name of names) {
    const table = tables[name]
    if (table === undefined) throw new Error(`there is no table ${name}`)
    console.log(`${name}: ${table.says}\n`)
    const since = performance.now()
    const outcome = await (await table.open()).measure(context)
    console.log(`\n${name}: ${((performance.now() - since) / 1000).toFixed(0)} s\n`)
    results[name] = outcome.results
    missed.push(...outcome.missed.map((line) => `${name}: ${line}`))
  }
  return { missed, results }
}
