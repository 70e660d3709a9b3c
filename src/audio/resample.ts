/**
 * Band-limited change of sample rate: a polyphase FIR filter (Crochiere and Rabiner 1983; @audio/resample-polyphase,
 * Kaiser window, 16 zero crossings on each side).
 *
 * The catch: the filter has one phase for each step of the reduced ratio, so 44101 → 16000 Hz, which does not
 * reduce, would need 16000 phases and 1.4 million coefficients. The ratio is therefore replaced by the last
 * convergent of its continued fraction with terms up to MAX_TERM. A convergent p/q is off by less than 1 / (q · next
 * denominator), so pitch and duration are off by less than 1 / MAX_TERM, 0.1 %, and for real sound cards by nothing:
 * every standard rate reduces to terms of 640 and less.
 */
import polyphase from '@audio/resample-polyphase'
import type { Waveform } from '../types.js'

const MAX_TERM = 1_024

/** The same object when the rate is right already. Any rate from 1,000 to 768,000 Hz takes time linear in the samples. */
export function resample(waveform: Waveform, sampleRate: number): Waveform {
  if (waveform.sampleRate === sampleRate) return waveform
  const { from, to } = smallRatio(waveform.sampleRate, sampleRate)
  return { samples: polyphase(waveform.samples, { from, to }), sampleRate }
}

interface Ratio { readonly from: number; readonly to: number }

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
