/**
 * Band-limited change of sample rate, aligned in time: output n is the signal at n / rate, which is zero outside.
 *
 * The pass band reaches to 0.47 of the lower of the two rates and is flat within 0.01 dB; from 0.53 on, 90 dB are
 * taken away. To 16 kHz that is 7.5 and 8.5 kHz: what folds back lands above 7.5 kHz, where no speech model looks.
 * `filter-bank.ts` has the filter, `dot-products.ts` the inner loop.
 *
 * The catch: the filter has one phase for each step of the reduced ratio, so 44101 → 16000 Hz, which does not
 * reduce, would need 16000 phases and 4 million coefficients. The ratio is therefore replaced by the last
 * convergent of its continued fraction with terms up to MAX_TERM. A convergent p/q is off by less than 1 / (q · next
 * denominator), so pitch and duration are off by less than 1 / MAX_TERM, 0.1 %, and for real sound cards by nothing:
 * every standard rate reduces to terms of 640 and less.
 */
import type { Waveform } from '../../domain/audio.js'
import { dotProducts, words } from './dot-products.js'
import { filterBank, type FilterBank, type Ratio } from './filter-bank.js'

const MAX_TERM = 1_024
/** Outputs made at once: of the same phase and therefore with the same coefficients, one period of the ratio apart. */
const PERIODS = 4
const WORD_BYTES = 4

// Where things lie in `words`: the sums of the inner loop, the bank, and as much of the signal as fits behind it.
const BANK_AT = PERIODS
const SIGNAL_AT = BANK_AT + 100 * MAX_TERM
const SIGNAL_ROOM = words.length - SIGNAL_AT

/** The same object when the rate is right already. Any rate from 1,000 to 768,000 Hz takes time linear in the samples. */
export function resample(waveform: Waveform, sampleRate: number): Waveform {
  if (waveform.sampleRate === sampleRate) return waveform
  const ratio = smallRatio(waveform.sampleRate, sampleRate)
  return { samples: convert(waveform.samples, ratio, filterBank(ratio)), sampleRate }
}

/** Convergents of fromRate / toRate (Khinchin 1964, "Continued Fractions", §1): the last with both terms at most MAX_TERM. */
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

/** Stretch by stretch, as many blocks of PERIODS periods as fit into `words`; the last block may end in zeros nobody asked for. */
function convert(samples: Float32Array, ratio: Ratio, bank: FilterBank): Float32Array {
  const [blockInputs, blockOutputs] = [PERIODS * ratio.from, PERIODS * ratio.to]
  const length = Math.round((samples.length * ratio.to) / ratio.from)
  const blocks = Math.ceil(length / blockOutputs)
  const output = new Float32Array(blocks * blockOutputs)
  const stretchBlocks = Math.floor((SIGNAL_ROOM - bank.taps) / blockInputs)
  words.set(bank.coefficients, BANK_AT)
  for (let start = 0; start < blocks; start += stretchBlocks) {
    const count = Math.min(stretchBlocks, blocks - start)
    bringIn(samples, start * blockInputs - bank.taps / 2 + 1, count * blockInputs + bank.taps)
    for (let block = 0; block < count; block++) {
      convertBlock(ratio, bank.taps, SIGNAL_AT + block * blockInputs, output, (start + block) * blockOutputs)
    }
  }
  return output.subarray(0, length)
}

/** Copies `count` samples from `first` on, zeros where there are none. */
function bringIn(samples: Float32Array, first: number, count: number): void {
  const present = samples.subarray(Math.max(0, first), Math.max(0, first + count))
  const presentAt = SIGNAL_AT + Math.max(0, -first)
  words.fill(0, SIGNAL_AT, presentAt)
  words.set(present, presentAt)
  words.fill(0, presentAt + present.length, SIGNAL_AT + count)
}

function convertBlock({ from, to }: Ratio, taps: number, signalAt: number, output: Float32Array, outputAt: number): void {
  for (let n = 0; n < to; n++) {
    const whole = Math.floor((n * from) / to)
    const coefficientsAt = WORD_BYTES * (BANK_AT + (n * from - whole * to) * taps)
    dotProducts(WORD_BYTES * (signalAt + whole), WORD_BYTES * from, coefficientsAt, coefficientsAt + WORD_BYTES * taps, 0)
    for (let period = 0; period < PERIODS; period++) output[outputAt + period * to + n] = words[period]!
  }
}
