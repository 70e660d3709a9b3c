/**
 * ffmpeg, an implementation of resamplers and codecs that owes nothing to ours. Without it the rows that need it are
 * left out.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

let found: boolean | undefined

export function hasFfmpeg(): boolean {
  return found ??= spawnSync('ffmpeg', ['-version'], { stdio: 'ignore' }).status === 0
}

/**
 * A WAV file in, the output file out; `args` are what stands between input and output. Through a file, because MP4
 * needs one that can be sought in.
 */
export function convert(wav: Uint8Array, args: readonly string[], ending: string): Buffer {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'earshot-ffmpeg-'))
  const file = path.join(folder, `out.${ending}`)
  try {
    execFileSync('ffmpeg', [
      '-hide_banner', '-loglevel', 'error', '-f', 'wav', '-i', 'pipe:0', '-map_metadata', '-1', '-fflags', '+bitexact',
      '-flags:a', '+bitexact', ...args, '-y', file,
    ], { input: wav, stdio: ['pipe', 'ignore', 'pipe'] })
    return readFileSync(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** 16-bit WAV at another rate, by ffmpeg's own resampler. */
export function resampled(wav: Uint8Array, sampleRate: number): Buffer {
  return convert(wav, ['-ar', String(sampleRate), '-c:a', 'pcm_s16le'], 'wav')
}
