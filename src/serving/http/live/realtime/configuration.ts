/**
 * The configuration of an OpenAI Realtime transcription session: what clients send in `session.update`, in the shapes
 * of the general release and of the beta before it, and what they are told.
 */
import { Type, type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import type { HeaderlessFormat } from '../../../../domain/audio.js'
import { SpeechError } from '../../../../domain/errors.js'
import type { EndpointingProfile } from '../../../../domain/live.js'

const PCM_RATES = { minimum: 8_000, maximum: 48_000 }
const TELEPHONE_RATE = 8_000
const DEFAULT_RATE = 24_000
const PCM: Omit<HeaderlessFormat, 'sampleRate'> = { codec: 'pcm_s16', channels: 1, byteOrder: 'little' }

const optional = <Schema extends TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]))

const Transcription = Type.Object({
  model: Type.Optional(Type.String({ maxLength: 200 })),
  language: optional(Type.String({ maxLength: 35 })),
  languages: optional(Type.Array(Type.String({ maxLength: 35 }), { maxItems: 100 })),
  prompt: optional(Type.String({ maxLength: 10_000 })),
  keywords: optional(Type.Array(Type.String({ maxLength: 200 }), { maxItems: 1_000 })),
})

const TurnDetection = Type.Union([
  Type.Object({
    type: Type.Literal('server_vad'),
    silence_duration_ms: optional(Type.Number({ minimum: 100, maximum: 10_000 })),
  }),
  Type.Object({
    type: Type.Literal('semantic_vad'),
    eagerness: optional(Type.Enum(['low', 'medium', 'high', 'auto'])),
  }),
])

/** What no OpenAI service has. */
const Extension = Type.Object({
  catalogue: optional(Type.String({ maxLength: 64 })),
  /** Hits for final results alone, or for partial ones too. */
  hits: optional(Type.Enum(['final', 'partial'])),
  limit: optional(Type.Integer({ minimum: 1, maximum: 50 })),
  /** The event `earshot.partial`, and reports with final results. */
  details: optional(Type.Boolean()),
  endpointing: optional(Type.Enum(['fast', 'balanced', 'patient'])),
}, { additionalProperties: false })

const Format = Type.Union([
  Type.Object({ type: Type.Literal('audio/pcm'), rate: optional(Type.Integer(PCM_RATES)) }),
  Type.Object({ type: Type.Literal('audio/pcmu') }),
  Type.Object({ type: Type.Literal('audio/pcma') }),
])

const Update = Type.Object({
  type: Type.Optional(Type.Literal('transcription')),
  include: optional(Type.Array(Type.String({ maxLength: 100 }), { maxItems: 20 })),
  audio: optional(Type.Object({
    input: optional(Type.Object({
      format: optional(Format), transcription: optional(Transcription), turn_detection: optional(TurnDetection),
    })),
  })),
  earshot: optional(Extension),
})

const BetaUpdate = Type.Object({
  include: optional(Type.Array(Type.String({ maxLength: 100 }), { maxItems: 20 })),
  input_audio_format: optional(Type.Enum(['pcm16', 'g711_ulaw', 'g711_alaw'])),
  input_audio_transcription: optional(Transcription),
  turn_detection: optional(TurnDetection),
  earshot: optional(Extension),
})

type Extension = Static<typeof Extension>
type TurnDetection = Static<typeof TurnDetection>

/** The configuration as it is in force. */
export interface RealtimeConfiguration {
  readonly format: HeaderlessFormat
  readonly transcription: Static<typeof Transcription>
  readonly turnDetection: TurnDetection | null
  readonly logprobs: boolean
  readonly earshot: Extension
}

export function standardConfiguration(model: string): RealtimeConfiguration {
  return {
    format: { ...PCM, sampleRate: DEFAULT_RATE }, transcription: { model },
    turnDetection: { type: 'server_vad' }, logprobs: false, earshot: {},
  }
}

const LOGPROBS = 'item.input_audio_transcription.logprobs'

/** What an update changes; the rest stays. Throws REQUEST_INVALID that names the parameter. */
export function updated(current: RealtimeConfiguration, session: unknown, isBeta: boolean): RealtimeConfiguration {
  const given = isBeta ? fromBeta(checked(BetaUpdate, session)) : checked(Update, session)
  const { include, audio, earshot } = given
  const input = audio?.input ?? {}
  return {
    format: input.format === undefined || input.format === null ? current.format : formatOf(input.format),
    transcription: { ...current.transcription, ...input.transcription },
    turnDetection: input.turn_detection === undefined ? current.turnDetection : input.turn_detection,
    logprobs: include === undefined || include === null ? current.logprobs : include.includes(LOGPROBS),
    earshot: { ...current.earshot, ...earshot },
  }
}

/** The session as clients are told. */
export function described(id: string, configuration: RealtimeConfiguration): object {
  const { format: { codec, sampleRate }, transcription, turnDetection, logprobs, earshot } = configuration
  const format = codec === 'pcm_s16' ? { type: 'audio/pcm', rate: sampleRate }
    : { type: codec === 'mulaw' ? 'audio/pcmu' : 'audio/pcma' }
  return {
    id, object: 'realtime.transcription_session', type: 'transcription', expires_at: 0,
    include: logprobs ? [LOGPROBS] : null,
    audio: { input: { format, transcription, noise_reduction: null, turn_detection: turnDetection } },
    earshot,
  }
}

/** Eagerness maps to a profile; a given silence is the usual pause. */
export function endpointingOf(
  { turnDetection, earshot }: RealtimeConfiguration,
): { readonly endpointing: EndpointingProfile; readonly pauseSeconds?: number } {
  if (turnDetection === null) return { endpointing: 'manual' }
  if (turnDetection.type === 'server_vad') {
    const { silence_duration_ms: silence } = turnDetection
    const endpointing = earshot.endpointing ?? 'balanced'
    return { endpointing, ...silence !== undefined && silence !== null && { pauseSeconds: silence / 1000 } }
  }
  return { endpointing: earshot.endpointing ?? PROFILES[turnDetection.eagerness ?? 'auto'] }
}

const PROFILES = { low: 'patient', medium: 'balanced', high: 'fast', auto: 'balanced' } as const

function formatOf(format: Static<typeof Format>): HeaderlessFormat {
  switch (format.type) {
    case 'audio/pcm': return { ...PCM, sampleRate: format.rate ?? DEFAULT_RATE }
    case 'audio/pcmu': return { ...PCM, codec: 'mulaw', sampleRate: TELEPHONE_RATE }
    case 'audio/pcma': return { ...PCM, codec: 'alaw', sampleRate: TELEPHONE_RATE }
  }
}

function fromBeta(beta: Static<typeof BetaUpdate>): Static<typeof Update> {
  const { include, input_audio_format: format, input_audio_transcription: transcription, earshot } = beta
  const types = { pcm16: 'audio/pcm', g711_ulaw: 'audio/pcmu', g711_alaw: 'audio/pcma' } as const
  return {
    ...include !== undefined && { include }, ...earshot !== undefined && { earshot },
    audio: { input: {
      ...format && { format: { type: types[format] } },
      ...transcription && { transcription },
      ...beta.turn_detection !== undefined && { turn_detection: beta.turn_detection },
    } },
  }
}

/** Unknown properties are left out, as in other routes: clients send what only OpenAI has. */
function checked<Schema extends TSchema>(schema: Schema, value: unknown): Static<Schema> {
  const [error] = Value.Errors(schema, value)
  if (error === undefined) return value as Static<Schema>
  const parameter = `session${error.instancePath.replaceAll('/', '.')}`
  throw new SpeechError('REQUEST_INVALID', `${parameter} ${error.message}`, { parameter })
}
