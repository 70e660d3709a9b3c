/**
 * Load on a running server, on any host: at a rate (open loop) or with so many clients (closed loop).
 * `--overload` and `--probe` start a server of their own and live in overload.ts and probe.ts.
 */
import { defaultManifest, drawUploads, readClips, type Upload } from './clips.js'
import { generateLoad, type Arrivals } from './load-generator.js'
import { sayOutcomes, summarizeLoad, type LoadSummary } from './load-summary.js'
import { beginRun } from './machine.js'
import { countOption, numberOption, parseOptions, UsageError } from './options.js'
import { measureOverload } from './overload.js'
import { measureProbes } from './probe.js'
import { DEFAULT_MODEL } from './recognizers.js'
import type { RunBench } from './run.js'
import { fixed } from './table.js'

const UPLOADS = 100
const MAX_REQUESTS = 1_000_000

const OPTIONS = {
  url: { type: 'string', default: 'http://127.0.0.1:8080' }, clips: { type: 'string', default: defaultManifest() },
  rate: { type: 'string' }, concurrency: { type: 'string' }, seconds: { type: 'string' }, deadline: { type: 'string' },
  overload: { type: 'boolean', default: false }, probe: { type: 'boolean', default: false },
  model: { type: 'string', default: DEFAULT_MODEL }, workers: { type: 'string', default: '0' },
} as const

export const run: RunBench = async (args) => {
  const given = parseOptions(args, OPTIONS)
  const { url: host, ...own } = given
  const startsServer = given.overload || given.probe
  const uploads = await drawUploads(await readClips(given.clips), UPLOADS)
  const bench = await beginRun('load', startsServer ? own : { url: host, ...own })
  const workers = countOption('workers', given.workers, 0, 0)
  const seconds = numberOption('seconds', given.seconds, startsServer ? 30 : 10, 0.1)
  const plan = { uploads, model: given.model, workers, seconds }
  if (given.overload) return measureOverload(plan, bench)
  if (given.probe) return measureProbes(plan, bench)

  const query = given.deadline === undefined ? '' : `?deadlineSeconds=${numberOption('deadline', given.deadline, 0)}`
  const summary = await loadRunningServer(`${host}/v1/transcriptions${query}`, uploads, arrivalsOf(given), seconds)
  printLoad(summary)
  await bench.save(summary)
  return summary.failed === 0
}

async function loadRunningServer(url: string, uploads: readonly Upload[], arrivals: Arrivals, maxSeconds: number): Promise<LoadSummary> {
  return summarizeLoad(await generateLoad({ url, uploads, arrivals, maxSeconds, maxRequests: MAX_REQUESTS }))
}

function arrivalsOf({ rate, concurrency }: { readonly rate?: string | undefined; readonly concurrency?: string | undefined }): Arrivals {
  if (rate !== undefined && concurrency !== undefined) throw new UsageError('--rate and --concurrency exclude each other')
  if (rate !== undefined) return { perSecond: numberOption('rate', rate, 1, 0.01) }
  return { clients: countOption('concurrency', concurrency, 4) }
}

export function printLoad(summary: LoadSummary): void {
  console.log(`${summary.requests} requests: ${sayOutcomes(summary.byOutcome)}${summary.dropped > 0 ? `; ${summary.dropped} not sent, too many were under way` : ''}`)
  console.log(`accepted: ${fixed(summary.clipsPerSecond)} clips/s, ${fixed(summary.audioSecondsPerSecond)} audio s/s, p50 ${fixed(summary.p50Ms, 0)} ms, p95 ${fixed(summary.p95Ms, 0)} ms, p99 ${fixed(summary.p99Ms, 0)} ms`)
  if (summary.refused > 0) console.log(`refused: median ${fixed(summary.refusalMedianMs)} ms, Retry-After on ${summary.withRetryAfter} of ${summary.refused}`)
}
