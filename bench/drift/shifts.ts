/**
 * What may happen to traffic: another microphone, a telephone, a reverberant room, other talkers, a client that plays
 * too fast or stops too late, and changes that change nothing. Each takes an utterance and its clip and makes the
 * upload, the same in every run. What should be noticed, and how soon, is in delay.ts.
 *
 * Reverberation is a decaying Gaussian noise behind the direct sound (Polack 1988; also Moorer 1979). G.711's mu-law
 * is taken by its formula, 8 bits, ITU-T G.711.
 */
import type { Waveform } from '../../src/domain/audio.js'
import type { SHIFT_NAMES } from '../declarations/data.js'
import { convert } from '../harness/ffmpeg.js'
import { recordedNoises } from '../../fixtures/kit/noises.js'
import { writeMono } from '../../fixtures/kit/pcm.js'
import { atLevel, noise } from '../../fixtures/kit/synthesis.js'
import { amplified, clippedBy } from '../audio/variants.js'
import { lowPass, mix, type Noise } from '../../fixtures/kit/mixtures.js'
import { resample } from '../../src/audio/signal/resample.js'
import { seededRandom } from '../../fixtures/kit/statistics.js'
import { gammaOfTwo, record, type Utterance } from './population.js'

export type ShiftName = (typeof SHIFT_NAMES)[number]

export interface Shift {
  readonly says: string
  readonly needsFfmpeg?: true
  make(utterance: Utterance, speech: Waveform, babble: Noise): Uint8Array
}

const RT60_SECONDS = 0.6
const BABBLE_SNR_DB = 10
/** Below the level of the voice that is left out. */
const NO_VOICE_DB = -15

export const SHIFTS = {
  clean: onRecording('as it is', (recording) => recording),
  'gain-6': onRecording('6 dB quieter', (recording) => amplified(recording, -6)),
  'gain-12': onRecording('12 dB quieter', (recording) => amplified(recording, -12)),
  'over-gain': onRecording('12 dB over full scale, cut off', (recording) => clippedBy(recording, 12)),
  telephone: onRecording('300 to 3400 Hz', (recording) => highPass(lowPass(recording, 3_400), 300)),
  babble: { says: `six other talkers, ${BABBLE_SNR_DB} dB below`, make: (utterance, speech, babble) =>
    writeMono(record(
      utterance, speech, (heard) => mix(heard, babble(heard.samples.length, utterance.seed), BABBLE_SNR_DB),
    )) },
  'speed-1.2': onRecording('played 1.2 times as fast, pitch and all', (recording) => played(recording, 1.2)),
  'speed-2': onRecording('played twice as fast, pitch and all', (recording) => played(recording, 2)),
  reverberation: { says: `a room with RT60 ${RT60_SECONDS} s`, make: (utterance, speech) =>
    writeMono(record(utterance, reverberated(speech, RT60_SECONDS, utterance.seed))) },
  'late-stop': { says: 'one second more of the room at the end', make: (utterance, speech) =>
    writeMono(record({ ...utterance, tailSeconds: utterance.tailSeconds + 1 }, speech)) },
  nobody: { says: 'the room without a voice', make: (utterance) => writeMono(withoutVoice(utterance)) },
  'mu-law': onRecording('G.711 mu-law and back, in the same file format', throughMuLaw),
  'wav-24': { says: 'the same samples as 24-bit WAV', needsFfmpeg: true, make: (utterance, speech) =>
    convert(writeMono(record(utterance, speech)), ['-c:a', 'pcm_s24le'], 'wav') },
  flac: { says: 'the same samples as FLAC', needsFfmpeg: true, make: (utterance, speech) =>
    convert(writeMono(record(utterance, speech)), ['-c:a', 'flac'], 'flac') },
} as const satisfies Record<ShiftName, Shift>

function onRecording(says: string, change: (recording: Waveform) => Waveform): Shift {
  return { says, make: (utterance, speech) => writeMono(change(record(utterance, speech))) }
}

export function highPass(waveform: Waveform, hertz: number): Waveform {
  const low = lowPass(waveform, hertz).samples
  return { ...waveform, samples: waveform.samples.map((sample, index) => sample - low[index]!) }
}

/** As a player does that takes the samples for those of a higher rate. */
export function played({ samples, sampleRate }: Waveform, factor: number): Waveform {
  return resample({ samples, sampleRate: sampleRate * factor }, sampleRate)
}

/**
 * Direct sound and reverberation of equal energy. Longer by the time in which the tail falls by 40 dB; what is fainter
 * is left out.
 */
export function reverberated({ samples, sampleRate }: Waveform, rt60Seconds: number, seed: number): Waveform {
  const tail = decayingNoise(rt60Seconds, sampleRate, seed)
  const out = new Float32Array(samples.length + tail.length)
  out.set(samples)
  for (let n = 0; n < samples.length; n++) {
    const sample = samples[n]!
    for (let delay = 0; delay < tail.length; delay++) out[n + 1 + delay]! += sample * tail[delay]!
  }
  return { samples: out, sampleRate }
}

const TAIL_DB = 40

/** Energy 1. */
function decayingNoise(rt60Seconds: number, sampleRate: number, seed: number): Float32Array {
  const length = Math.round((rt60Seconds * sampleRate * TAIL_DB) / 60)
  const decaying = noise('white', length, seed + 1).map((sample, n) =>
    sample * 10 ** (-3 * n / (rt60Seconds * sampleRate)))
  return atLevel(decaying, -10 * Math.log10(length))
}

const RECORDED = recordedNoises()

/** Recorded noise, one second after the other; synthetic where there is none. */
function withoutVoice({ seed, colour, levelLufs }: Utterance): Waveform {
  const random = seededRandom(seed + 1)
  const seconds = 0.7 + 0.6 * gammaOfTwo(random)
  const sampleRate = 16_000
  const length = Math.round(seconds * sampleRate)
  const joined = RECORDED.length === 0 ? noise(colour, length, seed + 1) : new Float32Array(length)
  for (let at = 0; RECORDED.length > 0 && at < length;) {
    const { samples } = RECORDED[Math.floor(random() * RECORDED.length)]!.waveform
    joined.set(samples.subarray(0, length - at), at)
    at += samples.length
  }
  return { samples: atLevel(joined, levelLufs + NO_VOICE_DB), sampleRate }
}

const MU = 255

export function throughMuLaw({ samples, sampleRate }: Waveform): Waveform {
  return { sampleRate, samples: samples.map((sample) => {
    const compressed = Math.log1p(MU * Math.min(1, Math.abs(sample))) / Math.log1p(MU)
    const kept = Math.round(compressed * 127) / 127
    return Math.sign(sample) * (Math.expm1(kept * Math.log1p(MU)) / MU)
  }) }
}
