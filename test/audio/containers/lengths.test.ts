/** Lengths are those of what is there; tags, cut streams, placeholders and other bytes in front change nothing. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import tap from 'tap'
import { sealOggPage } from '../../../fixtures/checksums.js'
import { element, makeMatroska, simpleBlock } from '../../../fixtures/containers.js'
import { joined } from '../../../src/audio/containers/bytes.js'
import { decodeAudio, probeAudio } from '../../../src/audio/decode.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { generator, likeness, mediaFile } from '../signals.js'

for (const method of ['log', 'warn', 'error'] as const) console[method] = () => undefined

const LIMITS = { maxSeconds: 60 }
const CLIP_SECONDS = 2.71
const wav = readFileSync(path.join(projectRoot, 'fixtures/clips/warm-up.wav'))
const clip = (await decodeAudio(wav, LIMITS)).waveform

type Test = Pick<typeof tap, 'ok' | 'equal'>

async function sounds(t: Test, bytes: Uint8Array, what: string, least = 0.97): Promise<void> {
  const probe = probeAudio(bytes)
  const { waveform, format } = await decodeAudio(bytes, LIMITS)
  const seconds = waveform.samples.length / waveform.sampleRate
  t.ok(Math.abs(probe.seconds - seconds) < 0.25, `${what}: probed ${probe.seconds} s, decoded ${seconds} s`)
  t.equal(format.truncated, false, `${what}: not truncated`)
  t.ok(Math.abs(seconds - CLIP_SECONDS) < 0.3, `${what}: ${seconds} s`)
  t.ok(likeness(waveform, clip, least) >= least, `${what}: the phrase`)
}

tap.test('tags before any container are skipped', async (t) => {
  const id3 = (size: number, flags = 0): Uint8Array =>
    joined('ID3', [4, 0, flags, 0, 0, size >> 7, size & 127], new Uint8Array(size).fill(65))
  const footed = joined(id3(300, 0x10), '3DI', [4, 0, 0x10, 0, 0, 300 >> 7, 300 & 127])
  const ape = joined('APETAGEX', [0xd0, 7, 0, 0, 132, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xa0], new Uint8Array(8),
    new Uint8Array(132).fill(66))
  const fronts = [['a tag', id3(300)], ['two', joined(id3(300), id3(0))], ['one with a footer', footed],
    ['one with zeros behind', joined(id3(300), new Uint8Array(5_000))], ['APE', ape]] as const
  for (const [what, front] of fronts) await sounds(t, joined(front, wav), `${what} before WAV`)
  for (const name of ['streamed.flac', 'opus-mono.ogg', 'aac-mono.m4a', 'mono.aac', 'mono-16k.mp3', 'opus-mono.webm']) {
    await sounds(t, joined(id3(300), mediaFile(name)), `a tag before ${name}`)
  }
})

tap.test('frames of MPEG audio are found after half a frame, zeros and other bytes, and between them', async (t) => {
  const random = generator(3)
  const noise = Uint8Array.from({ length: 700 }, () => Math.floor(random() * 256))
  for (const name of ['bare-48k.mp3', 'mono.aac']) {
    const whole = mediaFile(name)
    for (const at of [1, 3, 50]) await sounds(t, whole.subarray(at), `${name} from byte ${at}`, 0.9)
    await sounds(t, joined(new Uint8Array(100_000), whole), `${name} after zeros`)
    await sounds(t, joined(noise, whole), `${name} after noise`)
    const middle = Buffer.from(whole).indexOf(Uint8Array.of(0xff, whole[1]!), whole.byteLength >> 1)
    const parted = joined(whole.subarray(0, middle), noise, whole.subarray(middle))
    const { waveform } = await decodeAudio(parted, LIMITS)
    t.ok(Math.abs(waveform.samples.length / waveform.sampleRate - CLIP_SECONDS) < 0.3, `${name} with noise in between`)
  }
})

tap.test('bytes that are no audio do not become MPEG audio', async (t) => {
  const random = generator(11)
  for (let round = 0; round < 60; round++) {
    const noise = Uint8Array.from({ length: 20_000 }, () => Math.floor(random() * 256))
    t.throws(() => probeAudio(noise), { code: 'AUDIO_UNSUPPORTED' })
  }
  const mp3 = mediaFile('bare-48k.mp3')
  for (const front of ['PK\x03\x04', '%PDF-1.7', '\xff\xd8\xff\xe0', '\x89PNG\r\n', 'GIF89a', '\x1f\x8b\x08']) {
    t.throws(() => probeAudio(joined(front, new Uint8Array(20), mp3)), { code: 'AUDIO_UNSUPPORTED' }, front)
  }
  t.throws(() => probeAudio(joined('<!doctype html>', 'text '.repeat(9_000))), { code: 'AUDIO_UNSUPPORTED' })
})

tap.test('a number of frames that an MP3 file cannot have is not believed', async (t) => {
  const bytes = Uint8Array.from(mediaFile('mono-16k.mp3'))
  const tag = Math.max(Buffer.from(bytes).indexOf('Xing'), Buffer.from(bytes).indexOf('Info'))
  for (const frames of [50_000, 0xffff_ffff]) {
    new DataView(bytes.buffer).setUint32(tag + 8, frames)
    await sounds(t, bytes, `${frames} frames`)
  }
  const cut = mediaFile('mono-16k.mp3').subarray(0, bytes.byteLength * 0.6)
  t.match(await decodeAudio(cut, LIMITS), { format: { truncated: true } }, 'a tag that can be true tells of a cut')
})

tap.test('placeholders of sizes and totals are not believed', async (t) => {
  const sizes = [0, 0x7fff_f000, 0x7fff_ffff, 0xffff_ffff, 2_000_000_000, 0x8000_0000]
  const dataAt = wav.indexOf('data') + 4
  for (const size of sizes) {
    const [data, both, riff] = [Buffer.from(wav), Buffer.from(wav), Buffer.from(wav)]
    for (const bytes of [data, both]) bytes.writeUInt32LE(size, dataAt)
    for (const bytes of [riff, both]) bytes.writeUInt32LE(size, 4)
    await sounds(t, data, `WAV whose data have ${size} bytes`)
    await sounds(t, both, `WAV of ${size} bytes`)
    await sounds(t, riff, `WAV whose RIFF has ${size} bytes`)
    const aiff = Buffer.from(mediaFile('pcm-s16.aiff'))
    aiff.writeUInt32BE(size, aiff.indexOf('COMM') + 10)
    t.match(probeAudio(aiff), { seconds: 1, truncated: false }, `AIFF of ${size} frames`)
    const caf = Buffer.from(mediaFile('mulaw.caf'))
    caf.writeBigUInt64BE(BigInt(size), caf.indexOf('data') + 4)
    t.match(probeAudio(caf), { seconds: 1, truncated: false }, `CAF of ${size} bytes`)
  }
  for (const total of [0xf_ffff_ffff, 0xffff_ffff, 16_000 * 3_600]) {
    const flac = Buffer.from(mediaFile('streamed.flac'))
    flac[21] = (flac[21]! & 0xf0) | Math.floor(total / 2 ** 32)
    flac.writeUInt32BE(total % 2 ** 32, 22)
    await sounds(t, flac, `FLAC of ${total} samples`)
  }
})

tap.test('chunks of WAV may have any order, and lack their pad byte', async (t) => {
  const format = wav.subarray(12, 36)
  const data = wav.subarray(wav.indexOf('data'))
  const list = joined('LIST', [3, 0, 0, 0], 'abc')
  const file = (...chunks: readonly Uint8Array[]): Uint8Array => joined('RIFF', [0, 0, 0, 0], 'WAVE', ...chunks)
  const padded = joined(list, [0])
  const orders = [
    [data, format], [padded, format, data], [list, format, list, data], [format, list, data], [data, padded, format],
  ]
  for (const [i, order] of orders.entries()) {
    await sounds(t, file(...order), `order ${i}`)
  }
})

tap.test('MP3 in WAV is read, also from the middle of a frame', async (t) => {
  for (const start of [0, 50]) {
    const mp3 = mediaFile('bare-48k.mp3').subarray(start)
    const header = Buffer.alloc(46)
    header.write('RIFF\0\0\0\0WAVEfmt \x12\0\0\0\x55\0\x01\0', 'latin1')
    header.writeUInt32LE(48_000, 24)
    header.writeUInt16LE(1, 32)
    header.write('data', 38)
    header.writeUInt32LE(mp3.byteLength, 42)
    const bytes = joined(header, mp3)
    t.match(probeAudio(bytes), { container: 'wav', codec: 'mp3', sampleRate: 48_000 })
    await sounds(t, bytes, `from byte ${start}`, 0.9)
  }
})

tap.test('a Matroska file may start late, have gaps and a wrong duration', async (t) => {
  const pcm = { codecId: 'A_PCM/INT/LIT', bitDepth: 16, sampleRate: 8_000 }
  const block = (time: number): Uint8Array => simpleBlock(new Uint8Array(1_600), { time }) // 100 ms
  const cluster = (seconds: number, ...blocks: readonly Uint8Array[]): Uint8Array =>
    element(0x1f43b675, element(0xe7, [0, 0, 0, 0].map((_, i) => ((seconds * 1_000) >> (24 - 8 * i)) & 255)), ...blocks)
  const head = makeMatroska({ ...pcm, duration: 36_000_000, blocks: [block(0)] })
  for (const [what, bytes, seconds] of [
    ['a duration of hours', head, 0.1],
    ['a late first block', makeMatroska({ ...pcm, blocks: [block(30_000), block(30_100)] }), 0.2],
    ['late clusters', joined(head, cluster(3_600, block(0), block(100)), cluster(7_200, block(0))), 0.4],
  ] as const) {
    const { waveform, format } = await decodeAudio(bytes, LIMITS)
    t.equal(waveform.samples.length, Math.round(seconds * 8_000), what)
    t.equal(format.truncated, false, what)
    t.ok(Math.abs(probeAudio(bytes).seconds - seconds) < 1e-6, `${what}: ${probeAudio(bytes).seconds} s`)
  }
  t.ok(Math.abs(probeAudio(mediaFile('vorbis.webm')).seconds - CLIP_SECONDS) < 0.05, 'packets of Vorbis last up to the next one')
})

tap.test('Ogg may be joined late, be a chain, and end with a wrong position', async (t) => {
  for (const name of ['opus-mono.ogg', 'vorbis-mono.ogg', 'flac.oga']) {
    const whole = mediaFile(name)
    const { seconds } = probeAudio(whole)
    const change = (edit: (page: Buffer, index: number, last: boolean) => void): Uint8Array => {
      const pages = pagesOf(whole)
      for (const [i, page] of pages.entries()) {
        edit(page, i, i === pages.length - 1)
        sealOggPage(page)
      }
      return joined(...pages)
    }
    const shift = (page: Buffer): void => {
      const position = page.readBigUInt64LE(6)
      if (position !== 0n && position !== 2n ** 64n - 1n) page.writeBigUInt64LE(position + 172_800_000n, 6)
    }
    const other = change((page) => page.writeUInt32LE(12_345, 14))
    for (const [what, bytes, times] of [
      ['joined late', change(shift), 1],
      ['with a last position of 2⁵⁰', change((page, _, last) => { if (last) page.writeBigUInt64LE(2n ** 50n, 6) }), 1],
      ['a chain', joined(whole, other), 2], ['a chain of one number', joined(whole, whole), 2],
    ] as const) {
      const { waveform, format } = await decodeAudio(bytes, LIMITS)
      const found = waveform.samples.length / waveform.sampleRate
      t.ok(Math.abs(found - times * seconds) < 0.1, `${name} ${what}: decoded ${found} s`)
      t.ok(Math.abs(probeAudio(bytes).seconds - times * seconds) < 0.1, `${name} ${what}: ${probeAudio(bytes).seconds} s`)
      t.equal(format.truncated, false, `${name} ${what}`)
    }
  }
})

tap.test('a fragmented MP4 may start late', async (t) => {
  for (const name of ['aac-fragmented.mp4', 'recorder-opus.mp4']) {
    const late = Buffer.from(mediaFile(name))
    for (let at = late.indexOf('tfdt'); at >= 0; at = late.indexOf('tfdt', at + 4)) {
      if (late[at + 4] === 1) late.writeBigUInt64BE(late.readBigUInt64BE(at + 8) + 10n ** 9n, at + 8)
      else late.writeUInt32BE(late.readUInt32BE(at + 8) + 10 ** 9, at + 8)
    }
    t.equal(probeAudio(late).seconds, probeAudio(mediaFile(name)).seconds, name)
    t.match(await decodeAudio(late, LIMITS), { format: { truncated: false } }, name)
  }
})

function pagesOf(bytes: Uint8Array): Buffer[] {
  const pages: Buffer[] = []
  for (let at = 0; at < bytes.byteLength;) {
    const segments = bytes[at + 26]!
    const end = at + 27 + segments + bytes.subarray(at + 27, at + 27 + segments).reduce((sum, size) => sum + size, 0)
    pages.push(Buffer.from(bytes.subarray(at, end)))
    at = end
  }
  return pages
}
