/** Every container and codec, on files that fixtures/make-media.ts made of one spoken phrase. */
import { readdirSync, readFileSync } from 'node:fs'
import { register } from 'node:module'
import path from 'node:path'
import tap from 'tap'
import { decodeAudio, probeAudio } from '../../src/audio/decode.js'
import { CODEC_GROUPS, CODEC_NAMES, codecGroup, COMPRESSED_CODECS, isCodec } from '../../src/domain/codecs.js'
import { SETTINGS } from '../../src/domain/settings.js'
import { SpeechError } from '../../src/domain/errors.js'
import { projectRoot } from '../../src/domain/project-root.js'
import { generator, likeness, mediaFile } from './signals.js'

// Decoders log broken frames, of which this file has thousands.
for (const method of ['log', 'warn', 'error'] as const) console[method] = () => undefined

/** container, codec, Hz as decoded, channels, seconds, minimum likeness to the clip */
type Expected = readonly [
  container: string,
  codec: string,
  sampleRate: number,
  channels: number,
  seconds: number,
  likeness: number,
]

const CLIP_SECONDS = 2.71
const FILES: Readonly<Record<string, Expected>> = {
  'opus-mono.webm': ['webm', 'opus', 48_000, 1, CLIP_SECONDS, 0.99],
  'opus-stereo.webm': ['webm', 'opus', 48_000, 2, CLIP_SECONDS, 0.99],
  'opus-live.webm': ['webm', 'opus', 48_000, 1, CLIP_SECONDS, 0.99],
  'recorder-opus.webm': ['webm', 'opus', 48_000, 1, 2.7, 0.98],
  'recorder-pcm.webm': ['matroska', 'pcm_f32', 48_000, 1, 0.5, 0.99],
  'vorbis.webm': ['webm', 'vorbis', 16_000, 1, CLIP_SECONDS, 0.99],
  'opus.mkv': ['matroska', 'opus', 48_000, 1, CLIP_SECONDS, 0.99],
  'pcm-s16.mkv': ['matroska', 'pcm_s16', 8_000, 1, 1, 0.999],
  'pcm-f32.mkv': ['matroska', 'pcm_f32', 8_000, 1, 1, 0.999],
  'aac.mkv': ['matroska', 'aac', 16_000, 1, CLIP_SECONDS, 0.99],
  'mp3.mkv': ['matroska', 'mp3', 16_000, 1, CLIP_SECONDS, 0.98],
  'flac.mkv': ['matroska', 'flac', 8_000, 1, 1, 0.999],
  'opus-mono.ogg': ['ogg', 'opus', 48_000, 1, CLIP_SECONDS, 0.99],
  'opus-stereo.ogg': ['ogg', 'opus', 48_000, 2, CLIP_SECONDS, 0.99],
  'vorbis-mono.ogg': ['ogg', 'vorbis', 22_050, 1, CLIP_SECONDS, 0.99],
  'vorbis-stereo.ogg': ['ogg', 'vorbis', 44_100, 2, CLIP_SECONDS, 0.99],
  'flac.oga': ['ogg', 'flac', 8_000, 1, 1, 0.999],
  'aac-mono.m4a': ['mp4', 'aac', 16_000, 1, CLIP_SECONDS, 0.99],
  'aac-stereo.m4a': ['mp4', 'aac', 44_100, 2, CLIP_SECONDS, 0.96],
  'aac-fragmented.mp4': ['mp4', 'aac', 48_000, 1, CLIP_SECONDS, 0.96],
  'aac.mov': ['mp4', 'aac', 22_050, 1, CLIP_SECONDS, 0.99],
  'alac.m4a': ['mp4', 'alac', 8_000, 1, CLIP_SECONDS, 0.999],
  'opus.mp4': ['mp4', 'opus', 48_000, 1, CLIP_SECONDS, 0.99],
  'recorder-opus.mp4': ['mp4', 'opus', 48_000, 1, 2.65, 0.98],
  'mp3.mp4': ['mp4', 'mp3', 16_000, 1, CLIP_SECONDS, 0.99],
  'amr-nb.3gp': ['mp4', 'amr_nb', 8_000, 1, CLIP_SECONDS, 0.8],
  'amr-wb.3gp': ['mp4', 'amr_wb', 16_000, 1, CLIP_SECONDS, 0.9],
  'mono.aac': ['adts', 'aac', 16_000, 1, CLIP_SECONDS, 0.98],
  'stereo.aac': ['adts', 'aac', 44_100, 2, CLIP_SECONDS, 0.96],
  'mono-8k.mp3': ['mp3', 'mp3', 8_000, 1, CLIP_SECONDS, 0.99],
  'mono-16k.mp3': ['mp3', 'mp3', 16_000, 1, CLIP_SECONDS, 0.99],
  'stereo-44k.mp3': ['mp3', 'mp3', 44_100, 2, CLIP_SECONDS, 0.99],
  'bare-48k.mp3': ['mp3', 'mp3', 48_000, 1, CLIP_SECONDS, 0.99],
  'mono.flac': ['flac', 'flac', 16_000, 1, 2, 0.999],
  'stereo.flac': ['flac', 'flac', 8_000, 2, 1, 0.999],
  'streamed.flac': ['flac', 'flac', 8_000, 1, CLIP_SECONDS, 0.999],
  'nb.amr': ['amr', 'amr_nb', 8_000, 1, CLIP_SECONDS, 0.8],
  'wb.amr': ['amr', 'amr_wb', 16_000, 1, CLIP_SECONDS, 0.9],
  'pcm-s16.aiff': ['aiff', 'pcm_s16', 8_000, 1, 1, 0.999],
  'pcm-s8.aiff': ['aiff', 'pcm_s8', 8_000, 1, 1, 0.999],
  'sowt.aifc': ['aiff', 'pcm_s16', 8_000, 2, 1, 0.999],
  'alaw.aifc': ['aiff', 'alaw', 8_000, 1, 1, 0.999],
  'ima4.aifc': ['aiff', 'adpcm_ima', 16_000, 1, CLIP_SECONDS, 0.999],
  'pcm-s16.caf': ['caf', 'pcm_s16', 8_000, 2, 1, 0.999],
  'pcm-f32.caf': ['caf', 'pcm_f32', 8_000, 1, 1, 0.999],
  'mulaw.caf': ['caf', 'mulaw', 8_000, 1, 1, 0.999],
  'ima4.caf': ['caf', 'adpcm_ima', 16_000, 1, CLIP_SECONDS, 0.999],
  'adpcm-ima.wav': ['wav', 'adpcm_ima', 16_000, 1, CLIP_SECONDS, 0.999],
  'adpcm-ima-stereo.wav': ['wav', 'adpcm_ima', 8_000, 2, CLIP_SECONDS, 0.999],
  'adpcm-ms.wav': ['wav', 'adpcm_ms', 16_000, 1, CLIP_SECONDS, 0.999],
  'adpcm-ms-stereo.wav': ['wav', 'adpcm_ms', 8_000, 2, CLIP_SECONDS, 0.999],
  'gsm.wav': ['wav', 'gsm', 8_000, 1, 2.72, 0.9],
  'mono.gsm': ['gsm', 'gsm', 8_000, 1, 2.72, 0.9],
  'rf64.wav': ['wav', 'pcm_s16', 8_000, 1, 1, 0.999],
  'pcm-s16.w64': ['wav', 'pcm_s16', 8_000, 1, 1, 0.999],
  'mulaw.au': ['au', 'mulaw', 8_000, 1, 1, 0.999],
  'alaw.au': ['au', 'alaw', 8_000, 2, 1, 0.999],
  'pcm-s16.au': ['au', 'pcm_s16', 8_000, 1, 1, 0.999],
  'pcm-s16.mov': ['mp4', 'pcm_s16', 8_000, 1, 1, 0.999],
  'pcm-s24.mov': ['mp4', 'pcm_s24', 8_000, 2, 0.5, 0.999],
  'pcm-f32.mov': ['mp4', 'pcm_f32', 96_000, 1, 0.1, 0.99],
  'flac.mp4': ['mp4', 'flac', 8_000, 1, 1, 0.999],
  'flac-fragmented.mp4': ['mp4', 'flac', 8_000, 2, 1, 0.999],
  'aac-7350.m4a': ['mp4', 'aac', 7_350, 1, CLIP_SECONDS, 0.98],
  'opus.caf': ['caf', 'opus', 48_000, 1, CLIP_SECONDS, 0.99],
  'alac.caf': ['caf', 'alac', 8_000, 1, 1, 0.999],
  'aac.caf': ['caf', 'aac', 16_000, 1, CLIP_SECONDS, 0.99],
  'warm-up.webm': ['webm', 'opus', 48_000, 1, 0.3, 0],
  'warm-up.m4a': ['mp4', 'aac', 44_100, 1, 0.3, 0],
}
const LIMITS = { maxSeconds: 60 }
const clip = (await decodeAudio(readFileSync(path.join(projectRoot, 'fixtures/clips/warm-up.wav')), LIMITS)).waveform

tap.test('every file of fixtures/media is expected, and no other', async (t) => {
  t.strictSame(readdirSync(path.join(projectRoot, 'fixtures/media')).sort(), Object.keys(FILES).sort())
})

tap.test('every format is detected and decoded to the phrase that was encoded', async (t) => {
  for (const [name, [container, codec, sampleRate, channels, seconds, least]] of Object.entries(FILES)) {
    const { waveform, format } = await decodeAudio(mediaFile(name), LIMITS)
    t.match(
      format,
      { container, codec, sampleRate, channels, mixing: channels === 1 ? 'mono' : 'mean', truncated: false },
      name,
    )
    t.equal(waveform.sampleRate, sampleRate, name)
    t.ok(
      Math.abs(waveform.samples.length / sampleRate - seconds) < 0.11,
      `${name}: ${waveform.samples.length / sampleRate} s`,
    )
    const found = likeness(waveform, clip, least)
    t.ok(found >= least, `${name}: ${found.toFixed(4)} like the clip`)
  }
})

tap.test('the header declares about the length that is decoded', async (t) => {
  for (const [name, [container, codec, , , seconds]] of Object.entries(FILES)) {
    const probe = probeAudio(mediaFile(name))
    t.match(probe, { container, codec, truncated: false }, name)
    t.ok(Math.abs(probe.seconds - seconds) < (probe.declared ? 0.2 : 1), `${name}: ${probe.seconds} s`)
  }
})

tap.test('docs/api.md lists the containers and codecs that are read', async (t) => {
  const documented = readFileSync(path.join(projectRoot, 'docs/api.md'), 'utf8')
    .split(/^### /m).filter((section) => section.startsWith('Formats'))
    .flatMap((section) => section.split('\n').filter((line) => line.startsWith('| `')))
    .flatMap((row) => {
      const [container, ...codecs] = Array.from(row.matchAll(/`([a-z0-9_]+)`/g), ([, name = '']) => name)
      return codecs.map((codec) => ({ container, codec }))
    })
  const pairs = documented.map(({ container, codec }) => `${container} ${codec}`)
  for (const [container, codec] of Object.values(FILES)) {
    t.ok(pairs.includes(`${container} ${codec}`), `${codec} in ${container}`)
  }
  t.equal(new Set(pairs).size, pairs.length, 'none twice')
  const codecs = new Set(documented.map(({ codec }) => codec))
  t.same(CODEC_NAMES.filter((codec) => !codecs.has(codec)), [], 'every codec of the table is documented')
  t.same([...codecs].filter((codec) => !isCodec(codec)), [], 'every documented codec is in the table')
})

tap.test('each codec has a group, each group a codec, and an unknown codec is counted as other', async (t) => {
  t.same(new Set(CODEC_NAMES.map(codecGroup)), new Set(CODEC_GROUPS))
  t.same(['pcm_s16', 'mulaw', 'amr_nb', 'adpcm_ms', 'g729', 'pcm', 'constructor'].map(codecGroup),
    ['pcm', 'mulaw', 'amr', 'adpcm', 'other', 'other', 'other'])
})

tap.test('a truncated file is reported as such, where its format makes that possible', async (t) => {
  const silent = [
    'opus-live.webm',
    'recorder-opus.webm',
    'bare-48k.mp3',
    'streamed.flac',
    'recorder-pcm.webm',
    'nb.amr',
    'wb.amr',
    'amr-nb.3gp',
    'amr-wb.3gp',
    'warm-up.m4a',
    'warm-up.webm',
  ]
  for (const name of Object.keys(FILES).filter((name) => !silent.includes(name))) {
    const bytes = mediaFile(name)
    const cut = await decodeAudio(bytes.subarray(0, bytes.byteLength * 0.6), LIMITS).catch((error: unknown) => error)
    if (cut instanceof SpeechError) t.match(cut, { code: 'AUDIO_UNREADABLE' }, `${name}: ${cut.message}`)
    else t.match(cut, { format: { truncated: true } }, name)
  }
})

tap.test('one of two channels can be requested', async (t) => {
  for (const name of [
    'opus-stereo.webm',
    'vorbis-stereo.ogg',
    'aac-stereo.m4a',
    'stereo-44k.mp3',
    'stereo.flac',
    'sowt.aifc',
  ]) {
    const [left, right] = (await Promise.all(
      [1, 2].map(async (channel) => (await decodeAudio(mediaFile(name), { ...LIMITS, channel })).waveform.samples),
    )) as [Float32Array, Float32Array]
    const ratio = Math.sqrt(energy(right) / energy(left))
    t.ok(ratio > 0.4 && ratio < 0.6, `${name}: the right channel is half as loud (${ratio.toFixed(2)})`)
    await t.rejects(decodeAudio(mediaFile(name), { ...LIMITS, channel: 3 }), {
      code: 'REQUEST_INVALID',
      parameter: 'channel',
    })
  }
  t.match(await decodeAudio(mediaFile('stereo.flac'), { ...LIMITS, channel: 2 }), {
    format: { channels: 2, mixing: 'chosen' },
  })
  t.match(await decodeAudio(mediaFile('mono.flac'), { ...LIMITS, channel: 1 }), {
    format: { channels: 1, mixing: 'mono' },
  })
})

tap.test('a disabled codec is refused by name, by the probe too', async (t) => {
  const pattern = new RegExp((SETTINGS.properties.EARSHOT_DISABLED_CODECS as unknown as { pattern: string }).pattern)
  const compressed = new Set<string>(COMPRESSED_CODECS)
  t.match(COMPRESSED_CODECS.join(','), pattern, 'every compressed codec can be disabled')
  t.same(
    [...compressed].filter((codec) => !Object.values(FILES).some(([, one]) => one === codec)),
    [],
    'each has a file',
  )
  for (const [name, [, codec]] of Object.entries(FILES).filter(([, [, codec]]) => compressed.has(codec))) {
    const expected = { code: 'AUDIO_UNSUPPORTED', message: new RegExp(`${codec}.*EARSHOT_DISABLED_CODECS`) }
    t.throws(() => probeAudio(mediaFile(name), { disabledCodecs: [codec] }), expected, name)
    await t.rejects(decodeAudio(mediaFile(name), { ...LIMITS, disabledCodecs: [codec] }), expected, name)
  }
  t.ok(await decodeAudio(mediaFile('opus-mono.webm'), { ...LIMITS, disabledCodecs: ['aac', 'mp3'] }))
})

tap.test('audio is refused as soon as it is too long, and decoding can be interrupted', async (t) => {
  for (const [name, [, , , , seconds]] of Object.entries(FILES)) {
    await t.rejects(decodeAudio(mediaFile(name), { maxSeconds: seconds / 2 }), { code: 'AUDIO_TOO_LONG' }, name)
  }
  let calls = 0
  const interrupt = (): void => { if (++calls > 3) throw new SpeechError('CANCELLED') }
  for (const name of ['opus-mono.webm', 'vorbis-stereo.ogg', 'aac-mono.m4a', 'mono.flac']) {
    calls = 0
    await t.rejects(decodeAudio(mediaFile(name), { ...LIMITS, interrupt }), { code: 'CANCELLED' }, name)
  }
})

tap.test('a corrupted media file is read or refused with SpeechError', async (t) => {
  const random = generator(20_261_124)
  const read = new Map<string, number>()
  for (const name of Object.keys(FILES)) {
    const original = mediaFile(name)
    for (let round = 0; round < 8; round++) {
      const bytes = mutated(original, round, random)
      try {
        const { waveform } = await decodeAudio(bytes, LIMITS)
        if (!waveform.samples.every(Number.isFinite)) t.fail(`${name}, round ${round}: samples that are not finite`)
        read.set(name, (read.get(name) ?? 0) + 1)
      } catch (error) {
        if (!(error instanceof SpeechError) || error.status >= 500) t.fail(`${name}, round ${round}: ${String(error)}`)
      }
    }
  }
  t.ok(read.size > 30, `for ${read.size} files a corrupted copy is still read`)
})

tap.test('a codec whose package is not installed is refused by the name of the package', async (t) => {
  // From here on the resolver looks for another package, which does not exist.
  const hook = 'export const resolve = (name, context, next) => ' +
    'next(name === "@audio/decode-qoa" ? "@audio/decode-gone" : name, context)'
  register(`data:text/javascript,${encodeURIComponent(hook)}`)
  const { decodeStream } = await import('../../src/audio/stream.js')
  const limits = { maxSeconds: 1, interrupt: () => undefined }
  await t.rejects(decodeStream('qoa' as 'opus', [], limits), {
    code: 'AUDIO_UNSUPPORTED',
    message: /@audio\/decode-gone is not installed/,
  })
})

/** In turn: the end cut off; some bits flipped; only the header kept, noise behind it; a stretch doubled. */
function mutated(original: Uint8Array, round: number, random: () => number): Uint8Array {
  const at = Math.floor(random() * original.byteLength)
  if (round % 4 === 0) return original.slice(0, at)
  if (round % 4 === 3) return Uint8Array.from([...original.subarray(0, at), ...original.subarray(at / 2)])
  const bytes = Uint8Array.from(original)
  if (round % 4 === 1) {
    const within = random() < 0.5 ? Math.min(400, bytes.byteLength) : bytes.byteLength
    for (let flips = 0; flips < 1 + random() * 12; flips++)
      bytes[Math.floor(random() * within)]! ^= 1 << Math.floor(random() * 8)
    return bytes
  }
  for (let i = Math.floor(random() * 600); i < bytes.byteLength; i++) bytes[i] = Math.floor(random() * 256)
  return bytes
}

function energy(samples: Float32Array): number {
  return samples.reduce((sum, sample) => sum + sample * sample, 0)
}
