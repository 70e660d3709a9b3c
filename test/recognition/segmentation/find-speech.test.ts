/** Where speech is in an upload, and the clips that the model gets: synthetic sounds; `bench audio` has real ones. */
import tap from 'tap'
import { hasSpeech, padClip } from '../../../src/recognition/segmentation/cut-clips.js'
import { measureLevel } from '../../../src/audio/level/loudness.js'
import { detectBySpectrum, spectralDetector } from '../../../src/recognition/segmentation/detectors/spectral.js'
import { describeFrames } from '../../../src/recognition/features/acoustics.js'
import type { Recognizer } from '../../../src/recognition/recognizer.js'
import { findSpeech } from '../../../src/recognition/segmentation/find-speech.js'
import type { Segmentation } from '../../../src/recognition/stages.js'
import { startStageTimer } from '../../../src/domain/stage-timer.js'
import type { Waveform } from '../../../src/domain/audio.js'
import { decibels, joined, noise, rmsOf, scaled, silence } from '../../audio/tones.js'

const RATE = 16_000

/** Four seconds like a voice: harmonics of a gliding pitch under moving formants, in syllables of 200 ms. */
const VOICE = Float32Array.from({ length: 4 * RATE }, (_, n) => {
  const time = n / RATE
  const syllable = Math.sin((Math.PI * (time % 0.2)) / 0.2) ** 2
  const phase = 2 * Math.PI * (140 * time + 5 * Math.sin(3 * time))
  let sample = 0
  for (let harmonic = 1; harmonic <= 25; harmonic++) {
    const distance = (harmonic * 140 - 700 - 300 * Math.sin(9 * time)) / 400
    sample += Math.sin(harmonic * phase) * (0.1 / harmonic + 0.2 * Math.exp(-distance * distance))
  }
  return 0.4 * syllable * sample
})

tap.test('speech between two silences is kept with a margin, and little else', async (t) => {
  for (const [before, after] of [
    [silence(2, RATE), silence(1.5, RATE)], [hiss(2), hiss(1.5)], [silence(2, RATE), hiss(1.5)],
  ] as const) {
    const { clips, activity } = await find(joined(before, words(1), after))
    t.equal(clips.length, 1)
    const { startSeconds, endSeconds } = clips[0]!
    t.ok(startSeconds > 1.6 && startSeconds < 2, `starts at ${startSeconds}`)
    t.ok(endSeconds > 3 && endSeconds < 3.4, `ends at ${endSeconds}`)
    t.equal(activity.verdict, 'speech')
  }
})

tap.test('the model gets the same clip whatever the silence around the speech', async (t) => {
  const voice = joined(hiss(0.3), words(1), hiss(0.3))
  const [expected] = await given(voice)
  for (const [before, after] of [[0.5, 0], [0, 1], [2, 2], [0.0123, 0.5]] as const) {
    const [found] = await given(joined(silence(before, RATE), voice, silence(after, RATE)))
    t.equal(found!.length, expected!.length, `${before} s before, ${after} s after`)
    t.ok(
      maxDifference(found!, expected!) < 1e-3,
      `${before} s before, ${after} s after: ${maxDifference(found!, expected!)}`,
    )
  }
})

tap.test('of a word among talk, the model gets the word with silence around it', async (t) => {
  const loudest = wave(VOICE.subarray(0.08 * RATE, 0.12 * RATE))
  const talk = joined(...Array.from({ length: 10 }, () => [scaled(loudest, 0.1), scaled(loudest, 0.04)]).flat())
  const { clips: [clip] } = await find(joined(talk, words(0.3), talk))
  const { samples } = clip!.waveform
  t.ok(clip!.speech.startSeconds > 0.7 && clip!.speech.endSeconds < 1.4, JSON.stringify(clip!.speech))
  t.equal(samples[0], 0)
  t.equal(samples.at(-1), 0)
})

tap.test('the model gets the same clip whatever the level', async (t) => {
  const voice = joined(hiss(0.3), words(1), hiss(0.3))
  const [expected] = await given(voice)
  for (const gainDb of [-40, -20, 6]) {
    const [found] = await given(scaled(voice, 10 ** (gainDb / 20)))
    t.ok(maxDifference(found!, expected!) < 1e-4, `${gainDb} dB: ${maxDifference(found!, expected!)}`)
  }
})

tap.test('speech at the start of a recording is padded with silence and not faded', async (t) => {
  const [samples] = await given(words(1))
  const padding = 0.4 * RATE
  t.ok(samples!.subarray(0, padding - 800).every((sample) => sample === 0))
  const clip = (await find(words(1))).clips[0]!
  const before = Math.round((0.4 - (clip.speech.startSeconds - clip.startSeconds)) * RATE)
  t.same(samples!.subarray(before, before + clip.waveform.samples.length), clip.waveform.samples)
})

tap.test('the margin is wider where noise masks the ends of words', async (t) => {
  const inNoise = (gain: number): Waveform =>
    added(joined(silence(1, RATE), words(1), silence(1, RATE)), scaled(noise(3, RATE, 7), gain))
  const [clear, noisy] = [(await find(inNoise(0.0003))).clips[0]!, (await find(inNoise(0.02))).clips[0]!]
  t.ok(clear.speech.startSeconds - clear.startSeconds < 0.25)
  t.ok(noisy.speech.startSeconds - noisy.startSeconds > clear.speech.startSeconds - clear.startSeconds + 0.03)
  t.ok(noisy.startSeconds < 1 && noisy.endSeconds > 2)
})

tap.test('a click is neither the loudest nor the beginning of speech', async (t) => {
  const clean = joined(hiss(1), words(1), hiss(1))
  const clicked = { ...clean, samples: clean.samples.map((sample, n) => n >= 4_000 && n < 4_010 ? 0.9 : sample) }
  const [expected, found] = [detectBySpectrum(describeFrames(clean)), detectBySpectrum(describeFrames(clicked))]
  t.ok(
    Math.abs(found.spans[0]!.startSeconds - expected.spans[0]!.startSeconds) < 0.02,
    `${found.spans[0]!.startSeconds}`,
  )
})

tap.test('pauses inside are kept, and a recording full of speech is not cut', async (t) => {
  const sentence = joined(words(1), hiss(1.5), words(1))
  const { clips } = await find(sentence)
  t.equal(clips.length, 1)
  t.ok(seconds(clips[0]!.waveform) > 3.4)
  t.ok(seconds((await find(words(1))).clips[0]!.waveform) > 0.97)
})

tap.test('quiet speech is found', async (t) => {
  for (const lufs of [-20, -40, -60]) {
    const voice = joined(hiss(0.3), words(0.8), hiss(0.3))
    const { noSpeechReason, activity } = await find(
      scaled(voice, 10 ** ((lufs - measureLevel(voice).loudnessLufs!) / 20)),
    )
    t.equal(noSpeechReason, null, `${lufs} LUFS`)
    t.equal(activity.verdict, 'speech', `${lufs} LUFS`)
  }
})

tap.test('without clips there is a reason', async (t) => {
  const reasons: [string, Waveform, Segmentation['noSpeechReason']][] = [
    ['nothing', silence(0, RATE), 'no_samples'],
    ['zeros', silence(1, RATE), 'digital_silence'],
    ['the last bit', scaled(noise(1, RATE, 1), 2e-5), 'too_quiet'],
    ['a constant', wave(new Float32Array(RATE).fill(0.2)), 'too_quiet'],
    ['white noise', scaled(noise(2, RATE, 1), 0.1), 'no_speech_detected'],
    ['faint noise', scaled(noise(2, RATE, 2), 0.003), 'no_speech_detected'],
    [
      'noise in padding', joined(silence(1, RATE), scaled(noise(2, RATE, 3), 0.05), silence(1, RATE)),
      'no_speech_detected',
    ],
  ]
  for (const [name, waveform, reason] of reasons) {
    const { clips, noSpeechReason, activity } = await find(waveform)
    t.strictSame(
      { clips: clips.length, noSpeechReason, verdict: activity.verdict, spans: activity.spans.length },
      { clips: 0, noSpeechReason: reason, verdict: 'nothing', spans: 0 },
      name,
    )
  }
})

tap.test('clips of one sample, of few samples and of extreme samples have finite figures', async (t) => {
  for (const samples of [[0.5], [1, -1, 1], new Array<number>(100).fill(1), new Array<number>(700).fill(-1)]) {
    const { clips, activity } = await find(wave(Float32Array.from(samples)))
    t.ok(
      [...activity.speech, ...clips.flatMap(({ waveform }) => [...waveform.samples])].every(Number.isFinite),
      `${samples.length}`,
    )
  }
})

tap.test('without trimming, only inaudible uploads have no clips', async (t) => {
  const padded = joined(silence(1, RATE), words(1), silence(1, RATE))
  const { clips } = await find(padded, { trim: false })
  t.same(clips.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds]), [[0, 3]])
  t.equal((await find(scaled(noise(2, RATE, 1), 0.1), { trim: false })).noSpeechReason, null)
  t.equal((await find(silence(1, RATE), { trim: false })).noSpeechReason, 'digital_silence')
  t.equal((await find(silence(0, RATE), { trim: false })).noSpeechReason, 'no_samples')
})

tap.test('long audio is cut at its pauses into clips that fit, with nothing lost in between', async (t) => {
  const parts = Array.from({ length: 12 }, (_, i) => [words(2.3 + 0.2 * (i % 4)), hiss(0.4 + 0.1 * (i % 3))]).flat()
  const long = joined(...parts)
  for (const trim of [true, false]) {
    const { clips } = await find(long, { trim, maxClipSeconds: 10 })
    t.ok(clips.length >= 4)
    for (const [index, clip] of clips.entries()) {
      t.ok(seconds(padClip(clip, 0.4, 0.3).waveform) <= 10.01)
      const next = clips[index + 1]
      if (next === undefined) continue
      t.ok(Math.abs(clip.endSeconds - next.startSeconds) < 1e-9, 'clips adjoin')
      const cut = Math.round(next.startSeconds * RATE)
      const level = rmsOf(wave(long.samples.slice(cut - 800, cut + 800)))
      t.ok(decibels(level) < -45, `cut ${index} lies in a pause: ${decibels(level).toFixed(1)} dB`)
    }
  }
  const breathless = (await find(words(25), { maxClipSeconds: 10 })).clips
  t.ok(breathless.every((clip) => seconds(clip.waveform) <= 10), 'also without a pause')
  const tiny = (await find(words(3), { trim: false, maxClipSeconds: 0.1 })).clips
  t.ok(tiny.every((clip) => seconds(clip.waveform) <= 0.1), 'also where clips are shorter than a pause')
  const short = (await find(words(3), { maxClipSeconds: 0.1 })).clips
  t.ok(
    short.length >= 4 && short.every((clip) => seconds(clip.waveform) <= 1),
    'a model whose padding exceeds its longest clip gets pieces nevertheless',
  )
})

tap.test('a long pause in a long upload is not decoded', async (t) => {
  const { clips, activity } = await find(joined(words(1), hiss(60), words(1)), { maxClipSeconds: 10 })
  t.ok(clips.length >= 2 && clips.length <= 4, `${clips.length} clips of 62 seconds`)
  t.ok(clips.every((clip) => hasSpeech(clip.speech, activity)))
  t.ok(clips.at(-1)!.endSeconds > 61.9)
})

function find(
  waveform: Waveform,
  { trim = true, maxClipSeconds = 30 }: { trim?: boolean; maxClipSeconds?: number } = {},
): Promise<Segmentation> {
  const recognizer = {
    padding: { leadingSeconds: [0.4], trailingSeconds: 0.3, redecodeBelow: -1 }, maxSeconds: maxClipSeconds,
  } as unknown as Recognizer
  const options = {
    detectors: { first: spectralDetector, second: undefined }, trimSilence: trim, normalizeVolume: true,
    interrupt: () => undefined,
  }
  return findSpeech(
    { waveform, frames: describeFrames(waveform), level: measureLevel(waveform) },
    recognizer,
    options,
    startStageTimer(),
  )
}

/** The samples that the model gets. */
async function given(waveform: Waveform): Promise<Float32Array[]> {
  return (await find(waveform)).clips.map((clip) => padClip(clip, 0.4, 0.3).waveform.samples)
}

function maxDifference(one: Float32Array, other: Float32Array): number {
  return one.reduce((most, sample, n) => Math.max(most, Math.abs(sample - (other[n] ?? Infinity))), 0)
}

function added({ samples, sampleRate }: Waveform, other: Waveform): Waveform {
  return { samples: samples.map((sample, n) => sample + other.samples[n]!), sampleRate }
}

/** A stretch of VOICE, repeated as often as needed. */
function words(length: number): Waveform {
  return wave(Float32Array.from({ length: Math.round(length * RATE) }, (_, n) => VOICE[n % VOICE.length]!))
}

function hiss(length: number): Waveform { return scaled(noise(length, RATE, 5), 0.001) }
function wave(samples: Float32Array): Waveform { return { samples, sampleRate: RATE } }
function seconds({ samples, sampleRate }: Waveform): number { return samples.length / sampleRate }
