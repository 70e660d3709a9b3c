/**
 * Every clip by both sides, one right after the other, so that a slow minute of the machine affects both; which comes
 * first changes from clip to clip. What the cache has is not recognized again. Of each clip, only a pair is kept.
 */
import { randomUUID } from 'node:crypto'
import { ClipCache, sha256Of } from '../../data/clip-cache.js'
import { pairOf, type Both, type LabelledClip, type Pair, type Recognition } from '../../data/comparison/pairs.js'
import { SpeechError } from '../../domain/errors.js'
import type { TextClip } from '../clips/clips.js'
import { concurrently, printLeftOut, readClip, requireFewLeftOut } from '../clips/recognize.js'
import { SEARCHED, type FindHits } from './search-hits.js'
import type { Side } from './side.js'
import { digestOf, System } from './system.js'

export interface Recognized {
  readonly pairs: readonly Pair[]
  readonly leftOut: number
  readonly isSame: boolean
  /** Null where they are not those of the clips whose times are compared, or the system does not tell. */
  readonly processorSeconds: Both<number> | null
}

interface RecognizeOptions {
  /** Undefined: no cache. */
  readonly cacheFolder: string | undefined
  readonly language: string
  /** Undefined: no search is compared. */
  readonly findHits: FindHits | undefined
  readonly onProgress: (done: number) => void
}

export async function recognizeBoth(
  clips: readonly TextClip[], { a, b }: Both<Side>, options: RecognizeOptions,
): Promise<Recognized> {
  const requested = options.findHits === undefined ? {} : SEARCHED
  const digests = { a: await digestOf(a, requested), b: await digestOf(b, requested) }
  const isSame = digests.a === digests.b
  const caches = await openCaches(digests, options.cacheFolder)
  const run = randomUUID()
  const systems = { a: new System(a, caches?.a, run, requested), b: new System(b, caches?.b, run, requested) }
  try {
    const pairs = await inTurns(clips, systems, options, isSame && caches !== undefined)
    requireFewLeftOut(clips.length - pairs.length, clips.length, { more: ' by both' })
    const timed = pairs.filter(({ seconds }) => seconds !== null).length
    const isFresh = [systems.a, systems.b].every(({ recognized }) => recognized === timed)
    const spent = isFresh ? { a: systems.a.processorSeconds(), b: systems.b.processorSeconds() } : { a: null, b: null }
    return {
      pairs, leftOut: clips.length - pairs.length, isSame,
      processorSeconds: spent.a === null || spent.b === null ? null : { a: spent.a, b: spent.b },
    }
  } finally {
    await Promise.all([systems.a.close(), systems.b.close()])
    for (const cache of new Set([caches?.a, caches?.b])) await cache?.close()
  }
}

/** One file has one cache: two would not know where the other one writes. */
async function openCaches(
  digests: Both<string>, folder: string | undefined,
): Promise<Both<ClipCache<Recognition>> | undefined> {
  if (folder === undefined) return undefined
  const open = (digest: string): Promise<ClipCache<Recognition>> => ClipCache.open(folder, digest)
  const a = await open(digests.a)
  return { a, b: digests.a === digests.b ? a : await open(digests.b) }
}

/** As many clips at a time as side A has workers. Clips that a side could not process are left out. */
async function inTurns(
  clips: readonly TextClip[], { a, b }: Both<System>, options: RecognizeOptions, isShared: boolean,
): Promise<Pair[]> {
  const { language, findHits, onProgress } = options
  let failures = 0
  const recognize = async (clip: TextClip, index: number): Promise<Pair | SpeechError> => {
    const audio = await readClip(clip)
    const digest = sha256Of(audio)
    const first = index % 2 === 0 ? await a.recognize(audio, digest) : undefined
    const ofB = await b.recognize(audio, digest)
    const ofA = first ?? await a.recognize(audio, digest)
    if (ofA instanceof SpeechError) return ofA
    if (ofB instanceof SpeechError) return ofB
    // A result that both sides share was measured once, and says nothing about a difference of time.
    const isTimed = ofA.run === ofB.run && !isShared
    const seconds = isTimed ? { a: ofA.seconds, b: ofB.seconds } : null
    const reports = { a: ofA.report, b: ofB.report }
    const pair = pairOf(labelled(clip), reports, seconds, language)
    return findHits === undefined ? pair : { ...pair, hits: await findHits(clip, reports) ?? null }
  }
  const found = await concurrently(clips, a.workers, onProgress, async (clip, index) => {
    const pair = await recognize(clip, index)
    if (pair instanceof SpeechError) printLeftOut(clip.file, pair, ++failures)
    return pair
  })
  return found.filter((pair): pair is Pair => !(pair instanceof SpeechError))
}

function labelled({ file, text, source, speaker, session, tags = [] }: TextClip): LabelledClip {
  return { file, text, source, speaker: speaker ?? session, tags }
}
