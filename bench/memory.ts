/**
 * Resident memory of the server and of each worker over a long run of clips of mixed lengths and formats: a curve, its
 * parts, and the slope of the second half, after caches and pools have filled.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { projectRoot } from '../src/domain/project-root.js'
import { withServer } from '../fixtures/kit/server.js'
import { slope } from '../fixtures/kit/statistics.js'
import { MEMORY, MEMORY_STEPS } from './declarations/service.js'
import { DEFAULT_MODEL } from './declarations/shared.js'
import { defineBench } from './harness/bench.js'
import { readClips, type Upload } from './harness/clips.js'
import { partsOfMemory, processTree, type MemoryParts, type ProcessFigures } from './harness/processes.js'
import { recordTape, type SpeechTape } from './harness/speech-tape.js'
import { fixed, megabytes, printTable } from './harness/table.js'
import { generateLoad } from './load/generator.js'
import { sayOutcomes, summarizeLoad } from './load/summary.js'
import { startProgress } from './harness/progress.js'

/** Mostly queries, now and then a long one; every length returns in every round. */
const LENGTHS_SECONDS = [1, 2, 3, 2, 5, 3, 1, 10, 2, 3, 5, 20, 2, 3, 1, 30]
/** Every third clip is of another format. */
const WAVS_PER_FILE = 2
/** Of a worker with the default model. */
const MOST_BYTES = 200 * 2 ** 20
const CLIENTS = 4

interface Process extends ProcessFigures { readonly parts: MemoryParts }
interface Sample { readonly clips: number; readonly processes: readonly Process[] }

export const run = defineBench(MEMORY, async ({ model, manifest, clips, workers }) => {
  const uploads = mixed(await recordTape(await readClips(manifest)))
  const perStep = Math.round(clips / MEMORY_STEPS)
  const samples = await withServer({ model, workers }, async ({ url, processId }) => {
    const found: Sample[] = [{ clips: 0, processes: sampleOf(processId) }]
    const progress = startProgress('clips', perStep * MEMORY_STEPS)
    for (let step = 1; step <= MEMORY_STEPS; step++) {
      const { failed, byOutcome } = summarizeLoad(await generateLoad({
        url: `${url}/v1/transcriptions`, uploads: beginningAt(uploads, (step - 1) * perStep),
        arrivals: { clients: CLIENTS }, maxSeconds: 600, maxRequests: perStep,
      }))
      if (failed > 0) throw new Error(`not every clip was transcribed: ${sayOutcomes(byOutcome)}`)
      progress.step(perStep)
      found.push({ clips: step * perStep, processes: sampleOf(processId) })
    }
    return found
  })
  printCurve(samples)
  const rows = samples[0]!.processes.map((process) => slopeOf(process, samples))
  console.log()
  printTable(['process', 'MB per 1000 clips, second half'], rows.map(({ name, slopeBytes }) =>
    [name, fixed(slopeBytes / 1024 / 1024)]))
  const missed = model === DEFAULT_MODEL ? missedOf(samples) : []
  return { missed, judged: { clips: perStep * MEMORY_STEPS, samples: samples.length }, results: { rows, samples } }
})

function mixed(tape: SpeechTape): Upload[] {
  const folder = path.join(projectRoot, 'fixtures/media')
  const files = readdirSync(folder).map((name) => readFileSync(path.join(folder, name)))
  return Array.from({ length: 10 * LENGTHS_SECONDS.length }, (_, index) => {
    const wavs = Array.from({ length: WAVS_PER_FILE }, (_, wav) => {
      const number = WAVS_PER_FILE * index + wav
      return tape.cut(LENGTHS_SECONDS[number % LENGTHS_SECONDS.length]!, number)
    })
    // Test files of about a second, most of them without words.
    return [...wavs, { body: files[index % files.length]!, seconds: 1 }]
  }).flat()
}

/** A step goes on where the one before it ended. */
function beginningAt(uploads: readonly Upload[], number: number): Upload[] {
  const first = number % uploads.length
  return [...uploads.slice(first), ...uploads.slice(0, first)]
}

function sampleOf(processId: number): Process[] {
  return processTree(processId).flatMap((process) => {
    const parts = partsOfMemory(process.processId)
    return parts === undefined ? [] : [{ ...process, parts }]
  })
}

/** Programs and libraries share their pages with other processes; the heap is that of the C library, the rest V8's. */
function printCurve(samples: readonly Sample[]): void {
  const rows = samples.flatMap(({ clips, processes }) => processes.map(({ parts, residentBytes, ...process }) =>
    [nameOf(process), clips, ...[residentBytes, parts.fileBytes, parts.heapBytes, parts.otherBytes].map(megabytes)]))
  printTable(['process', 'clips', 'MB', 'of files', 'heap', 'other'], rows)
}

function nameOf({ isWorker, processId }: Pick<ProcessFigures, 'isWorker' | 'processId'>): string {
  return `${isWorker ? 'worker' : 'server'} ${processId}`
}

/** A worker that was replaced has no later samples. */
function slopeOf(process: ProcessFigures, samples: readonly Sample[]): { name: string; slopeBytes: number } {
  const own = samples.flatMap(({ clips, processes }) => {
    const found = processes.find(({ processId }) => processId === process.processId)
    return found === undefined ? [] : [[clips, found.residentBytes] as const]
  })
  return { name: nameOf(process), slopeBytes: 1000 * slope(own.slice(Math.floor(own.length / 2))) }
}

function missedOf(samples: readonly Sample[]): string[] {
  return samples.at(-1)!.processes.filter(({ isWorker, residentBytes }) => isWorker && residentBytes > MOST_BYTES)
    .map((process) => `${nameOf(process)}: ${megabytes(process.residentBytes)} of ${megabytes(MOST_BYTES)} MB`)
}
