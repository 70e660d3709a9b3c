/**
 * Queries in several languages from one synthesizer, espeak-ng (GPL-3.0, run as a program where it is installed): the
 * same voices, as loud, as long, in the same rooms, so that the language is all that differs. Formant synthesis is not
 * a person; what it can show is which figures follow a language and which do not.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { resample } from '../../src/audio/signal/resample.js'
import type { Waveform } from '../../src/domain/audio.js'
import { lengthOf } from '../audio/noises.js'
import { readPcm, writeMono } from '../audio/pcm.js'
import type { SpeechClip } from '../clips.js'
import { seededRandom } from '../statistics.js'
import { planUtterances, record } from './population.js'
import type { UploadSet } from './reports.js'
import { sentence, type Language } from './sentences.js'

/** Of espeak-ng: formants and sources of several men and women, the same ones in every language. */
const VOICES = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'f1', 'f2', 'f3', 'f4', 'f5']
const SPEAKERS = 48
const SENTENCES_EACH = 12
const SESSIONS = 60
const SAMPLE_RATE = 16_000
const ORDINARY_WORDS_PER_MINUTE = 165
/** What espeak-ng speaks well. */
const SPEEDS = { least: 100, most: 320 }

export function hasSynthesizer(): boolean {
  return spawnSync('espeak-ng', ['--version'], { stdio: 'ignore' }).status === 0
}

interface Speaker { readonly voice: string; readonly pitch: number; readonly wordsPerMinute: number }

/** The n-th upload is the same query by the same voice in every language, and as long as it is in English. */
export function queriesIn(language: Language): UploadSet {
  const clips = plannedClips()
  const utterances = planUtterances(clips, SESSIONS)
  return {
    name: `synthetic-${language}`,
    count: utterances.length,
    make: async (index) => {
      const utterance = utterances[index]!
      const query = Number(utterance.clip.file)
      return writeMono(record(utterance, asLongAsInEnglish(query, language)))
    },
  }
}

/** No files: `file` is the number of the query. */
function plannedClips(): SpeechClip[] {
  return Array.from({ length: SPEAKERS * SENTENCES_EACH }, (_, query) => ({ file: String(query), text: '', seconds: 0, speaker: String(speakerOf(query)), source: 'synthetic' }))
}

function speakerOf(query: number): number {
  return Math.floor(query / SENTENCES_EACH)
}

function asLongAsInEnglish(query: number, language: Language): Waveform {
  const random = seededRandom(speakerOf(query) + 1)
  const speaker: Speaker = { voice: VOICES[Math.floor(random() * VOICES.length)]!, pitch: 30 + Math.floor(40 * random()), wordsPerMinute: ORDINARY_WORDS_PER_MINUTE * (0.85 + 0.3 * random()) }
  const english = speak(query, 'en', speaker)
  if (language === 'en') return english
  const atEnglishSpeed = speak(query, language, speaker)
  const wordsPerMinute = speaker.wordsPerMinute * lengthOf(atEnglishSpeed) / lengthOf(english)
  return speak(query, language, { ...speaker, wordsPerMinute: Math.min(SPEEDS.most, Math.max(SPEEDS.least, wordsPerMinute)) })
}

function speak(query: number, language: Language, { voice, pitch, wordsPerMinute }: Speaker): Waveform {
  const text = sentence(language, seededRandom(10_000 + query))
  const name = language === 'en' ? 'en-us' : language
  return resample(readPcm(execFileSync('espeak-ng', ['-v', `${name}+${voice}`, '-p', String(pitch), '-s', wordsPerMinute.toFixed(0), '--stdout', text])), SAMPLE_RATE)
}
