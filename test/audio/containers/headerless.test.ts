/** Samples without a container, and the downmix. */
import tap from 'tap'
import { decodeAudio, headerlessFormat, probeAudio } from '../../../src/audio/decode.js'
import { downmix } from '../../../src/audio/signal/downmix.js'
import { readHeaderlessType } from '../../../src/audio/containers/headerless.js'
import { mediaFile } from '../signals.js'

const RATE = 16_000
const voice = (n: number): number =>
  0.4 * Math.sin((2 * Math.PI * 220 * n) / RATE) + 0.1 * Math.sin((2 * Math.PI * 1_850 * n) / RATE)
const LIMITS = { maxSeconds: 60 }

function integers(bytesPerSample: number, littleEndian: boolean, channels = 1, count = 800): Uint8Array {
  const bytes = Buffer.alloc(bytesPerSample * channels * count)
  for (let i = 0; i < count * channels; i++) {
    const value = Math.round(voice(Math.floor(i / channels)) / (1 + i % channels) * 2 ** (8 * bytesPerSample - 1))
    if (littleEndian) bytes.writeIntLE(value, i * bytesPerSample, bytesPerSample)
    else bytes.writeIntBE(value, i * bytesPerSample, bytesPerSample)
  }
  return bytes
}

tap.test('integers of every width, in both byte orders, by the media type or detected', async (t) => {
  const cases: [mediaType: string, bytes: Uint8Array][] = [
    ['audio/l16;rate=16000', integers(2, true)],
    ['audio/l16; rate=16000', integers(2, false)],
    ['AUDIO/L16;RATE=16000;endianness=little-endian', integers(2, true)],
    ['audio/L16; channels="1"; rate="16000"; endianness=big-endian', integers(2, false)],
    ['audio/l24;rate=16000', integers(3, true)],
    ['audio/l24;rate=16000', integers(3, false)],
    ['audio/pcm;rate=16000', integers(2, true)],
    ['audio/pcm;rate=16000;bits=24', integers(3, true)],
    ['audio/pcm;rate=16000;bits=32', integers(4, true)],
    ['audio/pcm;rate=16000;bits=32;endianness=big-endian', integers(4, false)],
  ]
  for (const [mediaType, bytes] of cases) {
    const headerless = headerlessFormat(bytes, mediaType)
    const { waveform, format } = await decodeAudio(bytes, { ...LIMITS, headerless })
    t.match(
      format,
      { container: 'none', codec: headerless?.codec, sampleRate: RATE, channels: 1, mixing: 'mono', truncated: false },
      mediaType,
    )
    t.ok(waveform.samples.every((sample, n) => Math.abs(sample - voice(n)) < 1e-4), mediaType)
    t.match(probeAudio(bytes, { headerless }), { seconds: 0.05, declared: true })
  }
})

tap.test('silence, an empty body and half a sample are handled', async (t) => {
  const headerless = readHeaderlessType('audio/l16;rate=8000')
  t.equal((await decodeAudio(new Uint8Array(400), { ...LIMITS, headerless })).waveform.samples.length, 200)
  t.match(await decodeAudio(integers(2, true).subarray(0, 401), { ...LIMITS, headerless }), {
    format: { truncated: true },
  })
  await t.rejects(decodeAudio(new Uint8Array(0), { ...LIMITS, headerless }), { code: 'AUDIO_MISSING' })
  await t.rejects(decodeAudio(new Uint8Array(16_000), { maxSeconds: 0.5, headerless }), { code: 'AUDIO_TOO_LONG' })
})

tap.test('A-law and mu-law, by all their media types', async (t) => {
  // 0x80 is the largest value of mu-law, 0xaa of A-law; the silence of each.
  for (const [names, loud, silent, codec] of [
    [['pcmu', 'mulaw', 'x-mulaw', 'basic'], 0x80, 0xff, 'mulaw'],
    [['pcma', 'alaw', 'x-alaw'], 0xaa, 0xd5, 'alaw'],
  ] as const) {
    for (const name of names) {
      const headerless = readHeaderlessType(`audio/${name}`)
      t.strictSame(headerless, { codec, sampleRate: 8_000, channels: 1, byteOrder: 'little' })
      const { waveform } = await decodeAudio(Uint8Array.of(loud, silent), { ...LIMITS, headerless })
      t.ok(waveform.samples[0]! > 0.97 && Math.abs(waveform.samples[1]!) < 0.001, name)
    }
  }
  t.match(readHeaderlessType('audio/pcmu;rate=16000;channels=2'), { sampleRate: 16_000, channels: 2 })
})

tap.test('several channels are deinterleaved, and one can be requested', async (t) => {
  const bytes = integers(2, false, 2)
  const headerless = headerlessFormat(bytes, 'audio/l16;rate=16000;channels=2')
  const second = await decodeAudio(bytes, { ...LIMITS, headerless, channel: 2 })
  t.ok(second.waveform.samples.every((sample, n) => Math.abs(sample - voice(n) / 2) < 1e-4))
  t.match(second.format, { channels: 2, mixing: 'chosen' })
})

tap.test('an incomplete media type is refused, with what is expected', async (t) => {
  const wrong = [
    'audio/l16',
    'audio/l16;rate=',
    'audio/l16;rate=fast',
    'audio/l16;rate=0',
    'audio/l16;rate=999999',
    'audio/l16;rate=1e4',
    'audio/pcm',
    'audio/l24;rate=-8000',
    'audio/l16;rate=16000;channels=0',
    'audio/l16;rate=16000;channels=99',
    'audio/pcm;rate=16000;bits=12',
    'audio/l16;rate=16000;endianness=middle',
  ]
  for (const mediaType of wrong)
    t.throws(
      () => headerlessFormat(new Uint8Array(2), mediaType),
      { code: 'REQUEST_INVALID', parameter: 'content-type' },
      mediaType,
    )
  t.throws(() => readHeaderlessType('audio/l16'), { message: /rate from 1000 to 768000.*missing/ })
})

tap.test('any other media type is ignored, and a file with a header is read by its header', async (t) => {
  for (const mediaType of [
    '',
    'audio/wav',
    'audio/webm;codecs=opus',
    'application/octet-stream',
    'audio/L8;rate=8000',
    'constructor',
    ';;;=',
    'audio/__proto__',
  ]) {
    t.equal(readHeaderlessType(mediaType), undefined, mediaType)
  }
  const wav = mediaFile('adpcm-ima.wav')
  t.equal(headerlessFormat(wav, 'audio/l16'), undefined)
  t.match(
    await decodeAudio(wav, {
      ...LIMITS,
      headerless: { codec: 'pcm_s16', sampleRate: 8_000, channels: 1, byteOrder: 'big' },
    }),
    { format: { container: 'wav' } },
  )
  await t.rejects(
    decodeAudio(Buffer.from('.snd\0\0\0\x18'), { ...LIMITS, headerless: readHeaderlessType('audio/basic') }),
    { code: 'AUDIO_UNREADABLE', message: /samples begin at byte 24/ },
  )
})

tap.test('mixing: the mean, unless the channels cancel', async (t) => {
  const signal = Float32Array.from({ length: 2_000 }, (_, n) => voice(n))
  const other = Float32Array.from({ length: 2_000 }, (_, n) => 0.4 * Math.sin((2 * Math.PI * 313 * n) / RATE))
  const scaled = (by: number): Float32Array => signal.map((sample) => sample * by)
  const mixingOf = (...channels: Float32Array[]): string => downmix([channels], channels.length).mixing
  t.equal(mixingOf(signal), 'mono')
  t.equal(mixingOf(signal, signal), 'mean')
  t.equal(mixingOf(signal, scaled(0.2)), 'mean')
  t.equal(mixingOf(signal, other), 'mean', 'two voices')
  t.equal(mixingOf(signal, other, scaled(0.5), other), 'mean')
  t.equal(mixingOf(signal, scaled(0)), 'mean', 'one of two is silent')
  t.equal(mixingOf(signal, scaled(-1)), 'loudest')
  t.equal(mixingOf(signal, scaled(-0.5)), 'loudest')
  t.equal(mixingOf(signal, scaled(-0.05)), 'mean', 'crosstalk')
  t.equal(
    mixingOf(...Array.from({ length: 8 }, (_, i) => scaled(i === 5 ? 1 : 0))),
    'loudest',
    'one of eight has a signal',
  )
  t.equal(mixingOf(scaled(0), scaled(0)), 'mean', 'all are silent')
  t.strictSame(downmix([[signal, scaled(-0.5)]], 2).samples, signal)
  t.strictSame(
    [...downmix([[Float32Array.of(NaN, 1, 0.5), Float32Array.of(0.5, 1, Infinity)]], 2).samples],
    [0.25, 1, 0.25],
  )
})

tap.test(
  'mixing does not depend on the blocks of a stream, nor on where a decoder begins to return two channels',
  async (t) => {
    const left = Float32Array.from({ length: 300 }, (_, n) => voice(n))
    const right = left.map((sample, n) => (n < 100 ? sample : sample / 2))
    const cut = (from: number, to: number): Float32Array[] => [left.subarray(from, to), right.subarray(from, to)]
    const whole = downmix([cut(0, 300)], 2)
    t.strictSame(downmix([cut(0, 7), cut(7, 150), cut(150, 300)], 2), whole)
    t.strictSame(downmix([[left.subarray(0, 100)], cut(100, 300)], 2), whole)
    t.throws(() => downmix([cut(0, 300)], 2, 3), { code: 'REQUEST_INVALID', parameter: 'channel' })
    t.equal(downmix([], 2).samples.length, 0)
  },
)
