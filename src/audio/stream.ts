/**
 * The door of @audio/decode: encoded pieces in, decoded blocks out, within bounds. The library is MIT, its codecs are
 * WebAssembly under licences of their own (NOTICE), loaded when the first stream needs them.
 *
 * Never is a whole file given to it. Each format cuts its upload into pieces so small that one piece cannot unfold into
 * more than some 10⁷ samples (a FLAC frame of 12 bytes may stand for 65,535), and after each piece the bounds are
 * looked at: seconds, samples of all channels, pieces without any sound. So a bomb of 100 kB costs what its first
 * seconds cost. Between pieces a request can be cancelled, and the event loop turns to hear of it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import decode from '@audio/decode'
import { SpeechError } from '../domain/errors.js'
import { isOutOfMemory } from '../domain/out-of-memory.js'
import type { Block } from './signal/downmix.js'
import { checkShape, MAX_CODED_CHANNELS, unreadable, unsupported } from './probe.js'

/** The decoders of the library that are used, by its names; it has more, for music and for films. */
export type DecoderName = 'webm' | 'mkv' | 'opus' | 'oga' | 'flac' | 'm4a' | 'aac' | 'mp3' | 'amr' | 'wav' | 'caf'

export interface StreamLimits {
  readonly maxSeconds: number
  /** Throws when nobody waits for the result any more. */
  readonly interrupt: () => void
}

export interface Decoded {
  readonly blocks: readonly Block[]
  /** Hz; 0 when there are no blocks. */
  readonly sampleRate: number
  /** The decoder gave up before the end. */
  readonly broken: boolean
}

/** Samples of all channels, per second of the limit: stereo at 48 kHz. */
const MOST_SAMPLES_PER_SECOND = 2 * 48_000
/** So much input without any output is no audio. */
const STARVED_BYTES = 4 * 1024 * 1024
/** Time after which other events get their turn. */
const TURN_MS = 20

/** Throws AUDIO_TOO_LONG, AUDIO_UNREADABLE, AUDIO_UNSUPPORTED when the codec is not installed, or what `interrupt` throws. */
export async function decodeStream(name: DecoderName, pieces: Iterable<Uint8Array>, limits: StreamLimits): Promise<Decoded> {
  const stream = await openStream(name)
  const output = new BoundedOutput(limits.maxSeconds)
  let broken = false
  try {
    await feed(stream, pieces, output, limits)
  } catch (thrown) {
    const error = asSpeechError(thrown)
    // What was heard before the decoder stumbled is worth more than nothing.
    if (error.code !== 'AUDIO_UNREADABLE' || output.frames === 0) throw error
    broken = true
  } finally {
    stream.free()
  }
  return { blocks: output.blocks, sampleRate: output.sampleRate, broken }
}

type Open = (typeof decode)['webm']
type Stream = Awaited<ReturnType<Open>>
type StreamOutput = Awaited<ReturnType<Stream>>

async function openStream(name: DecoderName): Promise<Stream> {
  try {
    return await (decode as unknown as Readonly<Record<DecoderName, Open>>)[name]() // its types leave out "mkv"
  } catch (thrown) {
    throw asSpeechError(thrown)
  }
}

async function feed(stream: Stream, pieces: Iterable<Uint8Array>, output: BoundedOutput, { interrupt }: StreamLimits): Promise<void> {
  let since = performance.now()
  let starvedBytes = 0
  for (const piece of pieces) {
    interrupt()
    const grew = output.add(await stream(piece))
    starvedBytes = grew ? 0 : starvedBytes + piece.byteLength
    if (starvedBytes > STARVED_BYTES) throw unreadable(`no sound in ${starvedBytes} bytes`)
    if (performance.now() - since > TURN_MS) {
      await nextTurn()
      since = performance.now()
    }
  }
  interrupt()
  output.add(await stream())
}

/** Decoded blocks, and the bounds on them. */
class BoundedOutput {
  readonly blocks: Block[] = []
  frames = 0
  sampleRate = 0
  #samples = 0
  readonly #maxSeconds: number

  constructor(maxSeconds: number) {
    this.#maxSeconds = maxSeconds
  }

  /** Whether there was anything in it. */
  add({ channelData, sampleRate }: StreamOutput): boolean {
    const frames = channelData[0]?.length ?? 0
    if (frames === 0) return false
    checkShape({ sampleRate, channels: channelData.length }, MAX_CODED_CHANNELS)
    if (this.sampleRate !== 0 && sampleRate !== this.sampleRate) throw unreadable(`the sample rate changes from ${this.sampleRate} to ${sampleRate} Hz`)
    this.sampleRate = sampleRate
    this.frames += frames
    this.#samples += frames * channelData.length
    this.#check()
    this.blocks.push(channelData)
    return true
  }

  #check(): void {
    const most = this.#maxSeconds
    if (this.frames > most * this.sampleRate) throw new SpeechError('AUDIO_TOO_LONG', `more than ${most} s`)
    if (this.#samples > most * MOST_SAMPLES_PER_SECOND) throw new SpeechError('AUDIO_TOO_LONG', `more samples than ${most} s of stereo at 48 kHz have`)
  }
}

/** What the library throws is about the bytes it was given, unless memory ran out or a package is not there. */
function asSpeechError(thrown: unknown): SpeechError {
  if (thrown instanceof SpeechError) return thrown
  if (isOutOfMemory(thrown)) throw thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const missing = /^Cannot find package '([^']+)'/.exec(message)?.[1]
  return missing === undefined ? unreadable(message.slice(0, 200)) : unsupported(`the package ${missing} is not installed`)
}
