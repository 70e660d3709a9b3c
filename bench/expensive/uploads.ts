/**
 * The most expensive uploads that the default limits admit: five minutes of each format that can be had by repeating
 * the frames of a small file, and what costs much for its size. Made in memory, and always the same.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { constantFrames, flacHeader, oggFlac, oggOpus, webmOpus, mp4Opus } from '../../fixtures/bombs.js'
import { sealOggPage } from '../../fixtures/checksums.js'
import { blankWav } from '../../fixtures/wav.js'
import { joined } from '../../src/audio/bytes.js'
import { decodeAudio } from '../../src/audio/decode.js'
import { projectRoot } from '../../src/root.js'
import { seededRandom } from '../statistics.js'

export interface Upload { readonly name: string; readonly bytes: () => Uint8Array | Promise<Uint8Array> }

/** A little less than the limit, since repeated frames are not cut to the sample. */
const SECONDS = 298
const MEDIA = path.join(projectRoot, 'fixtures/media')
const SPEECH = 'play-some-jazz-music.wav'

export const uploads: readonly Upload[] = [
  { name: 'AMR of frames without data', bytes: () => joined('#!AMR\n', new Uint8Array(SECONDS * 50).fill(0x7c)) },
  { name: 'AMR-WB of frames without data', bytes: () => joined('#!AMR-WB\n', new Uint8Array(SECONDS * 50).fill(0x7c)) },
  { name: 'WAV, silence', bytes: () => wav(16_000, () => 0) },
  { name: 'WAV, white noise', bytes: () => wav(16_000, noise(0.05)) },
  { name: 'WAV, noise in swells', bytes: () => wav(16_000, swelling(16_000)) },
  { name: 'WAV, hum', bytes: () => wav(16_000, (n) => 0.3 * Math.sin(n * 2 * Math.PI * 50 / 16_000)) },
  { name: 'WAV, clicks', bytes: () => wav(16_000, clicks()) },
  { name: 'WAV, chords', bytes: () => wav(16_000, chords(16_000)) },
  { name: 'WAV, white noise, 8 bits at 88.2 kHz', bytes: () => wav(88_200, noise(0.05), 1, 296) },
  { name: 'WAV, white noise, stereo at 192 kHz, 34 s', bytes: () => wav(384_000, noise(0.05), 2, 34, 2) },
  { name: 'WAV, speech', bytes: speech },
  { name: 'FLAC of constants', bytes: () => joined(flacHeader(1, 0), ...constantFrames(1, Math.floor(SECONDS * 48_000 / 65_535))) },
  { name: 'FLAC of constants on two channels', bytes: () => joined(flacHeader(2, 0), ...constantFrames(2, Math.floor(SECONDS * 48_000 / 65_535))) },
  { name: 'FLAC of constants in Ogg', bytes: () => oggFlac(constantFrames(1, Math.floor(SECONDS * 48_000 / 65_535)), 1, 48_000) },
  { name: 'Opus without data in Ogg', bytes: () => oggOpus(Math.floor(SECONDS / 0.12 / 255), SECONDS * 48_000) },
  { name: 'Opus without data in WebM', bytes: () => webmOpus(Math.floor(SECONDS / 0.12 / 255)) },
  { name: 'Opus without data in MP4', bytes: () => mp4Opus({ packets: Math.floor(SECONDS / 0.12) }) },
  { name: 'Opus, stereo, speech', bytes: () => repeatedOgg('opus-stereo.ogg') },
  { name: 'Vorbis, stereo, speech', bytes: () => repeatedOgg('vorbis-stereo.ogg') },
  { name: 'MP3, stereo at 44.1 kHz, speech', bytes: () => repeated('stereo-44k.mp3', 0) },
  { name: 'AAC, stereo, speech', bytes: () => repeated('stereo.aac', 0) },
  { name: 'AMR, speech', bytes: () => repeated('nb.amr', '#!AMR\n'.length) },
  { name: 'AMR-WB, speech', bytes: () => repeated('wb.amr', '#!AMR-WB\n'.length) },
]

type Signal = (n: number) => number

function noise(gain: number): Signal {
  const random = seededRandom(1)
  return () => gain * (2 * random() - 1)
}

function swelling(sampleRate: number): Signal {
  const hiss = noise(0.05)
  return (n) => hiss(n) * (1 + Math.sin(n * 2 * Math.PI * 4 / sampleRate))
}

function clicks(): Signal {
  const random = seededRandom(2)
  return (n) => n % 3_000 < 40 ? random() - 0.5 : 0
}

/** Four tones that fade, others each half second. */
function chords(sampleRate: number): Signal {
  return (n) => {
    const [index, time] = [Math.floor(2 * n / sampleRate), (n % (sampleRate / 2)) / sampleRate]
    const hertz = 220 * 2 ** ((index * 7 % 24) / 12)
    return [1, 1.25, 1.5, 2].reduce((sum, ratio) => sum + 0.1 * Math.sin(2 * Math.PI * hertz * ratio * time), 0) * Math.exp(-3 * time)
  }
}

/** `rate` counts the samples of all channels. */
function wav(rate: number, signal: Signal, bytesPerSample: 1 | 2 = 2, seconds = SECONDS, channels = 1): Uint8Array {
  const samples = Math.floor(rate * seconds / channels) * channels
  const file = blankWav(samples * bytesPerSample, { channels, sampleRate: rate / channels, bits: bytesPerSample === 1 ? 8 : 16 })
  for (let n = 0; n < samples; n++) {
    if (bytesPerSample === 1) file[44 + n] = 128 + Math.round(127 * signal(n))
    else file.writeInt16LE(Math.round(32_767 * signal(n)), 44 + 2 * n)
  }
  return file
}

/** One sentence after the other, with half a second between them. */
async function speech(): Promise<Uint8Array> {
  const { waveform: { samples, sampleRate } } = await decodeAudio(readFileSync(path.join(projectRoot, 'fixtures/clips', SPEECH)), { maxSeconds: 60 })
  const period = samples.length + sampleRate / 2
  return wav(sampleRate, (n) => samples[n % period] ?? 0)
}

/** Formats whose frames stand for themselves, behind a header of so many bytes. */
async function repeated(name: string, headerBytes: number): Promise<Uint8Array> {
  const file = readFileSync(path.join(MEDIA, name))
  return joined(file.subarray(0, headerBytes), ...Array.from({ length: await roundsOf(file) }, () => file.subarray(headerBytes)))
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
  return joined(...[...headers, ...again].map((page, number, all) => numbered(Buffer.from(page), number, number === all.length - 1)))
}

function pagesOf(file: Buffer): Buffer[] {
  const pages: Buffer[] = []
  for (let at = 0; at < file.length;) {
    const segments = file[at + 26]!
    const bytes = file.subarray(at + 27, at + 27 + segments).reduce((sum, length) => sum + length, 27 + segments)
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
