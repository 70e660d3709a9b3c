/**
 * How far above the floor a compiled graph is: its encoder alone, and one more token, each against the least time that
 * this machine needs for the same work (floor.ts). Encoding is a run without choices; a token is what a run of many
 * choices takes longer than one of few, the end forbidden.
 */
import { compiledGraph } from '../src/engine/compiler/cache.js'
import { targetFor } from '../src/engine/compiler/target.js'
import { logMelExtractor } from '../src/recognition/features/log-mel.js'
import { encoderDecoderOf, readManifest, type Manifest } from '../src/engine/manifest.js'
import { forbid, greedyGraph, type Audio, type GreedyGraph } from '../src/engine/runtime/greedy-graph.js'
import { sessionOpener, Tensor } from '../src/engine/runtime/session.js'
import type { MatrixChoice } from '../src/domain/choices.js'
import { measureMachine, printMachine, ratesOf } from './floor.js'
import { floorOf, SHAPES } from './model-work.js'
import { UsageError } from './options.js'
import { modelsDir } from './recognizers.js'
import { seededRandom } from './statistics.js'
import { fixed, printTable } from './table.js'

const LENGTHS_SECONDS = [1, 3, 11]
const FEW_TOKENS = 4
const MANY_TOKENS = 28
const REPEATS = 15

interface FloorRow { readonly seconds: number; readonly encoderMs: number; readonly encoderFloorMs: number; readonly tokenMs: number; readonly tokenFloorMs: number; readonly cachedTokenMs: number }

export async function compareToFloor(model: string, matrices: MatrixChoice): Promise<FloorRow[]> {
  const shape = SHAPES[model]
  if (shape === undefined) throw new UsageError(`the shape of ${model} is not known; there are ${Object.keys(SHAPES).join(', ')}`)
  const machine = await measureMachine(shape.width)
  const rates = ratesOf(machine)
  const manifest = await readManifest(modelsDir, model)
  const compiled = await compiledGraph(modelsDir, manifest, targetFor('cpu', matrices))
  if ('reason' in compiled) throw new UsageError(`${model} cannot be compiled: ${compiled.reason}`)
  const session = await sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })(compiled.graph, { fixedShapes: false })
  const graph = greedyGraph(session)
  const rows: FloorRow[] = []
  for (const seconds of LENGTHS_SECONDS) {
    const audio = noiseFor(manifest, seconds)
    const [encoderMs, fewMs, manyMs] = [await fastest(() => graph.start(audio).encode()), await fastest(() => choose(graph, audio, manifest, FEW_TOKENS)), await fastest(() => choose(graph, audio, manifest, MANY_TOKENS))]
    const floor = floorOf(shape, seconds, rates)
    rows.push({ seconds, encoderMs, encoderFloorMs: floor.encoderMs + floor.prefillMs, tokenMs: (manyMs - fewMs) / (MANY_TOKENS - FEW_TOKENS), tokenFloorMs: floor.tokenMs, cachedTokenMs: floor.cachedTokenMs })
  }
  await session.release()
  console.log()
  printMachine(machine)
  console.log()
  printTable(['seconds', 'encoder ms', 'floor ms', 'floor %', 'token ms', 'floor ms, memory', 'times it', 'floor ms, cache'], rows.map((row) => [
    row.seconds, fixed(row.encoderMs), fixed(row.encoderFloorMs), fixed(100 * row.encoderFloorMs / row.encoderMs, 0),
    fixed(row.tokenMs, 2), fixed(row.tokenFloorMs, 2), fixed(row.tokenMs / row.tokenFloorMs, 2), fixed(row.cachedTokenMs, 2),
  ]))
  return rows
}

function choose(graph: GreedyGraph, audio: Audio, manifest: Manifest, tokens: number): Promise<unknown> {
  const decoding = encoderDecoderOf(manifest)
  const always = forbid(graph.vocabulary, [decoding.endToken])
  return graph.start(audio).runsWith({ always, first: forbid(graph.vocabulary, []) })([decoding.startToken], tokens)
}

/** What is heard does not matter for the time. Whisper hears no margin here: it is no work that the clip needs. */
function noiseFor({ frontEnd }: Manifest, seconds: number): Audio {
  const random = seededRandom(1)
  const samples = Float32Array.from({ length: seconds * frontEnd.sampleRate }, () => 0.1 * random() - 0.05)
  if (frontEnd.kind === 'waveform') return { input: 'waveform', tensor: new Tensor('float32', samples, [1, samples.length]), empty: new Tensor('float32', new Float32Array(0), [1, 0]) }
  const { data, frames, bins } = logMelExtractor(frontEnd)(samples, 100 * seconds)
  return { input: 'features', tensor: new Tensor('float32', data, [1, bins, frames]), empty: new Tensor('float32', new Float32Array(0), [1, bins, 0]) }
}

/** Milliseconds: what else the machine does can only add. */
async function fastest(work: () => Promise<unknown>): Promise<number> {
  let best = Infinity
  for (let run = 0; run < REPEATS; run++) {
    const since = performance.now()
    await work()
    best = Math.min(best, performance.now() - since)
  }
  return best
}
