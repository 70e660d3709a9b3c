/**
 * How far a compiled graph is from the least time that this machine needs: its encoder alone, and one more token. The
 * least time is the work of the model (model-work.ts) over rates that ONNX Runtime and the memory reach on one thread
 * (machine-rates.ts). Encoding is a run without tokens; a token is the difference between runs of many and of few, the
 * end token forbidden.
 */
import { seededRandom } from '../../fixtures/kit/statistics.js'
import type { MatrixChoice } from '../../src/domain/choices.js'
import { compiledGraph } from '../../src/engine/compiler/cache.js'
import { hasVnni, targetFor } from '../../src/engine/compiler/target.js'
import { encoderDecoderOf, readManifest, type Manifest } from '../../src/engine/manifest.js'
import { forbid, greedyGraph, type Audio, type GreedyGraph } from '../../src/engine/runtime/greedy-graph.js'
import { sessionOpener, Tensor } from '../../src/engine/runtime/session.js'
import { logMelExtractor } from '../../src/recognition/features/log-mel.js'
import { UsageError } from '../harness/endings.js'
import { modelsDir } from '../harness/needs.js'
import { fixed, printTable } from '../harness/table.js'
import { measureRates } from './machine-rates.js'
import { floorOf, SHAPES } from './model-work.js'

const LENGTHS_SECONDS = [1, 3, 11]
const FEW_TOKENS = 4
const MANY_TOKENS = 28
const REPEATS = 15

interface FloorRow {
  readonly seconds: number
  readonly encoderMs: number
  readonly encoderFloorMs: number
  readonly tokenMs: number
  readonly tokenFloorMs: number
  readonly cachedTokenMs: number
}

export async function compareToFloor(model: string, matrices: MatrixChoice): Promise<FloorRow[]> {
  const shape = SHAPES[model]
  if (shape === undefined) {
    throw new UsageError(`there is no shape of ${model}, only of ${Object.keys(SHAPES).join(', ')}`)
  }
  const rates = await measureRates(shape.width)
  const manifest = await readManifest(modelsDir, model)
  const compiled = await compiledGraph(modelsDir, manifest, targetFor('cpu', matrices))
  if ('reason' in compiled) throw new UsageError(`${model} cannot be compiled: ${compiled.reason}`)
  const open = sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })
  const session = await open(compiled.graph, { fixedShapes: false })
  const graph = greedyGraph(session)
  const rows: FloorRow[] = []
  for (const seconds of LENGTHS_SECONDS) {
    const audio = noiseFor(manifest, seconds)
    const encoderMs = await fastest(() => graph.start(audio).encode())
    const fewMs = await fastest(() => decode(graph, audio, manifest, FEW_TOKENS))
    const manyMs = await fastest(() => decode(graph, audio, manifest, MANY_TOKENS))
    const floor = floorOf(shape, seconds, rates)
    rows.push({
      seconds, encoderMs, encoderFloorMs: floor.encoderMs + floor.prefillMs,
      tokenMs: (manyMs - fewMs) / (MANY_TOKENS - FEW_TOKENS),
      tokenFloorMs: floor.tokenMs, cachedTokenMs: floor.cachedTokenMs,
    })
  }
  await session.release()
  const vnni = hasVnni()
  console.log(`\n8-bit dot products (VNNI): ${vnni === undefined ? 'unknown' : vnni ? 'yes' : 'no'}`)
  console.log(`10⁹ operations/s: ${fixed(rates.float, 0)} in floats, ${fixed(rates.integer, 0)} in 8 bits`)
  console.log(`GB/s: ${fixed(rates.dram)} from memory, ${fixed(rates.cache)} from the cache\n`)
  const head = [
    'seconds', 'encoder ms', 'floor ms', 'floor %', 'token ms', 'floor ms, memory', 'times it', 'floor ms, cache',
  ]
  printTable(head, rows.map((row) => [
    row.seconds, fixed(row.encoderMs), fixed(row.encoderFloorMs), fixed(100 * row.encoderFloorMs / row.encoderMs, 0),
    fixed(row.tokenMs, 2), fixed(row.tokenFloorMs, 2), fixed(row.tokenMs / row.tokenFloorMs, 2),
    fixed(row.cachedTokenMs, 2),
  ]))
  return rows
}

function decode(graph: GreedyGraph, audio: Audio, manifest: Manifest, tokens: number): Promise<unknown> {
  const decoding = encoderDecoderOf(manifest)
  const always = forbid(graph.vocabulary, [decoding.endToken])
  return graph.start(audio).runsWith({ always, first: forbid(graph.vocabulary, []) })([decoding.startToken], tokens)
}

/** The content does not matter for the time. Whisper gets no padding here: it is no work that the clip needs. */
function noiseFor({ frontEnd }: Manifest, seconds: number): Audio {
  const random = seededRandom(1)
  const samples = Float32Array.from({ length: seconds * frontEnd.sampleRate }, () => 0.1 * random() - 0.05)
  const tensor = (data: Float32Array, dims: readonly number[]): Tensor => new Tensor('float32', data, dims)
  const none = new Float32Array(0)
  if (frontEnd.kind === 'waveform') {
    return { input: 'waveform', tensor: tensor(samples, [1, samples.length]), empty: tensor(none, [1, 0]) }
  }
  const { data, frames, bins } = logMelExtractor(frontEnd)(samples, 100 * seconds)
  return { input: 'features', tensor: tensor(data, [1, bins, frames]), empty: tensor(none, [1, bins, 0]) }
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
