/**
 * One clip in the containers, codecs, rates and channel counts that clients send, made by programs that owe nothing
 * to our decoders: ffmpeg, sox for AMR-NB, libvo-amrwbenc for AMR-WB. What this machine cannot make is left out.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { WRITE_AMR_WB } from '../../fixtures/amr-wb.js'
import { convert, hasFfmpeg } from './ffmpeg.js'

export interface Encoding {
  readonly name: string
  /** Every sample comes back as it was: its words may not change. */
  readonly lossless: boolean
  encode(wav: Uint8Array): Buffer
}

const MONO_48K = ['-ar', '48000', '-ac', '1']
const STEREO = ['-ac', '2']
const opus = (rate: string, ...more: string[]): string[] => ['-c:a', 'libopus', '-b:a', rate, ...more]
const aac = (...more: string[]): string[] => ['-c:a', 'aac', '-b:a', '48k', ...more]

/** Name → [file ending, arguments of ffmpeg]. The source is 16-bit mono, so what keeps 16 bits at its rate loses nothing. */
const LOSSLESS: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  'flac 16-bit':        ['flac', ['-c:a', 'flac', '-sample_fmt', 's16']],
  'flac 24-bit':        ['flac', ['-c:a', 'flac', '-sample_fmt', 's32', '-bits_per_raw_sample', '24']],
  'flac in ogg':        ['oga', ['-c:a', 'flac', '-f', 'ogg']],
  'alac in m4a':        ['m4a', ['-c:a', 'alac']],
  'aiff 16-bit':        ['aiff', ['-c:a', 'pcm_s16be']],
  'aiff 24-bit':        ['aiff', ['-c:a', 'pcm_s24be']],
  'caf 16-bit':         ['caf', ['-c:a', 'pcm_s16le']],
  'caf float':          ['caf', ['-c:a', 'pcm_f32be']],
  'pcm in matroska':    ['mkv', ['-c:a', 'pcm_s16le']],
  'wav 24-bit':         ['wav', ['-c:a', 'pcm_s24le']],
  'wav 32-bit':         ['wav', ['-c:a', 'pcm_s32le']],
  'wav float':          ['wav', ['-c:a', 'pcm_f32le']],
  'wav stereo':         ['wav', ['-c:a', 'pcm_s16le', ...STEREO]],
}

const LOSSY: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  'opus 16k in webm':   ['webm', opus('16k')],
  'opus 24k in webm':   ['webm', opus('24k')],
  'opus 32k in webm':   ['webm', opus('32k', ...STEREO)],
  'opus 64k in webm':   ['webm', opus('64k', ...STEREO)],
  'opus 16k in ogg':    ['ogg', opus('16k')],
  'opus 32k in ogg':    ['ogg', opus('32k')],
  'opus 32k in mp4':    ['mp4', opus('32k', '-strict', '-2')],
  'vorbis in ogg':      ['ogg', ['-c:a', 'libvorbis', '-q:a', '4']],
  'vorbis in webm':     ['webm', ['-c:a', 'libvorbis', '-q:a', '4', ...MONO_48K]],
  'aac, index last':    ['m4a', aac()],
  'aac, index first':   ['m4a', aac('-movflags', '+faststart')],
  'aac, fragmented':    ['mp4', aac('-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-frag_duration', '500000')],
  'aac 48 kHz stereo':  ['m4a', aac('-ar', '48000', ...STEREO)],
  'aac in adts':        ['aac', aac('-f', 'adts')],
  'mp3 32k':            ['mp3', ['-c:a', 'libmp3lame', '-b:a', '32k']],
  'mp3 128k 44.1 kHz':  ['mp3', ['-c:a', 'libmp3lame', '-b:a', '128k', '-ar', '44100', ...STEREO]],
  'wav 8-bit':          ['wav', ['-c:a', 'pcm_u8']],
  'wav mu-law':         ['wav', ['-c:a', 'pcm_mulaw']],
  'wav a-law':          ['wav', ['-c:a', 'pcm_alaw']],
  'wav ima adpcm':      ['wav', ['-c:a', 'adpcm_ima_wav']],
  'wav ms adpcm':       ['wav', ['-c:a', 'adpcm_ms']],
  'wav 22.05 kHz':      ['wav', ['-c:a', 'pcm_s16le', '-ar', '22050']],
  'wav 44.1 kHz':       ['wav', ['-c:a', 'pcm_s16le', '-ar', '44100']],
  'wav 48 kHz stereo':  ['wav', ['-c:a', 'pcm_s16le', '-ar', '48000', ...STEREO]],
  'wav 8 kHz':          ['wav', ['-c:a', 'pcm_s16le', '-ar', '8000']],
}

export function encodings(): Encoding[] {
  return hasFfmpeg() ? [...byFfmpeg(LOSSLESS, true), ...byFfmpeg(LOSSY, false), ...amrEncodings()] : []
}

function byFfmpeg(table: typeof LOSSLESS, lossless: boolean): Encoding[] {
  return Object.entries(table).map(([name, [ending, args]]) => ({ name, lossless, encode: (wav) => convert(wav, args, ending) }))
}

/** By sox and by a library that Python calls; without them there are none. */
export function amrEncodings(): Encoding[] {
  const found: Encoding[] = []
  const sox = spawnSync('sox', ['--help-format', 'amr-nb'], { encoding: 'utf8' })
  if (sox.error === undefined && sox.stdout.includes('AMR-NB (16-bit')) {
    found.push({ name: 'amr-nb 12.2k', lossless: false, encode: (wav) => byFiles(wav, 'amr-nb', (from, to) => execFileSync('sox', ['-D', from, '-r', '8000', '-C', '7', to], { stdio: 'ignore' })) })
  }
  if (spawnSync('python3', ['-c', WRITE_AMR_WB], { stdio: 'ignore' }).status === 0) {
    found.push({ name: 'amr-wb 23.85k', lossless: false, encode: (wav) => byFiles(wav, 'amr', (from, to) => execFileSync('python3', ['-c', WRITE_AMR_WB, from, to, '8'], { stdio: 'ignore' })) })
  }
  return found
}

function byFiles(wav: Uint8Array, ending: string, convertFile: (from: string, to: string) => unknown): Buffer {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'earshot-encoding-'))
  try {
    const [from, to] = [path.join(folder, 'in.wav'), path.join(folder, `out.${ending}`)]
    writeFileSync(from, wav)
    convertFile(from, to)
    return readFileSync(to)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
