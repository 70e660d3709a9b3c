/** Contenders take turns on every clip, in an order that rotates; only one works at a time. */
import { readFile } from 'node:fs/promises'
import { decodeAudio } from '../../src/audio/decode.js'
import { resample } from '../../src/audio/signal/resample.js'
import type { SpeechClip } from '../harness/clips.js'
import { startProgress } from '../harness/progress.js'
import { scoreClip } from '../harness/scoring.js'
import { SAMPLE_RATE } from './adapter.js'
import type { Contender } from './contender.js'
import type { RivalClip } from './ratios.js'

const MAX_SECONDS = 300

/** By the name of the contender, in the order of the clips. */
export type Results = ReadonlyMap<string, readonly RivalClip[]>

export async function takeTurns(clips: readonly SpeechClip[], contenders: readonly Contender[]): Promise<Results> {
  const turns = contenders.map((contender) => ({ contender, results: [] as RivalClip[] }))
  await warmUp(clips, contenders)
  const progress = startProgress('clips', clips.length)
  for (const [index, clip] of clips.entries()) {
    const samples = await readWaveform(clip)
    for (const { contender, results } of rotated(turns, index)) {
      const { text, wallMs, cpuMs, peakBytes } = await contender.recognize(samples)
      results.push({ ...scoreClip(clip, text, samples.length / SAMPLE_RATE, wallMs), cpuMs, peakBytes })
    }
    progress.step()
  }
  return new Map(turns.map(({ contender, results }) => [contender.name, results]))
}

/** Each is first equally often. */
export function rotated<T>(values: readonly T[], by: number): T[] {
  const first = by % values.length
  return [...values.slice(first), ...values.slice(0, first)]
}

/** The longest clip allocates what any needs; a short one, twice, has what is run for every token compiled. */
async function warmUp(
  clips: readonly SpeechClip[], contenders: readonly Pick<Contender, 'recognize'>[],
): Promise<void> {
  const byLength = clips.toSorted((one, other) => other.seconds - one.seconds)
  for (const clip of [...byLength.slice(0, 1), ...byLength.slice(-1), ...byLength.slice(-1)]) {
    const samples = await readWaveform(clip)
    for (const { recognize } of contenders) await recognize(samples)
  }
}

/** Mono at 16 kHz, decoded by us for all. */
export async function readWaveform({ file }: SpeechClip): Promise<Float32Array> {
  const { waveform } = await decodeAudio(await readFile(file), { maxSeconds: MAX_SECONDS })
  return resample(waveform, SAMPLE_RATE).samples
}
