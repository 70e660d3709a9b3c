/**
 * Load on a running server, on any host: at a rate (open loop) or with a number of clients (closed loop).
 * `--overload` starts a server of its own (load/overload.ts).
 */
import { LOAD } from './declarations/service.js'
import { defineBench } from './harness/bench.js'
import { drawUploads, readClips } from './harness/clips.js'
import { UsageError } from './harness/endings.js'
import { generateLoad } from './load/generator.js'
import { measureOverload } from './load/overload.js'
import { printLoad, sayOutcomes, summarizeLoad } from './load/summary.js'

const UPLOADS = 100
const CLIENTS = 4

export const run = defineBench(LOAD, async ({ url, clips, rate, concurrency, deadline, ...given }) => {
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
    judged: { requests: summary.requests, 'accepted requests': summary.accepted },
    missed: summary.failed > 0 ? [`not all were answered: ${sayOutcomes(summary.byOutcome)}`] : [], results: summary,
  }
})
