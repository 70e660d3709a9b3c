/** The least time that a machine needs for a model: what is counted, and that what is measured can be measured. */
import path from 'node:path'
import t from 'tap'
import {
  KERNELS, measureProduct, measureReadBandwidth, ratesOf, type ProductRate,
} from '../../bench/engine/machine-rates.js'
import { decoderWork, encoderWork, floorOf, SHAPES, type ModelShape } from '../../bench/engine/model-work.js'
import { hasVnni } from '../../src/engine/compiler/target.js'
import { readManifest } from '../../src/engine/manifest.js'
import { projectRoot } from '../../src/domain/project-root.js'

const shapes = Object.entries(SHAPES)
const RATES = { float: 100, integer: 200, dram: 20, cache: 60 }

/** Weights of linear layers and convolutions, one byte each. */
function encoderBytes({ convolutions, width, encoderLayers, encoderInner }: ModelShape): number {
  return convolutions.reduce((sum, { inputs, outputs, kernel }) =>
    sum + inputs * outputs * kernel, 0) + encoderLayers * (4 * width ** 2 + 2 * width * encoderInner)
}

/** Whisper's encoder has its table of positions in floats besides, a fifth of the file of the smallest. */
t.test('the weights that are counted are those of the published files, but for what is not a matrix', async (t) => {
  for (const [name, shape] of shapes) {
    const { files } = await readManifest(path.join(projectRoot, 'models'), name)
    const { layerBytes, outputBytes } = decoderWork(shape, 0)
    const crossKeysAndValues = shape.decoderLayers * 2 * shape.width ** 2
    const decoderShare = (layerBytes + outputBytes + crossKeysAndValues) / files.decoder!.bytes
    t.ok(decoderShare > 0.9 && decoderShare <= 1, `${name}: ${(100 * decoderShare).toFixed(1)} % of the decoder`)
    const encoderShare = encoderBytes(shape) / files.encoder!.bytes
    t.ok(encoderShare > 0.7 && encoderShare <= 1, `${name}: ${(100 * encoderShare).toFixed(1)} % of the encoder`)
  }
})

t.test('thirty seconds of Whisper are its window of 1500 positions', async (t) => {
  t.equal(encoderWork(SHAPES['whisper-base']!, 30).frames, 1500)
})

t.test('twice the clip is twice the frames, twice the linear work and four times the attention', async (t) => {
  for (const [name, shape] of shapes) {
    const [once, twice] = [encoderWork(shape, 10), encoderWork(shape, 20)]
    const near = (ratio: number, wanted: number): boolean => Math.abs(ratio / wanted - 1) < 0.01
    t.ok(near(twice.frames / once.frames, 2), name)
    t.ok(near(twice.linearOperations / once.linearOperations, 2), name)
    t.ok(near(twice.convolutionOperations / once.convolutionOperations, 2), name)
    t.ok(near(twice.attentionOperations / once.attentionOperations, 4), name)
  }
})

t.test('a machine twice as fast has half the floor, and weights in the cache cost less than from memory', async (t) => {
  const double = { float: 200, integer: 400, dram: 40, cache: 120 }
  for (const [name, shape] of shapes) {
    const [floor, half] = [floorOf(shape, 3, RATES), floorOf(shape, 3, double)]
    for (const key of ['encoderMs', 'prefillMs', 'tokenMs', 'cachedTokenMs'] as const) {
      t.ok(Math.abs(floor[key] / half[key] - 2) < 1e-9, `${name}, ${key}`)
    }
    t.ok(floor.cachedTokenMs < floor.tokenMs)
  }
})

t.test('faster integers help convolutions only when two passes are faster than one of floats', async (t) => {
  const shape = SHAPES['moonshine-tiny-en']!
  const ofConvolutions = (integer: number): number => {
    const { linearOperations, attentionOperations } = encoderWork(shape, 3)
    return floorOf(shape, 3, { ...RATES, integer })
      .encoderMs - linearOperations / integer / 1e6 - attentionOperations / RATES.float / 1e6
  }
  t.ok(Math.abs(ofConvolutions(150) - ofConvolutions(200)) < 1e-6)
  t.ok(ofConvolutions(400) < 0.51 * ofConvolutions(200))
})

t.test('VNNI is read from the flags of the processor, and unknown is not no', async (t) => {
  t.equal(hasVnni('processor\t: 0\nflags\t\t: fpu avx2 avx512_vnni\n'), true)
  t.equal(hasVnni('flags\t\t: fpu avx2 avx_vnni\n'), true)
  t.equal(hasVnni('flags\t\t: fpu avx2 fma\n'), false)
  t.equal(hasVnni('Features\t: fp asimd asimddp\n'), undefined)
  t.equal(hasVnni(''), undefined)
})

t.test('where 8-bit products may saturate, the rate of the floor is that of exact ones', async (t) => {
  const shape = { rows: 60, inner: 8, columns: 8 }
  const product = (kernel: ProductRate['kernel'], gigaOperationsPerSecond: number, precise = false): ProductRate => ({
    kernel, precise, ...shape, gigaOperationsPerSecond,
  })
  const products = [
    product('float32', 80), product('dynamic u8', 120), product('integer s8', 180), product('integer s8', 130, true),
  ]
  t.same(ratesOf(products, true), { float: 80, integer: 180 })
  t.same(ratesOf(products, false), { float: 80, integer: 130 })
  t.same(ratesOf(products, undefined), { float: 80, integer: 130 })
})

t.test('every kernel and the memory can be measured', async (t) => {
  for (const kernel of KERNELS) {
    for (const precise of [false, true]) {
      const { gigaOperationsPerSecond } = await measureProduct(kernel, { rows: 3, inner: 32, columns: 16 }, precise)
      t.ok(gigaOperationsPerSecond > 0 && Number.isFinite(gigaOperationsPerSecond), kernel)
    }
  }
  const bandwidth = measureReadBandwidth(1e6)
  t.ok(bandwidth > 0 && Number.isFinite(bandwidth))
})
