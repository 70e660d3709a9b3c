/** Clips that people label: those of a manifest, or collected ones. */
import { readFileSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { wrapHeaderless } from '../../audio/containers/headerless-wav.js'
import { headerlessFormat } from '../../audio/decode.js'
import { SpeechError } from '../../domain/errors.js'
import type { CollectedClips, CollectionReason, Selection } from '../collection/collected-clip.js'
import { drawOf, type Drawn } from './assignment.js'
import { importManifest } from './formats/json-lines.js'

/** Newest ones of the collection, or first ones of a manifest: some 20 MB of memory. */
const MOST_CLIPS = 20_000
/** A collection grows while people label. */
const REFRESH_MS = 30_000
/** Clips that others deleted, and late corrections. */
const REREAD_MS = 600_000
/** From the answer to a clip until its record is written, while the store is slow. */
const LATE_MS = 300_000

export interface ClipToLabel extends Drawn {
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

/**
 * Throws CLIPS_INVALID. A clip of the manifest has the label name that `npm run labels` uses: its id, or its path.
 * `audio` throws UPLOAD_TOO_LARGE for more than `maxBytes`.
 */
export function manifestClips(file: string, maxBytes: number): ClipsToLabel {
  const { utterances } = importManifest(readManifest(file), file)
  if (utterances.length > MOST_CLIPS) throw invalid(file, `it has more than ${MOST_CLIPS} clips; label it in parts`)
  if (utterances.some(({ startSeconds }) => startSeconds !== null)) {
    throw invalid(file, 'it lists parts of recordings ("start"); cut them into clips first')
  }
  const paths = new Map<string, string>()
  const clips = utterances.map(({ id, path: relative, text, tags }): ClipToLabel => {
    const name = id ?? relative
    if (paths.has(name)) throw invalid(file, `two clips are called "${name}"; give each an id of its own`)
    paths.set(name, path.resolve(path.dirname(file), relative))
    return { id: name, time: null, reasons: [], driftFeatures: [], text, tags, draw: drawOf(name) }
  })
  const byId = new Map(clips.map((clip) => [clip.id, clip]))
  return {
    select: async () => clips,
    find: async (id) => byId.get(id),
    async audio(id) {
      const found = paths.get(id)
      const bytes = found === undefined ? undefined : await readClip(found, maxBytes)
      return bytes && { bytes, mediaType: '' }
    },
  }
}

/** Undefined where the file is gone. */
async function readClip(file: string, maxBytes: number): Promise<Buffer | undefined> {
  try {
    const { size } = await stat(file)
    if (size <= maxBytes) return await readFile(file)
    throw new SpeechError('UPLOAD_TOO_LARGE', `${size} bytes, at most ${maxBytes}`)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw thrown
  }
}

function invalid(file: string, detail: string): SpeechError {
  return new SpeechError('CLIPS_INVALID', `${file} cannot be labelled: ${detail}`)
}

/** Clips that were collected lately are found within half a minute; deleted ones are gone when they are asked for. */
export function collectedClips(collected: CollectedClips, now: () => number = Date.now): ClipsToLabel {
  const index = new CollectedIndex(collected, now)
  return {
    async select(selection) {
      return [...(await index.clips()).values()].map(({ clip }) => clip).filter((clip) => matches(clip, selection))
    },
    find: async (id) => (await index.clips()).get(id)?.clip,
    async audio(id) {
      const found = (await index.clips()).get(id)
      const bytes = found && await collected.audio(id)
      if (bytes === undefined) index.forget(id)
      return bytes && playable(bytes, found.mediaType)
    },
  }
}

/** Browsers play no samples without a header. */
function playable(bytes: Buffer, mediaType: string): ClipAudio {
  const format = headerlessFormat(bytes, mediaType)
  return format === undefined ? { bytes, mediaType } : { bytes: wrapHeaderless(bytes, format), mediaType: 'audio/wav' }
}

interface KnownClip { readonly clip: ClipToLabel; readonly mediaType: string }

/** What is known about the newest clips. Only new ones are read each time, since a record takes a millisecond. */
class CollectedIndex {
  readonly #collected: CollectedClips
  readonly #now: () => number
  /** In order of time. */
  #known = new Map<string, KnownClip>()
  /** When the last reading ended, and when it began: clips since then are new. */
  #readAt = -Infinity
  #newAt = -Infinity
  #readAllAt = -Infinity
  #reading: Promise<void> | undefined
  /** Of the last reading, until somebody is told. */
  #failure: Error | undefined

  constructor(collected: CollectedClips, now: () => number) {
    this.#collected = collected
    this.#now = now
  }

  /** As of the last reading; waits for the first one only. Throws the error of a reading that failed. */
  async clips(): Promise<ReadonlyMap<string, KnownClip>> {
    if (this.#now() - this.#readAt > REFRESH_MS) this.#reading ??= this.#refresh()
    if (this.#readAllAt === -Infinity) await this.#reading
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
    return this.#known
  }

  async #refresh(): Promise<void> {
    try {
      await this.#read()
    } catch (thrown) {
      this.#failure = thrown instanceof Error ? thrown : new Error(String(thrown))
    } finally {
      this.#reading = undefined
    }
  }

  forget(id: string): void {
    this.#known.delete(id)
  }

  async #read(): Promise<void> {
    const startedAt = this.#now()
    const isWhole = startedAt - this.#readAllAt > REREAD_MS
    const known = isWhole ? new Map<string, KnownClip>() : new Map(this.#known)
    const from = isWhole ? undefined : new Date(this.#newAt - LATE_MS).toISOString()
    for await (const { id, time, reasons, driftFeatures, correction, audio } of this.#collected.select({ from })) {
      known.set(id, {
        clip: { id, time, reasons, driftFeatures, text: correction, tags: [], draw: drawOf(id) },
        mediaType: audio.mediaType,
      })
      const [oldest] = known.keys()
      if (known.size > MOST_CLIPS && oldest !== undefined) known.delete(oldest)
    }
    this.#known = known
    this.#newAt = startedAt
    this.#readAt = this.#now()
    if (isWhole) this.#readAllAt = this.#readAt
  }
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
