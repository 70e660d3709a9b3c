/** A failure is never reported as silence: a file is empty only if it is complete and declares a length of zero. */
import tap from 'tap'
import { element, makeMatroska, makeMp4, oggPage, simpleBlock, soundEntry } from '../../fixtures/containers.js'
import { joined } from '../../src/audio/containers/bytes.js'
import { decodeAudio, probeAudio } from '../../src/audio/decode.js'
import { mediaFile } from './signals.js'

for (const method of ['log', 'warn', 'error'] as const) console[method] = () => undefined

const LIMITS = { maxSeconds: 60 }
const NOISE = Uint8Array.from({ length: 300 }, (_, i) => (i * 7_919) & 255)
const OPUS_HEAD = joined('OpusHead', [1, 1, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0])
const OPUS_TAGS = joined('OpusTags', [0, 0, 0, 0, 0, 0, 0, 0])
const CLUSTER = '\x1f\x43\xb6\x75'
/** 16 kHz, mono, AAC-LC. */
const AAC_CONFIG = Uint8Array.of(0x14, 0x08)

tap.test('a file cut off within its first packet is unreadable', async (t) => {
  // Successive marks after the first byte, and the number of bytes from the last one to the end of the file.
  const cuts = [
    ['opus-mono.ogg', ['OggS', 'OggS'], 90],
    ['vorbis-mono.ogg', ['OggS', 'OggS'], 90],
    ['opus-live.webm', [CLUSTER, '\xa3'], 12],
    ['recorder-opus.webm', [CLUSTER, '\xa3'], 12],
    ['pcm-s16.aiff', ['SSND'], 16],
    ['sowt.aifc', ['SSND'], 16],
    ['nb.amr', ['\n'], 5],
  ] as const
  for (const [name, marks, more] of cuts) {
    const cut = cutAfter(mediaFile(name), marks, more)
    t.match(probeAudio(cut), { seconds: 0, truncated: true }, name)
    await t.rejects(decodeAudio(cut, LIMITS), { code: 'AUDIO_UNREADABLE' }, name)
  }
  for (const name of ['adpcm-ima.wav', 'adpcm-ms.wav'])
    t.throws(() => probeAudio(cutAfter(mediaFile(name), ['data'], 9)), { code: 'AUDIO_UNREADABLE' }, name)
})

tap.test('a single block without audio is unreadable, whatever its start time', async (t) => {
  const tracks = [
    ['A_VORBIS', undefined],
    ['A_AAC', AAC_CONFIG],
    ['A_MPEG/L3', undefined],
    ['A_OPUS', OPUS_HEAD],
  ] as const
  for (const [codecId, header] of tracks) {
    for (const time of [0, -5_000]) {
      const codecPrivate = header ?? NOISE
      const bytes = makeMatroska({ codecId, codecPrivate, blocks: [simpleBlock(NOISE.subarray(1), { time })] })
      t.ok(probeAudio(bytes).seconds > 0, `${codecId} at ${time} ms is ${probeAudio(bytes).seconds} s`)
      await t.rejects(decodeAudio(bytes, LIMITS), { code: 'AUDIO_UNREADABLE' }, `${codecId} at ${time} ms`)
    }
  }
})

tap.test('an MP4 without durations, with frames without audio, is unreadable', async (t) => {
  const bytes = makeMp4({
    entry: soundEntry('.mp3', 1, 24_000),
    timescale: 24_000,
    duration: 0,
    data: NOISE,
    sizes: [NOISE.byteLength],
    perChunk: 1,
    chunks: [0],
  })
  await t.rejects(decodeAudio(bytes, LIMITS), { code: 'AUDIO_UNREADABLE' })
})

tap.test('a valid file without samples has none', async (t) => {
  const files = [
    ['Matroska without blocks', makeMatroska({ codecId: 'A_OPUS', codecPrivate: OPUS_HEAD, blocks: [] })],
    [
      'Ogg that ends with its header',
      joined(oggPage({ number: 0, flags: 2 }, [OPUS_HEAD]), oggPage({ number: 1, flags: 4 }, [OPUS_TAGS])),
    ],
    [
      'MP4 without frames',
      makeMp4({
        entry: soundEntry('samr', 1, 8_000),
        timescale: 8_000,
        duration: 0,
        data: new Uint8Array(0),
        sizes: [],
        perChunk: 1,
        chunks: [0],
      }),
    ],
    ['AMR that ends with its header', joined('#!AMR\n')],
  ] as const
  for (const [name, bytes] of files) {
    t.match(probeAudio(bytes), { seconds: 0, truncated: false }, name)
    t.match(
      await decodeAudio(bytes, LIMITS),
      { waveform: { samples: { length: 0 } }, format: { truncated: false } },
      name,
    )
  }
})

tap.test('the length of a Matroska file is never negative, and its clock is checked', async (t) => {
  const tiny = element(0xa3, [0x81])
  const pcm = (fields: { scaleNanoseconds?: number }, ...blocks: readonly Uint8Array[]): Uint8Array =>
    makeMatroska({ codecId: 'A_PCM/INT/LIT', bitDepth: 16, ...fields, blocks })
  for (const blocks of [[tiny], [simpleBlock(NOISE, { time: -30_000 })], [simpleBlock(NOISE, { time: -1 }), tiny]])
    t.ok(probeAudio(pcm({}, ...blocks)).seconds > 0)
  const slow = pcm({ scaleNanoseconds: 1_000_000_000 }, simpleBlock(NOISE, { time: 7 }))
  t.ok(probeAudio(slow).seconds < 0.01, 'a clock of seconds is read, and a late start is no length')
  for (const scaleNanoseconds of [1_000_000_001, 2 ** 40, 2 ** 53])
    t.throws(() => probeAudio(pcm({ scaleNanoseconds }, simpleBlock(NOISE))), {
      code: 'AUDIO_UNREADABLE',
      message: /clock/,
    })
})

function cutAfter(bytes: Uint8Array, marks: readonly string[], more: number): Uint8Array {
  const at = marks.reduce((from, mark) => Buffer.from(bytes).indexOf(mark, from + 1, 'latin1'), 0)
  return bytes.subarray(0, at + more)
}
