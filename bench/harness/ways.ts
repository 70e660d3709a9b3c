/** Several ways to recognize the same clips, in turns on every clip, so that a slow minute affects all of them. */
import { readFile } from 'node:fs/promises'
import { groupBy } from '../../fixtures/kit/statistics.js'
import type { TranscribeOptions } from '../../src/recognition/options.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import type { SpeechClip } from './clips.js'
import { requireMeasured } from './endings.js'
import { startProgress } from './progress.js'
import { allowSilence, SERVED } from './recognizers.js'
import { compareSource, scoreClip, type Difference, type ScoredClip } from './scoring.js'
import { withShiftedStart } from './shifted-start.js'

/** Options of the pipeline and a recognizer. */
export interface Way {
  readonly name: string
  readonly recognizer: Recognizer
  readonly options: TranscribeOptions
}

/** The model as it comes: no volume normalization, no trimming, one decoding pass, and it may find no speech. */
export function plainWay(recognizer: Recognizer): Way {
  const options = { ...SERVED, normalizeVolume: false, trimSilence: false, maxDecodingPasses: 1 }
  return { name: 'plain', recognizer: allowSilence(recognizer), options }
}

/** Every clip in every way, from each shifted start (shifted-start.ts); scores in the order of the ways. */
export async function recognizeAll(
  clips: readonly SpeechClip[], ways: readonly Way[], shifts: number,
): Promise<ScoredClip[][]> {
  requireMeasured({ clips: clips.length, ways: ways.length })
  const runs = ways.map((way) => ({ way, scores: [] as ScoredClip[] }))
  const progress = startProgress('recognitions', clips.length * shifts * ways.length)
  // The first run of a graph allocates and is slow; no clip should pay for it.
  for (const way of ways) for (const clip of clips.slice(0, 1)) await recognizeOne(clip, 0, way)
  for (const [index, clip] of clips.entries()) {
    for (let shift = 0; shift < shifts; shift++) {
      for (const { way, scores } of index % 2 === 0 ? runs : runs.toReversed()) {
        scores.push(await recognizeOne(clip, shift, way))
        progress.step()
      }
    }
  }
  return runs.map(({ scores }) => scores)
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

/** By source; both lists hold the same clips in the same order. */
export function compareWays(first: readonly ScoredClip[], second: readonly ScoredClip[]): Difference[] {
  const after = new Map(bySource(second))
  return bySource(first).map(([source, own]) => compareSource(source, own, after.get(source) ?? []))
}
