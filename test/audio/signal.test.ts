import tap from 'tap'
import { measureLevel, normalizeVolume } from '../../src/audio/loudness.js'
import { findSpeech, type SpeechSpan } from '../../src/audio/silence.js'
import { describeFrames } from '../../src/features/acoustics.js'
import type { Waveform } from '../../src/types.js'

const RATE = 16_000

/** Four seconds of something like a voice: harmonics of a gliding pitch under moving formants, in syllables of 200 ms. */
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

tap.test('a voice between two silences is kept with a margin, and what was cut off is reported', async (t) => {
  for (const [before, after] of [[silence(2), silence(1.5)], [hiss(2), hiss(1.5)], [silence(2), hiss(1.5)]] as const) {
    const voice = words(1)
    const speech = find(joined(before, voice, after))
    const [clip] = speech.clips
    t.equal(speech.clips.length, 1)
    t.ok(clip!.startSeconds > 1 && clip!.startSeconds < 2, `starts at ${clip!.startSeconds}`)
    const end = clip!.startSeconds + seconds(clip!.waveform)
    t.ok(end > 3 && end < 3.8, `ends at ${end}`)
    t.equal(speech.leadingSeconds, clip!.startSeconds)
    t.ok(Math.abs(speech.leadingSeconds + seconds(clip!.waveform) + speech.trailingSeconds - 4.5) < 1e-9)
    t.equal(speech.certain, true)
  }
})

tap.test('pauses inside are kept, and a voice from edge to edge is not cut', async (t) => {
  const sentence = joined(words(1), hiss(1.5), words(1))
  t.ok(seconds(find(sentence).clips[0]!.waveform) > 3.4)
  t.equal(seconds(find(words(1)).clips[0]!.waveform), 1)
})

tap.test('a quiet voice is still a voice', async (t) => {
  for (const lufs of [-20, -40, -50]) {
    const voice = joined(hiss(0.3), words(0.8), hiss(0.3))
    const quiet = scaled(voice, 10 ** ((lufs - measureLevel(voice).loudnessLufs!) / 20))
    t.equal(find(quiet).nothing, null, `${lufs} LUFS`)
    t.equal(find(quiet).certain, true, `${lufs} LUFS`)
  }
})

tap.test('an answer without clips gives its reason', async (t) => {
  const reasons: [string, Waveform, SpeechSpan['nothing']][] = [
    ['nothing', silence(0), 'no_samples'],
    ['zeros', silence(1), 'digital_silence'],
    ['the last bit', scaled(noise(1, 1), 2e-5), 'too_quiet'],
    ['a constant', wave(new Float32Array(RATE).fill(0.2)), 'too_quiet'],
    ['white noise', scaled(noise(2, 1), 0.1), 'no_speech_detected'],
    ['faint noise', scaled(noise(2, 2), 0.003), 'no_speech_detected'],
    ['noise in padding', joined(silence(1), scaled(noise(2, 3), 0.05), silence(1)), 'no_speech_detected'],
  ]
  for (const [name, waveform, reason] of reasons) {
    const speech = find(waveform)
    t.strictSame({ clips: speech.clips.length, nothing: speech.nothing, certain: speech.certain }, { clips: 0, nothing: reason, certain: false }, name)
    t.ok(Math.abs(speech.leadingSeconds + speech.trailingSeconds - seconds(waveform)) < 1e-9, name)
  }
})

tap.test('without trimming only what cannot hold a sound is left out', async (t) => {
  const padded = joined(silence(1), words(1), silence(1))
  t.match(find(padded, { trim: false }), { leadingSeconds: 0, trailingSeconds: 0, nothing: null })
  t.equal(seconds(find(padded, { trim: false }).clips[0]!.waveform), 3)
  t.equal(find(scaled(noise(2, 1), 0.1), { trim: false }).nothing, null)
  t.equal(find(silence(1), { trim: false }).nothing, 'digital_silence')
  t.equal(find(silence(0), { trim: false }).nothing, 'no_samples')
})

tap.test('long audio is cut at its pauses into clips that fit, with nothing lost in between', async (t) => {
  const parts = Array.from({ length: 12 }, (_, i) => [words(2.3 + 0.2 * (i % 4)), hiss(0.4 + 0.1 * (i % 3))]).flat()
  const long = joined(...parts)
  for (const trim of [true, false]) {
    const { clips } = find(long, { trim, maxClipSeconds: 10 })
    t.ok(clips.length >= 4)
    for (const [index, clip] of clips.entries()) {
      t.ok(seconds(clip.waveform) <= 10)
      const next = clips[index + 1]
      if (next === undefined) continue
      t.ok(Math.abs(clip.startSeconds + seconds(clip.waveform) - next.startSeconds) < 1e-9, 'clips adjoin')
      const cut = Math.round(next.startSeconds * RATE)
      const around = rmsOf(wave(long.samples.slice(cut - 800, cut + 800)))
      t.ok(decibels(around) < -45, `cut ${index} lies in a pause: ${decibels(around).toFixed(1)} dB`)
    }
  }
  const breathless = find(words(25), { trim: true, maxClipSeconds: 10 }).clips
  t.ok(breathless.every((clip) => seconds(clip.waveform) <= 10), 'also where there is no pause')
  t.ok(find(words(3), { trim: true, maxClipSeconds: 0.1 }).clips.every((clip) => seconds(clip.waveform) <= 0.1), 'also where clips are shorter than a pause')
})

tap.test('the whole front end takes time linear in the audio', async (t) => {
  const cost = (length: number): number => {
    const waveform = words(length)
    const since = performance.now()
    const level = measureLevel(waveform)
    const levelled = normalizeVolume(waveform, level)
    findSpeech(levelled, describeFrames(levelled), level, { trim: true, maxClipSeconds: 5 })
    return performance.now() - since
  }
  cost(20)
  const [short, long] = [Math.min(cost(20), cost(20)), Math.min(cost(160), cost(160))]
  t.ok(long < 8 * short * 3, `20 s: ${short.toFixed(1)} ms, 160 s: ${long.toFixed(1)} ms`)
})

function find(waveform: Waveform, options: { trim?: boolean; maxClipSeconds?: number } = {}): SpeechSpan {
  return findSpeech(waveform, describeFrames(waveform), measureLevel(waveform), { trim: true, maxClipSeconds: 30, ...options })
}

/** A stretch of VOICE, repeated as often as needed. */
function words(length: number): Waveform {
  return wave(Float32Array.from({ length: Math.round(length * RATE) }, (_, n) => VOICE[n % VOICE.length]!))
}

function hiss(length: number): Waveform { return scaled(noise(length, 5), 0.001) }
function silence(length: number): Waveform { return wave(new Float32Array(Math.round(length * RATE))) }

/** White, between -1 and 1. */
function noise(length: number, seed: number): Waveform {
  let state = seed
  return wave(Float32Array.from({ length: Math.round(length * RATE) }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return state / 2 ** 31
  }))
}

function wave(samples: Float32Array): Waveform { return { samples, sampleRate: RATE } }
function scaled({ samples, sampleRate }: Waveform, gain: number): Waveform { return { samples: samples.map((x) => x * gain), sampleRate } }
function seconds({ samples, sampleRate }: Waveform): number { return samples.length / sampleRate }
function decibels(ratio: number): number { return 20 * Math.log10(ratio) }

function joined(...parts: readonly Waveform[]): Waveform {
  const samples = new Float32Array(parts.reduce((sum, part) => sum + part.samples.length, 0))
  let offset = 0
  for (const part of parts) {
    samples.set(part.samples, offset)
    offset += part.samples.length
  }
  return { samples, sampleRate: parts[0]!.sampleRate }
}

function rmsOf({ samples }: Waveform): number {
  return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length)
}
