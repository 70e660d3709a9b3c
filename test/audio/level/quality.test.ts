/** Quality figures of recordings with known ones: added noise, added silence, a removed band. */
import t from 'tap'
import { lowPass } from '../../../fixtures/kit/mixtures.js'
import { measureLevel } from '../../../src/audio/level/loudness.js'
import { measureQuality } from '../../../src/audio/level/quality.js'
import { describeFrames } from '../../../src/recognition/features/acoustics.js'
import type { AudioFormat, Quality, SpeechActivity, TimeSpan, Waveform } from '../../../src/domain/audio.js'

const RATE = 16_000
const SPEECH_RMS = 0.1

t.test('the signal-to-noise ratio is the true one, whatever the level', (t) => {
  for (const snrDb of [0, 5, 10, 20, 30, 40]) {
    for (const gain of [1, 0.01]) {
      const noise = gain * SPEECH_RMS * 10 ** (-snrDb / 20)
      const waveform = join(hiss(1, noise), both(hiss(1, gain * SPEECH_RMS), hiss(1, noise, 5)), hiss(0.5, noise, 6))
      const { snrDb: found, noiseFloorDbfs } = measure(waveform, [[1, 2]])
      t.ok(Math.abs(found! - snrDb) < 0.7, `${snrDb} dB at gain ${gain}: ${found}`)
      t.ok(Math.abs(noiseFloorDbfs! - 20 * Math.log10(noise)) < 0.5, `floor ${noiseFloorDbfs}`)
    }
  }
  t.end()
})

t.test('a click in a pause and rumble under everything do not count as noise', (t) => {
  const waveform = join(hiss(1, 0.001), hiss(1, SPEECH_RMS), hiss(1, 0.001))
  const clean = measure(waveform, [[1, 2]]).snrDb!
  const clicked = waveform.samples.map((sample, n) => n > 4_000 && n < 4_200 ? 0.5 : sample)
  const rumbling = waveform.samples.map((sample, n) => sample + 0.005 * Math.sin((2 * Math.PI * 8 * n) / RATE))
  t.ok(Math.abs(measure({ samples: clicked, sampleRate: RATE }, [[1, 2]]).snrDb! - clean) < 1)
  t.ok(
    Math.abs(measure({ samples: rumbling, sampleRate: RATE }, [[1, 2]]).snrDb! - clean) < 1,
    'rumble 11 dB above the noise',
  )
  t.end()
})

t.test('what cannot be measured is null', (t) => {
  const voice = hiss(1, SPEECH_RMS)
  t.match(measure(voice, [[0, 1]]), { snrDb: null, noiseFloorDbfs: null }, 'no pause')
  t.match(
    measure(voice, [[0.1, 0.9]]),
    { snrDb: null, noiseFloorDbfs: null },
    'a pause too short to tell from a consonant',
  )
  t.match(measure(join(hiss(1, 0), voice), [[1, 2]]), { snrDb: null, noiseFloorDbfs: null }, 'a pause of zeros')
  t.match(measure(voice, []), { snrDb: null, speechRatio: 0 }, 'no speech')
  t.ok(Math.abs(measure(voice, []).noiseFloorDbfs! + 20) < 0.5, 'then everything is noise')
  t.match(measure(hiss(1, 0), []), { snrDb: null, noiseFloorDbfs: null, bandwidthHz: null })
  t.match(measure(hiss(0, 0), []), {
    snrDb: null,
    noiseFloorDbfs: null,
    bandwidthHz: null,
    speechRatio: 0,
    leadingSilenceSeconds: 0,
    trailingSilenceSeconds: 0,
  })
  t.end()
})

t.test('speech weaker than the noise in the pauses has the least ratio, not NaN', (t) => {
  t.equal(measure(join(hiss(1, 0.1), hiss(1, 0.05), hiss(1, 0.1)), [[1, 2]]).snrDb, -10)
  t.end()
})

t.test('silence before, speech and silence after make up the clip', (t) => {
  const waveform = hiss(4, 0.1)
  t.match(
    measure(waveform, [
      [0.5, 1],
      [2, 3.25],
    ]),
    { leadingSilenceSeconds: 0.5, trailingSilenceSeconds: 0.75, speechRatio: 1.75 / 4 },
  )
  t.match(measure(waveform, [[0, 4]]), { leadingSilenceSeconds: 0, trailingSilenceSeconds: 0, speechRatio: 1 })
  t.match(measure(waveform, []), { leadingSilenceSeconds: 4, trailingSilenceSeconds: 0, speechRatio: 0 })
  t.match(measure(waveform, [[3, 4.03]]), { trailingSilenceSeconds: 0 }, 'a last frame that is longer than the clip')
  t.end()
})

t.test('the bandwidth is where the band was cut, and never above what the upload can hold', (t) => {
  const full = hiss(1, SPEECH_RMS)
  t.ok(measure(full, []).bandwidthHz! > 7_900)
  for (const hertz of [1_000, 2_000, 3_400, 4_000, 6_000]) {
    const { bandwidthHz } = measure(lowPass(full, hertz), [])
    t.ok(Math.abs(bandwidthHz! - hertz) < 200, `${hertz}: ${bandwidthHz}`)
    t.equal(
      measure(lowPass({ ...full, samples: full.samples.map((sample) => sample * 0.001) }, hertz), []).bandwidthHz,
      bandwidthHz,
      'at any level',
    )
  }
  t.equal(measure(full, [], 8_000).bandwidthHz, 4_000)
  t.equal(measure(full, [], 48_000).bandwidthHz, 8_000, 'it is measured on the input of the model')
  t.end()
})

t.test('an offset and a faint tone do not extend the band', (t) => {
  const voice = lowPass(hiss(1, SPEECH_RMS), 3_400).samples
  for (const [name, disturbance] of [
    ['offset', () => 0.3],
    ['whistle', (n: number) => 0.001 * Math.sin((2 * Math.PI * 7_000 * n) / RATE)],
  ] as const) {
    const { bandwidthHz } = measure(
      { samples: voice.map((sample, n) => sample + disturbance(n)), sampleRate: RATE },
      [],
    )
    t.ok(Math.abs(bandwidthHz! - 3_400) < 250, `${name}: ${bandwidthHz}`)
  }
  t.end()
})

t.test('no figure is ever NaN or infinite', (t) => {
  const strange: [string, (n: number) => number][] = [
    ['impulse', (n) => (n === 700 ? 1 : 0)],
    ['subnormal', () => 1e-40],
    ['huge', (n) => (n % 2 === 0 ? 1e18 : -1e18)],
    ['constant', () => 0.5],
  ]
  for (const [name, signal] of strange) {
    for (const length of [1, 160, 513, 8_000]) {
      const figures = Object.values(
        measure({ samples: Float32Array.from({ length }, (_, n) => signal(n)), sampleRate: RATE }, [[0.1, 0.2]]),
      )
      t.ok(
        figures.every((figure) => figure === null || Number.isFinite(figure)),
        `${name}, ${length}: ${figures.join()}`,
      )
    }
  }
  t.end()
})

function measure(waveform: Waveform, times: readonly (readonly [number, number])[], sampleRate = RATE): Quality {
  const spans = times.map(([startSeconds, endSeconds]): TimeSpan => ({ startSeconds, endSeconds }))
  const activity: SpeechActivity = {
    startSeconds: 0,
    hopSeconds: 0.01,
    speech: new Float32Array(0),
    spans,
    verdict: spans.length > 0 ? 'speech' : 'nothing',
    visibleRangeDb: 35,
  }
  const format: AudioFormat = {
    container: 'wav',
    codec: 'pcm_s16',
    sampleRate,
    channels: 1,
    mixing: 'mono',
    truncated: false,
  }
  return measureQuality({
    level: measureLevel(waveform),
    frames: describeFrames(waveform),
    activity,
    format,
    audioSeconds: waveform.samples.length / RATE,
  })
}

/** White noise, also in place of a voice: only power and band matter here. */
function hiss(seconds: number, rms: number, seed = 3): Waveform {
  let state = seed
  const samples = Float32Array.from({ length: Math.round(seconds * RATE) }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (rms * Math.sqrt(3) * state) / 2 ** 31
  })
  return { samples, sampleRate: RATE }
}

function both(one: Waveform, other: Waveform): Waveform {
  return { samples: one.samples.map((sample, n) => sample + other.samples[n]!), sampleRate: RATE }
}

function join(...parts: readonly Waveform[]): Waveform {
  return { samples: Float32Array.from(parts.flatMap(({ samples }) => [...samples])), sampleRate: RATE }
}
