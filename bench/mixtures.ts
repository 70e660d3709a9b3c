/**
 * Clips made worse by a known amount: noise of three kinds at a given signal-to-noise ratio, a band cut off, a lower
 * rate. What is known exactly can judge an estimate.
 *
 * The ratio is that of docs/api.md: both powers above 100 Hz, the voice's over the time in which somebody speaks. That
 * time is found here in the clean clip by its energy alone, independent of the service's own detector.
 */
import { resample } from '../src/audio/signal/resample.js'
import { describeFrames } from '../src/recognition/features/acoustics.js'
import type { TimeSpan, Waveform } from '../src/domain/audio.js'
import { noise } from './audio/synthesis.js'
import { seededRandom } from './statistics.js'

/** Endless noise of no particular level: samples of a given length, for the n-th clip. */
export type Noise = (length: number, clip: number) => Float32Array

/** Frames this far below the loudest still belong to the voice, dB; so do gaps between them of at most so many frames. */
const VOICE_RANGE_DB = 30
const GAP_FRAMES = 20
const TALKERS = 6
const FILTER_TAPS = 255

export function noises(voices: readonly Float32Array[]): Readonly<Record<string, Noise>> {
  return {
    white: (length, clip) => noise('white', length, clip + 1),
    pink: (length, clip) => noise('pink', length, clip + 1_000),
    babble: babbleOf(voices),
  }
}

/** Voice plus noise, scaled so that nothing clips: the ratio does not change. */
export function mix({ samples, sampleRate }: Waveform, background: Float32Array, snrDb: number): Waveform {
  const gain = 10 ** ((voiceDb({ samples, sampleRate }) - noiseDb({ samples: background, sampleRate }) - snrDb) / 20)
  const mixed = samples.map((sample, n) => sample + gain * background[n]!)
  const peak = mixed.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0)
  return { samples: peak < 1 ? mixed : mixed.map((sample) => (0.99 * sample) / peak), sampleRate }
}

/** When somebody speaks in a clip without noise. */
export function voiceSpans(waveform: Waveform): TimeSpan[] {
  const { energyDb, energyHopSeconds, energyStartSeconds } = describeFrames(waveform)
  const threshold = energyDb.reduce((loudest, db) => Math.max(loudest, db)) - VOICE_RANGE_DB
  const timeOf = (frame: number): number => energyStartSeconds + frame * energyHopSeconds
  const spans: TimeSpan[] = []
  let lastLoud = -Infinity
  for (const [frame, db] of energyDb.entries()) {
    if (db < threshold) continue
    const endSeconds = timeOf(frame + 1)
    if (frame - lastLoud - 1 <= GAP_FRAMES) spans.push({ ...spans.pop()!, endSeconds })
    else spans.push({ startSeconds: timeOf(frame), endSeconds })
    lastLoud = frame
  }
  return spans
}

/** Windowed-sinc low pass (Blackman, 255 taps: 74 dB down within 350 Hz at 16 kHz). */
export function lowPass({ samples, sampleRate }: Waveform, hertz: number): Waveform {
  const middle = (FILTER_TAPS - 1) / 2
  const taps = Float64Array.from({ length: FILTER_TAPS }, (_, tap) => {
    const t = tap - middle
    const sinc = t === 0 ? 2 * hertz / sampleRate : Math.sin((2 * Math.PI * hertz * t) / sampleRate) / (Math.PI * t)
    const phase = (2 * Math.PI * tap) / (FILTER_TAPS - 1)
    return sinc * (0.42 - 0.5 * Math.cos(phase) + 0.08 * Math.cos(2 * phase))
  })
  const filtered = samples.map((_, n) => {
    let sum = 0
    for (let tap = Math.max(0, n + middle - samples.length + 1); tap < FILTER_TAPS && tap <= n + middle; tap++) sum += taps[tap]! * samples[n + middle - tap]!
    return sum
  })
  return { samples: filtered, sampleRate }
}

/** Low-passed by the way there, and at 16 kHz again: the rate says nothing any more. */
export function throughTelephone(waveform: Waveform): Waveform {
  return resample(resample(waveform, 8_000), waveform.sampleRate)
}

function voiceDb(waveform: Waveform): number {
  const { energyDb, energyHopSeconds, energyStartSeconds } = describeFrames(waveform)
  const frameAt = (seconds: number): number => Math.round((seconds - energyStartSeconds) / energyHopSeconds)
  return meanDb(Float32Array.from(voiceSpans(waveform).flatMap(({ startSeconds, endSeconds }) => [...energyDb.subarray(frameAt(startSeconds), frameAt(endSeconds))])))
}

function noiseDb(waveform: Waveform): number {
  return meanDb(describeFrames(waveform).energyDb)
}

function meanDb(values: Float32Array): number {
  return 10 * Math.log10(values.reduce((sum, db) => sum + 10 ** (db / 10), 0) / values.length)
}

/** So many other voices at once, each at the same power, over and over. */
function babbleOf(voices: readonly Float32Array[]): Noise {
  const talking = voices.filter((voice) => voice.length > 0).map((voice) => {
    const scale = 1 / Math.sqrt(voice.reduce((sum, sample) => sum + sample * sample, 0) / voice.length)
    return voice.map((sample) => sample * scale)
  })
  return (length, clip) => {
    const random = seededRandom(clip + 2_000)
    const chosen = Array.from({ length: TALKERS }, () => talking[Math.floor(random() * talking.length)]!)
    const starts = chosen.map((voice) => Math.floor(random() * voice.length))
    return Float32Array.from({ length }, (_, n) => chosen.reduce((sum, voice, talker) => sum + voice[(n + starts[talker]!) % voice.length]!, 0))
  }
}
