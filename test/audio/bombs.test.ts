/** Small uploads that decode into hours of audio (decompression bombs). */
import tap from 'tap'
import { bombs, constantFrames, oggFlac } from '../../fixtures/bombs.js'
import { makeMatroska, makeMp4, oggPage, simpleBlock, soundEntry } from '../../fixtures/containers.js'
import { joined } from '../../src/audio/containers/bytes.js'
import { decodeAudio, probeAudio } from '../../src/audio/decode.js'
import { SpeechError } from '../../src/domain/errors.js'
import { mediaFile } from './signals.js'

type Bomb = ReturnType<typeof bombs>[number]

for (const method of ['log', 'warn', 'error'] as const) console[method] = () => undefined

tap.test('each bomb is refused with its error code', async (t) => {
  for (const { name, bytes, code } of bombs()) {
    const what = `${name} (${bytes.byteLength} bytes)`
    if (code === undefined)
      t.ok((await decodeAudio(bytes, { maxSeconds: 60 })).waveform.samples.length < 60 * 48_000, what)
    else await t.rejects(decodeAudio(bytes, { maxSeconds: 60 }), { code }, what)
  }
})

tap.test('a probe returns a length or throws SpeechError', async (t) => {
  for (const { name, bytes } of bombs()) {
    try {
      t.ok(probeAudio(bytes).seconds >= 0, name)
    } catch (error) {
      t.ok(error instanceof SpeechError, name)
    }
  }
})

tap.test(
  'with a higher limit the same bytes are decoded: they are valid, and only their length was refused',
  async (t) => {
    const [gentle] = bombs().filter(({ name }) => name === 'FLAC that declares ten hours') as [Bomb]
    const { waveform, format } = await decodeAudio(gentle.bytes, { maxSeconds: 40_000 })
    t.equal(waveform.samples.length, 20 * 65_535, 'no frame is lost between two pieces')
    t.match(format, { sampleRate: 48_000, truncated: false }, 'a total that cannot be in so few bytes is not believed')
  },
)

tap.test('many channels at a high rate reach the limit of samples before that of seconds', async (t) => {
  const [wide] = bombs().filter(({ name }) => name.includes('eight channels')) as [Bomb]
  await t.rejects(decodeAudio(wide.bytes, { maxSeconds: 60 }), { code: 'AUDIO_TOO_LONG', message: /samples/ })
})

tap.test('AMR packets with many frames, as in 3GP, are read like those with one', async (t) => {
  const kinds = [
    {
      name: 'nb.amr',
      type: 'samr',
      sampleRate: 8_000,
      head: '#!AMR\n',
      frameBytes: [13, 14, 16, 18, 20, 21, 27, 32, 6, 6, 6, 6, 1, 1, 1, 1],
    },
    {
      name: 'wb.amr',
      type: 'sawb',
      sampleRate: 16_000,
      head: '#!AMR-WB\n',
      frameBytes: [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1],
    },
  ]
  for (const { name, type, sampleRate, head, frameBytes } of kinds) {
    const { waveform: { samples } } = await decodeAudio(mediaFile(name), { maxSeconds: 60 })
    const expected = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)
    const data = mediaFile(name).subarray(head.length)
    const frames: number[] = []
    for (let at = 0; at < data.byteLength; at += frames.at(-1)!) frames.push(frameBytes[(data[at]! >> 3) & 15]!)
    for (const framesOfPacket of [1, 10, 15, 50]) {
      const sizes = Array.from({ length: Math.ceil(frames.length / framesOfPacket) }, (_, i) =>
        frames.slice(i * framesOfPacket, (i + 1) * framesOfPacket).reduce((sum, size) => sum + size),
      )
      const packed = makeMp4({
        entry: soundEntry(type, 1, sampleRate),
        timescale: sampleRate,
        duration: (framesOfPacket * sampleRate) / 50,
        data,
        sizes,
        perChunk: sizes.length,
        chunks: [0],
      })
      const found = (await decodeAudio(packed, { maxSeconds: 60 })).waveform.samples
      const bytes = Buffer.from(found.buffer, found.byteOffset, found.byteLength)
      t.ok(bytes.equals(expected), `${name}, ${framesOfPacket} frames in a packet`)
    }
  }
})

tap.test('a block of PCM may be long: it does not grow when decoded', async (t) => {
  const second = Buffer.alloc(4 * 2 * 48_000)
  for (let i = 0; i < 2 * 48_000; i++) second.writeFloatLE(i % 2 === 0 ? 0.25 : 0.75, 4 * i)
  const bytes = makeMatroska({
    codecId: 'A_PCM/FLOAT/IEEE',
    channels: 2,
    bitDepth: 32,
    blocks: [simpleBlock(second), simpleBlock(second, { time: 1_000 })],
  })
  const { waveform: { samples } } = await decodeAudio(bytes, { maxSeconds: 60 })
  t.equal(samples.length, 2 * 48_000)
  t.ok(samples.every((sample) => sample === 0.5))
})

tap.test('Ogg pages full of constant FLAC frames are read to the last sample', async (t) => {
  const { waveform, format } = await decodeAudio(oggFlac(constantFrames(2, 400), 2, 400 * 65_535), { maxSeconds: 600 })
  t.equal(waveform.samples.length, 400 * 65_535)
  t.match(format, { container: 'ogg', codec: 'flac', channels: 2, truncated: false })
})

tap.test('a file of a hundred and fifty thousand short packets is read', async (t) => {
  const [packet, count] = [Uint8Array.of(16 << 3, 0), 150_000] // 2.5 ms each, alone on its page
  const head = joined('OpusHead', [1, 1, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0])
  const tags = joined('OpusTags', [0, 0, 0, 0, 0, 0, 0, 0])
  const pages = Array.from({ length: count }, (_, i) =>
    oggPage({ number: i + 2, flags: i === count - 1 ? 4 : 0, granule: (i + 1) * 120 }, [packet]),
  )
  const bytes = Buffer.concat([oggPage({ number: 0, flags: 2 }, [head]), oggPage({ number: 1 }, [tags]), ...pages])
  const { waveform } = await decodeAudio(bytes, { maxSeconds: 600 })
  t.ok(Math.abs(waveform.samples.length / 48_000 - count * 0.0025) < 0.1, `${waveform.samples.length / 48_000} s`)
})
