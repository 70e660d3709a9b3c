/**
 * The decoder of GSM 6.10 full rate speech (ETSI EN 300 961, 5.3), bit-exact: 16-bit fixed-point arithmetic that
 * saturates. The parameters of a frame are a residual on a grid of every third sample (RPE), a lag and a gain of the
 * pitch (LTP), and a lattice filter of eighth order by its log area ratios (LAR).
 *
 * Own code, because no maintained library of it is in the npm registry. Held against libgsm by a test.
 */

/** Of one frame, at 8 kHz: 20 ms. */
export const GSM_FRAME_SAMPLES = 160
const SUBFRAME_SAMPLES = 40
const SUBFRAMES = 4
const PULSES = 13
const ORDER = 8
const MIN_LAG = 40
const MAX_LAG = 120
/** Bits of the log area ratios, and of lag, gain, grid and block maximum of a subframe, before pulses of three bits. */
const LAR_BITS = [6, 6, 5, 5, 4, 4, 3, 3]
const SUBFRAME_BITS = [7, 2, 2, 6]

/** Table 5.1 and 5.2: how log area ratios were quantized. */
const LAR_OFFSET = [0, 0, 2_048, -2_560, 94, -1_792, -341, -1_144]
const LAR_MINIMUM = [-32, -32, -16, -16, -8, -8, -4, -4]
const LAR_INVERSE = [13_107, 13_107, 13_107, 13_107, 19_223, 17_476, 31_454, 29_708]
/** Table 5.3b: gains of the pitch. */
const LTP_GAINS = [3_277, 11_469, 21_299, 32_767]
/** Table 5.6: mantissas of the block maximum. */
const MANTISSAS = [18_431, 20_479, 22_527, 24_575, 26_623, 28_671, 30_719, 32_767]
const DE_EMPHASIS = 28_180
/** First samples with each of the four sets of reflection coefficients, and the end. */
const INTERPOLATION = [0, 13, 27, 40, GSM_FRAME_SAMPLES]

/** Reads the next parameter of a frame, of so many bits. */
export type ReadBits = (bits: number) => number

export class GsmDecoder {
  readonly #residual = new Int16Array(MAX_LAG + GSM_FRAME_SAMPLES)
  readonly #lattice = new Int16Array(ORDER + 1)
  #ratios = new Int16Array(ORDER)
  #lag = MIN_LAG
  #emphasis = 0

  /** Decodes a frame to samples in [-1, 1), from `at` on. */
  decode(read: ReadBits, output: Float32Array, at: number): void {
    const codes = LAR_BITS.map((bits) => read(bits))
    this.#residual.copyWithin(0, GSM_FRAME_SAMPLES)
    for (let subframe = 0; subframe < SUBFRAMES; subframe++) {
      this.#synthesizeResidual(read, MAX_LAG + subframe * SUBFRAME_SAMPLES)
    }
    const previous = this.#ratios
    this.#ratios = Int16Array.from(codes, decodeRatio)
    for (let step = 0; step < SUBFRAMES; step++) {
      const reflection = reflectionsOf(step, previous, this.#ratios)
      for (let n = INTERPOLATION[step]!; n < INTERPOLATION[step + 1]!; n++) {
        const sample = this.#filter(reflection, this.#residual[MAX_LAG + n]!)
        this.#emphasis = add(sample, multiply(this.#emphasis, DE_EMPHASIS))
        output[at + n] = (add(this.#emphasis, this.#emphasis) & ~7) / 0x8000
      }
    }
  }

  /** 5.3.1 and 5.3.2: pulses on their grid, and the residual a lag ago at the gain of the pitch. */
  #synthesizeResidual(read: ReadBits, start: number): void {
    const [lag = 0, gain = 0, grid = 0, maximum = 0] = SUBFRAME_BITS.map((bits) => read(bits))
    if (lag >= MIN_LAG && lag <= MAX_LAG) this.#lag = lag
    const residual = this.#residual
    const factor = LTP_GAINS[gain]!
    for (let n = start; n < start + SUBFRAME_SAMPLES; n++) residual[n] = multiply(factor, residual[n - this.#lag]!)
    const decodePulse = pulseDecoder(maximum)
    for (let pulse = 0; pulse < PULSES; pulse++) {
      const n = start + grid + 3 * pulse
      residual[n] = add(decodePulse(read(3)), residual[n]!)
    }
  }

  /** 5.3.4: one sample through the lattice filter. */
  #filter(reflection: Int16Array, input: number): number {
    const lattice = this.#lattice
    let sample = input
    for (let i = ORDER - 1; i >= 0; i--) {
      sample = subtract(sample, multiply(reflection[i]!, lattice[i]!))
      lattice[i + 1] = add(lattice[i]!, multiply(reflection[i]!, sample))
    }
    lattice[0] = sample
    return sample
  }
}

/** 5.2.15 and 5.2.16: the value of a pulse, by its code and the block maximum. */
function pulseDecoder(maximum: number): (code: number) => number {
  let exponent = maximum > 15 ? (maximum >> 3) - 1 : 0
  let mantissa = maximum - (exponent << 3)
  if (mantissa === 0) {
    exponent = -4
    mantissa = 7
  } else {
    for (; mantissa <= 7; exponent--) mantissa = (mantissa << 1) | 1
    mantissa -= 8
  }
  const shift = 6 - exponent
  const half = shift === 0 ? 0 : 1 << (shift - 1)
  return (code) => add(multiply(MANTISSAS[mantissa]!, ((code << 1) - 7) << 12), half) >> shift
}

/** 5.2.8: a log area ratio by its code. */
function decodeRatio(code: number, i: number): number {
  const scaled = subtract((code + LAR_MINIMUM[i]!) << 10, LAR_OFFSET[i]! << 1)
  const ratio = multiply(LAR_INVERSE[i]!, scaled)
  return add(ratio, ratio)
}

/** 5.2.9: reflection coefficients between two frames: a quarter, half, and three quarters of the way, and the new. */
function reflectionsOf(step: number, previous: Int16Array, current: Int16Array): Int16Array {
  return current.map((to, i) => {
    const from = previous[i]!
    if (step === 0) return reflectionOf(add(add(from >> 2, to >> 2), from >> 1))
    if (step === 1) return reflectionOf(add(from >> 1, to >> 1))
    if (step === 2) return reflectionOf(add(add(from >> 2, to >> 2), to >> 1))
    return reflectionOf(to)
  })
}

/** 5.2.9.2, in three straight pieces. */
function reflectionOf(ratio: number): number {
  const size = saturated(Math.abs(ratio))
  const reflection = size < 11_059 ? size << 1 : size < 20_070 ? size + 11_059 : add(size >> 2, 26_112)
  return ratio < 0 ? -reflection : reflection
}

function add(a: number, b: number): number { return saturated(a + b) }
function subtract(a: number, b: number): number { return saturated(a - b) }

/** Of fractions of 2¹⁵, rounded. */
function multiply(a: number, b: number): number { return saturated((a * b + 0x4000) >> 15) }

function saturated(value: number): number {
  return value > 0x7fff ? 0x7fff : value < -0x8000 ? -0x8000 : value
}
