/**
 * The most expensive uploads that the default limits admit: five minutes of each format whose frames can be repeated,
 * and files that cost much for their size. Made in memory, and always the same.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { constantFrames, flacHeader, oggFlac, oggOpus, webmOpus, mp4Opus } from '../../fixtures/bombs.js'
import { sealOggPage } from '../../fixtures/checksums.js'
import { blankWav, WAV_HEADER_BYTES, type WavShape } from '../../fixtures/wav.js'
import { joined } from '../../src/audio/containers/bytes.js'
import { decodeAudio } from '../../src/audio/decode.js'
import { projectRoot } from '../../src/domain/project-root.js'
import { seededRandom, sum } from '../../fixtures/kit/statistics.js'

export interface Upload {
  readonly name: string
  readonly hasSpeech: boolean
  readonly bytes: () => Uint8Array | Promise<Uint8Array>
}

/** A little less than the limit, since repeated frames are not cut to the sample. */
const SECONDS = 298
const MEDIA = path.join(projectRoot, 'fixtures/media')
const SPEECH = 'play-some-jazz-music.wav'

const FRAMES_OF_CONSTANTS = Math.floor(SECONDS * 48_000 / 65_535)
const OPUS_PACKET_SECONDS = 0.12
const LACED_BLOCKS = Math.floor(SECONDS / OPUS_PACKET_SECONDS / 255)
const RATE = 16_000

type Make = Upload['bytes']

const WITHOUT_SPEECH: Readonly<Record<string, Make>> = {
  'AMR of frames without data': () => joined('#!AMR\n', new Uint8Array(SECONDS * 50).fill(0x7c)),
  'AMR-WB of frames without data': () => joined('#!AMR-WB\n', new Uint8Array(SECONDS * 50).fill(0x7c)),
  'WAV, silence': () => wav({ signal: () => 0 }),
  'WAV, white noise': () => wav({ signal: noise(0.05) }),
  'WAV, noise in swells': () => wav({ signal: swelling() }),
  'WAV, hum': () => wav({ signal: (n) => 0.3 * Math.sin(n * 2 * Math.PI * 50 / RATE) }),
  'WAV, clicks': () => wav({ signal: clicks() }),
  'WAV, chords': () => wav({ signal: chords() }),
  'WAV, white noise, 8 bits at 88.2 kHz': () => wav({ sampleRate: 88_200, signal: noise(0.05), bits: 8, seconds: 296 }),
  'WAV, white noise, stereo at 192 kHz, 34 s':
    () => wav({ sampleRate: 192_000, signal: noise(0.05), seconds: 34, channels: 2 }),
  'FLAC of constants': () => joined(flacHeader(1, 0), ...constantFrames(1, FRAMES_OF_CONSTANTS)),
  'FLAC of constants on two channels': () => joined(flacHeader(2, 0), ...constantFrames(2, FRAMES_OF_CONSTANTS)),
  'FLAC of constants in Ogg': () => oggFlac(constantFrames(1, FRAMES_OF_CONSTANTS), 1, 48_000),
  'Opus without data in Ogg': () => oggOpus(LACED_BLOCKS, SECONDS * 48_000),
  'Opus without data in WebM': () => webmOpus(LACED_BLOCKS),
  'Opus without data in MP4': () => mp4Opus({ packets: Math.floor(SECONDS / OPUS_PACKET_SECONDS) }),
}

const WITH_SPEECH: Readonly<Record<string, Make>> = {
  'WAV, speech': speech,
  'Opus, stereo, speech': () => repeatedOgg('opus-stereo.ogg'),
  'Vorbis, stereo, speech': () => repeatedOgg('vorbis-stereo.ogg'),
  'MP3, stereo at 44.1 kHz, speech': () => repeated('stereo-44k.mp3', 0),
  'AAC, stereo, speech': () => repeated('stereo.aac', 0),
  'AMR, speech': () => repeated('nb.amr', '#!AMR\n'.length),
  'AMR-WB, speech': () => repeated('wb.amr', '#!AMR-WB\n'.length),
}

export const uploads: readonly Upload[] = [
  ...Object.entries(WITHOUT_SPEECH).map(([name, bytes]) => ({ name, hasSpeech: false, bytes })),
  ...Object.entries(WITH_SPEECH).map(([name, bytes]) => ({ name, hasSpeech: true, bytes })),
]

/** Sample number n; in a file of several channels they take turns. */
type Signal = (n: number) => number

export function noise(gain: number): Signal {
  const random = seededRandom(1)
  return () => gain * (2 * random() - 1)
}

function swelling(): Signal {
  const hiss = noise(0.05)
  return (n) => hiss(n) * (1 + Math.sin(n * 2 * Math.PI * 4 / RATE))
}

function clicks(): Signal {
  const random = seededRandom(2)
  return (n) => n % 3_000 < 40 ? random() - 0.5 : 0
}

/** Four tones that fade, others each half second. */
function chords(): Signal {
  return (n) => {
    const [index, time] = [Math.floor(2 * n / RATE), (n % (RATE / 2)) / RATE]
    const hertz = 220 * 2 ** ((index * 7 % 24) / 12)
    const tones = [1, 1.25, 1.5, 2].map((ratio) => 0.1 * Math.sin(2 * Math.PI * hertz * ratio * time))
    return sum(tones) * Math.exp(-3 * time)
  }
}

interface Sound extends WavShape { readonly signal: Signal; readonly seconds?: number }

export function wav({ signal, seconds = SECONDS, ...shape }: Sound): Uint8Array {
  const { channels = 1, sampleRate = RATE, bits = 16 } = shape
  const samples = Math.floor(sampleRate * seconds) * channels
  const file = blankWav(samples * bits / 8, shape)
  for (let n = 0; n < samples; n++) {
    if (bits === 8) file[WAV_HEADER_BYTES + n] = 128 + Math.round(127 * signal(n))
    else file.writeInt16LE(Math.round(32_767 * signal(n)), WAV_HEADER_BYTES + 2 * n)
  }
  return file
}

/** One sentence after the other, with half a second between them. */
async function speech(): Promise<Uint8Array> {
  const clip = readFileSync(path.join(projectRoot, 'fixtures/clips', SPEECH))
  const { waveform: { samples, sampleRate } } = await decodeAudio(clip, { maxSeconds: 60 })
  const period = samples.length + sampleRate / 2
  return wav({ sampleRate, signal: (n) => samples[n % period] ?? 0 })
}

/** Formats whose frames stand for themselves, behind a header of so many bytes. */
async function repeated(name: string, headerBytes: number): Promise<Uint8Array> {
  const file = readFileSync(path.join(MEDIA, name))
  const frames = file.subarray(headerBytes)
  return joined(file.subarray(0, headerBytes), ...Array.from({ length: await roundsOf(file) }, () => frames))
}

async function roundsOf(file: Uint8Array): Promise<number> {
  const { samples, sampleRate } = (await decodeAudio(file, { maxSeconds: 60 })).waveform
  // Frames at the ends are cut off of a whole file, and heard within a longer one.
  return Math.floor(SECONDS / (samples.length / sampleRate + 0.1))
}

/** The pages behind the headers again and again, numbered anew. */
async function repeatedOgg(name: string): Promise<Uint8Array> {
  const file = readFileSync(path.join(MEDIA, name))
  const pages = pagesOf(file)
  const headers = pages.filter((page) => page.readBigUInt64LE(6) === 0n)
  const sounds = pages.slice(headers.length)
  const lastGranule = sounds.at(-1)!.readBigUInt64LE(6)
  const rounds = await roundsOf(file)
  const again = Array.from({ length: rounds }, (_, round) => sounds.map((page) => {
    const copy = Buffer.from(page)
    copy.writeBigUInt64LE(page.readBigUInt64LE(6) + BigInt(round) * lastGranule, 6)
    return copy
  })).flat()
  const pagesInAll = [...headers, ...again]
  const last = pagesInAll.length - 1
  return joined(...pagesInAll.map((page, number) => numbered(Buffer.from(page), number, number === last)))
}

function pagesOf(file: Buffer): Buffer[] {
  const pages: Buffer[] = []
  for (let at = 0; at < file.length;) {
    const segments = file[at + 26]!
    const bytes = 27 + segments + sum([...file.subarray(at + 27, at + 27 + segments)])
    pages.push(file.subarray(at, at + bytes))
    at += bytes
  }
  return pages
}

function numbered(page: Buffer, number: number, isLast: boolean): Buffer {
  page[5] = page[5]! & 3 | (isLast ? 4 : 0)
  page.writeUInt32LE(number, 18)
  sealOggPage(page)
  return page
}
