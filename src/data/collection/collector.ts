/**
 * Collects clips behind the requests: decides which, holds the newest for corrections, writes the others one after the
 * other, keeps to the limits of age and bytes, and deletes what a user does not want to be kept.
 *
 * After its answer, a request costs the decision, a pseudonym, the size of its report, and at most a copy of its audio;
 * digest, encryption and writing happen later, in the thread pool. What waits is bounded, and what does not fit is
 * dropped and counted. A store that fails stops the collection and nothing else.
 */
import { SpeechError } from '../../domain/errors.js'
import { digestOf, type ClipStore } from './clip-store.js'
import type { CollectedClip, CollectedClips, Selection } from './collected-clip.js'
import type { Candidate, CollectorOptions, DropReason } from './collector-options.js'
import { applyingReasons, drawReasons, inOrder, samplingProbability } from './policy.js'
import { RecentClips, type RecentClip, type RecordSource } from './recent-clips.js'
import { applyRetention } from './retention.js'
import { WriteQueue, type Write } from './write-queue.js'

const RETENTION_INTERVAL_MS = 3_600_000
/** A token is issued up to so long after recognition: a search may wait for its engine first. */
const ANSWER_SECONDS = 15
const SMALL_BYTES = 1_024
/** Memory around an audio that is not worth a copy: fields of a form. */
const ROUND_ABOUT_BYTES = 16_384

export class Collector {
  readonly #options: CollectorOptions
  readonly #now: () => number
  readonly #random: () => number
  readonly #recent: RecentClips
  readonly #queue: WriteQueue
  readonly #timer: NodeJS.Timeout
  #store: ClipStore | undefined
  #kept = { clips: 0, bytes: 0 }
  #isLimitWaiting = false
  #isClosed = false

  private constructor(options: CollectorOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#random = options.random ?? Math.random
    this.#recent = new RecentClips(options.bufferBytes, this.#now)
    this.#queue = new WriteQueue(options.bufferBytes, options.events, options.firstRetryMs)
    this.#timer = setInterval(() => { this.#keepToLimits() }, RETENTION_INTERVAL_MS).unref()
  }

  /** Throws the SpeechError of `open`; a store that does not respond is tried again later. */
  static async start(options: CollectorOptions): Promise<Collector> {
    const collector = new Collector(options)
    try {
      collector.#store = await options.open()
    } catch (thrown) {
      if (thrown instanceof SpeechError) {
        await collector.close(0)
        throw thrown
      }
    }
    // Where opening failed, this fails too, and is repeated.
    collector.#keepToLimits()
    return collector
  }

  /** For labellers; rejects while the store does not respond. */
  readonly clips: CollectedClips = {
    select: (selection) => this.#select(selection),
    audio: async (id) => (await this.#open()).audio(id),
  }

  get isRunning(): boolean { return !this.#queue.isStopped && !this.#isClosed }
  /** Clips and bytes in the store, as of the last look through all of it and what was written since. */
  get kept(): { readonly clips: number; readonly bytes: number } { return this.#kept }

  /** Call it after the answer was sent. */
  consider({ id, time, session, audio, mediaType, report, driftFeatures }: Candidate): void {
    if (this.#isClosed) return
    const { shares, doubtfulBelow, events, pseudonyms } = this.#options
    events.onConsidered()
    const applying = applyingReasons(report, driftFeatures, doubtfulBelow)
    const drawn = drawReasons(applying, shares, this.#random)
    if (drawn.length === 0 && shares.corrected === 0) return
    const clip = {
      id, time: new Date(time).toISOString(), driftFeatures, report,
      session: session === undefined ? null : pseudonyms.sessionPseudonym(session),
    }
    const held = ownBytes(audio)
    const reportBytes = JSON.stringify(report).length
    const recent: RecentClip = {
      audio: held, bytes: held.buffer.byteLength + reportBytes + SMALL_BYTES, isTaken: false,
      source: {
        audioBytes: held.byteLength, mediaType, clip, reportBytes, applying, drawn, counted: [], correction: null,
        isWaiting: false, sha256: undefined,
      },
    }
    if (shares.corrected > 0) this.#recent.add(recent)
    if (drawn.length > 0) this.#take(recent)
  }

  /**
   * A user corrected an answer; `text` is what they say is right, null where they did not say. `issuedSeconds`: Unix
   * time of its token.
   */
  correct(id: string, issuedSeconds: number, text: string | null): void {
    if (this.#isClosed) return
    const recent = this.#recent.get(id)
    if (recent === undefined) {
      if (text !== null) this.#amendStored(id, issuedSeconds, text)
      return
    }
    const { source } = recent
    source.correction = text ?? source.correction
    if (!source.applying.includes('corrected')) {
      const added = drawReasons(['corrected'], this.#options.shares, this.#random)
      // The policy applied whether it was drawn or not, so the probability is a higher one in both cases.
      source.applying = inOrder([...source.applying, 'corrected'])
      source.drawn = inOrder([...source.drawn, ...added])
    }
    if (source.drawn.length === 0) return
    if (recent.isTaken) this.#rewrite(source)
    else this.#take(recent)
  }

  /** Deletes the clips of a request or a session, wherever they are; resolves to the number of stored ones. */
  async delete(meant: { readonly request: string } | { readonly session: string }): Promise<number> {
    const { pseudonyms, events } = this.#options
    if ('request' in meant) this.#recent.delete(meant.request)
    const request = 'request' in meant ? meant.request : undefined
    const session = 'session' in meant ? pseudonyms.sessionPseudonym(meant.session) : undefined
    if (session !== undefined) this.#recent.deleteSession(session)
    const isMeant = (about: NonNullable<Write['about']>): boolean =>
      request !== undefined ? about.request === request : about.session === session
    const { clips, bytes } = await this.#queue.cancel(isMeant, async () => (await this.#open()).deleteOf(
      request !== undefined ? { request: pseudonyms.requestPseudonym(request) } : { session: session! }))
    this.#kept = { clips: Math.max(0, this.#kept.clips - clips), bytes: Math.max(0, this.#kept.bytes - bytes) }
    if (clips > 0) events.onDeleted('request', clips)
    return clips
  }

  /** Writes what waits, for a limited time. */
  async close(seconds: number): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    const lost = await this.#queue.close(seconds)
    if (lost > 0) this.#options.events.onDropped('shutdown', lost)
  }

  async *#select(selection: Selection): AsyncGenerator<CollectedClip> {
    yield* (await this.#open()).select(selection)
  }

  #take(recent: RecentClip): void {
    const { source, audio, bytes } = recent
    recent.isTaken = this.#push(source.clip, bytes, async (store) => {
      source.sha256 ??= await digestOf(audio)
      const record = this.#recordOf(source, source.sha256)
      const written = await store.put(record, audio)
      this.#kept = { clips: this.#kept.clips + 1, bytes: this.#kept.bytes + written }
      this.#count(source, record, written)
      if (this.#kept.bytes > this.#options.maxBytes) this.#keepToLimits()
    })
    source.isWaiting = recent.isTaken
    if (!recent.isTaken) this.#drop(this.#queue.isStopped ? 'stopped' : 'queue_full')
  }

  #rewrite(source: RecordSource): void {
    if (source.isWaiting) return
    const { clip, reportBytes, correction } = source
    source.isWaiting = this.#push(clip, SMALL_BYTES + reportBytes + (correction?.length ?? 0), async (store) => {
      // Known once the audio was written, before this.
      if (source.sha256 === undefined) return
      const record = this.#recordOf(source, source.sha256)
      await store.putRecord(record)
      this.#count(source, record, 0)
    })
    if (!source.isWaiting) this.#drop('correction')
  }

  #drop(reason: DropReason): void { this.#options.events.onDropped(reason, 1) }

  /** Each reason of a clip once, although a correction may add one later. */
  #count(source: RecordSource, { reasons }: CollectedClip, bytes: number): void {
    const added = reasons.filter((reason) => !source.counted.includes(reason))
    source.counted = reasons
    if (added.length > 0) this.#options.events.onStored(added, bytes)
  }

  /** The clip may be stored and is no longer in memory. Its probability stays: the policy did not apply in time. */
  #amendStored(id: string, issuedSeconds: number, correction: string): void {
    const isTaken = this.#push({ id, session: undefined }, SMALL_BYTES + correction.length, async (store) => {
      const request = store.requestPseudonym(id)
      const from = new Date(1_000 * (issuedSeconds - ANSWER_SECONDS)).toISOString()
      for await (const { name, parts } of store.stored(from)) {
        if (name.time > 1_000 * (issuedSeconds + 1)) return
        if (name.request !== request || parts.size < 2) continue
        const clip = await store.record(name)
        if (clip !== undefined) await store.putRecord({ ...clip, correction })
      }
    })
    if (!isTaken) this.#drop('correction')
  }

  #keepToLimits(): void {
    if (this.#isLimitWaiting) return
    const run = async (): Promise<void> => {
      await this.#applyLimits(await this.#open())
      this.#isLimitWaiting = false
    }
    this.#isLimitWaiting = this.#queue.push({ about: null, bytes: 0, run })
  }

  async #applyLimits(store: ClipStore): Promise<void> {
    const { clips, bytes, deleted } = await applyRetention(store, this.#options, this.#now())
    this.#kept = { clips, bytes }
    for (const cause of ['age', 'size'] as const) {
      if (deleted[cause] > 0) this.#options.events.onDeleted(cause, deleted[cause])
    }
  }

  #push(
    { id, session }: { readonly id: string; readonly session: string | null | undefined }, bytes: number,
    write: (store: ClipStore) => Promise<void>,
  ): boolean {
    const run: Write['run'] = async () => {
      const store = await this.#open()
      const since = performance.now()
      await write(store)
      this.#options.events.onWritten((performance.now() - since) / 1000)
    }
    return this.#queue.push({ about: { request: id, session }, bytes, run })
  }

  async #open(): Promise<ClipStore> {
    this.#store ??= await this.#options.open()
    return this.#store
  }

  #recordOf(source: RecordSource, sha256: string): CollectedClip {
    source.isWaiting = false
    const { clip, audioBytes, mediaType, applying, drawn, correction } = source
    return {
      id: clip.id, time: clip.time, session: clip.session,
      audio: { bytes: audioBytes, sha256, mediaType },
      reasons: drawn, samplingProbability: samplingProbability(applying, this.#options.shares),
      driftFeatures: clip.driftFeatures, correction, report: clip.report,
    }
  }
}

/** A small part of a large body would keep all of it in memory. */
function ownBytes(audio: Uint8Array): Uint8Array {
  return audio.buffer.byteLength > audio.byteLength + ROUND_ABOUT_BYTES ? Uint8Array.from(audio) : audio
}
