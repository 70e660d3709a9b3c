/**
 * A large set from a small one: every clip again and again, each time with other samples, because the beginning is cut
 * by up to a hundredth of a second and the level is another one. A check of copies therefore has work to do, and the
 * cache of measurements has not.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { readPcm, writeMono } from '../../fixtures/kit/pcm.js'
import { seededRandom } from '../../fixtures/kit/statistics.js'
import type { SpeechClip } from '../harness/clips.js'

const MOST_SHIFT_SECONDS = 0.01
const GAINS = { least: 0.4, most: 0.95 } as const

/** Writes `many` clips and their manifest into the folder; resolves to the path of the manifest. */
export async function writeManyClips(
  clips: readonly SpeechClip[], many: number, folder: string, seed: number,
): Promise<{ readonly manifest: string; readonly seconds: number; readonly bytes: number }> {
  const random = seededRandom(seed)
  const lines: string[] = []
  let [seconds, bytes] = [0, 0]
  for (let index = 0; index < many; index++) {
    const { file, text, speaker, source } = clips[index % clips.length]!
    const name = `${source}/${Math.floor(index / clips.length)}-${path.basename(file)}`
    const { samples, sampleRate } = readPcm(await readFile(file))
    const shift = Math.floor(random() * MOST_SHIFT_SECONDS * sampleRate)
    const gain = GAINS.least + random() * (GAINS.most - GAINS.least)
    const written = writeMono({ samples: samples.subarray(shift).map((sample) => gain * sample), sampleRate })
    await mkdir(path.join(folder, source), { recursive: true })
    await writeFile(path.join(folder, name), written)
    lines.push(`${JSON.stringify({ path: name, text, speaker, seconds: (samples.length - shift) / sampleRate })}\n`)
    seconds += (samples.length - shift) / sampleRate
    bytes += written.length
  }
  const manifest = path.join(folder, 'manifest.jsonl')
  await writeFile(manifest, lines.join(''))
  return { manifest, seconds, bytes }
}
