/**
 * GSM 6.10 full rate, as telephone exchanges store it: bare frames of 33 bytes that begin with the four bits 1101
 * (RFC 3551, 4.5.8; `.gsm`), or WAV blocks of 65 bytes, two frames of 260 bits with the lowest bit first ("WAV49").
 */
import { u8 } from './bytes.js'
import { GSM_FRAME_SAMPLES, GsmDecoder, type ReadBits } from './gsm-decoder.js'
import { yieldsToEvents } from '../event-loop.js'
import type { AudioProbe } from '../probe.js'
import type { Decoded, StreamLimits } from '../stream.js'

export const GSM_BLOCK_BYTES = 65
export const GSM_BLOCK_SAMPLES = 2 * GSM_FRAME_SAMPLES
const FRAME_BYTES = 33
const FRAME_BITS = 260
const SIGNATURE = 13
const RATE_HZ = 8_000
/** Bare frames are recognized by so many signatures: by chance, fewer than one file in 10⁴ has as many. */
const MIN_CHECKED_FRAMES = 4
const MAX_CHECKED_FRAMES = 50
/** Blocks of a hundred frames are decoded in some milliseconds. */
const BLOCK_FRAMES = 100

export interface GsmLayout {
  readonly dataOffset: number
  readonly dataBytes: number
  /** Hz. Most files have 8,000. */
  readonly sampleRate: number
  readonly packing: 'wav' | 'bare'
}

/** Each frame has its signature, and other bytes mostly do not: those of A-law silence all would. */
export function matchesGsm(bytes: Uint8Array): boolean {
  const frames = Math.min(MAX_CHECKED_FRAMES, Math.floor(bytes.byteLength / FRAME_BYTES))
  if (frames < MIN_CHECKED_FRAMES) return false
  const checked = bytes.subarray(0, frames * FRAME_BYTES)
  for (let at = 0; at < checked.byteLength; at += FRAME_BYTES) if (checked[at]! >> 4 !== SIGNATURE) return false
  const alike = checked.reduce((sum, byte) => sum + (byte >> 4 === SIGNATURE ? 1 : 0), 0)
  return alike - frames < (checked.byteLength - frames) / 2
}

export function probeGsm(bytes: Uint8Array): AudioProbe {
  const frames = Math.floor(bytes.byteLength / FRAME_BYTES)
  return {
    container: 'gsm', codec: 'gsm', sampleRate: RATE_HZ, channels: 1, seconds: frames * GSM_FRAME_SAMPLES / RATE_HZ,
    declared: true, truncated: bytes.byteLength % FRAME_BYTES !== 0,
  }
}

export function bareGsmLayout(bytes: Uint8Array): GsmLayout {
  return { dataOffset: 0, dataBytes: bytes.byteLength, sampleRate: RATE_HZ, packing: 'bare' }
}

/** The length has been checked, since every frame has as many samples. Throws the errors of `interrupt`. */
export async function readGsm(bytes: Uint8Array, layout: GsmLayout, limits: StreamLimits): Promise<Decoded> {
  const frames = framesOf(layout)
  const samples = new Float32Array(frames * GSM_FRAME_SAMPLES)
  const decoder = new GsmDecoder()
  const yieldIfDue = yieldsToEvents(limits.interrupt)
  for (let frame = 0; frame < frames; frame++) {
    decoder.decode(frameReader(bytes, layout, frame), samples, frame * GSM_FRAME_SAMPLES)
    if (frame % BLOCK_FRAMES === 0) await yieldIfDue()
  }
  return { blocks: [[samples]], sampleRate: layout.sampleRate, broken: false }
}

function framesOf({ packing, dataBytes }: GsmLayout): number {
  return packing === 'wav' ? 2 * Math.floor(dataBytes / GSM_BLOCK_BYTES) : Math.floor(dataBytes / FRAME_BYTES)
}

function frameReader(bytes: Uint8Array, { packing, dataOffset }: GsmLayout, frame: number): ReadBits {
  if (packing === 'bare') return highestFirst(bytes, (dataOffset + frame * FRAME_BYTES) * 8 + 4)
  const block = dataOffset + Math.floor(frame / 2) * GSM_BLOCK_BYTES
  return lowestFirst(bytes, block * 8 + (frame % 2) * FRAME_BITS)
}

function highestFirst(bytes: Uint8Array, start: number): ReadBits {
  let at = start
  return (bits) => {
    let value = 0
    for (const end = at + bits; at < end; at++) value = (value << 1) | ((u8(bytes, at >> 3) >> (7 - (at & 7))) & 1)
    return value
  }
}

function lowestFirst(bytes: Uint8Array, start: number): ReadBits {
  let at = start
  return (bits) => {
    let value = 0
    for (let bit = 0; bit < bits; bit++, at++) value |= ((u8(bytes, at >> 3) >> (at & 7)) & 1) << bit
    return value
  }
}
