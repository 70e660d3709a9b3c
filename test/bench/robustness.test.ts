/** The ways to clean a recording and to combine passes do what their papers say, on signals whose answer is known. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { mix } from '../../fixtures/kit/mixtures.js'
import { readPcm } from '../../fixtures/kit/pcm.js'
import { gaussian, seededRandom } from '../../fixtures/kit/statistics.js'
import { meanPower, noise, toDb } from '../../fixtures/kit/synthesis.js'
import { highestSum, mostFrequent, rover } from '../../bench/research/robustness/combination.js'
import { subtractLateEcho, weightedPredictionError } from '../../bench/research/robustness/dereverberation.js'
import { averageSpectrum, deEmphasized, preEmphasized } from '../../bench/research/robustness/equalization.js'
import { trigrams } from '../../bench/research/robustness/language-model.js'
import { exponentialIntegral, GAIN_RULES, suppressNoise } from '../../bench/research/robustness/noise-suppression.js'
import { analyse, synthesize } from '../../bench/research/robustness/short-time-spectra.js'
import { reverberated } from '../../bench/drift/shifts.js'
import type { SpeechActivity, Waveform } from '../../src/domain/audio.js'
import { projectRoot } from '../../src/domain/project-root.js'
import type { Hypothesis } from '../../src/domain/transcript.js'

const SAMPLE_RATE = 16_000

/** Bursts of a buzz that changes its pitch: 0.25 s each, 0.25 s apart. */
function bursts(seconds: number): Waveform {
  const samples = Float32Array.from({ length: seconds * SAMPLE_RATE }, (_, n) => {
    const second = n / SAMPLE_RATE
    if (second % 0.5 < 0.25) return 0
    const pitch = 120 + 40 * Math.sin(3 * second)
    return [1, 2, 3, 5, 8].reduce((sum, harmonic) => sum + 0.1 * Math.sin(2 * Math.PI * pitch * harmonic * second), 0)
  })
  return { samples, sampleRate: SAMPLE_RATE }
}

const activityOf = (seconds: number): SpeechActivity => ({
  startSeconds: 0, hopSeconds: 0.01, speech: new Float32Array(0), verdict: 'speech', visibleRangeDb: 30,
  spans: Array.from({ length: seconds * 2 }, (_, index) => ({
    startSeconds: index * 0.5 + 0.25, endSeconds: index * 0.5 + 0.5,
  })),
})

/** dB of the difference to the clean signal. */
function distanceDb(clean: Waveform, other: Waveform): number {
  return toDb(meanPower(clean.samples.map((sample, n) => other.samples[n]! - sample)))
}

t.test('spectra that are not changed come back as the same samples', async (t) => {
  const random = seededRandom(1)
  const samples = Float32Array.from({ length: 5_001 }, () => gaussian(random))
  const back = synthesize(analyse(samples), samples.length)
  t.ok(back.every((sample, n) => Math.abs(sample - samples[n]!) < 1e-5))
})

t.test('the exponential integral has its known values, on both sides of 1', async (t) => {
  for (const [x, value] of [[0.1, 1.822923958], [1, 0.219383934], [2, 0.048900511], [5, 0.001148296]] as const) {
    t.ok(Math.abs(exponentialIntegral(x) - value) < 1e-6, `${x}`)
  }
})

t.test('every rule brings a noisy signal closer to the clean one, with either estimate of the noise', async (t) => {
  const clean = bursts(4)
  const noisy = mix(clean, noise('white', clean.samples.length, 3), 5)
  for (const rule of GAIN_RULES) {
    for (const estimate of ['minimum', 'pauses'] as const) {
      const cleaned = suppressNoise(noisy, activityOf(4), { rule, noise: estimate, floorDb: -20 })
      const gained = distanceDb(clean, noisy) - distanceDb(clean, cleaned)
      t.ok(gained > 3, `${rule}, ${estimate}: ${gained.toFixed(1)} dB`)
    }
  }
})

t.test('digital silence stays silent and finite', async (t) => {
  const silence = { samples: new Float32Array(8_000), sampleRate: SAMPLE_RATE }
  for (const rule of GAIN_RULES) {
    const { samples } = suppressNoise(silence, activityOf(0), { rule, noise: 'minimum', floorDb: -12 })
    t.ok(samples.every((sample) => sample === 0), rule)
  }
  t.ok(weightedPredictionError(silence, { taps: 5, delayFrames: 3 }).samples.every((sample) => sample === 0))
})

t.test('speech in a room comes closer to what was said by both ways', async (t) => {
  const file = path.join(projectRoot, 'fixtures/clips/how-long-does-it-take-to-boil-an-egg.wav')
  const clean = readPcm(await readFile(file))
  const echoing = reverberated(clean, 0.5, 3)
  const gained = (cleaned: Waveform): number => distanceDb(clean, echoing) - distanceDb(clean, cleaned)
  t.ok(gained(weightedPredictionError(echoing, { taps: 5, delayFrames: 2 })) > 1.5)
  t.ok(gained(subtractLateEcho(echoing, { reverberationSeconds: 0.5, floorDb: -10 })) > 1)
})

t.test('pre-emphasis raises high tones, de-emphasis low ones', async (t) => {
  const tone = (hertz: number): Waveform => ({
    samples: Float32Array.from({ length: 16_000 }, (_, n) => Math.sin((2 * Math.PI * hertz * n) / SAMPLE_RATE)),
    sampleRate: SAMPLE_RATE,
  })
  const ratio = (change: (waveform: Waveform) => Waveform): number =>
    toDb(meanPower(change(tone(4_000)).samples)) - toDb(meanPower(change(tone(200)).samples))
  t.ok(ratio(preEmphasized) > 15)
  t.ok(ratio(deEmphasized) < -10)
})

t.test('a dull and a shrill recording get more similar spectra', async (t) => {
  const waveform = { samples: noise('white', 32_000, 5), sampleRate: SAMPLE_RATE }
  const difference = (one: Waveform, other: Waveform): number => toDb(meanPower(preEmphasized(one).samples)
    / meanPower(one.samples)) - toDb(meanPower(preEmphasized(other).samples) / meanPower(other.samples))
  const [dull, shrill] = [deEmphasized(waveform), waveform]
  const activity = { ...activityOf(0), spans: [{ startSeconds: 0, endSeconds: 2 }] }
  const before = Math.abs(difference(dull, shrill))
  t.ok(Math.abs(difference(averageSpectrum(dull, activity), averageSpectrum(shrill, activity))) < 0.6 * before)
})

const hypothesis = (text: string, logProbability: number): Hypothesis =>
  ({ text, tokens: [1], logProbabilities: [logProbability], stopped: 'end_of_text', language: 'en' })

t.test('the most frequent text and the highest sum may differ from the most probable pass', async (t) => {
  const passes = [hypothesis('left', -0.9), hypothesis('Lift.', -1.2), hypothesis('lift', -1.3)]
  t.equal(mostFrequent(passes).text, 'Lift.')
  t.equal(highestSum(passes).text, 'Lift.')
  t.equal(highestSum([hypothesis('left', -0.1), ...passes.slice(1)]).text, 'left')
  t.equal(mostFrequent([hypothesis('a', -2), hypothesis('b', -1)]).text, 'b', 'of equally many, the more probable')
})

t.test('ROVER takes each word by its votes, or by its confidence', async (t) => {
  const said = (text: string, confidence: number) => text.split(' ').map((word) => ({ text: word, confidence }))
  const passes = [said('turn of the light', 0.9), said('turn off the light', 0.6), said('turn off light', 0.5)]
  t.equal(rover(passes, { votes: 1, confidence: 'mean', ofNoWord: 0.7 }), 'turn off the light')
  t.equal(rover(passes, { votes: 0, confidence: 'highest', ofNoWord: 0.7 }), 'turn of the light')
  const longer = [said('stop', 0.5), said('please stop now', 0.9), said('please stop now', 0.9)]
  t.equal(rover(longer, { votes: 1, confidence: 'mean', ofNoWord: 0.7 }), 'please stop now')
  t.equal(rover([[], said('yes', 0.4)], { votes: 0, confidence: 'highest', ofNoWord: 0.7 }), '')
})

t.test('trigrams prefer the order of words that they have seen, and frequent words without it', async (t) => {
  const model = trigrams([['turn', 'off', 'the', 'light'], ['turn', 'off', 'the', 'radio']], new Map([
    ['turn', 10], ['off', 10], ['of', 50], ['the', 100], ['light', 5], ['radio', 1],
  ]))
  t.ok(model('turn off the light') > model('turn of the light'))
  t.ok(model('light') > model('radio'))
  t.ok(Number.isFinite(model('zyzzyva')))
  t.equal(model(''), 0)
})
