/**
 * Resident memory of the server and of each worker over a long run of clips of mixed lengths: does it settle, or
 * does it creep? The slope is that of the second half, after caches and pools have filled.
 */
import { defaultManifest, readClips } from './clips.js'
import { generateLoad } from './load-generator.js'
import { sayOutcomes, summarizeLoad } from './load-summary.js'
import { beginRun } from './machine.js'
import { countOption, parseOptions } from './options.js'
import { processTree, type ProcessFigures } from './processes.js'
import { DEFAULT_MODEL } from './recognizers.js'
import type { RunBench } from './run.js'
import { startServer } from './server.js'
import { recordTape } from './speech-tape.js'
import { slope } from './statistics.js'
import { fixed, megabytes, printTable } from './table.js'

/** Mostly queries, now and then a long one; every length returns in every round. */
const LENGTHS_SECONDS = [1, 2, 3, 2, 5, 3, 1, 10, 2, 3, 5, 20, 2, 3, 1, 30]
const STEPS = 20

interface Sample { readonly clips: number; readonly processes: readonly ProcessFigures[] }

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL }, manifest: { type: 'string', default: defaultManifest() },
    clips: { type: 'string', default: '2000' }, workers: { type: 'string', default: '0' },
  })
  const clips = countOption('clips', given.clips, 2000, STEPS)
  const tape = await recordTape(await readClips(given.manifest))
  const uploads = Array.from({ length: 10 * LENGTHS_SECONDS.length }, (_, index) => tape.cut(LENGTHS_SECONDS[index % LENGTHS_SECONDS.length]!, index))
  const bench = await beginRun('memory', given)
  const server = await startServer({ model: given.model, workers: countOption('workers', given.workers, 0, 0) })
  const samples: Sample[] = [{ clips: 0, processes: processTree(server.processId) }]
  const perStep = Math.round(clips / STEPS)
  for (let step = 1; step <= STEPS; step++) {
    const load = await generateLoad({ url: `${server.url}/v1/transcriptions`, uploads, arrivals: { clients: 4 }, maxSeconds: 600, maxRequests: perStep })
    const { failed, byOutcome } = summarizeLoad(load)
    if (failed > 0) throw new Error(`not every clip was transcribed: ${sayOutcomes(byOutcome)}`)
    samples.push({ clips: step * perStep, processes: processTree(server.processId) })
  }
  await server.stop()
  const rows = samples[0]!.processes.map(({ processId, isWorker }) => figuresOf(processId, isWorker ? 'worker' : 'server', samples))
  printTable(['process', 'start MB', '25 %', '50 %', '75 %', '100 %', 'MB per 1000 clips'], rows.map(({ name, quartersBytes, slopeBytes }) => [
    name, ...quartersBytes.map(megabytes), fixed(slopeBytes / 1024 / 1024),
  ]))
  await bench.save({ rows, samples })
  return true
}

interface MemoryRow { readonly name: string; readonly quartersBytes: readonly number[]; readonly slopeBytes: number }

/** A worker that was replaced on the way has no later samples, and the row ends with what there is. */
function figuresOf(processId: number, kind: string, samples: readonly Sample[]): MemoryRow {
  const own = samples.flatMap(({ clips, processes }) => {
    const found = processes.find((process) => process.processId === processId)
    return found === undefined ? [] : [[clips, found.residentBytes] as const]
  })
  const quarters = [0, 0.25, 0.5, 0.75, 1].map((share) => own[Math.round(share * (own.length - 1))]![1])
  return { name: `${kind} ${processId}`, quartersBytes: quarters, slopeBytes: 1000 * slope(own.slice(Math.floor(own.length / 2))) }
}
