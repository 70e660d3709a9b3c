/** Timbre: correct for synthetic sounds, the same at any level, and never NaN. */
import t from 'tap'
import { describeFrames } from '../../../src/recognition/features/acoustics.js'
import { describeTimbre } from '../../../src/recognition/features/timbre.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import type { Timbre } from '../../../src/domain/timbre.js'
import type { TimeSpan } from '../../../src/domain/audio.js'

const RATE = 16_000
const WHOLE: readonly TimeSpan[] = [{ startSeconds: 0, endSeconds: 2 }]

function describe(sampleAt: (n: number) => number, spans = WHOLE, seconds = 2): Timbre {
  return describeTimbre(
    describeFrames({ samples: Float32Array.from({ length: seconds * RATE }, (_, n) => sampleAt(n)), sampleRate: RATE }),
    spans,
  )
}

const tone = (hertz: number, gain = 1) => (n: number): number => gain * Math.sin((2 * Math.PI * hertz * n) / RATE)

/** White noise. */
function hiss(): (n: number) => number {
  const random = seededRandom(3)
  return () => 0.2 * (random() - 0.5)
}

t.test('the centroid of a tone is its frequency, that of white noise the middle', (t) => {
  for (const hertz of [500, 1500, 4000]) t.ok(Math.abs(describe(tone(hertz)).centroidHz! - hertz) < 20, `${hertz} Hz`)
  t.ok(Math.abs(describe(hiss()).centroidHz! - 4000) < 150)
  t.end()
})

t.test('low frequencies are those below 250 Hz', (t) => {
  t.ok(describe(tone(150)).lowFrequencyDb! > -0.5)
  t.ok(describe(tone(1000)).lowFrequencyDb! < -40)
  t.ok(Math.abs(describe(hiss()).lowFrequencyDb! - 10 * Math.log10(220 / 8000)) < 1)
  t.end()
})

t.test('white noise is flatter than a tone', (t) => {
  t.ok(describe(hiss()).flatnessDb! > -3.5)
  t.ok(describe(tone(700)).flatnessDb! < -20)
  t.end()
})

t.test('no figure depends on the level', (t) => {
  const noise = hiss()
  const samples = Array.from(
    { length: 2 * RATE },
    (_, n) => noise(n) + 0.3 * tone(300)(n) * (1 + Math.sin((2 * Math.PI * 4 * n) / RATE)),
  )
  const [loud, quiet] = [describe((n) => samples[n]!), describe((n) => 0.03 * samples[n]!)]
  for (const name of ['lowFrequencyDb', 'centroidHz', 'flatnessDb', 'syllablesPerSecond'] as const) {
    t.ok(Math.abs(loud[name]! - quiet[name]!) < 1e-2 * Math.abs(loud[name]!) + 1e-2, name)
  }
  loud.cepstrum!.forEach((value, index) => {
    t.ok(Math.abs(value - quiet.cepstrum![index]!) < 1e-2, `coefficient ${index + 1}`)
  })
  t.end()
})

t.test('a sound with four energy peaks a second has about four syllables a second', (t) => {
  for (const rate of [2, 4, 6]) {
    const { syllablesPerSecond } = describe(
      (n) => tone(500)(n) * (0.51 - 0.5 * Math.cos((2 * Math.PI * rate * n) / RATE)),
    )
    t.ok(Math.abs(syllablesPerSecond! - rate) <= 0.6, `${rate}: ${syllablesPerSecond}`)
  }
  t.equal(describe(tone(500)).syllablesPerSecond, 0.5, 'a steady sound has one syllable in its two seconds')
  t.end()
})

t.test('figures that cannot be measured are null: of silence, no speech, one sample, huge samples', (t) => {
  const nothing: Timbre = {
    lowFrequencyDb: null, centroidHz: null, flatnessDb: null, cepstrum: null, syllablesPerSecond: null,
  }
  t.match(describe(() => 0), { ...nothing, syllablesPerSecond: 0.5 })
  t.match(describe(tone(400), []), { centroidHz: null, flatnessDb: null, cepstrum: null, syllablesPerSecond: null })
  for (const samples of [
    [], [0], [1], [3e38, -3e38, 3e38], Array.from({ length: 4000 }, (_, n) => (n % 2 === 0 ? 3e38 : -3e38)),
  ]) {
    const timbre = describeTimbre(describeFrames({ samples: Float32Array.from(samples), sampleRate: RATE }), WHOLE)
    for (const value of Object.values(timbre).flat() as (number | null)[]) {
      t.ok(value === null || Number.isFinite(value), String(value))
    }
  }
  t.end()
})
