/**
 * Load on a running server, on any host: at a rate (open loop) or with a number of clients (closed loop).
 * `--overload` starts a server of its own (load/overload.ts).
 */
import { defineBench } from './harness/bench.js'
import { drawUploads, MANIFEST, readClips } from './harness/clips.js'
import { count, flag, number, text, UsageError } from './harness/options.js'
import { MODEL, WORKERS } from './harness/recognizers.js'
import { generateLoad } from './load/generator.js'
import { measureOverload } from './load/overload.js'
import { printLoad, sayOutcomes, summarizeLoad } from './load/summary.js'

const UPLOADS = 100
const CLIENTS = 4

const OPTIONS = {
  url: text('http://127.0.0.1:8080'), clips: MANIFEST, rate: number(undefined, 0.01), concurrency: count(undefined),
  seconds: number(undefined, 0.1), deadline: number(undefined), overload: flag, model: MODEL,
  workers: WORKERS,
}

export const run = defineBench('load', OPTIONS, async ({ url, clips, rate, concurrency, deadline, ...given }) => {
  const uploads = await drawUploads(await readClips(clips), UPLOADS)
  const { model, workers, seconds = 30 } = given
  if (given.overload) return measureOverload({ model, workers, seconds, uploads })
  if (rate !== undefined && concurrency !== undefined) {
    throw new UsageError('--rate and --concurrency exclude each other')
  }
  const summary = summarizeLoad(await generateLoad({
    url: `${url}/v1/transcriptions${deadline === undefined ? '' : `?deadlineSeconds=${deadline}`}`, uploads,
    arrivals: rate === undefined ? { clients: concurrency ?? CLIENTS } : { perSecond: rate },
    maxSeconds: given.seconds ?? 10,
  }))
  printLoad(summary)
  return {
    missed: summary.failed > 0 ? [`not all were answered: ${sayOutcomes(summary.byOutcome)}`] : [], results: summary,
  }
})
