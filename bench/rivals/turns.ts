/** Contenders take turns on every clip, in an order that rotates; only one works at a time. */
import { readFile } from 'node:fs/promises'
import { decodeAudio } from '../../src/audio/decode.js'
import { resample } from '../../src/audio/signal/resample.js'
import type { SpeechClip } from '../clips.js'
import { scoreClip } from '../scoring.js'
import { SAMPLE_RATE } from './adapter.js'
import type { Contender } from './contender.js'
import type { RivalClip } from './ratios.js'

const MAX_SECONDS = 300

export interface Turns {
  /** By the name of the contender, in the order of the clips. */
  readonly results: ReadonlyMap<string, readonly RivalClip[]>
  /** Highest resident memory of each process. */
  readonly peakBytes: ReadonlyMap<string, number>
}

export async function takeTurns(clips: readonly SpeechClip[], contenders: readonly Contender[]): Promise<Turns> {
  const results = new Map<string, RivalClip[]>(contenders.map(({ name }) => [name, []]))
  const peakBytes = new Map<string, number>()
  await warmUp(clips, contenders)
  for (const [index, clip] of clips.entries()) {
    const samples = await readWaveform(clip)
    for (const { name, recognize } of rotated(contenders, index)) {
      const heard = await recognize(samples)
      results.get(name)!.push({ ...scoreClip(clip, heard.text, samples.length / SAMPLE_RATE, heard.wallMs), cpuMs: heard.cpuMs })
      peakBytes.set(name, heard.peakBytes)
    }
  }
  return { results, peakBytes }
}

/** Everybody is first equally often. */
export function rotated<T>(values: readonly T[], by: number): T[] {
  const first = by % values.length
  return [...values.slice(first), ...values.slice(0, first)]
}

/** The longest clip allocates what any needs; a short one, twice, has what is run for every token compiled. */
export async function warmUp(clips: readonly SpeechClip[], contenders: readonly Pick<Contender, 'recognize'>[]): Promise<void> {
  const byLength = clips.toSorted((one, other) => other.seconds - one.seconds)
  for (const clip of [byLength[0]!, byLength.at(-1)!, byLength.at(-1)!]) {
    const samples = await readWaveform(clip)
    for (const { recognize } of contenders) await recognize(samples)
  }
}

/** Mono at 16 kHz, decoded by us for everybody. */
export async function readWaveform({ file }: SpeechClip): Promise<Float32Array> {
  const { waveform } = await decodeAudio(await readFile(file), { maxSeconds: MAX_SECONDS })
  return resample(waveform, SAMPLE_RATE).samples
}
