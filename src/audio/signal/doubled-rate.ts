/**
 * AAC below 32 kHz may carry the upper half of its spectrum as parameters (SBR, ISO/IEC 14496-3, 4.6.18), and in ADTS
 * no field says whether it does. So the decoder returns twice the rate of the core in any case, with nothing in the
 * upper half where there was no SBR. There, every second sample is all that was recorded, at the rate of the header.
 */

/** Taps of the high-pass filter; its stop band ends where the lower half does. */
const TAPS = 63
/** Cut-off of the filter above half of the lower band's limit, in cycles per sample. */
const MARGIN = 0.03
/** Positions at which energies are compared. */
const MAX_POSITIONS = 200_000
/** Energy of the upper half relative to all: a decoder leaves −76 to −89 dB of nothing, SBR has more than −60. */
const EMPTY = 1e-7

/** The samples at half their rate if their upper half is empty; undefined otherwise. */
export function withoutDoubling(samples: Float32Array): Float32Array | undefined {
  if (samples.length < TAPS || !isUpperHalfEmpty(samples)) return undefined
  return Float32Array.from({ length: Math.ceil(samples.length / 2) }, (_, i) => samples[2 * i]!)
}

function isUpperHalfEmpty(samples: Float32Array): boolean {
  const filter = highPass()
  const step = Math.max(1, Math.floor(samples.length / MAX_POSITIONS))
  let upper = 0
  let all = 0
  for (let at = 0; at + TAPS <= samples.length; at += step) {
    let sum = 0
    for (let i = 0; i < TAPS; i++) sum += filter[i]! * samples[at + i]!
    upper += sum * sum
    all += samples[at + (TAPS >> 1)]! ** 2
  }
  return all > 0 && upper < EMPTY * all
}

/** A low-pass filter (windowed sinc, Blackman) turned round to the upper end of the spectrum. */
function highPass(): Float32Array {
  const middle = TAPS >> 1
  return Float32Array.from({ length: TAPS }, (_, i) => {
    const n = i - middle
    const width = 0.5 - 2 * MARGIN
    const sinc = n === 0 ? width : Math.sin(Math.PI * n * width) / (Math.PI * n)
    const phase = Math.PI * n / (middle + 1)
    return sinc * (0.42 + 0.5 * Math.cos(phase) + 0.08 * Math.cos(2 * phase)) * (n % 2 === 0 ? 1 : -1)
  })
}
