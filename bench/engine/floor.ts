/**
 * How far the compiled graphs are from the least time that this machine needs: the encoder alone, and one more token of
 * one sequence and of several that are decoded together. The least time is the work of the model (model-work.ts) over
 * rates that ONNX Runtime and the memory reach on one thread (machine-rates.ts). A step is the difference between runs
 * of many and of few tokens, the end token forbidden.
 */
import os from 'node:os'
import { seededRandom } from '../../fixtures/kit/statistics.js'
import type { MatrixChoice } from '../../src/domain/choices.js'
import { compiledGraph } from '../../src/engine/compiler/cache.js'
import { hasVnni, targetFor } from '../../src/engine/compiler/target.js'
import { encoderDecoderOf, readManifest, type Manifest } from '../../src/engine/manifest.js'
import { encoderGraph, type EncoderMemory } from '../../src/engine/runtime/encoder-memory.js'
import { forbid, GreedyGraph, masksTogether, newSequence } from '../../src/engine/runtime/greedy-graph.js'
import { sessionOpener, Tensor, type Session } from '../../src/engine/runtime/session.js'
import { logMelExtractor } from '../../src/recognition/features/log-mel.js'
import { UsageError } from '../harness/endings.js'
import { modelsDir } from '../harness/needs.js'
import { fixed, printTable } from '../harness/table.js'
import { measureRates } from './machine-rates.js'
import { floorOf, SHAPES, type Rates } from './model-work.js'

const LENGTHS_SECONDS = [1, 3, 11]
const FEW_TOKENS = 4
const MANY_TOKENS = 28
const REPEATS = 15
const THREADED_SECONDS = [1, 2, 3, 8, 20]
/** Sequences that are decoded together; the clips of all are this long. */
const BATCHES = [1, 2, 4, 8]
const BATCH_SECONDS = 3

/** Clips of one length, each alone. */
interface FloorRow {
  readonly seconds: number
  readonly encoderMs: number
  readonly encoderFloorMs: number
  readonly tokenMs: number
  readonly tokenFloorMs: number
  readonly cachedTokenMs: number
}

/** Clips of BATCH_SECONDS together; a step is one token of each. */
interface BatchRow {
  readonly batch: number
  readonly stepMs: number
  readonly tokenMs: number
  /** Tokens of one alone from memory, times this. */
  readonly timesFloor: number
}

/** The encoder with several threads, for clips that have the machine to themselves. */
interface ThreadsRow { readonly threads: number; readonly encoderMs: readonly number[] }

export interface FloorComparison {
  readonly lengths: readonly FloorRow[]
  readonly batches: readonly BatchRow[]
  readonly threads: readonly ThreadsRow[]
}

export async function compareToFloor(model: string, matrices: MatrixChoice): Promise<FloorComparison> {
  const shape = SHAPES[model]
  if (shape === undefined) {
    throw new UsageError(`there is no shape of ${model}, only of ${Object.keys(SHAPES).join(', ')}`)
  }
  const rates = await measureRates(shape.width)
  const manifest = await readManifest(modelsDir, model)
  const { encoder, decoder } = await openGraphs(manifest, matrices)
  const encode = encoderGraph(encoder)
  const stepMs = stepTimer(new GreedyGraph(decoder), manifest)
  const lengths: FloorRow[] = []
  for (const seconds of LENGTHS_SECONDS) {
    const audio = noiseFor(manifest, seconds)
    const encoderMs = await fastest(() => encode(audio))
    const floor = floorOf(shape, seconds, rates)
    lengths.push({
      seconds, encoderMs, encoderFloorMs: floor.encoderMs + floor.prefillMs,
      tokenMs: await stepMs([await encode(audio)]), tokenFloorMs: floor.tokenMs, cachedTokenMs: floor.cachedTokenMs,
    })
  }
  const batches: BatchRow[] = []
  for (const batch of BATCHES) {
    const memories: EncoderMemory[] = []
    while (memories.length < batch) memories.push(await encode(noiseFor(manifest, BATCH_SECONDS)))
    const ofStep = await stepMs(memories)
    const tokenMs = ofStep / batch
    batches.push({ batch, stepMs: ofStep, tokenMs, timesFloor: tokenMs / floorOf(shape, BATCH_SECONDS, rates).tokenMs })
  }
  await Promise.all([encoder.release(), decoder.release()])
  printRates(rates)
  printLengths(lengths)
  printBatches(batches)
  const threads = await timeThreads(manifest, matrices)
  printThreads(threads)
  return { lengths, batches, threads }
}

async function openGraphs(manifest: Manifest, matrices: MatrixChoice): Promise<{ encoder: Session; decoder: Session }> {
  const encoder = await openGraph(manifest, matrices, 'encoder')
  return { encoder, decoder: await openGraph(manifest, matrices, 'greedy') }
}

async function openGraph(
  manifest: Manifest, matrices: MatrixChoice, kind: 'encoder' | 'greedy', threads = 1,
): Promise<Session> {
  const compiled = await compiledGraph(modelsDir, manifest, targetFor('cpu', matrices), kind)
  if ('reason' in compiled) throw new UsageError(`${manifest.name} cannot be compiled: ${compiled.reason}`)
  return sessionOpener({ providers: ['cpu'], strict: true, threads })(compiled.graph, { fixedShapes: false })
}

/** All numbers of threads in turns on every length. */
async function timeThreads(manifest: Manifest, matrices: MatrixChoice): Promise<ThreadsRow[]> {
  const counts = [1, 2, 4, 8].filter((count) => count <= os.availableParallelism())
  const sessions = await Promise.all(counts.map((count) => openGraph(manifest, matrices, 'encoder', count)))
  const rows = counts.map((threads) => ({ threads, encoderMs: THREADED_SECONDS.map(() => Infinity) }))
  for (const [length, seconds] of THREADED_SECONDS.entries()) {
    const audio = noiseFor(manifest, seconds)
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      for (const [index, session] of sessions.entries()) {
        const since = performance.now()
        await encoderGraph(session)(audio)
        const times = rows[index]!.encoderMs
        times[length] = Math.min(times[length]!, performance.now() - since)
      }
    }
  }
  for (const session of sessions) await session.release()
  return rows
}

/** Milliseconds of one more token of each of these clips, decoded together. */
function stepTimer(graph: GreedyGraph, manifest: Manifest): (memories: readonly EncoderMemory[]) => Promise<number> {
  const { startToken, endToken } = encoderDecoderOf(manifest)
  const masks = masksTogether([forbid(graph.vocabulary, [endToken])])
  return async (memories) => {
    const decode = (tokens: number): Promise<unknown> =>
      graph.run(memories.map((memory) => newSequence(memory, [startToken], 0)), tokens, masks)
    const fewMs = await fastest(() => decode(FEW_TOKENS))
    const manyMs = await fastest(() => decode(MANY_TOKENS))
    return (manyMs - fewMs) / (MANY_TOKENS - FEW_TOKENS)
  }
}

function printRates(rates: Rates): void {
  const vnni = hasVnni()
  console.log(`\n8-bit dot products (VNNI): ${vnni === undefined ? 'unknown' : vnni ? 'yes' : 'no'}`)
  console.log(`10⁹ operations/s: ${fixed(rates.float, 0)} in floats, ${fixed(rates.integer, 0)} in 8 bits`)
  console.log(`GB/s: ${fixed(rates.dram)} from memory, ${fixed(rates.cache)} from the cache\n`)
}

function printLengths(rows: readonly FloorRow[]): void {
  const head = [
    'seconds', 'encoder ms', 'floor ms', 'floor %', 'token ms', 'floor ms, memory', 'times it', 'floor ms, cache',
  ]
  printTable(head, rows.map((row) => [
    row.seconds, fixed(row.encoderMs), fixed(row.encoderFloorMs), fixed(100 * row.encoderFloorMs / row.encoderMs, 0),
    fixed(row.tokenMs, 2), fixed(row.tokenFloorMs, 2), fixed(row.tokenMs / row.tokenFloorMs, 2),
    fixed(row.cachedTokenMs, 2),
  ]))
}

function printBatches(rows: readonly BatchRow[]): void {
  console.log(`\nClips of ${BATCH_SECONDS} s decoded together\n`)
  printTable(['batch', 'step ms', 'token ms', 'times the floor'], rows.map((row) => [
    row.batch, fixed(row.stepMs, 2), fixed(row.tokenMs, 2), fixed(row.timesFloor, 2),
  ]))
}

function printThreads(rows: readonly ThreadsRow[]): void {
  console.log('\nEncoder with several threads, ms\n')
  printTable(['threads', ...THREADED_SECONDS.map((seconds) => `${seconds} s`)], rows.map(({ threads, encoderMs }) =>
    [threads, ...encoderMs.map((ms) => fixed(ms))]))
}

/** The content does not matter for the time. Whisper gets no padding here: it is no work that the clip needs. */
function noiseFor({ frontEnd }: Manifest, seconds: number): Tensor {
  const random = seededRandom(1)
  const samples = Float32Array.from({ length: seconds * frontEnd.sampleRate }, () => 0.1 * random() - 0.05)
  if (frontEnd.kind === 'waveform') return new Tensor('float32', samples, [1, samples.length])
  const { data, frames, bins } = logMelExtractor(frontEnd)(samples, 100 * seconds)
  return new Tensor('float32', data, [1, bins, frames])
}

/** Milliseconds: other work on the machine only ever adds. */
async function fastest(work: () => Promise<unknown>): Promise<number> {
  let best = Infinity
  for (let run = 0; run < REPEATS; run++) {
    const since = performance.now()
    await work()
    best = Math.min(best, performance.now() - since)
  }
  return best
}
