/** Formats of phones and telephony: samples exactly as they were written, by every encoding of each container. */
import { createHash } from 'node:crypto'
import tap from 'tap'
import { readAacConfig } from '../../../src/audio/containers/aac-config.js'
import { makeBox } from '../../../src/audio/containers/boxes.js'
import { joined } from '../../../src/audio/containers/bytes.js'
import { decodeAudio, headerlessFormat, probeAudio } from '../../../src/audio/decode.js'
import { makeCaf, makeMp4, soundEntry } from '../../../fixtures/containers.js'
import { generator, mediaFile } from '../signals.js'

const LIMITS = { maxSeconds: 60 }
/** Exact in every width from 8 bits on. */
const VALUES = [0, 0.5, -0.5, 0.25, -1, 0.9921875, 0.0078125, -0.0078125]

type Width = 8 | 16 | 24 | 32

function integers(bits: Width, little: boolean): Uint8Array {
  const bytes = bits / 8
  return joined(...VALUES.map((value) => {
    const buffer = Buffer.alloc(bytes)
    if (little) buffer.writeIntLE(value * 2 ** (bits - 1), 0, bytes)
    else buffer.writeIntBE(value * 2 ** (bits - 1), 0, bytes)
    return buffer
  }))
}

function floats(bits: 32 | 64, little: boolean): Uint8Array {
  return joined(...VALUES.map((value) => {
    const buffer = Buffer.alloc(bits / 8)
    const name = `write${bits === 32 ? 'Float' : 'Double'}${little ? 'LE' : 'BE'}` as const
    buffer[name](value, 0)
    return buffer
  }))
}

const UNSIGNED = Uint8Array.from(VALUES, (value) => value * 128 + 128)

async function samplesOf(bytes: Uint8Array): Promise<number[]> {
  return [...(await decodeAudio(bytes, LIMITS)).waveform.samples]
}

function digestOf(samples: Float32Array): string {
  return createHash('sha256').update(Int16Array.from(samples, (sample) => sample * 0x8000)).digest('hex')
}

tap.test('GSM 6.10 is decoded bit for bit as libgsm decodes it, saturated sums included', async (t) => {
  const random = generator(7)
  const frames = Uint8Array.from({ length: 400 * 33 }, (_, i) => {
    const byte = Math.floor(random() * 256)
    return i % 33 === 0 ? 0xd0 | (byte & 15) : byte
  })
  const expected: readonly (readonly [Uint8Array, string])[] = [
    [frames, '0495a7f9538f05c47c7880245f605f95248df4be5e507e8715153f37914e1c36'],
    [mediaFile('mono.gsm'), 'f815730b73cd7267b402c02588db1242c977684ce2fd97e846f2b69532660e69'],
    [mediaFile('gsm.wav'), 'f815730b73cd7267b402c02588db1242c977684ce2fd97e846f2b69532660e69'],
  ]
  for (const [bytes, digest] of expected) {
    const { waveform, format } = await decodeAudio(bytes, LIMITS)
    t.match(format, { codec: 'gsm', truncated: false })
    t.equal(digestOf(waveform.samples), digest)
  }
})

tap.test('bare GSM is recognized by its frames, whatever the media type; silence of A-law is none', async (t) => {
  const bytes = mediaFile('mono.gsm')
  t.equal(headerlessFormat(bytes, 'audio/gsm'), undefined)
  t.match(probeAudio(bytes), { container: 'gsm', codec: 'gsm', seconds: 2.72, truncated: false })
  t.match(probeAudio(bytes.subarray(0, 33 * 10 + 5)), { seconds: 0.2, truncated: true })
  t.throws(() => probeAudio(new Uint8Array(33 * 50).fill(0xd5)), { code: 'AUDIO_UNSUPPORTED' })
  t.throws(() => probeAudio(bytes.subarray(0, 33 * 3)), { code: 'AUDIO_UNSUPPORTED' }, 'too short to be sure')
})

tap.test('every encoding of AU, in either byte order, with an annotation of any length', async (t) => {
  const au = (little: boolean, encoding: number, data: Uint8Array, size = data.byteLength, note = 4): Uint8Array => {
    const numbers = Buffer.alloc(20)
    const fields = [24 + note, size, encoding, 8_000, 1]
    fields.forEach((field, i) => little ? numbers.writeUInt32LE(field, 4 * i) : numbers.writeUInt32BE(field, 4 * i))
    return joined(little ? 'dns.' : '.snd', numbers, new Uint8Array(note).fill(65), data)
  }
  for (const little of [false, true]) {
    for (const [encoding, bits] of [[2, 8], [3, 16], [4, 24], [5, 32]] as const) {
      t.same(await samplesOf(au(little, encoding, integers(bits, little))), VALUES, `${bits} bits`)
    }
    t.same(await samplesOf(au(little, 6, floats(32, little))), VALUES)
    t.same(await samplesOf(au(little, 7, floats(64, little))), VALUES)
  }
  t.same(await samplesOf(au(false, 3, integers(16, false), 0xffff_ffff, 0)), VALUES, 'a size that was not known')
  t.same(await samplesOf(au(false, 3, integers(16, false), 16, 70_001)), VALUES, 'a long annotation')
  t.match(probeAudio(au(false, 3, integers(16, false), 400)), { truncated: true, seconds: 0.001 })
  t.match(await decodeAudio(mediaFile('mulaw.au'), LIMITS), { format: { codec: 'mulaw' } })
  t.throws(() => probeAudio(au(false, 23, integers(16, false))), { code: 'AUDIO_UNSUPPORTED', message: /G\.721/ })
  t.throws(() => probeAudio(au(false, 99, integers(16, false))), { code: 'AUDIO_UNSUPPORTED', message: /99/ })
  t.throws(() => probeAudio(au(false, 3, new Uint8Array(0), 0, 9).subarray(0, 30)), { code: 'AUDIO_UNREADABLE' })
})

tap.test('RF64, BW64 and Wave64 have the samples of WAV, also where the sizes were never written', async (t) => {
  const samples = await samplesOf(mediaFile('pcm-s16.aiff'))
  for (const name of ['rf64.wav', 'pcm-s16.w64', 'pcm-s16.mov', 'flac.mp4', 'alac.caf']) {
    const found = await samplesOf(mediaFile(name))
    const worst = found.reduce((most, sample, i) => Math.max(most, Math.abs(sample - samples[i]!)), 0)
    t.ok(found.length === samples.length && worst < 1 / 0x7fff, `${name}: ${found.length} samples, ${worst} apart`)
  }
  const renamed = Buffer.from(mediaFile('rf64.wav'))
  renamed.write('BW64', 0, 'latin1')
  t.same(await samplesOf(renamed), samples)
  const unfinished = Buffer.from(mediaFile('rf64.wav')).fill(0, 20, 36)
  t.match(await decodeAudio(unfinished, LIMITS), { format: { truncated: false } })
  const streamed = Buffer.from(mediaFile('pcm-s16.w64'))
  streamed.writeBigInt64LE(2n ** 63n - 1n, streamed.indexOf('data') + 16)
  t.match(probeAudio(streamed), { seconds: 1, truncated: false })
})

interface Variant { readonly type: string; readonly bits: number; readonly data: Uint8Array; readonly box?: Uint8Array }

tap.test('every encoding of PCM in QuickTime and MP4', async (t) => {
  const little = makeBox('wave', makeBox('enda', [0, 1]))
  const pcmC = (flags: number, bits: number): Uint8Array => makeBox('pcmC', [0, 0, 0, 0, flags, bits])
  const variants: readonly Variant[] = [
    { type: 'sowt', bits: 16, data: integers(16, true) }, { type: 'twos', bits: 16, data: integers(16, false) },
    { type: 'twos', bits: 8, data: integers(8, false) }, { type: 'raw ', bits: 8, data: UNSIGNED },
    { type: 'in24', bits: 16, data: integers(24, false) }, { type: 'in32', bits: 16, data: integers(32, false) },
    { type: 'fl32', bits: 16, data: floats(32, false) }, { type: 'fl64', bits: 16, data: floats(64, false) },
    { type: 'in24', bits: 16, data: integers(24, true), box: little },
    { type: 'fl32', bits: 16, data: floats(32, true), box: little },
    { type: 'ipcm', bits: 16, data: integers(24, true), box: pcmC(1, 24) },
    { type: 'ipcm', bits: 16, data: integers(32, false), box: pcmC(0, 32) },
    { type: 'fpcm', bits: 32, data: floats(32, true), box: pcmC(1, 32) },
    { type: 'fpcm', bits: 64, data: floats(64, false), box: pcmC(0, 64) },
  ]
  for (const { type, bits, data, box } of variants) {
    const entry = Buffer.from(soundEntry(type, 1, 8_000, ...box === undefined ? [] : [box]))
    entry.writeUInt16BE(bits, 26)
    const count = VALUES.length
    // QuickTime writes a size of 1 for frames of any width; two chunks, the second of which is incomplete.
    const file = makeMp4({
      entry, timescale: 8_000, duration: count, data, sizes: { fixed: 1, count }, perChunk: 5,
      chunks: [0, data.byteLength * 5 / 8],
    })
    t.same(await samplesOf(file), VALUES, `${type} of ${bits} bits`)
  }
  for (const type of ['ac-3', 'ima4', 'agsm', 'dtsc']) {
    const entry = soundEntry(type, 1, 8_000)
    const file = makeMp4({
      entry, timescale: 8_000, duration: 8, data: UNSIGNED, sizes: [8], perChunk: 1, chunks: [0],
    })
    t.throws(() => probeAudio(file), { code: 'AUDIO_UNSUPPORTED', message: /AC-3|IMA ADPCM|GSM 6.10|DTS/ }, type)
  }
})

tap.test('chunks of a single sample are as long as their samples', async (t) => {
  const count = 130_000
  const file = makeMp4({
    entry: soundEntry('sowt', 1, 8_000), timescale: 8_000, duration: count, data: new Uint8Array(2 * count),
    sizes: { fixed: 1, count }, perChunk: 1, chunks: Array.from({ length: count }, (_, index) => 2 * index),
  })
  for (const maxSeconds of [20, 600]) {
    t.equal((await decodeAudio(file, { maxSeconds })).waveform.samples.length, count, `${maxSeconds} s`)
  }
  await t.rejects(decodeAudio(file, { maxSeconds: 16 }), { code: 'AUDIO_TOO_LONG' })
})

tap.test('packets of CAF: priming is trimmed, and no declared count is believed', async (t) => {
  const opus = [...Array<undefined>(10)].map(() => Uint8Array.of(0xf8, 0xff, 0xfe))
  const caf = makeCaf({
    type: 'opus', sampleRate: 24_000, channels: 1, packetSamples: 480, packets: opus, priming: 120, remainder: 240,
  })
  t.match(probeAudio(caf), { container: 'caf', codec: 'opus', sampleRate: 48_000, seconds: 0.185, truncated: false })
  t.equal((await decodeAudio(caf, LIMITS)).waveform.samples.length, 0.185 * 48_000)
  const table = Buffer.from(caf).indexOf('pakt')
  const many = Buffer.from(caf)
  many.writeUInt32BE(0x7fff_ffff, table + 16)
  t.throws(() => probeAudio(many), { code: 'AUDIO_UNREADABLE', message: /2147483647 rows and has room for 10/ })
  const late = Buffer.from(caf)
  late.writeUInt32BE(1_000_000, table + 28)
  t.throws(() => probeAudio(late), { code: 'AUDIO_UNREADABLE', message: /before the sound/ })
  const without = Buffer.from(caf)
  without.write('free', table, 'latin1')
  t.throws(() => probeAudio(without), { code: 'AUDIO_UNREADABLE', message: /pakt/ })
  const six = makeCaf({ type: 'opus', sampleRate: 48_000, channels: 6, packetSamples: 960, packets: opus })
  await t.rejects(decodeAudio(six, LIMITS), { code: 'AUDIO_UNSUPPORTED', message: /Opus with 6 channels/ })
  const cut = mediaFile('aac.caf').subarray(0, 6_000)
  t.match(await decodeAudio(cut, LIMITS), { format: { truncated: true } })
  for (const type of ['aace', 'flac', '.mp3', 'ilbc']) {
    const other = makeCaf({ type, sampleRate: 8_000, channels: 1, packetSamples: 160, packets: opus })
    t.throws(() => probeAudio(other), { code: 'AUDIO_UNSUPPORTED', message: /AAC-ELD|FLAC|MP3|iLBC/ }, type)
  }
})

tap.test('AAC of a rate that the decoder refuses is described by the rate of its tables', async (t) => {
  const config = (...bytes: number[]) => {
    const { decoded, ...rest } = readAacConfig(Uint8Array.from(bytes), 0, bytes.length)
    return { ...rest, decoded: [...decoded] }
  }
  t.same(config(0x14, 0x08), { sampleRate: 16_000, channels: 1, rateRatio: 1, decoded: [0x14, 0x08] })
  // LC, index 12, mono: index 11 instead.
  t.same(config(0x16, 0x08), { sampleRate: 7_350, channels: 1, rateRatio: 7_350 / 8_000, decoded: [0x15, 0x88] })
  // LC, index 15 and 7,350 in 24 bits, mono.
  const explicit = [0x17, 0x80, 0x0e, 0x5b, 0x08]
  t.same(config(...explicit), {
    sampleRate: 7_350, channels: 1, rateRatio: 7_350 / 8_000, decoded: [0x15, 0x88],
  })
  // HE-AAC: 7,350 Hz, mono, doubled by an explicit 14,700; then LC.
  const bits = '00101' + '1100' + '0001' + '1111' + (14_700).toString(2).padStart(24, '0') + '00010' + '000'
  const he = Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) =>
    parseInt(bits.slice(8 * i, 8 * i + 8).padEnd(8, '0'), 2))
  const written = ['00101', '1011', '0001', '1000', '00010'].join('')
  const found = config(...he)
  t.match(found, { sampleRate: 7_350, channels: 1, rateRatio: 7_350 / 8_000 })
  t.ok(found.decoded.map((byte) => byte.toString(2).padStart(8, '0')).join('').startsWith(written))
  t.throws(() => config(0xf9, 0x46, 0, 0), { code: 'AUDIO_UNSUPPORTED', message: /USAC/ })
  t.throws(() => config(0x16, 0x88), { code: 'AUDIO_UNREADABLE', message: /index 13/ })
})
