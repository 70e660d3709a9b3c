/**
 * Recognizes the clips of a card one after the other in one process, so that times are those of a clip alone, and keeps
 * only counts of each.
 */
import type { Config } from '../../config.js'
import { measuredClip, type MeasuredClip } from '../../data/model-card/measured-clip.js'
import { fromWire, SpeechError } from '../../domain/errors.js'
import type { LoadedModel } from '../../domain/worker-protocol.js'
import type { TextClip } from '../clips/clips.js'
import { peakResidentBytesOf } from '../clips/peak-memory.js'
import { processorSecondsOf } from '../clips/processor-seconds.js'
import { poolOf, printLeftOut, progressOf, readClip, requireFewLeftOut, runJob } from '../clips/recognize.js'

export interface DataSet {
  readonly name: string
  readonly clips: readonly TextClip[]
}

export interface MeasuredSet {
  readonly name: string
  readonly clips: readonly MeasuredClip[]
  readonly leftOut: number
}

export interface Measured {
  readonly sets: readonly MeasuredSet[]
  readonly processorSeconds: number | null
  readonly peakResidentBytes: number | null
  readonly loaded: LoadedModel
}

/** Throws CLIPS_INVALID where too many clips fail. */
export async function measureSets(sets: readonly DataSet[], config: Config): Promise<Measured> {
  const pool = poolOf({ ...config, workers: 1 })
  const recognizeOne = async (clip: TextClip): Promise<MeasuredClip | SpeechError> => {
    const { outcome, workSeconds } = await runJob(await readClip(clip), config, pool)
    const { text, source, speaker, session, tags = [], samplingProbability = 1 } = clip
    return outcome.ok
      ? measuredClip({ text, source, speaker: speaker ?? session, tags }, outcome.report, workSeconds,
        1 / samplingProbability)
      : fromWire(outcome.error)
  }
  try {
    await pool.start()
    const [loaded] = pool.models
    if (loaded === undefined) throw new Error('a recognition process is ready without a model')
    const before = processorSecondsOf(pool.processIds)
    const measured = await inOrder(sets, recognizeOne)
    const after = processorSecondsOf(pool.processIds)
    return {
      sets: measured, processorSeconds: before === null || after === null ? null : after - before,
      peakResidentBytes: peakResidentBytesOf(pool.processIds), loaded,
    }
  } finally {
    await pool.close(0)
  }
}

async function inOrder(
  sets: readonly DataSet[], recognizeOne: (clip: TextClip) => Promise<MeasuredClip | SpeechError>,
): Promise<MeasuredSet[]> {
  const all = sets.reduce((sum, { clips }) => sum + clips.length, 0)
  const onProgress = progressOf(all, 'clips')
  let [done, failures] = [0, 0]
  const measured: MeasuredSet[] = []
  for (const { name, clips } of sets) {
    const kept: MeasuredClip[] = []
    for (const clip of clips) {
      const found = await recognizeOne(clip)
      if (found instanceof SpeechError) {
        printLeftOut(clip.file, found, ++failures)
      } else kept.push(found)
      onProgress(++done)
    }
    measured.push({ name, clips: kept, leftOut: clips.length - kept.length })
  }
  requireFewLeftOut(failures, all)
  return measured
}
