/** AAC of a rate that the decoder refuses, in every container; exact lengths of MP3; the work that a probe does. */
import tap from 'tap'
import { makeMatroska, oggPage, simpleBlock } from '../../../fixtures/containers.js'
import { BoxReader } from '../../../src/audio/containers/boxes.js'
import { joined, sliced } from '../../../src/audio/containers/bytes.js'
import { flacSamples } from '../../../src/audio/containers/flac.js'
import { runsOf } from '../../../src/audio/containers/iso-samples.js'
import { readIsoTrack } from '../../../src/audio/containers/iso-track.js'
import { decodeAudio, probeAudio } from '../../../src/audio/decode.js'
import { likeness, mediaFile } from '../signals.js'

const LIMITS = { maxSeconds: 60 }

/** Frames of AAC of 7,350 Hz, mono. */
function frames7350(): Uint8Array[] {
  const bytes = mediaFile('aac-7350.m4a')
  const file = new BoxReader(bytes)
  const moov = [...file.boxesIn(0, bytes.byteLength)].find(({ type }) => type === 'moov')!
  const samples = [...runsOf(file, moov, readIsoTrack(file, moov))].flatMap((run) => [...run.samples()])
  return samples.map(({ offset, bytes: size }) => bytes.subarray(offset, offset + size))
}

/** A frame of ADTS: LC, the index of the rate, one channel, no checksum. */
function adtsFrame(body: Uint8Array, rateIndex: number): Uint8Array {
  const size = body.byteLength + 7
  return joined(
    [0xff, 0xf1, 0x40 | (rateIndex << 2), 0x40 | (size >> 11), (size >> 3) & 255, ((size & 7) << 5) | 0x1f, 0xfc], body,
  )
}

tap.test('AAC of 7,350 Hz is decoded in ADTS and Matroska as in MP4, with its own rate', async (t) => {
  const frames = frames7350()
  const expected = (await decodeAudio(mediaFile('aac-7350.m4a'), LIMITS)).waveform
  const blocks = frames.map((frame, i) => simpleBlock(frame, { time: Math.round(i * 1_024 / 7.35) }))
  const matroska = (...codecPrivate: number[]): Uint8Array =>
    makeMatroska({ codecId: 'A_AAC', codecPrivate: Uint8Array.from(codecPrivate), sampleRate: 7_350, blocks })
  for (const [what, bytes] of [
    ['ADTS', joined(...frames.map((frame) => adtsFrame(frame, 12)))],
    ['Matroska', matroska(0x16, 0x08)],
    ['Matroska with an explicit rate', matroska(0x17, 0x80, 0x0e, 0x5b, 0x08)],
  ] as const) {
    const { waveform, format } = await decodeAudio(bytes, LIMITS)
    t.match(format, { codec: 'aac', sampleRate: 7_350, channels: 1, truncated: false }, what)
    t.ok(Math.abs(waveform.samples.length / 7_350 - 2.71) < 0.3, `${what}: ${waveform.samples.length} samples`)
    t.ok(likeness(waveform, expected, 0.97) >= 0.97, `${what}: the phrase`)
  }
  t.throws(() => probeAudio(matroska(0xf9, 0x46, 0, 0)), { code: 'AUDIO_UNSUPPORTED', message: /USAC/ })
})

tap.test('the length of MP3 is without what the encoder added, so that a low rate is not truncated', async (t) => {
  for (const name of ['mono-8k.mp3', 'mono-16k.mp3', 'stereo-44k.mp3']) {
    const { waveform, format } = await decodeAudio(mediaFile(name), LIMITS)
    const { seconds, declared } = probeAudio(mediaFile(name))
    t.ok(declared && Math.abs(seconds - waveform.samples.length / waveform.sampleRate) < 1e-6, `${name}: ${seconds} s`)
    t.equal(format.truncated, false, name)
  }
  // More padding than the last frames have: 4,095 samples are half a second of 8 kHz, and no part of the sound.
  const padded = Buffer.from(mediaFile('mono-8k.mp3'))
  const encoder = padded.indexOf('Info') + 120
  padded[encoder + 22] = padded[encoder + 22]! | 0x0f
  padded[encoder + 23] = 0xff
  t.match(await decodeAudio(padded, LIMITS), { format: { truncated: false } })
})

tap.test('frames behind so many false ones that looking on would block are left out', (t) => {
  const whole = mediaFile('mono.aac')
  const { seconds } = probeAudio(whole)
  const behind = (falseFrames: number): number =>
    probeAudio(joined(whole, Buffer.alloc(2 * falseFrames, Uint8Array.of(0xff, 0xf1)), whole)).seconds
  t.ok(Math.abs(behind(20_000) - 2 * seconds) < 0.2, `${behind(20_000)} s behind 20,000`)
  t.ok(Math.abs(behind(150_000) - seconds) < 0.2, `${behind(150_000)} s behind 150,000`)
  t.end()
})

tap.test('a probe of Ogg looks at so many packets, and at so many bytes without a page', (t) => {
  const head = oggPage({ number: 0, flags: 2 }, [joined('OpusHead', [1, 1, 0, 0, 128, 187, 0, 0, 0, 0, 0])])
  const packets = [...sliced(new Uint8Array(255 * 2).fill(8), 2)] // 20 ms each
  const file = (pages: number): Uint8Array => joined(head, ...Array.from({ length: pages }, (_, i) =>
    oggPage({ number: i + 1, granule: (i + 1) * 255 * 960 }, packets)))
  t.match(probeAudio(file(10)), { declared: true, truncated: true }, 'no page is marked as the last')
  const long = probeAudio(file(1_000))
  t.match(long, { declared: false, truncated: false })
  t.ok(Math.abs(long.seconds / (255 * 1_000 * 0.02) - 1) < 0.01, `${long.seconds} s are estimated`)
  const whole = mediaFile('opus-mono.ogg')
  const { seconds } = probeAudio(whole)
  const parted = (gap: number): number => probeAudio(joined(whole, new Uint8Array(gap), whole)).seconds
  t.ok(Math.abs(parted(500_000) - 2 * seconds) < 0.05)
  t.ok(Math.abs(parted(2_000_000) - seconds) < 0.05)
  t.end()
})

tap.test('FLAC frames are looked for in their range alone, not up to the end of the file', (t) => {
  const bytes = new Uint8Array(1_000)
  bytes.indexOf = () => { throw new Error('a search through the whole file') }
  t.equal(flacSamples(bytes, 100, 200), 0)
  t.end()
})
