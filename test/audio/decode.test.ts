import tap from 'tap'
import { hostileWavs } from '../../fixtures/hostile.js'
import { decodeAudio, probeAudio } from '../../src/audio/decode.js'
import { ERRORS, SpeechError, type ErrorCode } from '../../src/domain/errors.js'
import type { Recording } from '../../src/domain/audio.js'

const RATE = 16_000
const HOSTILE = hostileWavs()
const sine = Array.from({ length: 401 }, (_, n) => 0.6 * Math.sin((2 * Math.PI * 441 * n) / RATE))

interface Encoding {
  readonly codec: string
  readonly tag: number
  readonly bits: number
  /** Largest error of a sample that this encoding may cause. */
  readonly error: number
  readonly write: (view: DataView, offset: number, sample: number) => void
}

/** Written independently of the reader, from the standards. */
const ENCODINGS: readonly Encoding[] = [
  {
    codec: 'pcm_u8',
    tag: 1,
    bits: 8,
    error: 1 / 256,
    write: (view, at, x) => view.setUint8(at, Math.round(x * 128) + 128),
  },
  {
    codec: 'pcm_s16',
    tag: 1,
    bits: 16,
    error: 1 / 65_536,
    write: (view, at, x) => view.setInt16(at, Math.round(x * 32_768), true),
  },
  {
    codec: 'pcm_s24',
    tag: 1,
    bits: 24,
    error: 1e-7,
    write: (view, at, x) => {
      const value = Math.round(x * 8_388_608)
      view.setUint8(at, value & 255)
      view.setInt16(at + 1, value >> 8, true)
    },
  },
  {
    codec: 'pcm_s32',
    tag: 1,
    bits: 32,
    error: 1e-7,
    write: (view, at, x) => view.setInt32(at, Math.round(x * 2_147_483_648), true),
  },
  { codec: 'pcm_f32', tag: 3, bits: 32, error: 1e-7, write: (view, at, x) => view.setFloat32(at, x, true) },
  { codec: 'pcm_f64', tag: 3, bits: 64, error: 1e-7, write: (view, at, x) => view.setFloat64(at, x, true) },
  { codec: 'alaw', tag: 6, bits: 8, error: 0.02, write: (view, at, x) => view.setUint8(at, encodeALaw(x)) },
  { codec: 'mulaw', tag: 7, bits: 8, error: 0.02, write: (view, at, x) => view.setUint8(at, encodeMuLaw(x)) },
]

function encodingOf(codec: string): Encoding {
  const [found] = ENCODINGS.filter((encoding) => encoding.codec === codec) as [Encoding]
  return found
}
const S16 = encodingOf('pcm_s16')

/** G.711 by its definition: sign, 3 bits of exponent, 4 of mantissa; even bits (A) or all bits (mu) inverted. */
const A_LAW = Array.from({ length: 256 }, (_, code) => {
  const inverted = code ^ 0x55
  const [exponent, mantissa] = [(inverted >> 4) & 7, inverted & 15]
  const steps = exponent === 0 ? 2 * mantissa + 1 : (2 * mantissa + 33) * 2 ** (exponent - 1)
  return ((inverted & 0x80 ? 1 : -1) * steps) / 4_096
})

const MU_LAW = Array.from({ length: 256 }, (_, code) => {
  const inverted = 255 - code
  const [exponent, mantissa] = [(inverted >> 4) & 7, inverted & 15]
  return ((inverted & 0x80 ? -1 : 1) * ((2 * mantissa + 33) * 2 ** exponent - 33)) / 8_192
})

tap.test('every encoding gives the same samples, plain or extensible, on any number of channels', async (t) => {
  for (const encoding of ENCODINGS) {
    for (const extensible of [false, true]) {
      for (const channels of [1, 2, 3, 32]) {
        const { waveform, format } = await decodeAudio(encode(sine, encoding, { channels, extensible }), {
          maxSeconds: 60,
        })
        const what = `${encoding.codec}${extensible ? ', extensible' : ''}, ${channels} channels`
        t.match(format, { container: 'wav', codec: encoding.codec, sampleRate: RATE, channels, truncated: false }, what)
        t.ok(largestDifference(waveform.samples, sine) <= encoding.error, `${what}: within ${encoding.error}`)
      }
    }
  }
})

tap.test('PCM samples are decoded exactly, from the lowest to the highest value', async (t) => {
  const random = generator(7)
  const integers = (bits: number): number[] => {
    const half = 2 ** (bits - 1)
    return [-half, half - 1, -1, 0, 1, ...Array.from({ length: 500 }, () => Math.floor((2 * random() - 1) * half))]
  }
  const values: Readonly<Record<string, readonly number[]>> = {
    pcm_u8: integers(8).map((value) => value / 2 ** 7),
    pcm_s16: integers(16).map((value) => value / 2 ** 15),
    pcm_s24: integers(24).map((value) => value / 2 ** 23),
    pcm_s32: integers(32).map((value) => value / 2 ** 31),
    pcm_f32: [0, -0.1, 1 / 3, 1, -4, 2 ** -140],
    pcm_f64: [0, -0.1, 1 / 3, 1, -4, 2 ** -140],
  }
  for (const encoding of ENCODINGS.filter(({ codec }) => codec in values)) {
    const expected = values[encoding.codec] ?? []
    for (const extensible of [false, true]) {
      const {
        waveform: { samples },
      } = await decodeAudio(encode(expected, encoding, { extensible }), { maxSeconds: 60 })
      t.strictSame(samples, Float32Array.from(expected), `${encoding.codec}${extensible ? ', extensible' : ''}`)
    }
  }
})

tap.test('A-law and mu-law decode to the values of ITU-T G.711', async (t) => {
  const [alaw, mulaw] = [encodingOf('alaw'), encodingOf('mulaw')]
  const decode = async (encoding: Encoding, codes: number[]): Promise<number[]> =>
    [
      ...(
        await decodeAudio(encode(codes, { ...encoding, write: (view, at, code) => view.setUint8(at, code) }), {
          maxSeconds: 60,
        })
      ).waveform.samples,
    ].map((x) => x * 32_768)
  t.strictSame(
    await decode(alaw, [0xd5, 0x55, 0xd4, 0xc5, 0xf5, 0x80, 0x00, 0xaa, 0x2a]),
    [8, -8, 24, 264, 528, 5_504, -5_504, 32_256, -32_256],
  )
  t.strictSame(
    await decode(mulaw, [0xff, 0x7f, 0xfe, 0xf0, 0xef, 0x8f, 0x80, 0x00]),
    [0, 0, 8, 120, 132, 16_764, 32_124, -32_124],
  )
})

tap.test('any sample rate from 1,000 to 768,000 Hz is read and reported', async (t) => {
  for (const sampleRate of [1_000, 8_000, 11_025, 22_050, 44_100, 44_101, 48_000, 96_000, 768_000]) {
    const bytes = encode(sine, S16, { sampleRate })
    t.equal((await decodeAudio(bytes, { maxSeconds: 60 })).waveform.sampleRate, sampleRate)
    t.strictSame(probeAudio(bytes), {
      container: 'wav',
      codec: 'pcm_s16',
      sampleRate,
      channels: 1,
      seconds: sine.length / sampleRate,
      declared: true,
      truncated: false,
    })
  }
})

tap.test('a voice that is out of phase on two channels, or on only one of many, is kept by the downmix', async (t) => {
  const opposed = await decodeAudio(interleave([sine, sine.map((x) => -x)]), { maxSeconds: 60 })
  const beside = await decodeAudio(interleave([sine.map(() => 0), sine.map(() => 0), sine.map(() => 0), sine]), {
    maxSeconds: 60,
  })
  const offset = await decodeAudio(interleave([sine.map((x) => 0.3 - x), sine]), { maxSeconds: 60 })
  for (const recording of [opposed, beside, offset])
    t.ok(rms(recording.waveform.samples) > 0.9 * rms(sine), `rms ${rms(recording.waveform.samples)}`)
  t.ok(
    largestDifference(
      (await decodeAudio(interleave([sine, sine.map(() => 0)]), { maxSeconds: 60 })).waveform.samples,
      sine.map((x) => x / 2),
    ) < 1e-4,
    'one live channel of two is the mean',
  )
})

tap.test('samples that are not finite become 0, and others do not change', async (t) => {
  const { waveform } = await decodeAudio(encode([0.5, NaN, Infinity, -Infinity, 4, -0.5], encodingOf('pcm_f32')), {
    maxSeconds: 60,
  })
  t.strictSame([...waveform.samples], [0.5, 0, 0, 0, 4, -0.5])
})

tap.test('a truncated file gives its samples and is reported as truncated', async (t) => {
  const whole = encode(sine, S16)
  for (const missing of [1, 2, 3, 500, 800]) {
    const { waveform, format } = await decodeAudio(whole.subarray(0, whole.byteLength - missing), { maxSeconds: 60 })
    t.equal(waveform.samples.length, sine.length - Math.ceil(missing / 2))
    t.equal(format.truncated, true)
  }
  for (const missing of [801, 802])
    t.equal(
      await codeOf(() => decodeAudio(whole.subarray(0, whole.byteLength - missing), { maxSeconds: 60 })),
      'AUDIO_UNREADABLE',
      'without a sample',
    )
})

tap.test('a stream of unknown size is read to its end, and an empty file has no samples', async (t) => {
  for (const size of [0, 0x7fff_f000, 0xffff_ffff]) {
    const bytes = encode(sine, S16)
    new DataView(bytes.buffer).setUint32(4, size === 0 ? 36 : size, true)
    new DataView(bytes.buffer).setUint32(40, size, true)
    t.match(
      summary(await decodeAudio(bytes, { maxSeconds: 60 })),
      { samples: sine.length, truncated: false },
      `size ${size}`,
    )
  }
  t.match(summary(await decodeAudio(encode([], S16), { maxSeconds: 60 })), { samples: 0, truncated: false })
})

tap.test('an odd number of bytes, a view into a larger buffer and a Buffer are read alike', async (t) => {
  const bytes = encode(sine, encodingOf('pcm_u8'))
  const larger = new Uint8Array(bytes.byteLength + 14).fill(9)
  larger.set(bytes, 7)
  const inside = larger.subarray(7, 7 + bytes.byteLength)
  for (const view of [bytes, inside, Buffer.from(bytes)])
    t.strictSame(summary(await decodeAudio(view, { maxSeconds: 60 })), { samples: sine.length, truncated: false })
})

tap.test('audio longer than the limit is refused, at the limit it is not', async (t) => {
  const bytes = encode(sine, S16)
  t.equal(await codeOf(() => decodeAudio(bytes, { maxSeconds: 0.025 })), 'AUDIO_TOO_LONG')
  t.equal((await decodeAudio(bytes, { maxSeconds: sine.length / RATE })).waveform.samples.length, sine.length)
})

tap.test('unsupported formats are named in the error', async (t) => {
  const named = ['Windows Media', 'RIFX', 'AVI', 'MIDI', 'PNG', 'ZIP']
  for (const name of named) {
    const [first] = HOSTILE.filter((hostile) => hostile.name.startsWith(`${name} `))
    t.throws(() => probeAudio(first?.bytes ?? new Uint8Array(0)), {
      code: 'AUDIO_UNSUPPORTED',
      message: new RegExp(name),
    })
  }
  for (const [tag, name] of [['50', 'MPEG layer 2']] as const) {
    const bytes = HOSTILE.find((hostile) => hostile.name === `codec 0x${tag}`)?.bytes ?? new Uint8Array(0)
    t.throws(() => probeAudio(bytes), { code: 'AUDIO_UNSUPPORTED', message: new RegExp(name) })
  }
  t.equal(await codeOf(() => probeAudio(new Uint8Array(0))), 'AUDIO_MISSING')
})

tap.test('every hostile file is refused with a 4xx or read, as its entry says, within half a second', async (t) => {
  t.ok(HOSTILE.length >= 150, `${HOSTILE.length} files`)
  t.equal(new Set(HOSTILE.map(({ name }) => name)).size, HOSTILE.length, 'names are unique')
  const unexpected: string[] = []
  for (const { name, bytes, recoverable } of HOSTILE) {
    const since = performance.now()
    const code = await codeOf(() => decodeAudio(bytes, { maxSeconds: 60 }))
    const quick = performance.now() - since < 500
    const refused = code !== undefined && ERRORS[code].status >= 400 && ERRORS[code].status < 500
    const probeAgrees = await codeOf(() => probeAudio(bytes)) === code
    if (!quick || !probeAgrees || (code !== undefined) === recoverable || refused === recoverable)
      unexpected.push(`${name}: ${code}`)
  }
  t.strictSame(unexpected, [])
})

tap.test('no sequence of bytes makes the WAV reader throw anything but SpeechError', async (t) => {
  const random = generator(20_261_123)
  const sound = [
    ...ENCODINGS.flatMap((encoding) =>
      [false, true].map((extensible) => encode(sine.slice(0, 200), encoding, { channels: 2, extensible })),
    ),
  ]
  const hostile = HOSTILE.map(({ bytes }) => bytes).filter((bytes) => bytes.byteLength < 2_000)
  let slowest = 0
  let read = 0
  for (let round = 0; round < 8_000; round++) {
    const seeds = round % 2 === 0 ? sound : hostile
    const bytes = mutated(seeds[Math.floor(random() * seeds.length)]!, random)
    const since = performance.now()
    try {
      const { waveform } = await decodeAudio(bytes, { maxSeconds: 60 })
      if (waveform.samples.every(Number.isFinite)) read++
      else t.fail(`round ${round} decodes to samples that are not finite`)
    } catch (error) {
      if (!(error instanceof SpeechError)) t.fail(`round ${round} throws ${String(error)}`)
    }
    slowest = Math.max(slowest, performance.now() - since)
  }
  t.ok(read > 400, `${read} of 8000 mutated files are still read`)
  t.ok(slowest < 1_000, `slowest ${slowest.toFixed(1)} ms`)
})

function encode(
  samples: readonly number[],
  { tag, bits, write }: Encoding,
  { channels = 1, sampleRate = RATE, extensible = false } = {},
): Uint8Array {
  const width = bits / 8
  const block = width * channels
  const dataBytes = samples.length * block
  const dataOffset = extensible ? 68 : 44
  const bytes = new Uint8Array(dataOffset + dataBytes + (dataBytes & 1))
  const view = new DataView(bytes.buffer)
  const text = (at: number, value: string): void => {
    bytes.set(Buffer.from(value, 'latin1'), at)
  }
  text(0, 'RIFF')
  view.setUint32(4, bytes.byteLength - 8, true)
  text(8, 'WAVEfmt ')
  view.setUint32(16, extensible ? 40 : 16, true)
  view.setUint16(20, extensible ? 0xfffe : tag, true)
  view.setUint16(22, channels, true)
  view.setUint32(24, sampleRate, true)
  view.setUint32(28, sampleRate * block, true)
  view.setUint16(32, block, true)
  view.setUint16(34, bits, true)
  if (extensible) {
    view.setUint16(36, 22, true)
    view.setUint16(38, bits, true)
    view.setUint16(44, tag, true)
    bytes.set([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71], 46)
  }
  text(dataOffset - 8, 'data')
  view.setUint32(dataOffset - 4, dataBytes, true)
  for (let i = 0; i < samples.length * channels; i++)
    write(view, dataOffset + i * width, samples[Math.floor(i / channels)]!)
  return bytes
}

/** 16-bit file of different channels. */
function interleave(channels: readonly (readonly number[])[]): Uint8Array {
  const samples = channels[0]!.flatMap((_, frame) => channels.map((channel) => channel[frame]!))
  const bytes = encode(samples, S16)
  const view = new DataView(bytes.buffer)
  view.setUint16(22, channels.length, true)
  view.setUint16(32, 2 * channels.length, true)
  return bytes
}

function encodeALaw(x: number): number {
  return nearestCode(x, A_LAW)
}

function encodeMuLaw(x: number): number {
  return nearestCode(x, MU_LAW)
}

/** By trying all 256. */
function nearestCode(x: number, values: readonly number[]): number {
  let best = 0
  for (let code = 1; code < 256; code++) if (Math.abs(values[code]! - x) < Math.abs(values[best]! - x)) best = code
  return best
}

/** Bytes changed, cut out, doubled or inserted; mostly within the header. */
function mutated(seed: Uint8Array, random: () => number): Uint8Array {
  let bytes = Uint8Array.from(seed)
  for (let change = 0; change <= random() * 4; change++) {
    const at = Math.floor(random() * (random() < 0.8 ? Math.min(80, bytes.length) : bytes.length))
    const kind = Math.floor(random() * 5)
    if (kind === 0) bytes[at] = Math.floor(random() * 256)
    else if (kind === 1) bytes[at] = [0, 1, 127, 128, 254, 255][Math.floor(random() * 6)]!
    else if (kind === 2) bytes = bytes.slice(0, at)
    else if (kind === 3)
      bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + Math.ceil(random() * 8))])
    else bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at, at + 8), ...bytes.subarray(at)])
  }
  return bytes
}

function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function largestDifference(samples: Float32Array, expected: readonly number[]): number {
  return samples.length === expected.length
    ? Math.max(...expected.map((value, i) => Math.abs(value - samples[i]!)))
    : Infinity
}

function rms(samples: Float32Array | readonly number[]): number {
  return Math.sqrt([...samples].reduce((sum, x) => sum + x * x, 0) / samples.length)
}

function summary({ waveform, format }: Recording): { samples: number; truncated: boolean } {
  return { samples: waveform.samples.length, truncated: format.truncated }
}

/** The code of the SpeechError that is thrown; undefined when none is, and any other error passes. */
async function codeOf(work: () => unknown): Promise<ErrorCode | undefined> {
  try { await work() } catch (error) {
    if (error instanceof SpeechError) return error.code
    throw error
  }
  return undefined
}
