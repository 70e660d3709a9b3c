/**
 * Resident memory of the server and of each worker over a long run of clips of mixed lengths. The slope is that of the
 * second half, after caches and pools have filled.
 */
import { withServer } from '../fixtures/kit/server.js'
import { slope } from '../fixtures/kit/statistics.js'
import { MEMORY, MEMORY_STEPS } from './declarations/service.js'
import { defineBench } from './harness/bench.js'
import { readClips } from './harness/clips.js'
import { processTree, type ProcessFigures } from './harness/processes.js'
import { recordTape } from './harness/speech-tape.js'
import { fixed, megabytes, printTable } from './harness/table.js'
import { generateLoad } from './load/generator.js'
import { sayOutcomes, summarizeLoad } from './load/summary.js'
import { startProgress } from './harness/progress.js'

/** Mostly queries, now and then a long one; every length returns in every round. */
const LENGTHS_SECONDS = [1, 2, 3, 2, 5, 3, 1, 10, 2, 3, 5, 20, 2, 3, 1, 30]

interface Sample { readonly clips: number; readonly processes: readonly ProcessFigures[] }

export const run = defineBench(MEMORY, async ({ model, manifest, clips, workers }) => {
  const tape = await recordTape(await readClips(manifest))
  const uploads = Array.from({ length: 10 }, (_, round) =>
    LENGTHS_SECONDS.map((seconds, index) => tape.cut(seconds, LENGTHS_SECONDS.length * round + index))).flat()
  const perStep = Math.round(clips / MEMORY_STEPS)
  const samples = await withServer({ model, workers }, async ({ url, processId }) => {
    const found: Sample[] = [{ clips: 0, processes: processTree(processId) }]
    const progress = startProgress('clips', perStep * MEMORY_STEPS)
    for (let step = 1; step <= MEMORY_STEPS; step++) {
      const { failed, byOutcome } = summarizeLoad(await generateLoad({
        url: `${url}/v1/transcriptions`, uploads, arrivals: { clients: 4 }, maxSeconds: 600, maxRequests: perStep,
      }))
      if (failed > 0) throw new Error(`not every clip was transcribed: ${sayOutcomes(byOutcome)}`)
      progress.step(perStep)
      found.push({ clips: step * perStep, processes: processTree(processId) })
    }
    return found
  })
  const rows = samples.slice(0, 1).flatMap(({ processes }) => processes.map((process) => figuresOf(process, samples)))
  printTable(['process', 'start MB', '25 %', '50 %', '75 %', '100 %', 'MB per 1000 clips'], rows.map((row) =>
    [row.name, ...row.quartersBytes.map(megabytes), fixed(row.slopeBytes / 1024 / 1024)]))
  return { missed: [], judged: { clips: perStep * MEMORY_STEPS, samples: samples.length }, results: { rows, samples } }
})

/** A worker that was replaced has no later samples; its row ends with what there is. */
function figuresOf({ processId, isWorker }: ProcessFigures, samples: readonly Sample[]) {
  const own = samples.flatMap(({ clips, processes }) => {
    const found = processes.find((process) => process.processId === processId)
    return found === undefined ? [] : [[clips, found.residentBytes] as const]
  })
  return {
    name: `${isWorker ? 'worker' : 'server'} ${processId}`,
    quartersBytes: [0, 0.25, 0.5, 0.75, 1].flatMap((share) => own[Math.round(share * (own.length - 1))]?.[1] ?? []),
    slopeBytes: 1000 * slope(own.slice(Math.floor(own.length / 2))),
  }
}
