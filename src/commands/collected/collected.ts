/**
 * `npm run collected -- list | summary | export --output FOLDER | delete --request ID | delete --session ID |
 * make-key FILE`: what EARSHOT_COLLECT has collected. Messages go to standard error, results to standard output.
 */
import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { readConfig } from '../../config.js'
import {
  COLLECTION_REASONS, keepsProbabilities, type CollectionReason, type Selection,
} from '../../data/collection/collected-clip.js'
import type { ClipStore } from '../../data/collection/clip-store.js'
import { exportClips } from '../../data/collection/export.js'
import { openClipStore, secretsFor } from '../../data/collection/open-store.js'
import { KEY_BYTES } from '../../data/collection/secrets.js'
import { summarizeClips } from '../../data/collection/summary.js'
import { actionOf, printMessage, readArguments, runCommand, UsageError } from '../command.js'

const USAGE = `npm run collected -- list | summary | export --output FOLDER | delete --request ID or --session ID |
                          make-key FILE

  --from TIME, --to TIME   of list, summary, export: answered in this time, such as 2026-05-04 or 2026-05-04T09:30Z
  --reason REASON          collected for it: ${COLLECTION_REASONS.join(', ')};
                           without probabilities; only uniform is a sample of the traffic
  --feature FEATURE        in a shifted bin of this drift feature

EARSHOT_COLLECT and the settings that go with it say where the clips are.`

interface Given {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly reason?: string | undefined
  readonly feature?: string | undefined
  readonly output?: string | undefined
  readonly request?: string | undefined
  readonly session?: string | undefined
}

interface Action {
  readonly options: readonly (keyof Given)[]
  run(given: Given, environment: NodeJS.ProcessEnv): Promise<void>
}

const OF_SELECTION = ['from', 'to', 'reason', 'feature'] as const

const ACTIONS: Readonly<Record<string, Action>> = {
  list: { options: OF_SELECTION, run: list },
  summary: { options: OF_SELECTION, run: summary },
  export: { options: [...OF_SELECTION, 'output'], run: exportTo },
  delete: { options: ['request', 'session'], run: remove },
}

/** What clips that were selected by a reason say about the traffic. */
function unweighted(reason: CollectionReason | undefined): string {
  return reason === 'uniform'
    ? 'clips with the reason uniform are a plain random sample of the traffic: compute rates without weights'
    : 'clips selected by this reason cannot be weighted, so their error rates are not those of the traffic; for those, '
      + 'select without --reason, or with --reason uniform'
}

/** Resolves to an exit code: 0, 1 after a failure, 2 after wrong arguments. */
export function runCollected(words: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  return runCommand(USAGE, words, async () => {
    const text = { type: 'string' } as const
    const { values, positionals: [name = '', ...rest] } = readArguments({
      args: [...words], allowPositionals: true,
      options: { from: text, to: text, reason: text, feature: text, output: text, request: text, session: text },
    })
    if (name === 'make-key') return makeKey(rest, Object.keys(values))
    const action = actionOf(ACTIONS, name)
    if (rest.length > 0) throw new UsageError(`"${rest[0]}" is too much`)
    const wrong = (Object.keys(values) as (keyof Given)[]).find((option) => !action.options.includes(option))
    if (wrong !== undefined) throw new UsageError(`--${wrong} does not go with ${name}`)
    return action.run(values, environment)
  })
}

async function openStore(environment: NodeJS.ProcessEnv): Promise<ClipStore> {
  const config = readConfig(environment)
  return openClipStore(config, secretsFor(config), { create: false })
}

/** A line for each clip, with tabs between its parts. */
async function list(given: Given, environment: NodeJS.ProcessEnv): Promise<void> {
  const selection = selectionOf(given)
  const store = await openStore(environment)
  for await (const { time, id, reasons, samplingProbability, report, correction } of store.select(selection)) {
    const said = correction === null ? [] : [`corrected: ${correction}`]
    const probability = keepsProbabilities(selection) ? samplingProbability.toFixed(4) : '-'
    console.log([time, id, reasons.join(','), probability, report.text, ...said].join('\t'))
  }
}

async function summary(given: Given, environment: NodeJS.ProcessEnv): Promise<void> {
  const selection = selectionOf(given)
  const store = await openStore(environment)
  const { byReason, represented, ...found } = await summarizeClips(store, selection)
  const traffic = represented === null ? '' : `, representing about ${Math.round(represented)} of the traffic`
  const rows = [
    ['clips', `${found.clips}${traffic}`],
    ['audio', `${(found.audioSeconds / 60).toFixed(1)} minutes, ${(found.audioBytes / 1e6).toFixed(1)} MB`],
    ['time', found.first === null ? 'none' : `${found.first} to ${found.last}`],
    ['sessions', String(found.sessions)],
    ['with a correction', String(found.corrected)],
    ...Object.entries(byReason).map(([reason, count]) => [reason, String(count)]),
  ]
  if (represented === null) printMessage(unweighted(selection.reason))
  for (const [what, value] of rows) console.log(`${what!.padEnd(20)}${value}`)
}

async function exportTo(given: Given, environment: NodeJS.ProcessEnv): Promise<void> {
  if (given.output === undefined) throw new UsageError('export needs --output FOLDER')
  const selection = selectionOf(given)
  const store = await openStore(environment)
  const { clips, corrected, manifest, isWeighted } = await exportClips(store, selection, given.output)
  printMessage(`${clips} clips, ${corrected} of them with a corrected text; `
    + 'the files are readable only by you and not encrypted')
  if (!isWeighted) printMessage(unweighted(selection.reason))
  console.log(manifest)
}

async function remove({ request, session }: Given, environment: NodeJS.ProcessEnv): Promise<void> {
  if ((request === undefined) === (session === undefined)) throw new UsageError('delete needs --request or --session')
  const store = await openStore(environment)
  const { clips } = await store.deleteOf(request !== undefined ? { request: store.requestPseudonym(request) }
    : { session: store.sessionPseudonym(session!) })
  printMessage('clips that a running service still has in memory are deleted by its route, DELETE /v1/collected')
  console.log(`${clips} deleted`)
}

async function makeKey(names: readonly string[], options: readonly string[]): Promise<void> {
  const [file] = names
  if (file === undefined || names.length > 1 || options.length > 0) throw new UsageError('make-key needs one FILE')
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(`${randomBytes(KEY_BYTES).toString('hex')}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  printMessage(`the key is in ${file}; without it, clips that are encrypted with it are lost`)
}

function selectionOf({ from, to, reason, feature }: Given): Selection {
  const isKnown = reason === undefined || (COLLECTION_REASONS as readonly string[]).includes(reason)
  if (!isKnown) throw new UsageError(`--reason takes ${COLLECTION_REASONS.join(', ')}, not "${reason}"`)
  return {
    from: timeOf('from', from), to: timeOf('to', to), reason: reason as CollectionReason | undefined,
    driftFeature: feature,
  }
}

function timeOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z)?$/.test(text) && !Number.isNaN(Date.parse(text))
  if (isTime) return new Date(text).toISOString()
  throw new UsageError(`--${option} takes a day or a time in UTC, such as 2026-05-04T09:30Z, not "${text}"`)
}
