/** Clips that people label: those of a manifest, or collected ones. */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { SpeechError } from '../../domain/errors.js'
import type { CollectedClips, CollectionReason, Selection } from '../collection/collected-clip.js'
import { importManifest } from './formats/json-lines.js'

/** Newest ones of the collection, or first ones of a manifest: some 20 MB of memory. */
const MOST_CLIPS = 20_000
/** A collection grows while people label. */
const REFRESH_MS = 30_000

export interface ClipToLabel {
  /** What a label names the clip by. */
  readonly id: string
  /** ISO 8601; null in a manifest. */
  readonly time: string | null
  readonly reasons: readonly CollectionReason[]
  readonly driftFeatures: readonly string[]
  /** What is thought to be said: the label of a manifest, or the correction of a user; null where nothing is. */
  readonly text: string | null
  readonly tags: readonly string[]
}

export interface ClipAudio {
  readonly bytes: Buffer
  /** Empty where it is not known. */
  readonly mediaType: string
}

export interface ClipsToLabel {
  /** In the order in which they are labelled. Rejects with CLIPS_INVALID. */
  select(selection: Selection): Promise<readonly ClipToLabel[]>
  /** Undefined where there is no such clip. */
  find(id: string): Promise<ClipToLabel | undefined>
  audio(id: string): Promise<ClipAudio | undefined>
}

/** Throws CLIPS_INVALID. A clip of the manifest has the label name that `npm run labels` uses: its id, or its path. */
export function manifestClips(file: string): ClipsToLabel {
  const { utterances } = importManifest(readManifest(file), file)
  if (utterances.length > MOST_CLIPS) {
    throw new SpeechError('CLIPS_INVALID', `${file} has more than ${MOST_CLIPS} clips; label it in parts`)
  }
  const paths = new Map<string, string>()
  const clips = utterances.map(({ id, path: relative, text, tags }): ClipToLabel => {
    const name = id ?? relative
    paths.set(name, path.resolve(path.dirname(file), relative))
    return { id: name, time: null, reasons: [], driftFeatures: [], text, tags }
  })
  const byId = new Map(clips.map((clip) => [clip.id, clip]))
  return {
    select: async () => clips,
    find: async (id) => byId.get(id),
    async audio(id) {
      const found = paths.get(id)
      return found === undefined ? undefined : { bytes: await readFile(found), mediaType: '' }
    },
  }
}

export function collectedClips(collected: CollectedClips, now: () => number = Date.now): ClipsToLabel {
  let known: Promise<ReadonlyMap<string, KnownClip>> | undefined
  let readAt = -Infinity
  const all = (): Promise<ReadonlyMap<string, KnownClip>> => {
    if (known === undefined || now() - readAt > REFRESH_MS) {
      readAt = now()
      const reading = readNewest(collected)
      known = reading
      reading.catch(() => { if (known === reading) known = undefined }) // the caller gets the error; the next one reads
    }
    return known
  }
  return {
    async select(selection) {
      return [...(await all()).values()].map(({ clip }) => clip).filter((clip) => matches(clip, selection))
    },
    find: async (id) => (await all()).get(id)?.clip,
    async audio(id) {
      const found = (await all()).get(id)
      const bytes = found && await collected.audio(id)
      return bytes && { bytes, mediaType: found.mediaType }
    },
  }
}

interface KnownClip { readonly clip: ClipToLabel; readonly mediaType: string }

async function readNewest(collected: CollectedClips): Promise<ReadonlyMap<string, KnownClip>> {
  const clips = new Map<string, KnownClip>()
  for await (const { id, time, reasons, driftFeatures, correction, audio } of collected.select({})) {
    const clip = { id, time, reasons, driftFeatures, text: correction, tags: [] }
    clips.set(id, { clip, mediaType: audio.mediaType })
    const [oldest] = clips.keys()
    if (clips.size > MOST_CLIPS && oldest !== undefined) clips.delete(oldest)
  }
  return clips
}

function matches({ time, reasons, driftFeatures }: ClipToLabel, selection: Selection): boolean {
  const at = time === null ? undefined : Date.parse(time)
  const { from, to, reason, driftFeature } = selection
  return (from === undefined || at === undefined || at >= Date.parse(from))
    && (to === undefined || at === undefined || at < Date.parse(to))
    && (reason === undefined || reasons.includes(reason))
    && (driftFeature === undefined || driftFeatures.includes(driftFeature))
}

function readManifest(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new SpeechError('CLIPS_INVALID', `${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
}
