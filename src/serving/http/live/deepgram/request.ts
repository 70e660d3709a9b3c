/**
 * The query of a Deepgram session → what is asked of recognition and search. What would change the answer and is not
 * there, such as a second channel, is refused by its name; what has no effect is named in the event `Metadata`.
 */
import { Type, type Static } from 'typebox'
import type { HeaderlessFormat } from '../../../../domain/audio.js'
import { SpeechError } from '../../../../domain/errors.js'
import { flagOf } from '../../../../domain/flags.js'
import type { EndpointingProfile } from '../../../../domain/live.js'
import type { RecognitionRequest } from '../../../../domain/request.js'
import type { AppDependencies } from '../../dependencies.js'
import { isAbsent, wrongValue } from '../../parameters/values.js'
import { chooseLanguages } from '../../transcription/languages.js'
import { readPhraseHints, type HintsHolder, type PhraseHints } from '../../transcription/phrase-hints.js'
import { findModel } from '../../transcription/recognition.js'
import type { SessionRequest } from '../served-session.js'
import { recognitionAndSearch } from '../session-request.js'

const flag = Type.Optional(Type.Boolean())
const texts = Type.Optional(Type.Array(Type.String({ maxLength: 1_000 })))

/** Deepgram's features that change the answer and that the service does not have. */
const REFUSED = [
  'diarize', 'diarize_model', 'multichannel', 'redact', 'replace', 'search', 'detect_entities', 'profanity_filter',
  'dictation', 'callback',
] as const
const REFUSED_TEXTS: Record<typeof REFUSED[number], typeof texts> = {
  diarize: texts, diarize_model: texts, multichannel: texts, redact: texts, replace: texts, search: texts,
  detect_entities: texts, profanity_filter: texts, dictation: texts, callback: texts,
}

export const DeepgramQuery = Type.Object({
  model: Type.Optional(Type.String({ maxLength: 200 })),
  language: Type.Optional(Type.String({ maxLength: 35 })),
  encoding: Type.Optional(Type.Enum(['linear16', 'mulaw', 'alaw'])),
  sample_rate: Type.Optional(Type.Integer({ minimum: 8_000, maximum: 48_000 })),
  channels: Type.Optional(Type.Integer({ minimum: 1 })),
  interim_results: flag,
  endpointing: Type.Optional(Type.String({ maxLength: 20 })),
  utterance_end_ms: Type.Optional(Type.Integer({ minimum: 1_000, maximum: 5_000 })),
  vad_events: flag,
  keyterm: texts,
  keywords: texts,
  punctuate: flag,
  smart_format: flag,
  numerals: flag,
  // Of the account at Deepgram: without a meaning here.
  tag: texts, extra: texts, mip_opt_out: flag, callback_method: texts, version: texts,
  ...REFUSED_TEXTS,
  // Ours.
  catalogue: Type.Optional(Type.String({ maxLength: 64 })),
  hits: Type.Optional(Type.Enum(['final', 'partial'])),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50 })),
})
export type DeepgramQuery = Static<typeof DeepgramQuery>

export interface DeepgramOptions {
  readonly request: SessionRequest
  /** Whether pauses are told as `speech_final`. */
  readonly pauses: boolean
  readonly vadEvents: boolean
  readonly utteranceEndSeconds: number | undefined
  /** Whether transcripts have capitals and punctuation. */
  readonly isPunctuated: boolean
}

const TELEPHONE_RATE = 8_000
/** Shorter pauses are in words: Deepgram's default of 10 ms would cut them. */
const LEAST_PAUSE_SECONDS = 0.2
const MOST_PAUSE_MS = 10_000

/** Throws what a route refuses such options with. `holder` holds the catalogue. */
export function readDeepgram(
  query: DeepgramQuery, holder: HintsHolder, dependencies: AppDependencies,
): DeepgramOptions {
  refuseUnsupported(query)
  const model = findModel(query.model, dependencies)
  const format = formatOf(query)
  const interim = query.interim_results ?? false
  for (const name of ['utterance_end_ms', 'hits'] as const) {
    const isNeeded = name === 'hits' ? query.hits === 'partial' : query[name] !== undefined
    if (isNeeded && !interim) throw invalid(name, `${name}=${String(query[name])} needs interim_results=true`)
  }
  const language = query.language?.toLowerCase() === 'multi' ? undefined : query.language
  const languages = chooseLanguages({ language }, model)
  const hints = hintsOf(query, holder, dependencies)
  const { hits, limit } = query
  const { pauses, ...endpointing } = readEndpointing(query.endpointing)
  return {
    pauses, vadEvents: query.vad_events ?? false,
    utteranceEndSeconds: query.utterance_end_ms === undefined ? undefined : query.utterance_end_ms / 1000,
    isPunctuated: (query.punctuate ?? false) || (query.smart_format ?? false),
    request: {
      format, ...endpointing, partials: interim, partialWords: true,
      ...recognitionAndSearch({
        model, hints, hits, limit, words: true, recognition: { ...languages, numbers: numbersOf(query) },
      }, dependencies),
    },
  }
}

function refuseUnsupported(query: DeepgramQuery): void {
  for (const name of REFUSED) {
    const isWanted = (query[name] ?? []).some((value) => !isAbsent(value) && flagOf(value) !== false)
    if (isWanted) throw unsupported(name, `${name} is a feature of Deepgram that this service does not have`)
  }
  const { channels = 1 } = query
  if (channels > 1) throw unsupported('channels', `a session has one channel, not ${channels}: open one for each`)
}

/** Samples without a container, of which nothing else says what they are. */
function formatOf({ encoding, sample_rate: rate }: DeepgramQuery): HeaderlessFormat {
  if (encoding === undefined) {
    throw invalid('encoding', 'encoding is missing: audio is linear16, mulaw or alaw; files with a container are not '
      + 'read as they arrive, POST /v1/transcriptions takes them')
  }
  const common = { channels: 1, byteOrder: 'little' } as const
  if (encoding !== 'linear16') return { ...common, codec: encoding, sampleRate: rate ?? TELEPHONE_RATE }
  if (rate === undefined) throw invalid('sample_rate', 'sample_rate is missing: encoding=linear16 has none of its own')
  return { ...common, codec: 'pcm_s16', sampleRate: rate }
}

/**
 * Without pauses (`endpointing=false`) words still have to become final, since `UtteranceEnd` follows final words: they
 * do at long pauses, of which the client is not told.
 */
function readEndpointing(
  given: string | undefined,
): { readonly pauses: boolean; readonly endpointing: EndpointingProfile; readonly pauseSeconds?: number } {
  const flagged = given === undefined || given === '1' || given === '0' ? undefined : flagOf(given)
  if (given === undefined || flagged === true) return { pauses: true, endpointing: 'balanced' }
  if (flagged === false) return { pauses: false, endpointing: 'patient' }
  const milliseconds = /^\d{1,5}$/.test(given) ? Number(given) : Infinity
  if (milliseconds > MOST_PAUSE_MS) {
    throw wrongValue('endpointing', `false, or milliseconds up to ${MOST_PAUSE_MS}`, given, '300')
  }
  const pauseSeconds = Math.max(LEAST_PAUSE_SECONDS, milliseconds / 1000)
  return { pauses: true, endpointing: 'balanced', pauseSeconds }
}

function numbersOf({ numerals, smart_format: smart = false }: DeepgramQuery): RecognitionRequest['numbers'] {
  if (numerals ?? smart) return 'digits'
  return numerals === undefined ? 'as_heard' : 'words'
}

/** `keywords` have a boost after a colon, of which the sign alone counts: how much a phrase may add is measured. */
function hintsOf(
  { keyterm = [], keywords = [], catalogue }: DeepgramQuery, holder: HintsHolder, { catalogues }: AppDependencies,
): PhraseHints | undefined {
  const boosted = keywords.flatMap((keyword) => {
    const [, phrase, boost] = /^(.*?)(?::(-?\d+(?:\.\d+)?))?$/su.exec(keyword) ?? []
    if (Number(boost ?? 1) < 0) throw unsupported('keywords', 'words cannot be made less probable by a negative boost')
    return phrase === undefined || phrase.trim() === '' || Number(boost ?? 1) === 0 ? [] : [phrase.trim()]
  })
  const phrases = [...new Set([...keyterm.filter((phrase) => phrase.trim() !== ''), ...boosted])]
  return readPhraseHints(
    { phrases, ...catalogue !== undefined && { catalogue } }, catalogues, holder,
    keyterm.length > 0 ? 'keyterm' : 'keywords',
  )
}

/** Parameters of the address that the session has no use for. */
export function ignoredParameters(url: string): string[] {
  const names = new URL(url, 'ws://localhost').searchParams.keys()
  const known = new Set(Object.keys(DeepgramQuery.properties))
  return [...new Set([...names].map((name) => name.replace(/\[\]$/, '')))].filter((name) => !known.has(name))
}

function invalid(parameter: string, detail: string): SpeechError {
  return new SpeechError('REQUEST_INVALID', detail, { parameter })
}

function unsupported(parameter: string, detail: string): SpeechError {
  return new SpeechError('PARAMETER_UNSUPPORTED', detail, { parameter })
}
