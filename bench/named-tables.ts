/**
 * Benches that are several tables, each a file with one export, `measure`: which were asked for, one after the other,
 * what each missed, and how long it took.
 */
import { UsageError } from './options.js'

export interface Outcome {
  /** A sentence for every target that was not met. */
  readonly missed: readonly string[]
  /** Goes into the file of results as it is. */
  readonly results: unknown
}

export interface NamedTable<Context> {
  readonly says: string
  open(): Promise<{ readonly measure: (context: Context) => Promise<Outcome> }>
}

export type NamedTables<Context> = Readonly<Record<string, NamedTable<Context>>>

/** `asked`: names with commas between them. */
export function pickTables(asked: string, tables: NamedTables<never>): string[] {
  const names = asked.split(',')
  const unknown = names.filter((name) => !(name in tables))
  if (unknown.length > 0) throw new UsageError(`there is no table "${unknown.join('", "')}"; there are ${Object.keys(tables).join(', ')}`)
  return names
}

export async function measureTables<Context>(names: readonly string[], tables: NamedTables<Context>, context: Context): Promise<Record<string, Outcome>> {
  const outcomes: Record<string, Outcome> = {}
  for (const name of names) outcomes[name] = await measureOne(name, tables[name]!, context)
  return outcomes
}

async function measureOne<Context>(name: string, { says, open }: NamedTable<Context>, context: Context): Promise<Outcome> {
  console.log(`${name}: ${says}\n`)
  const since = performance.now()
  const outcome = await (await open()).measure(context)
  for (const line of outcome.missed) console.log(`  missed: ${line}`)
  const verdict = outcome.missed.length === 0 ? 'every target was met' : `${outcome.missed.length} targets were missed`
  console.log(`\n${name}: ${verdict}; ${((performance.now() - since) / 1000).toFixed(0)} s\n`)
  return outcome
}
