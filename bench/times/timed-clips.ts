/** Clips whose words have known times: the material of the bench `times`. */
import type { Waveform } from '../../src/domain/audio.js'
import { speechLevelDb } from '../audio/frames.js'
import { atLevel, noise } from '../../fixtures/kit/synthesis.js'
import type { SpeechClip } from '../harness/clips.js'
import { joinSentences, joinWords } from './joined.js'

export interface TimedClip {
  /** How it was made; docs/benchmarks/word-times.md lists the kinds. */
  readonly kind: string
  /** Mono, 16 kHz. */
  readonly waveform: Waveform
  readonly words: readonly KnownWord[]
}

/** Null where the time is not known: of a sentence only the ends are. */
export interface KnownWord {
  readonly text: string
  readonly startSeconds: number | null
  readonly endSeconds: number | null
}

export const SINGLE_WORDS = ['speech_commands', 'moonshine_alphanumeric']
export const SENTENCES = ['asterisk_en_8k', 'ljspeech']
/** Shorter recordings are words, longer ones would fill a clip. */
const SENTENCE_SECONDS = { from: 1, to: 9 }
const NOISE_DB = 10

/** At most `limit` of a kind. The last kind is the joined words in noise. */
export async function gatherClips(recordings: readonly SpeechClip[], limit: number): Promise<TimedClip[]> {
  const words = recordings.filter(({ source }) => SINGLE_WORDS.includes(source))
  const sentences = recordings.filter(({ source, seconds }) =>
    SENTENCES.includes(source) && seconds > SENTENCE_SECONDS.from && seconds <= SENTENCE_SECONDS.to)
  const joined = (await joinWords('words', words)).slice(0, limit)
  const noisy = joined.map((clip, index) =>
    ({ ...clip, kind: `words, ${NOISE_DB} dB`, waveform: inNoise(clip.waveform, index) }))
  return [...joined, ...(await joinSentences('sentences', sentences)).slice(0, limit), ...noisy]
}

/** Pink and white in turns, NOISE_DB below the loud parts of the speech. */
function inNoise(waveform: Waveform, index: number): Waveform {
  const { samples, sampleRate } = waveform
  const added = atLevel(
    noise(index % 2 === 0 ? 'pink' : 'white', samples.length, 1 + index), speechLevelDb(waveform) - NOISE_DB,
  )
  return { samples: samples.map((sample, n) => sample + added[n]!), sampleRate }
}
