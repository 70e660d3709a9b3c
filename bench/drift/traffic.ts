/**
 * Traffic to draw from: feature rows of utterances as they are, and of the same utterances changed. Streams draw
 * utterances with replacement, one by one or a session at a time; whether a row is the clean one or the changed one is
 * decided per arrival, so that a shift is the only thing that ever differs.
 */
import { HEARS_A_WORD, readSpeech } from '../audio/context.js'
import type { FeatureRow } from '../../src/monitoring/drift/features.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import type { Waveform } from '../../src/domain/audio.js'
import type { Report } from '../../src/domain/report.js'
import type { SpeechClip } from '../clips.js'
import { noises, type Noise } from '../mixtures.js'
import { openRecognizer } from '../recognizers.js'
import { planUtterances, SESSION_UTTERANCES, type Utterance } from './population.js'
import { reportsOf, rowsOf, type Listener } from './reports.js'
import { SHIFTS, type Shift, type ShiftName } from './shifts.js'

export interface Traffic {
  readonly utterances: readonly Utterance[]
  /** Of the first `count` utterances, or of all when there are fewer; all by default. */
  reports(shift: ShiftName, count?: number): Promise<Report[]>
  rows(shift: ShiftName, count?: number): Promise<FeatureRow[]>
  upload(shift: ShiftName, index: number): Promise<Uint8Array>
  readonly listener: Listener
}

export interface TrafficOptions { readonly sessions: number; readonly model: string; readonly inputOnly: boolean }

export function openTraffic(clips: readonly SpeechClip[], { sessions, model, inputOnly }: TrafficOptions): Traffic {
  const utterances = planUtterances(clips, sessions)
  const listener = listenerFor(model, inputOnly)
  const speechOf = readOnce()
  let babble: Promise<Noise> | undefined
  async function upload(shift: ShiftName, index: number): Promise<Uint8Array> {
    const utterance = utterances[index]!
    babble ??= Promise.all(clips.map(speechOf)).then((voices) => noises(voices.map(({ samples }) => samples))['babble']!)
    return (SHIFTS[shift] as Shift).make(utterance, await speechOf(utterance.clip), await babble)
  }
  const reports = (shift: ShiftName, count = Infinity): Promise<Report[]> =>
    reportsOf({ name: shift, count: Math.min(count, utterances.length), make: (index) => upload(shift, index) }, listener)
  return { utterances, listener, upload, reports, rows: async (shift, count) => rowsOf(await reports(shift, count)) }
}

function listenerFor(model: string, inputOnly: boolean): Listener {
  let opened: Promise<Recognizer> | undefined
  return { model: inputOnly ? HEARS_A_WORD.name : model, open: () => opened ??= inputOnly ? Promise.resolve(HEARS_A_WORD) : openRecognizer(model) }
}

function readOnce(): (clip: SpeechClip) => Promise<Waveform> {
  const read = new Map<string, Promise<Waveform>>()
  return (clip) => {
    const found = read.get(clip.file) ?? readSpeech(clip)
    read.set(clip.file, found)
    return found
  }
}

/** Answers with the index of the next utterance, and whose session it belongs to: sessions are numbered as they come. */
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
