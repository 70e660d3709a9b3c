/** Convolutions with kernels of integers, compared with their definition: how much their activations are rounded. */
import t from 'tap'
import { convolve, type Convolution } from '../../../src/engine/compiler/convolution.js'
import type { Target } from '../../../src/engine/compiler/graph.js'
import { quantizeTwice } from '../../../src/engine/compiler/integers.js'
import { dequantized, type QuantizedTensor } from '../../../src/engine/compiler/matrices.js'
import { Published } from '../../../src/engine/compiler/published.js'
import { bytesOf, type Tensor as PublishedTensor } from '../../../src/engine/compiler/onnx.js'
import { evaluate, farthest, randomNumbers, randomTable, tensorOf, type Table } from './reference.js'
import { signalToNoiseDb } from './real-model.js'

const OUTPUTS = 6
/** Weights small enough that no sum of two products leaves 16 bits, so that signed integers are right on every CPU. */
const SMALL = 60

function kernelOf(inputs: number, width: number): QuantizedTensor {
  const values = Int8Array.from(randomNumbers(2, OUTPUTS * inputs * width), (value) => Math.round(SMALL * value))
  return {
    values, dims: [OUTPUTS, inputs, width], scales: Float32Array.of(0.01), zeroPoints: Int8Array.of(-9),
  }
}

/** By definition, with zeros before the first position and after the last. */
function definition(x: Table, { kernel, bias, stride, padding = 0 }: Convolution & { kernel: QuantizedTensor }) {
  const [, inputs, width] = kernel.dims as [number, number, number]
  const weights = dequantized({ ...kernel, rows: 1, columns: 1 })
  const outputs = Math.floor((x.length + 2 * padding - width) / stride) + 1
  return Array.from({ length: outputs }, (_, at) => Array.from({ length: OUTPUTS }, (_, out) => {
    let sum = bias!.values[out]!
    for (let input = 0; input < inputs; input++) {
      for (let k = 0; k < width; k++) {
        sum += weights[(out * inputs + input) * width + k]! * (x[at * stride + k - padding]?.[input] ?? 0)
      }
    }
    return sum
  })).flat()
}

/** Least signal-to-noise ratio, dB, of activations rounded to so many bits; real numbers of 32 bits for more. */
const LEAST_DB = { 8: 35, 16: 80, 32: 110 } as const
/** Bits that are real numbers for a target. */
const REAL_FROM = { signed: 32, unsigned: 16, real: 8 } as const

for (const matrices of ['signed', 'unsigned', 'real'] as const) {
  const target: Target = { matrices }
  t.test(`kernels of integers, activations of 8, 16 and 32 bits, ${matrices} matrices`, async (t) => {
    const shapes = [[7, 3, 0, 12], [3, 2, 0, 20], [3, 1, 1, 16], [3, 2, 1, 16]] as const
    for (const [width, stride, padding, inputs] of shapes) {
      for (const extra of [0, 1, 2]) for (const bits of [8, 16, 32] as const) {
        const x = randomTable(3 + extra, width + 4 * stride + extra, inputs)
        const bias = { values: randomNumbers(4, OUTPUTS), dims: [OUTPUTS] }
        const convolution = { kernel: kernelOf(inputs, width), bias, stride, padding, bits }
        const expected = definition(x, convolution)
        const found = await evaluate(target, { x: tensorOf(x) }, (graph, { x }) => convolve(graph, x, convolution))
        t.same(found.dims, [expected.length / OUTPUTS, OUTPUTS])
        const decibels = signalToNoiseDb(Float32Array.from(expected), found.data)
        const least = LEAST_DB[bits >= REAL_FROM[matrices] ? 32 : bits]
        t.ok(decibels > least, `width ${width}, stride ${stride}, ${bits} bits: ${decibels.toFixed(1)} dB`)
      }
    }
  })
}

t.test('two tensors of 8 bits hold a value to a 250th of a step of the first', async (t) => {
  for (const [scale, shift] of [[1, 0], [3, 100], [1e-3, -2e-3], [0, 0]] as const) {
    const values = randomNumbers(5, 4_000).map((value) => scale * value + shift)
    const range = Math.max(0, ...values) - Math.min(0, ...values)
    const found = await evaluate({ matrices: 'signed' }, { x: tensorOf([[...values]]) }, (graph, { x }) => {
      const [high, low] = quantizeTwice(graph, x).map(({ values, scale, zeroPoint }) =>
        graph.op('DequantizeLinear', [values, scale, zeroPoint]))
      return graph.op('Add', [high, low])
    })
    const most = range / 255 / 250 + 4e-7 * range
    t.ok(farthest(found.data, [...values]) <= most, `${scale} × x + ${shift}`)
  }
})

t.test('a published offset becomes a zero point where it is a whole number of steps', (t) => {
  const tensor = (type: PublishedTensor['type'], dims: number[], values: Float32Array | Int8Array): PublishedTensor =>
    ({ type, dims, bytes: bytesOf(values) })
  const scale = Math.fround(0.0173)
  const kernelWith = (offset: number) => new Published({
    nodes: [],
    weights: new Map([
      ['w', tensor('int8', [1, 1, 3], Int8Array.of(-128, 3, 127))],
      ['s', tensor('float32', [], Float32Array.of(scale))],
      ['o', tensor('float32', [], Float32Array.of(offset))],
    ]),
  }).kernel('w', 's', 'o')
  const real = (offset: number): number[] => [-128, 3, 127].map((value) => value * scale + offset)
  const whole = kernelWith(-66 * scale)
  t.ok('scales' in whole && whole.zeroPoints[0] === 66)
  t.ok(farthest(dequantized({ ...whole as QuantizedTensor, rows: 1, columns: 3 }), real(-66 * scale)) < 1e-6)
  for (const offset of [2.5 * scale, 200 * scale]) {
    const kernel = kernelWith(offset)
    t.notOk('scales' in kernel, String(offset / scale))
    t.ok(farthest(kernel.values, real(offset)) < 1e-6)
  }
  t.end()
})
