/**
 * Decoding with @audio/decode: encoded pieces in, decoded blocks out, within limits. The library is MIT, its codecs are
 * WebAssembly under licences of their own (NOTICE), loaded when the first stream needs them.
 *
 * The library never gets a whole file. Each format splits its upload into pieces so small that one piece cannot decode
 * into more than about 10⁷ samples (a FLAC frame of 12 bytes may decode into 65,535), and the limits are checked after
 * each piece: seconds, samples of all channels, input without output. So a decompression bomb of 100 kB costs no more
 * than its first seconds. A request can be cancelled between pieces; the event loop runs in between to receive that.
 */
import decode from '@audio/decode'
import { SpeechError } from '../domain/errors.js'
import { isOutOfMemory } from '../domain/out-of-memory.js'
import { yieldsToEvents } from './event-loop.js'
import { framesIn, type Block } from './signal/downmix.js'
import { checkShape, MAX_CODED_CHANNELS, unreadable, unsupported } from './probe.js'

/** The decoders of the library that are used, by its names. */
export type DecoderName = 'webm' | 'mkv' | 'opus' | 'oga' | 'flac' | 'm4a' | 'aac' | 'mp3' | 'amr' | 'wav' | 'caf'

export interface StreamLimits {
  readonly maxSeconds: number
  /** Throws when the result is no longer needed. */
  readonly interrupt: () => void
}

export interface Decoded {
  readonly blocks: readonly Block[]
  /** Hz; 0 when there are no blocks. */
  readonly sampleRate: number
  /** The decoder failed before the end. */
  readonly broken: boolean
}

/** Samples of all channels, for each second of the limit: stereo at 48 kHz. */
const MAX_SAMPLES_PER_SECOND = 2 * 48_000
/** More input than this without any output is no audio. */
const MAX_SILENT_BYTES = 4 * 1024 * 1024

/** Throws AUDIO_TOO_LONG, AUDIO_UNREADABLE, AUDIO_UNSUPPORTED (codec not installed) and the errors of `interrupt`. */
export async function decodeStream(
  name: DecoderName, pieces: Iterable<Uint8Array>, limits: StreamLimits,
): Promise<Decoded> {
  const stream = await openStream(name)
  const output = new LimitedOutput(limits.maxSeconds)
  let broken = false
  try {
    await feed(stream, pieces, output, limits)
  } catch (thrown) {
    const error = asSpeechError(thrown)
    // Audio decoded before the error is kept.
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
    return await (decode as unknown as Readonly<Record<DecoderName, Open>>)[name]() // its types lack "mkv"
  } catch (thrown) {
    throw asSpeechError(thrown)
  }
}

async function feed(
  stream: Stream, pieces: Iterable<Uint8Array>, output: LimitedOutput, { interrupt }: StreamLimits,
): Promise<void> {
  const yieldIfDue = yieldsToEvents(interrupt)
  let silentBytes = 0
  for (const piece of pieces) {
    await yieldIfDue()
    const grew = output.add(await stream(piece))
    silentBytes = grew ? 0 : silentBytes + piece.byteLength
    if (silentBytes > MAX_SILENT_BYTES) throw unreadable(`no samples decoded from ${silentBytes} bytes`)
  }
  interrupt()
  output.add(await stream())
}

/** Decoded blocks, and the limits on them. */
class LimitedOutput {
  readonly blocks: Block[] = []
  frames = 0
  sampleRate = 0
  #samples = 0
  readonly #maxSeconds: number

  constructor(maxSeconds: number) {
    this.#maxSeconds = maxSeconds
  }

  /** Returns whether the output has samples. Throws AUDIO_TOO_LONG or AUDIO_UNREADABLE. */
  add({ channelData, sampleRate }: StreamOutput): boolean {
    const frames = framesIn(channelData)
    if (frames === 0) return false
    checkShape({ sampleRate, channels: channelData.length }, MAX_CODED_CHANNELS)
    if (this.sampleRate !== 0 && sampleRate !== this.sampleRate) {
      throw unreadable(`the sample rate changes from ${this.sampleRate} to ${sampleRate} Hz`)
    }
    this.sampleRate = sampleRate
    this.frames += frames
    this.#samples += frames * channelData.length
    this.#check()
    this.blocks.push(channelData)
    return true
  }

  #check(): void {
    const limit = this.#maxSeconds
    if (this.frames > limit * this.sampleRate) throw new SpeechError('AUDIO_TOO_LONG', `more than ${limit} s`)
    if (this.#samples > limit * MAX_SAMPLES_PER_SECOND) {
      throw new SpeechError('AUDIO_TOO_LONG', `more samples than ${limit} s of stereo at 48 kHz have`)
    }
  }
}

/** An error of the library is about its input, unless memory ran out or a package is not installed. */
function asSpeechError(thrown: unknown): SpeechError {
  if (thrown instanceof SpeechError) return thrown
  if (isOutOfMemory(thrown)) throw thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const missing = /^Cannot find package '([^']+)'/.exec(message)?.[1]
  if (missing !== undefined) return unsupported(`the package ${missing} is not installed`)
  return unreadable(message.slice(0, 200))
}
