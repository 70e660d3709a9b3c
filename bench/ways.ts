/** Ways of recognizing the same clips, one after the other on every clip, so that a slow minute of the machine hits all of them. */
import { readFile } from 'node:fs/promises'
import type { TranscribeOptions } from '../src/recognition/options.js'
import { transcribe } from '../src/recognition/pipeline.js'
import type { Recognizer } from '../src/recognition/recognizer.js'
import type { SpeechClip } from './clips.js'
import { allowSilence } from './recognizers.js'
import { compareSource, scoreClip, type Difference, type ScoredClip } from './scoring.js'
import { SERVED } from './served.js'
import { withShiftedStart } from './shifted-start.js'
import { groupBy } from './statistics.js'

/** Options of the pipeline and a recognizer. */
export interface Way { readonly name: string; readonly recognizer: Recognizer; readonly options: TranscribeOptions }

export type Scores = Readonly<Record<string, readonly ScoredClip[]>>

/** The model as it comes: no volume normalization, no trimming, heard once, and it may answer "nothing". */
export function plainWay(recognizer: Recognizer): Way {
  return { name: 'plain', recognizer: allowSilence(recognizer), options: { ...SERVED, normalizeVolume: false, trimSilence: false, maxDecodingPasses: 1 } }
}

/** Every clip in every way, as often as there are shifts (see shifted-start.ts); scores by the name of the way. */
export async function recognizeAll(clips: readonly SpeechClip[], ways: readonly Way[], shifts: number, step: () => void = () => undefined): Promise<Scores> {
  const scores: Record<string, ScoredClip[]> = Object.fromEntries(ways.map(({ name }) => [name, []]))
  // The first run of a graph allocates and is slow; no clip should pay for it.
  for (const way of ways) await recognizeOne(clips[0]!, 0, way)
  for (const [index, clip] of clips.entries()) {
    const order = index % 2 === 0 ? ways : ways.toReversed()
    for (let shift = 0; shift < shifts; shift++) {
      for (const way of order) scores[way.name]!.push(await recognizeOne(clip, shift, way))
    }
    step()
  }
  return scores
}

async function recognizeOne(clip: SpeechClip, shift: number, { recognizer, options }: Way): Promise<ScoredClip> {
  const bytes = withShiftedStart(await readFile(clip.file), shift)
  const since = performance.now()
  const { text, input } = await transcribe(bytes, recognizer, options)
  return scoreClip(clip, text, input.audioSeconds, performance.now() - since)
}

export function bySource(clips: readonly ScoredClip[]): [string, ScoredClip[]][] {
  return [...groupBy(clips, ({ clip }) => clip.source)]
}

export function compareWays(plain: readonly ScoredClip[], full: readonly ScoredClip[]): Difference[] {
  const after = new Map(bySource(full))
  return bySource(plain).map(([source, own]) => compareSource(source, own, after.get(source)!))
}
