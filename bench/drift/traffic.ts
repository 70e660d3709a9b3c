/**
 * Traffic to draw from: feature rows of utterances as they are, and of the same utterances changed. Streams draw
 * utterances with replacement, one by one or a session at a time; whether a row is the clean one or the changed one is
 * decided per arrival, so that a shift is the only thing that ever differs.
 */
import { ONE_WORD, readSpeech } from '../audio/context.js'
import { featureRow, type FeatureRow } from '../../src/monitoring/drift/features.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import type { Waveform } from '../../src/domain/audio.js'
import type { SpeechClip } from '../harness/clips.js'
import { babbleOf, type Noise } from '../../fixtures/kit/mixtures.js'
import { openRecognizer } from '../harness/recognizers.js'
import { planUtterances, SESSION_UTTERANCES } from './population.js'
import { reportsOf, type Source } from './reports.js'
import { SHIFTS, type Shift, type ShiftName } from './shifts.js'

export interface Traffic {
  /** Features of the first `count` utterances, or of all when there are fewer; all by default. */
  rows(shift: ShiftName, count?: number): Promise<FeatureRow[]>
}

export interface TrafficOptions {
  readonly sessions: number
  readonly model: string
  readonly inputOnly: boolean
}

export function openTraffic(clips: readonly SpeechClip[], { sessions, model, inputOnly }: TrafficOptions): Traffic {
  const utterances = planUtterances(clips, sessions)
  const source = inputOnly ? { model: ONE_WORD.name, open: async () => ONE_WORD } : openOnce(model)
  const speechOf = readOnce()
  let babble: Promise<Noise> | undefined
  return {
    async rows(shift, count = Infinity) {
      babble ??= Promise.all(clips.map(speechOf)).then((voices) => babbleOf(voices.map(({ samples }) => samples)))
      const { make }: Shift = SHIFTS[shift]
      const upload = async (index: number): Promise<Uint8Array> => {
        const utterance = utterances[index]!
        return make(utterance, await speechOf(utterance.clip), await babble!)
      }
      const set = { name: shift, count: Math.min(count, utterances.length), make: upload }
      return (await reportsOf(set, source)).map(featureRow)
    },
  }
}

function openOnce(model: string): Source {
  let opened: Promise<Recognizer> | undefined
  return { model, open: () => opened ??= openRecognizer(model) }
}

function readOnce(): (clip: SpeechClip) => Promise<Waveform> {
  const read = new Map<string, Promise<Waveform>>()
  return (clip) => {
    const found = read.get(clip.file) ?? readSpeech(clip)
    read.set(clip.file, found)
    return found
  }
}

/** The index of the next utterance, and its session: sessions are numbered as they come. */
export interface Arrival { readonly utterance: number; readonly session: number }
export type Arrivals = () => Arrival

export const WAYS = ['independent', 'sessions'] as const
export type Way = (typeof WAYS)[number]

export function arrivalsOf(way: Way, utterances: number, random: () => number): Arrivals {
  let arrived = 0
  let first = 0
  return () => {
    const within = way === 'independent' ? 0 : arrived % SESSION_UTTERANCES
    if (way === 'independent') first = Math.floor(random() * utterances)
    else if (within === 0) first = SESSION_UTTERANCES * Math.floor(random() * (utterances / SESSION_UTTERANCES))
    const session = way === 'independent' ? arrived : Math.floor(arrived / SESSION_UTTERANCES)
    arrived++
    return { utterance: first + within, session }
  }
}
