/**
 * The sound files that are mutated: those of fixtures/, cut to some tenths of a second. A clip that short costs the
 * model some milliseconds, and what is to be tested stands in the headers.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { projectRoot } from '../../src/domain/project-root.js'
import { parseAiff, parseBoxes, parseCaf, parseWav } from './parse-chunks.js'
import { parseEbml } from './parse-ebml.js'
import { parseAdts, parseAmr, parseFlac, parseMp3, parseOgg } from './parse-streams.js'
import { allParts, copy, write, type Part } from './tree.js'

export type Format = 'wav' | 'aiff' | 'caf' | 'matroska' | 'ogg' | 'mp4' | 'flac' | 'mp3' | 'adts' | 'amr'

export interface Seed {
  readonly file: string
  readonly format: Format
  readonly parts: readonly Part[]
  readonly bytes: Buffer
}

interface FormatRules {
  readonly endings: readonly string[]
  parse(bytes: Buffer): Part[]
  cut(parts: Part[]): Part[]
}

const KEPT_SHARE = 0.16 // the clips have some 2.7 s
const CLIPS = [
  'warm-up.wav',
  'noise.wav',
  'silence.wav',
  'stereo-22050.wav',
  'telephone-mulaw.wav',
  'play-some-jazz-music.wav',
]

const FORMATS: Readonly<Record<Format, FormatRules>> = {
  wav: { endings: ['wav'], parse: parseWav, cut: (parts) => withShorter(parts, 'data', 0) },
  aiff: { endings: ['aiff', 'aifc'], parse: parseAiff, cut: (parts) => withShorter(parts, 'SSND', 8) },
  caf: { endings: ['caf'], parse: parseCaf, cut: (parts) => withShorter(parts, 'data', 4) },
  matroska: {
    endings: ['webm', 'mkv'],
    parse: parseEbml,
    cut: (parts) =>
      withFewer(parts, ['SimpleBlock', 'BlockGroup'], ['1c53bb6b', 'Cues', '114d9b74', 'SeekHead', 'Void', 'ec']),
  },
  ogg: { endings: ['ogg', 'oga'], parse: parseOgg, cut: shorterOgg },
  mp4: { endings: ['mp4', 'm4a', 'mov', '3gp'], parse: parseBoxes, cut: shorterMp4 },
  flac: { endings: ['flac'], parse: parseFlac, cut: (parts) => withFewer(parts, ['frame'], []) },
  mp3: { endings: ['mp3'], parse: parseMp3, cut: (parts) => withFewer(parts, ['frame'], []) },
  adts: { endings: ['aac'], parse: parseAdts, cut: (parts) => withFewer(parts, ['frame'], []) },
  amr: { endings: ['amr'], parse: parseAmr, cut: (parts) => withFewer(parts, ['frame'], []) },
}

export const FORMAT_NAMES = Object.keys(FORMATS) as readonly Format[]

export function readSeeds(): readonly Seed[] {
  const media = path.join(projectRoot, 'fixtures/media')
  const files = [
    ...readdirSync(media)
      .sort()
      .map((name) => path.join(media, name)),
    ...CLIPS.map((name) => path.join(projectRoot, 'fixtures/clips', name)),
  ]
  return files.map((file) => {
    const format = formatOf(file)
    const whole = FORMATS[format].parse(readFileSync(file))
    const isShort = path.basename(file).startsWith('warm-up.') && format !== 'wav' // some 0.3 s
    const parts = isShort ? whole : FORMATS[format].cut(whole)
    return { file: path.basename(file), format, parts, bytes: write(parts) }
  })
}

export function formatOf(file: string): Format {
  return FORMAT_NAMES.find((format) => FORMATS[format].endings.includes(path.extname(file).slice(1)))!
}

export function parseAs(format: Format, bytes: Buffer): Part[] {
  return FORMATS[format].parse(bytes)
}

/** One part ends early; whole frames of any sample format are kept. */
function withShorter(parts: Part[], name: string, before: number): Part[] {
  const { part } = allParts(parts).find((placed) => placed.part.name === name)!
  const body = part.body as Buffer
  // 68 bytes are two packets of IMA4; 1,024 a block of ADPCM in two channels.
  part.body = body.subarray(
    0,
    before +
      Math.max(
        2_048,
        Math.floor(((body.length - before) * KEPT_SHARE) / (68 * 1_024)) * 68 * 1_024 ||
          Math.floor(((body.length - before) * KEPT_SHARE) / 1_024) * 1_024,
      ),
  )
  return parts
}

/** Only the first of all parts of these names; others go. */
function withFewer(parts: Part[], names: readonly string[], dropped: readonly string[]): Part[] {
  const total = allParts(parts).filter(({ part }) => names.includes(part.name)).length
  const most = Math.max(2, Math.ceil(total * KEPT_SHARE))
  let count = 0
  const keep = (list: Part[]): Part[] =>
    list
      .filter((part) => !dropped.includes(part.name) && (!names.includes(part.name) || count++ < most))
      .map((part) => (Buffer.isBuffer(part.body) ? part : { ...part, body: keep(part.body) }))
  return keep(parts)
}

/** The headers, and of the first page with sound the packets that begin and end in its first part. */
function shorterOgg(parts: Part[]): Part[] {
  const first = parts.findIndex((part) => part.head.readBigUInt64LE(6) > 0n && part.head.readBigUInt64LE(6) < 2n ** 63n)
  const page = parts[first]!
  const lacing = [...page.head.subarray(27)]
  const wanted = Math.max(4, Math.ceil(lacing.length / 3))
  const kept = lacing.slice(0, lacing.findIndex((bytes, index) => index + 1 >= wanted && bytes < 255) + 1)
  const head = Buffer.concat([page.head.subarray(0, 26), Buffer.from([kept.length]), Buffer.from(kept)])
  head[5]! |= 4 // the end of the stream
  const body = (page.body as Buffer).subarray(
    0,
    kept.reduce((sum, bytes) => sum + bytes, 0),
  )
  return [
    ...parts.slice(0, first),
    { ...page, head, body, fields: page.fields.filter(({ at, bits }) => at + bits <= head.length * 8) },
  ]
}

/** Tables of the first frames alone; of a fragmented file the first fragments. */
function shorterMp4(parts: Part[]): Part[] {
  const moofs = parts.filter(({ name }) => name === 'moof').length
  if (moofs > 0) return withFewer(parts, ['moof', 'mdat'], ['mfra', 'sidx'])
  const all = copy(parts)
  const find = (name: string): Part | undefined => allParts(all).find(({ part }) => part.name === name)?.part
  const [sizes, times] = [find('stsz')!, find('stts')!]
  const [sizesBody, timesBody] = [Buffer.from(sizes.body as Buffer), Buffer.from(times.body as Buffer)]
  const frames = Math.max(1, Math.ceil(sizesBody.readUInt32BE(8) * KEPT_SHARE))
  sizesBody.writeUInt32BE(frames, 8)
  timesBody.writeUInt32BE(1, 4)
  timesBody.writeUInt32BE(frames, 8)
  const fixed = sizesBody.readUInt32BE(4)
  sizes.body = fixed === 0 ? sizesBody.subarray(0, 12 + 4 * frames) : sizesBody
  times.body = timesBody.subarray(0, 16)
  const bytes =
    fixed === 0
      ? Array.from({ length: frames }, (_, frame) => sizesBody.readUInt32BE(12 + 4 * frame)).reduce(
          (sum, size) => sum + size,
        )
      : fixed * frames
  return withChunksMoved(parts, all, bytes)
}

/** The data is cut, and chunks are where it has moved to: they are found from its first byte. */
function withChunksMoved(before: Part[], after: Part[], bytes: number): Part[] {
  const placeOf = (parts: Part[]): number => {
    const { part, start } = allParts(parts).find((placed) => placed.part.name === 'mdat')!
    return start + part.head.length
  }
  const chunks = allParts(after).find(({ part }) => part.name === 'stco')!.part
  const body = Buffer.from(chunks.body as Buffer)
  const data = allParts(after).find(({ part }) => part.name === 'mdat')!.part
  const spread = Math.max(0, body.readUInt32BE(8) - placeOf(before))
  data.body = (data.body as Buffer).subarray(0, spread + bytes)
  const moved = placeOf(after) - placeOf(before)
  for (let at = 8; at + 4 <= body.length; at += 4) body.writeUInt32BE(Math.max(0, body.readUInt32BE(at) + moved), at)
  chunks.body = body
  return after
}
