/** Voices that are sums of harmonics: one has no second pitch, two have one, and noise is none. */
import t from 'tap'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import type { Waveform } from '../../../src/domain/audio.js'
import { verify } from '../../../src/data/verification/verify.js'
import { secondPitchOf } from '../../../src/data/verification/second-pitch.js'
import { clipAt } from './made-up.js'

const RATE = 16_000

/** Harmonics of a pitch that glides by a tenth. */
function voice(pitch: number, amplitude = 0.1, sampleRate = RATE): Float32Array {
  let phase = 0
  return Float32Array.from({ length: sampleRate }, (_, i) => {
    phase += 2 * Math.PI * pitch * (1 + 0.1 * i / sampleRate) / sampleRate
    let sample = 0
    for (let harmonic = 1; harmonic * pitch < 3_500; harmonic++) sample += Math.cos(harmonic * phase) / harmonic
    return amplitude * sample
  })
}

function sum(...signals: readonly Float32Array[]): Waveform {
  return { samples: signals[0]!.map((_, i) => signals.reduce((total, own) => total + own[i]!, 0)), sampleRate: RATE }
}

function noise(amplitude: number): Float32Array {
  const random = seededRandom(3)
  return Float32Array.from({ length: RATE }, () => amplitude * (random() - 0.5))
}

t.test('two voices have a stronger second pitch than one, also than one in noise', async (t) => {
  for (const pitch of [95, 130, 210]) {
    const alone = secondPitchOf(sum(voice(pitch)))
    const inNoise = secondPitchOf(sum(voice(pitch), noise(0.05)))
    const both = secondPitchOf(sum(voice(pitch), voice(pitch * 1.29, 0.07)))
    t.ok(alone.voicedSeconds > 0.8, `${pitch} Hz is voiced for ${alone.voicedSeconds} s`)
    t.ok(both.strength > alone.strength + 0.1, `${pitch} Hz: ${both.strength}, alone ${alone.strength}`)
    t.ok(both.strength > inNoise.strength + 0.1, `${pitch} Hz: ${both.strength}, in noise ${inNoise.strength}`)
  }
})

t.test('level and sample rate change nothing of importance', async (t) => {
  const { strength } = secondPitchOf(sum(voice(110), voice(150, 0.07)))
  t.ok(Math.abs(secondPitchOf(sum(voice(110, 0.01), voice(150, 0.007))).strength - strength) < 0.01)
  const high = voice(110, 0.1, 48_000).map((sample, i) => sample + (voiceAt48[i] ?? 0))
  t.ok(Math.abs(secondPitchOf({ samples: high, sampleRate: 48_000 }).strength - strength) < 0.05)
})
const voiceAt48 = voice(150, 0.07, 48_000)

t.test('without a voice there is no second one', async (t) => {
  t.same(secondPitchOf({ samples: new Float32Array(0), sampleRate: RATE }), { strength: 0, voicedSeconds: 0 })
  t.same(secondPitchOf({ samples: new Float32Array(RATE), sampleRate: RATE }), { strength: 0, voicedSeconds: 0 })
  t.ok(secondPitchOf(sum(noise(0.2))).voicedSeconds < 0.1)
})

t.test('a clip is suspected that is far from its source and voiced long enough', async (t) => {
  const others = Array.from({ length: 20 }, (_, index) => clipAt(100 + index, {
    audio: { secondPitch: { strength: 0.25 + 0.002 * index, voicedSeconds: 1 } },
  }))
  const kindsWith = (strength: number, voicedSeconds: number, among = others): string[] =>
    verify({ clips: [clipAt(1, { audio: { secondPitch: { strength, voicedSeconds } } }), ...among] })
      .filter(({ line }) => line === 1).map(({ kind }) => kind)
  t.same(kindsWith(0.5, 1), ['second_talker'])
  t.same(kindsWith(0.5, 0.2), [], 'too little of it is voiced')
  t.same(kindsWith(0.3, 1), [], 'as near as others')
  t.same(kindsWith(0.5, 1, others.slice(0, 5)), [], 'five clips are no distribution')
})
