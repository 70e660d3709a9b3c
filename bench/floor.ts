/**
 * The least time that this machine needs for a model: the model's work (model-work.ts) over rates that the runtime
 * and the memory reach here (machine-rates.ts). One thread, like a worker. A bench of an engine holds its times
 * against this floor.
 */
import { hasVnni } from '../src/engine/compiler/target.js'
import { beginRun } from './machine.js'
import { KERNELS, measureProduct, measureReadBandwidth, type Kernel, type ProductRate } from './machine-rates.js'
import { decoderWork, encoderWork, floorOf, SHAPES, type ModelShape, type Rates } from './model-work.js'
import { parseOptions, UsageError } from './options.js'
import { DEFAULT_MODEL } from './recognizers.js'
import type { RunBench } from './run.js'
import { fixed, printTable } from './table.js'

/** Frames of about 1.4, 3.6 and 11 s of Moonshine; one row is a step of a decoder. */
const ROWS = [1, 60, 150, 450]
const LENGTHS_SECONDS = [1, 3, 5, 10, 30]
/** Tokens of a second of speech, development clips. */
const TOKENS_PER_SECOND = 2.5
const CACHED_BYTES = 19e6
/** Far more than any last cache of a share of a machine. */
const MEMORY_BYTES = 1e9

export interface MachineRates {
  readonly vnni: boolean | undefined
  readonly products: readonly ProductRate[]
  readonly dram: number
  readonly cache: number
}

export const run: RunBench = async (args) => {
  const given = parseOptions(args, { model: { type: 'string', default: DEFAULT_MODEL } })
  const shape = SHAPES[given.model]
  if (shape === undefined) throw new UsageError(`the shape of ${given.model} is not known; there are ${Object.keys(SHAPES).join(', ')}`)
  const bench = await beginRun('floor', given)
  const machine = await measureMachine(shape.width)
  const rates = ratesOf(machine)
  printMachine(machine)
  printFloors(shape, rates)
  await bench.save({ machine, rates, floors: LENGTHS_SECONDS.map((seconds) => ({ seconds, ...encoderWork(shape, seconds), ...floorOf(shape, seconds, rates) })) })
  return true
}

/** Every kernel at the shapes of a model of this width, and memory. About a quarter of a minute. */
export async function measureMachine(width: number): Promise<MachineRates> {
  const products: ProductRate[] = []
  for (const { kernel, precise } of variants()) {
    for (const rows of ROWS) for (const columns of [width, 3 * width, 4 * width]) products.push(await measureProduct(kernel, { rows, inner: width, columns }, precise))
  }
  return { vnni: hasVnni(), products, dram: measureReadBandwidth(MEMORY_BYTES), cache: measureReadBandwidth(CACHED_BYTES) }
}

/**
 * The best that was reached by products of many rows. Signed weights count as they are where 8-bit products are
 * exact, and with the safe setting where they may saturate: a faster wrong answer is no floor.
 */
export function ratesOf({ vnni, products, dram, cache }: MachineRates): Rates {
  const best = (kernels: readonly Kernel[], precise: boolean): number => Math.max(...products
    .filter((product) => product.rows >= 60 && kernels.includes(product.kernel) && product.precise === precise)
    .map(({ gigaOperationsPerSecond }) => gigaOperationsPerSecond))
  const integer = vnni === true ? best(['dynamic s8', 'integer s8'], false) : Math.max(best(['dynamic u8', 'integer u8'], false), best(['dynamic s8', 'integer s8'], true))
  return { float: best(['float32'], false), integer, dram, cache }
}

function variants(): { kernel: Kernel; precise: boolean }[] {
  return KERNELS.flatMap((kernel) => kernel.endsWith('s8') ? [{ kernel, precise: false }, { kernel, precise: true }] : [{ kernel, precise: false }])
}

export function printMachine({ vnni, products, dram, cache }: MachineRates): void {
  console.log(`8-bit dot products (VNNI): ${vnni === undefined ? 'unknown' : vnni ? 'yes' : 'no'}; one thread reads ${fixed(dram)} GB/s from memory, ${fixed(cache)} GB/s of ${CACHED_BYTES / 1e6} MB\n`)
  console.log('10⁹ operations a second of matrix products, [rows, inner] × [inner, columns] (safe: x64quantprecision):')
  const shapes = products.filter(({ kernel }) => kernel === 'float32')
  const same = (one: ProductRate, other: ProductRate): boolean => one.rows === other.rows && one.columns === other.columns
  printTable(['rows, inner, columns', ...variants().map(({ kernel, precise }) => `${kernel}${precise ? ' safe' : ''}`)], shapes.map((shape) => [
    `${shape.rows}, ${shape.inner}, ${shape.columns}`,
    ...variants().map(({ kernel, precise }) => fixed(products.find((own) => own.kernel === kernel && own.precise === precise && same(own, shape))!.gigaOperationsPerSecond, 0)),
  ]))
}

function printFloors(shape: ModelShape, rates: Rates): void {
  console.log(`\nThe floor, from ${fixed(rates.float, 0)} (float) and ${fixed(rates.integer, 0)} (8 bits) 10⁹ operations/s, at ${TOKENS_PER_SECOND} tokens a second of speech:`)
  const head = ['clip', 'frames', 'encoder ms', 'cross keys ms', 'MB a token', 'ms a token, memory', 'cache', 'clip ms, memory', 'cache']
  printTable(head, LENGTHS_SECONDS.map((seconds) => {
    const { frames } = encoderWork(shape, seconds)
    const { layerBytes, outputBytes, crossBytes } = decoderWork(shape, frames)
    const { encoderMs, prefillMs, tokenMs, cachedTokenMs } = floorOf(shape, seconds, rates)
    const total = (eachMs: number): string => fixed(encoderMs + prefillMs + seconds * TOKENS_PER_SECOND * eachMs)
    return [
      `${seconds} s`, frames, fixed(encoderMs), fixed(prefillMs), fixed((layerBytes + outputBytes + crossBytes) / 1e6),
      fixed(tokenMs, 2), fixed(cachedTokenMs, 2), total(tokenMs), total(cachedTokenMs),
    ]
  }))
}
