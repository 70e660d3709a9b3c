/** Fingerprints: what leaves a recording the same recording, and what does not. */
import t from 'tap'
import type { Waveform } from '../../../src/domain/audio.js'
import { resample } from '../../../src/audio/signal/resample.js'
import { decodeFingerprint, encodeFingerprint, fingerprintOf } from '../../../src/data/verification/fingerprint.js'
import { findSameAudio } from '../../../src/data/verification/same-audio.js'
import { babble } from './made-up.js'

const ORIGINAL = babble(1, 2)
const OTHERS = Array.from({ length: 6 }, (_, index) => babble(50 + index, 1.5 + 0.1 * index))

function withSilence({ samples, sampleRate }: Waveform, seconds: number): Waveform {
  const padded = new Float32Array(samples.length + Math.round(seconds * sampleRate))
  padded.set(samples, padded.length - samples.length)
  return { samples: padded, sampleRate }
}

const SAME: Readonly<Record<string, Waveform>> = {
  'the same samples': ORIGINAL,
  'another level': { ...ORIGINAL, samples: ORIGINAL.samples.map((sample) => 0.1 * sample) },
  'the rate of a telephone': resample(ORIGINAL, 8_000),
  'another rate': resample(ORIGINAL, 44_100),
  'silence in front': withSilence(ORIGINAL, 0.537),
  'eight bits': { ...ORIGINAL, samples: ORIGINAL.samples.map((sample) => Math.round(sample * 128) / 128) },
  'a fifth cut off': { ...ORIGINAL, samples: ORIGINAL.samples.slice(Math.round(0.2 * ORIGINAL.samples.length)) },
}

for (const [what, waveform] of Object.entries(SAME)) {
  t.test(`a copy is found: ${what}`, async (t) => {
    const pairs = findSameAudio([ORIGINAL, ...OTHERS, waveform].map(fingerprintOf))
    t.same(pairs.map(({ first, second }) => [first, second]), [[0, OTHERS.length + 1]])
    t.ok(pairs[0]!.bitErrorRate < 0.25, `bit error rate ${pairs[0]!.bitErrorRate}`)
  })
}

t.test('the shift is the silence that was put in front', async (t) => {
  const [pair] = findSameAudio([ORIGINAL, withSilence(ORIGINAL, 0.64)].map(fingerprintOf))
  t.equal(pair?.shift, 40, 'frames of 16 ms')
  t.equal(pair?.bitErrorRate, 0)
})

t.test('other recordings are no copies, and silence and very short clips are compared with nothing', async (t) => {
  t.same(findSameAudio(OTHERS.map(fingerprintOf)), [])
  const silence = { samples: new Float32Array(32_000), sampleRate: 16_000 }
  t.same(findSameAudio([silence, silence].map(fingerprintOf)), [])
  const short = { ...ORIGINAL, samples: ORIGINAL.samples.slice(0, 3_000) }
  t.same(findSameAudio([short, short].map(fingerprintOf)), [])
})

t.test('a fingerprint is the same after it was stored', async (t) => {
  const print = fingerprintOf(ORIGINAL)
  t.same(decodeFingerprint(encodeFingerprint(print)), print)
  t.ok(print.bits.length > 100 && print.active.includes(1))
})
