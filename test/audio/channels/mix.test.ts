/** Channels that differ: which one is heard at each moment, and what is said of the speech that is left out. */
import t from 'tap'
import { noise } from '../../../fixtures/kit/synthesis.js'
import { fadeBetween } from '../../../src/audio/channels/crossfade.js'
import { envelopeOf } from '../../../src/audio/channels/envelopes.js'
import { mixToMono, type Mix, type MixOptions } from '../../../src/audio/channels/mix.js'
import type { ChannelChoice, SpeechActivity, TimeSpan } from '../../../src/domain/audio.js'

const RATE = 16_000
const SECONDS = 8

/** A harmonic sound that swells four times a second, as syllables do, from one second to another. */
function talker(hertz: number, from: number, to: number, level = 0.3): Float32Array {
  return Float32Array.from({ length: SECONDS * RATE }, (_, n) => {
    const second = n / RATE
    if (second < from || second >= to) return 0
    const swell = Math.sin(Math.PI * 4 * (second - from)) ** 2
    return level * swell * (Math.sin(2 * Math.PI * hertz * second) + 0.5 * Math.sin(6 * Math.PI * hertz * second))
  })
}

function hiss(seed: number, level = 0.0005): Float32Array {
  return noise('white', SECONDS * RATE, seed).map((sample) => sample * level)
}

function sum(...parts: readonly Float32Array[]): Float32Array {
  return parts[0]!.map((_, n) => parts.reduce((total, part) => total + part[n]!, 0))
}

function times(samples: Float32Array, factor: number): Float32Array {
  return samples.map((sample) => sample * factor)
}

function mixOf(channels: readonly Float32Array[], options: Partial<MixOptions> = {}): Promise<Mix> {
  return mixToMono([channels], channels.length, {
    sampleRate: RATE, choice: 'mix', interrupt: () => undefined, ...options,
  })
}

function rms(samples: Float32Array, from = 0, to = SECONDS): number {
  const part = samples.subarray(from * RATE, to * RATE)
  return Math.sqrt(part.reduce((total, sample) => total + sample * sample, 0) / part.length)
}

/** Correlation coefficient of two signals between two seconds: 1 for copies. */
function likeness(one: Float32Array, other: Float32Array, from: number, to: number): number {
  const [a, b] = [one.subarray(from * RATE, to * RATE), other.subarray(from * RATE, to * RATE)]
  return a.reduce((total, sample, n) => total + sample * b[n]!, 0) / a.length / (rms(a, 0) * rms(b, 0))
}

const [first, second, third] = [talker(310, 0.5, 2.5), talker(420, 3, 5), talker(530, 5.5, 7.5)]

t.test('talkers in turns on microphones of their own are all heard, at one loudness', async (t) => {
  const crosstalk = (own: Float32Array, ...others: Float32Array[]): Float32Array =>
    sum(own, ...others.map((other) => times(other, 0.1)))
  const channels = [
    sum(crosstalk(first, second, third), hiss(1)), sum(times(crosstalk(second, first, third), 0.1), hiss(2)),
    hiss(3), sum(crosstalk(times(third, 0.3), first, second), hiss(4)),
  ]
  const { samples, mixing, unusedSpeechSeconds } = await mixOf(channels)
  t.equal(mixing, 'automatic')
  t.equal(unusedSpeechSeconds, 0)
  const levels = [rms(samples, 0.5, 2.5), rms(samples, 3, 5), rms(samples, 5.5, 7.5)]
  for (const level of levels) t.ok(Math.abs(20 * Math.log10(level / levels[0]!)) < 2, `levels ${levels.join(', ')}`)
  for (const [voice, from, to] of [[first, 0.5, 2.5], [second, 3, 5], [third, 5.5, 7.5]] as const) {
    t.ok(likeness(samples, voice, from, to) > 0.97, `the voice from second ${from}`)
  }
})

t.test('noise, hum, clicks and dead channels are never heard, however loud', async (t) => {
  const voice = sum(first, second, third)
  const hum = Float32Array.from({ length: SECONDS * RATE }, (_, n) => 0.5 * Math.sin((2 * Math.PI * 50 * n) / RATE))
  const clicks = Float32Array.from({ length: SECONDS * RATE }, (_, n) => n % 9_000 < 20 ? 0.9 : 0)
  const quiet = sum(times(voice, 0.1), hiss(5, 0.0001))
  const { samples, mixing } = await mixOf([hiss(6, 0.2), hum, quiet, clicks, new Float32Array(SECONDS * RATE)])
  t.equal(mixing, 'automatic')
  t.strictSame(samples, quiet, 'the samples of the only channel with a voice, as they are')
})

t.test('stereo, a quiet or dead channel and an array are mixed as before', async (t) => {
  const voice = sum(first, second, third)
  for (const [what, other] of [
    ['level', times(voice, 0.5)], ['dead', new Float32Array(voice.length)], ['noise', new Float32Array(voice.length)],
  ] as const) {
    const channels = [sum(voice, hiss(7)), sum(other, hiss(8))]
    const { samples, mixing } = await mixOf(channels)
    t.equal(mixing, 'mean', what)
    t.strictSame(samples, times(sum(...channels), 0.5), what)
  }
  t.equal((await mixOf([voice, times(voice, -1)])).mixing, 'loudest')
  t.equal((await mixOf([1, 2, 3, 4].map((seed) => sum(voice, hiss(seed))))).mixing, 'mean')
  const apart = [0, 7, 14, 21, 28, 35].map((later) => {
    const delayed = new Float32Array(voice.length)
    delayed.set(voice.subarray(0, voice.length - later), later)
    return delayed
  })
  t.equal((await mixOf(apart)).mixing, 'loudest', 'the mean has notches')
})

t.test('a detector tells music from a voice', async (t) => {
  const [music, voice] = [sum(talker(200, 0, 4, 0.6), talker(260, 4, 8, 0.6), hiss(9)), sum(first, third, hiss(10))]
  const detectSpeech: MixOptions['detectSpeech'] = async ({ samples }) =>
    activityOf(rms(samples, 2.6, 5.4) > 0.01 ? [] : [{ startSeconds: 0.5, endSeconds: 7.5 }])
  const { samples, mixing } = await mixOf([music, voice], { detectSpeech })
  t.equal(mixing, 'automatic')
  t.strictSame(samples, voice)
  const nobody = await mixOf([music, voice], { detectSpeech: async () => activityOf([]) })
  t.equal(nobody.mixing, 'mean', 'without speech, by power')
})

t.test('speech at the same time on another channel is counted, its crosstalk and copies are not', async (t) => {
  const meanwhile = talker(470, 1, 3, 0.2)
  const quieter = [sum(first, second, hiss(1)), sum(times(meanwhile, 0.1), hiss(2, 0.0002)), hiss(3), hiss(4)]
  const { mixing, unusedSpeechSeconds } = await mixOf(quieter)
  t.equal(mixing, 'automatic')
  t.ok(unusedSpeechSeconds > 0.5 && unusedSpeechSeconds < 2.1, `${unusedSpeechSeconds} s`)
  const all = sum(times(first, 0.5), times(second, 0.05), hiss(3))
  const copies = [sum(first, hiss(1)), sum(times(second, 0.1), hiss(2)), all]
  t.equal((await mixOf(copies)).unusedSpeechSeconds, 0, 'a loop-back')
})

t.test('a copy that is late is nobody else', async (t) => {
  const lively = Float32Array.from({ length: SECONDS * RATE }, (_, n) => {
    const second = n / RATE
    const open = second > 0.5 && second < 5 && (second * 2) % 1 < 0.5 ? 1 : 0.01
    return 0.3 * open * Math.sin(2 * Math.PI * 500 * second)
  })
  const late = new Float32Array(lively.length)
  late.set(lively.subarray(0, lively.length - 0.04 * RATE), 0.04 * RATE)
  const [own, other] = [sum(lively, hiss(1)), sum(times(third, 0.1), hiss(2))]
  const { mixing, unusedSpeechSeconds } = await mixOf([own, other, sum(times(late, 0.7), hiss(3)), hiss(4)])
  t.equal(mixing, 'automatic')
  t.equal(unusedSpeechSeconds, 0)
})

t.test('a detector is asked once about copies, and about 16 different channels at most', async (t) => {
  const asked: Float32Array[] = []
  const detectSpeech: MixOptions['detectSpeech'] = async ({ samples }) => {
    asked.push(samples)
    return activityOf([{ startSeconds: 0.4, endSeconds: 7.6 }])
  }
  const copies = [sum(first, hiss(1)), sum(times(first, 0.5), hiss(2)), sum(times(second, 0.1), hiss(3))]
  t.equal((await mixOf(copies, { detectSpeech })).mixing, 'automatic')
  t.equal(asked.length, 2)
  asked.length = 0
  const many = Array.from({ length: 32 }, (_, channel) => sum(
    talker(300 + 10 * channel, 0.2 * channel, 0.2 * channel + 1, channel < 24 ? 0.3 : 0.003), hiss(channel + 1)))
  await mixOf(many, { detectSpeech })
  t.equal(asked.length, 16)
})

t.test('silence after sound takes no longer than sound', async (t) => {
  const sound = hiss(1, 0.2)
  const gated = sound.map((sample, n) => n < RATE ? sample : 0)
  const timeOf = async (samples: Float32Array): Promise<number> => {
    const since = performance.now()
    await envelopeOf(Array.from({ length: 10 }, () => samples), RATE, async () => undefined)
    return performance.now() - since
  }
  const fastest = async (samples: Float32Array): Promise<number> => {
    const all = []
    for (let run = 0; run < 5; run++) all.push(await timeOf(samples))
    return Math.min(...all)
  }
  await timeOf(sound)
  const [loud, silent] = [await fastest(sound), await fastest(gated)]
  t.ok(silent < 2.5 * loud + 5, `${silent.toFixed(1)} ms against ${loud.toFixed(1)} ms`)
})

t.test('a channel by number, one channel, and blocks of a stream', async (t) => {
  const channels = [sum(first, hiss(1)), sum(times(second, 0.1), hiss(2)), hiss(3), hiss(4)]
  for (const choice of [1, 2] as const) {
    t.match(await mixOf(channels, { choice }), { mixing: 'chosen', samples: channels[choice - 1]! })
  }
  await t.rejects(mixOf(channels, { choice: 5 as ChannelChoice }), { code: 'REQUEST_INVALID', parameter: 'channel' })
  t.match(await mixOf([first]), { mixing: 'mono', samples: first })
  const whole = await mixOf(channels)
  const cut = (start: number, end: number): Float32Array[] => channels.map((own) => own.subarray(start, end))
  const inBlocks = await mixToMono([cut(0, 999), cut(999, 70_001), cut(70_001, SECONDS * RATE)], 4, {
    sampleRate: RATE, choice: 'mix', interrupt: () => undefined,
  })
  t.strictSame(inBlocks, whole)
  t.match(await mixToMono([], 2, { sampleRate: RATE, choice: 'mix', interrupt: () => undefined }), { mixing: 'mean' })
})

t.test('many channels can be cancelled', async (t) => {
  const channels = Array.from({ length: 32 }, (_, seed) => hiss(seed + 1, 0.1))
  let calls = 0
  await t.rejects(mixOf(channels, { interrupt: () => { if (++calls === 2) throw new Error('cancelled') } }), /cancelled/)
})

t.test('a fade adds up to the signal where both channels have the same', async (t) => {
  const same = Float32Array.from({ length: 4_000 }, (_, n) => Math.sin(n / 7))
  const parts = [{ channel: 0, gain: 1, start: 0, end: 2_000 }, { channel: 1, gain: 1, start: 2_000, end: 4_000 }]
  const faded = await fadeBetween([[same, same]], parts, {
    sampleRate: RATE, length: 4_000, yieldIfDue: async () => undefined,
  })
  t.ok(faded.every((sample, n) => Math.abs(sample - same[n]!) < 1e-6))
  const loud = parts.map((part) => ({ ...part, gain: 4 }))
  const scaled = await fadeBetween([[same, same]], loud, {
    sampleRate: RATE, length: 4_000, yieldIfDue: async () => undefined,
  })
  t.ok(scaled.every((sample) => Math.abs(sample) <= 1), 'nothing is above full scale')
})

function activityOf(spans: readonly TimeSpan[]): SpeechActivity {
  return {
    startSeconds: 0, hopSeconds: 0.01, speech: new Float32Array(0), spans, visibleRangeDb: 0,
    verdict: spans.length === 0 ? 'nothing' : 'speech',
  }
}

t.test('channels that are copies to the bit are heard as one of them, whatever they hold', async (t) => {
  const copies = (...samples: number[]): Float32Array[] => [0, 1].map(() => Float32Array.from(samples))
  t.match(await mixOf([first, first.slice()]), { samples: first, mixing: 'mean', unusedSpeechSeconds: 0 })
  t.same((await mixOf(copies(0.5, NaN, -Infinity, -0.25))).samples, Float32Array.of(0.5, 0, 0, -0.25))
  t.same((await mixOf([hiss(1), hiss(1)])).samples, hiss(1))
  const almost = first.slice()
  almost[9_999]! += 1e-6
  const { samples, mixing } = await mixOf([first, almost])
  t.equal(mixing, 'mean')
  t.ok(samples[9_999]! > first[9_999]! && samples[9_999]! < almost[9_999]!, 'nearly equal channels are averaged')
})
