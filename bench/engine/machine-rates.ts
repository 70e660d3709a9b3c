/**
 * What this processor can do at best, measured through the runtime that everything else uses: the rate at which memory
 * is read, and the operations per second of its matrix products at the shapes of our encoders. A floor is computed from
 * these, never from a data sheet: the same runtime differs twofold between processors with and without 8-bit dot
 * products (VNNI).
 *
 * A product is measured as a graph of several with weights of their own (the runtime merges equal nodes), and only one
 * element of each leaves the graph, so that nothing but products takes time. One thread, like a worker.
 */
import '../../src/engine/runtime/no-telemetry.js'
import ort from 'onnxruntime-node'
import { FLOAT, Graph } from '../../fixtures/graph-builder.js'
import { seededRandom } from '../../fixtures/kit/statistics.js'
import { hasVnni } from '../../src/engine/compiler/target.js'
import type { Rates } from './model-work.js'

/**
 * `float32` is MatMul, `dynamic` DynamicQuantizeMatMul (which quantizes its input itself), `integer` MatMulInteger;
 * activations are unsigned, weights unsigned (u8) or signed (s8).
 */
export const KERNELS = ['float32', 'dynamic u8', 'dynamic s8', 'integer u8', 'integer s8'] as const
export type Kernel = (typeof KERNELS)[number]

/** [rows, inner] times [inner, columns]. */
export interface ProductShape { readonly rows: number; readonly inner: number; readonly columns: number }

export interface ProductRate extends ProductShape {
  readonly kernel: Kernel
  /** Signed weights are made unsigned at load, as must be where the processor's 8-bit products saturate. */
  readonly precise: boolean
  /** Two operations for every multiplication and addition. */
  readonly gigaOperationsPerSecond: number
}

/** Products of one graph: their weights are at most those of a whole model. */
const PRODUCTS = 12
/** Frames of about 1.4, 3.6 and 11 s of Moonshine. */
const ROWS = [60, 150, 450]
const CACHED_BYTES = 19e6
/** Far more than any last cache of a share of a machine. */
const MEMORY_BYTES = 1e9
const MEASURE_MS = 120
const LEAST_RUNS = 5
const PRECISE = { x64quantprecision: '1' }

/** At the shapes of a model of this width; about ten seconds. */
export async function measureRates(width: number): Promise<Rates> {
  const products: ProductRate[] = []
  for (const kernel of KERNELS) for (const precise of kernel.endsWith('s8') ? [false, true] : [false]) {
    for (const rows of ROWS) for (const columns of [width, 3 * width, 4 * width]) {
      products.push(await measureProduct(kernel, { rows, inner: width, columns }, precise))
    }
  }
  const [dram, cache] = [measureReadBandwidth(MEMORY_BYTES), measureReadBandwidth(CACHED_BYTES)]
  return { ...ratesOf(products, hasVnni()), dram, cache }
}

/**
 * The best that was reached. Signed weights count as they are where 8-bit products are exact, and with the safe setting
 * where they may saturate: a faster wrong answer is no floor.
 */
export function ratesOf(products: readonly ProductRate[], vnni: boolean | undefined): Pick<Rates, 'float' | 'integer'> {
  const best = (kernels: readonly Kernel[], precise: boolean): number => Math.max(...products
    .filter((product) => kernels.includes(product.kernel) && product.precise === precise)
    .map(({ gigaOperationsPerSecond }) => gigaOperationsPerSecond))
  const signed = best(['dynamic s8', 'integer s8'], vnni !== true)
  return {
    float: best(['float32'], false),
    integer: vnni === true ? signed : Math.max(best(['dynamic u8', 'integer u8'], false), signed),
  }
}

export async function measureProduct(kernel: Kernel, shape: ProductShape, precise = false): Promise<ProductRate> {
  const session = await openSession(productGraph(kernel, shape), precise)
  const milliseconds = await fastestRun(session, { activations: activationsFor(kernel, shape) })
  await session.release()
  const operations = 2 * PRODUCTS * shape.rows * shape.inner * shape.columns
  return { kernel, precise, ...shape, gigaOperationsPerSecond: operations / milliseconds / 1e6 }
}

/**
 * GB/s (10⁹ bytes) at which one thread reads `bytes`: far more than the last cache holds, or less. The C library's
 * comparison of two equal halves reads with the widest loads there are; a loop in JavaScript reaches a tenth of it.
 */
export function measureReadBandwidth(bytes: number): number {
  const half = Math.floor(bytes / 2)
  const [one, other] = [Buffer.alloc(half, 1), Buffer.alloc(half, 1)]
  let fastestMs = Infinity
  const endsAtMs = performance.now() + MEASURE_MS
  for (let run = 0; run < LEAST_RUNS || performance.now() < endsAtMs; run++) {
    const startedAtMs = performance.now()
    one.equals(other)
    fastestMs = Math.min(fastestMs, performance.now() - startedAtMs)
  }
  return 2 * half / fastestMs / 1e6
}

function productGraph(kernel: Kernel, { rows, inner, columns }: ProductShape): Uint8Array {
  const graph = new Graph(1)
  const [start, end] = [graph.integers([0, 0]), graph.integers([1, 1])]
  const corners = Array.from({ length: PRODUCTS }, () => graph.op('Slice', [
    product(graph, kernel, inner, columns), start, end,
  ]))
  const floats = corners.map((corner) =>
    kernel.startsWith('integer') ? graph.op('Cast', [corner], { to: FLOAT }) : corner)
  graph.expose(graph.op('Max', floats), 'result')
  return graph.bytes(
    'products', [['activations', kernel.startsWith('integer') ? 'uint8' : 'float32', [rows, inner]]],
    [['result', [1, 1]]],
  )
}

function product(graph: Graph, kernel: Kernel, inner: number, columns: number): string {
  if (kernel === 'float32') return graph.op('MatMul', ['activations', graph.random([inner, columns], 0.05)])
  const signed = kernel.endsWith('s8')
  const random = seededRandom(inner + columns)
  const octet = (): number => Math.floor(random() * 256) - (signed ? 128 : 0)
  const values = { length: inner * columns }
  const weights = graph.octets(
    [inner, columns], signed ? Int8Array.from(values, octet) : Uint8Array.from(values, octet),
  )
  const zeros = signed ? new Int8Array(columns).fill(1) : new Uint8Array(columns).fill(129)
  if (kernel.startsWith('integer')) {
    return graph.op('MatMulInteger', [
      'activations', weights, graph.octets([], Uint8Array.of(127)), graph.octets([], zeros.slice(0, 1)),
    ])
  }
  const scales = graph.floats([columns], new Float32Array(columns).fill(0.002))
  return graph.op('com.microsoft.DynamicQuantizeMatMul', [
    'activations', weights, scales, graph.octets([columns], zeros),
  ])
}

function activationsFor(kernel: Kernel, { rows, inner }: ProductShape): ort.Tensor {
  const random = seededRandom(rows)
  const values = { length: rows * inner }
  return kernel.startsWith('integer')
    ? new ort.Tensor('uint8', Uint8Array.from(values, () => random() * 256), [rows, inner])
    : new ort.Tensor('float32', Float32Array.from(values, () => random() - 0.5), [rows, inner])
}

function openSession(graph: Uint8Array, precise: boolean): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(graph, {
    executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4,
    ...precise ? { extra: { session: PRECISE } } : {},
  })
}

/**
 * Milliseconds of the fastest run, because what else a machine does can only add; the first two fill caches and are not
 * counted.
 */
async function fastestRun(session: ort.InferenceSession, feeds: Record<string, ort.Tensor>): Promise<number> {
  for (let warmUp = 0; warmUp < 2; warmUp++) await session.run(feeds)
  const times: number[] = []
  const endsAtMs = performance.now() + MEASURE_MS
  while (times.length < LEAST_RUNS || performance.now() < endsAtMs) {
    const startedAtMs = performance.now()
    await session.run(feeds)
    times.push(performance.now() - startedAtMs)
  }
  return Math.min(...times)
}
