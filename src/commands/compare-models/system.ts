/** One side at work: what it has in the cache, and its recognition processes for the rest. */
import { readFile } from 'node:fs/promises'
import type { ClipCache } from '../../data/clip-cache.js'
import type { Recognition } from '../../data/comparison/pairs.js'
import { fromWire, type SpeechError } from '../../domain/errors.js'
import { makeCatalogue } from '../../search/catalogue/catalogue.js'
import { mediaTypeOf } from '../../search/catalogue/files.js'
import { formatOfUpload, parseCatalogue } from '../../search/catalogue/parse.js'
import type { WorkerPool } from '../../serving/workers/pool.js'
import { configurationDigest } from '../clips/configuration.js'
import { processorSecondsOf } from '../clips/processor-seconds.js'
import { poolOf, runJob, type Requested } from '../clips/recognize.js'
import type { Side } from './side.js'

/** Equal where nothing that recognition depends on differs. */
export async function digestOf({ config, compiled, catalogue }: Side, requested: Requested = {}): Promise<string> {
  const names = catalogue === undefined ? {} : { catalogue: await readFile(catalogue) }
  return configurationDigest(config, requested, { compiled, ...names })
}

/** The names of a catalogue file, with what is known about them. */
export async function readCatalogue(file: string): ReturnType<typeof parseCatalogue> {
  const bytes = await readFile(file)
  return parseCatalogue(bytes, formatOfUpload(mediaTypeOf(file), bytes))
}

/** One side: its cache, and its recognition processes, which start when the first clip is not in the cache. */
export class System {
  /** Clips that were not in the cache. */
  recognized = 0
  readonly #side: Side
  readonly #cache: ClipCache<Recognition> | undefined
  readonly #run: string
  #pool: WorkerPool | undefined
  #started: Promise<void> | undefined
  #processIds: readonly number[] = []
  #before: number | null = null
  #requested: Requested

  constructor(side: Side, cache: ClipCache<Recognition> | undefined, run: string, requested: Requested = {}) {
    this.#side = side
    this.#requested = requested
    this.#cache = cache
    this.#run = run
  }

  get workers(): number { return this.#side.config.workers }

  /**
   * `digest`: of the clip, and of what is requested for it alone. Returns the error of a clip; throws that of processes
   * that cannot start.
   */
  async recognize(audio: Uint8Array, digest: string, requested: Requested = {}): Promise<Recognition | SpeechError> {
    const cached = await this.#cache?.get(digest)
    if (cached !== undefined) return cached
    this.recognized++
    const pool = await this.#start()
    const { outcome, workSeconds } = await runJob(audio, this.#side.config, pool, {
      ...this.#requested, ...requested,
    })
    if (!outcome.ok) return fromWire(outcome.error)
    const recognition = { report: outcome.report, seconds: workSeconds, run: this.#run }
    await this.#cache?.put(digest, recognition)
    return recognition
  }

  /** Of the recognition processes since they were ready; null where one was replaced, or without /proc. */
  processorSeconds(): number | null {
    if (this.#pool?.processIds.join() !== this.#processIds.join()) return null
    const now = processorSecondsOf(this.#processIds)
    return now === null || this.#before === null ? null : now - this.#before
  }

  async close(): Promise<void> {
    await this.#pool?.close(0)
  }

  async #start(): Promise<WorkerPool> {
    const pool = this.#pool ??= poolOf(this.#side.config, this.#side.compiled)
    this.#started ??= pool.start().then(() => this.#publish(pool)).then(() => {
      this.#processIds = pool.processIds
      this.#before = processorSecondsOf(this.#processIds)
    })
    await this.#started
    return pool
  }

  async #publish(pool: WorkerPool): Promise<void> {
    const { catalogue } = this.#side
    if (catalogue === undefined) return
    const { list } = await makeCatalogue('compared', 1, await readCatalogue(catalogue))
    await pool.phraseLists.publish(list)
    this.#requested = { ...this.#requested, phrases: list.id }
  }
}
