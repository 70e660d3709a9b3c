/**
 * Band-limited change of the sample rate, aligned in time: output n is the signal at n / rate. Outside its ends the
 * signal is zero.
 *
 * The pass band reaches up to 0.47 of the lower of the two rates and is flat within 0.01 dB; from 0.53 on, the
 * attenuation is 90 dB. For 16 kHz these are 7.5 and 8.5 kHz: aliases are above 7.5 kHz, which speech models ignore.
 * `filter-bank.ts` designs the filter, `dot-products.ts` is the inner loop.
 *
 * The catch: the filter has one phase for each step of the reduced ratio, so 44101 → 16000 Hz, which does not
 * reduce, would need 16000 phases and 4 million coefficients. The ratio is therefore replaced by the last
 * convergent of its continued fraction with terms up to MAX_TERM. The error of a convergent p/q is less than 1 / (q ·
 * next denominator), so that of pitch and duration is less than 1 / MAX_TERM, 0.1 %. For real sound cards there is
 * none: every standard rate reduces to terms of 640 or less.
 */
import type { Waveform } from '../../domain/audio.js'
import { dotProducts } from './dot-products.js'
import { filterBank, type FilterBank, type Ratio } from './filter-bank.js'
import { WORD_BYTES, words } from './webassembly.js'

const MAX_TERM = 1_024
/** Outputs computed at once: of the same phase, so with the same coefficients, one period of the ratio apart. */
const PERIODS = 4

// Layout of `words`: the sums of the inner loop, the filter bank, and as much of the signal as fits after it.
const BANK_AT = PERIODS
const SIGNAL_AT = BANK_AT + 100 * MAX_TERM
const SIGNAL_ROOM = words.length - SIGNAL_AT

/** Returns the same object when the rate is right already. Takes linear time for any rate from 1,000 to 768,000 Hz. */
export function resample(waveform: Waveform, sampleRate: number): Waveform {
  if (waveform.sampleRate === sampleRate) return waveform
  const ratio = smallRatio(waveform.sampleRate, sampleRate)
  return { samples: convert(waveform.samples, ratio, filterBank(ratio)), sampleRate }
}

/** The last convergent of fromRate / toRate with terms up to MAX_TERM (Khinchin 1964, "Continued Fractions", §1). */
export function smallRatio(fromRate: number, toRate: number): Ratio {
  let previous: Ratio = { from: 0, to: 1 }
  let best: Ratio = { from: 1, to: 0 }
  let dividend = fromRate
  let divisor = toRate
  while (divisor !== 0) {
    const quotient = Math.floor(dividend / divisor)
    const next = { from: quotient * best.from + previous.from, to: quotient * best.to + previous.to }
    if (next.from > MAX_TERM || next.to > MAX_TERM) break
    previous = best
    best = next
    const remainder = dividend % divisor
    dividend = divisor
    divisor = remainder
  }
  return best
}

/** In chunks of as many blocks of PERIODS periods as fit into `words`. Outputs after the end are cut off. */
function convert(samples: Float32Array, ratio: Ratio, bank: FilterBank): Float32Array {
  const [blockInputs, blockOutputs] = [PERIODS * ratio.from, PERIODS * ratio.to]
  const length = Math.round((samples.length * ratio.to) / ratio.from)
  const blocks = Math.ceil(length / blockOutputs)
  const output = new Float32Array(blocks * blockOutputs)
  const chunkBlocks = Math.floor((SIGNAL_ROOM - bank.taps) / blockInputs)
  words.set(bank.coefficients, BANK_AT)
  for (let start = 0; start < blocks; start += chunkBlocks) {
    const count = Math.min(chunkBlocks, blocks - start)
    copyIn(samples, start * blockInputs - bank.taps / 2 + 1, count * blockInputs + bank.taps)
    for (let block = 0; block < count; block++) {
      convertBlock(ratio, bank.taps, SIGNAL_AT + block * blockInputs, output, (start + block) * blockOutputs)
    }
  }
  return output.subarray(0, length)
}

/** Copies `count` samples from `first` on into `words`, with zeros outside the signal. */
function copyIn(samples: Float32Array, first: number, count: number): void {
  const present = samples.subarray(Math.max(0, first), Math.max(0, first + count))
  const presentAt = SIGNAL_AT + Math.max(0, -first)
  words.fill(0, SIGNAL_AT, presentAt)
  words.set(present, presentAt)
  words.fill(0, presentAt + present.length, SIGNAL_AT + count)
}

function convertBlock(
  { from, to }: Ratio, taps: number, signalAt: number, output: Float32Array, outputAt: number,
): void {
  for (let n = 0; n < to; n++) {
    const whole = Math.floor((n * from) / to)
    const coefficientsAt = WORD_BYTES * (BANK_AT + (n * from - whole * to) * taps)
    const coefficientsEnd = coefficientsAt + WORD_BYTES * taps
    dotProducts(WORD_BYTES * (signalAt + whole), WORD_BYTES * from, coefficientsAt, coefficientsEnd, 0)
    for (let period = 0; period < PERIODS; period++) output[outputAt + period * to + n] = words[period]!
  }
}
