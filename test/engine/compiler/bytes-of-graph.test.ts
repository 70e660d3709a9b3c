/**
 * How large a compiled graph gets, before there is one: enough room, and not twice as much. And which of the largest
 * model fit into a file of ONNX.
 */
import t from 'tap'
import { bytesOfGraph } from '../../../src/engine/compiler/cache.js'
import { MOST_BYTES, writeOnnx } from '../../../src/engine/compiler/onnx.js'
import { readManifest } from '../../../src/engine/manifest.js'
import { builtInModelsDir } from '../../../src/commands/setup/weights.js'

/** Bytes of graphs that the compiler wrote. */
const MEASURED = [
  ['moonshine-tiny-en', 'encoder', 'signed', 9_379_419], ['moonshine-tiny-en', 'encoder', 'unsigned', 14_353_236],
  ['moonshine-tiny-en', 'greedy', 'signed', 27_284_170],
  ['moonshine-tiny-en', 'steps', 'signed', 24_788_323], ['moonshine-tiny-en', 'align', 'signed', 17_243_813],
  ['moonshine-tiny-en', 'greedy', 'real', 95_651_742], ['moonshine-tiny-en', 'steps', 'real', 95_647_466],
  ['moonshine-tiny-en', 'encoder', 'half', 17_634_104], ['moonshine-tiny-en', 'greedy', 'half', 48_088_759],
  ['moonshine-tiny-en', 'steps', 'half', 48_084_382], ['moonshine-tiny-en', 'align', 'half', 33_204_587],
  ['moonshine-tiny-en', 'greedy', 'emulated-half', 95_663_931],
  ['whisper-base', 'encoder', 'half', 53_647_945], ['whisper-base', 'greedy', 'half', 151_093_288],
  ['whisper-base', 'steps', 'half', 151_088_928], ['whisper-base', 'align', 'half', 97_764_148],
  ['whisper-tiny', 'greedy', 'half', 96_813_470],
  ['whisper-tiny', 'greedy', 'signed', 53_394_561], ['whisper-tiny', 'steps', 'signed', 49_203_217],
  ['whisper-base', 'encoder', 'signed', 38_538_081], ['whisper-base', 'greedy', 'signed', 83_592_815],
  ['whisper-base', 'steps', 'signed', 76_616_156], ['whisper-base', 'align', 'signed', 49_792_976],
  ['whisper-base-en', 'encoder', 'signed', 41_358_492], ['whisper-base-en', 'greedy', 'signed', 83_799_783],
] as const

t.test('the estimate of the bytes of a graph', async (t) => {
  for (const [name, kind, matrices, bytes] of MEASURED) {
    const estimate = bytesOfGraph(await readManifest(builtInModelsDir, name), { matrices }, kind)
    t.ok(estimate >= bytes && estimate < 2 * bytes, `${name}, ${kind}, ${matrices}: ${estimate} for ${bytes}`)
  }
})

/** Layers, width and mel bins of an encoder of Whisper, and layers of its decoder. */
interface Shape { readonly layers: number; readonly width: number; readonly bins: number; readonly decoder: number }

/**
 * Numbers in the graph of the encoder: convolutions and positions; layers, with a feed-forward part four times as wide;
 * the norm behind them; keys and values for each layer of the decoder, and those of 500 states of silence.
 */
function encoderNumbers({ layers, width, bins, decoder }: Shape): number {
  const stem = 3 * bins * width + 3 * width ** 2 + 2 * width + 1_500 * width
  const layer = 12 * width ** 2 + 13 * width
  return stem + layers * layer + 2 * width + decoder * (2 * width ** 2 + width + 2 * 500 * width)
}

/** Numbers in the graph of the greedy loop: layers with two attentions, and the embedding twice, padded and turned. */
function greedyNumbers({ width, decoder }: Shape, vocabulary: number): number {
  const layer = 14 * width ** 2 + 20 * width
  return decoder * layer + (2 * vocabulary + 128) * width + 448 * width
}

t.test('large-v3-turbo fits into files of ONNX as float16, and not as float32', async (t) => {
  const base: Shape = { layers: 6, width: 512, bins: 80, decoder: 6 }
  const known = [[encoderNumbers(base), 53_647_945], [greedyNumbers(base, 51_865), 151_093_288]] as const
  for (const [numbers, bytes] of known) t.ok(Math.abs(2 * numbers / bytes - 1) < 0.01, `${2 * numbers} of ${bytes}`)
  const turbo: Shape = { layers: 32, width: 1_280, bins: 128, decoder: 4 }
  const numbers = encoderNumbers(turbo)
  t.ok(4 * numbers > MOST_BYTES, `float32: ${4 * numbers}`)
  // Nodes and names take less than 1 MB.
  t.ok(2 * numbers < MOST_BYTES - 1e6, `float16: ${2 * numbers}`)
  t.ok(2 * greedyNumbers(turbo, 51_866) < MOST_BYTES - 1e6)
})

t.test('weights that do not fit into a file are refused before they are written', async (t) => {
  const tensor = { type: 'float32', dims: [1], bytes: { byteLength: 2 ** 30 } as Uint8Array } as const
  const graph = { name: 'large', nodes: [], inputs: [], outputs: [], weights: { a: tensor, b: tensor } }
  t.throws(() => writeOnnx(graph), { code: 'MODEL_INVALID', message: /2\.1 GB, and a file of ONNX holds 2\.1 GB/ })
})
