/** What the tests of the collection share: clips, stores in memory that can fail, and a collector of them. */
import type { Test } from 'tap'
import type { Report } from '../../../src/domain/report.js'
import type { CollectedClip } from '../../../src/data/collection/collected-clip.js'
import { ClipStore, digestOf } from '../../../src/data/collection/clip-store.js'
import { Collector } from '../../../src/data/collection/collector.js'
import type { Candidate, CollectorOptions } from '../../../src/data/collection/collector-options.js'
import type { ObjectStore, StoredObject } from '../../../src/data/collection/object-store.js'
import { secretsOf } from '../../../src/data/collection/secrets.js'
import { REPORT } from '../../serving/http/fake-service.js'

/** Certain, and decoded once by one model: no policy but the uniform one applies. */
export const SURE: Report = {
  ...REPORT, correctness: 0.95, cascade: null, segments: REPORT.segments.map((one) => ({ ...one, cascade: null })),
}
export const DOUBTFUL: Report = { ...SURE, correctness: 0.2 }

export const KEY = Buffer.alloc(32, 7)

export async function clipOf(id: string, time: string, fields: Partial<CollectedClip> = {}): Promise<CollectedClip> {
  return {
    id, time, session: null, audio: { bytes: 4, sha256: await digestOf(Buffer.from(id)), mediaType: 'audio/wav' },
    reasons: ['uniform'], samplingProbability: 0.5, driftFeatures: [], correction: null, report: SURE, ...fields,
  }
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

/** Objects in memory. `failure` is thrown by every write while it is set; `pause` delays each one. */
export class MemoryStore implements ObjectStore {
  readonly place = 'memory'
  readonly objects = new Map<string, { content: Buffer; modified: number }>()
  failure: Error | undefined
  pause: Promise<void> | undefined
  now: () => number = Date.now

  async put(key: string, content: Uint8Array): Promise<void> {
    await this.pause
    if (this.failure !== undefined) throw this.failure
    this.objects.set(key, { content: Buffer.from(content), modified: this.now() })
  }

  async get(key: string): Promise<Buffer | undefined> { return this.objects.get(key)?.content }

  async delete(key: string): Promise<void> {
    if (this.failure !== undefined) throw this.failure
    this.objects.delete(key)
  }

  async *list(after = ''): AsyncGenerator<StoredObject> {
    for (const key of [...this.objects.keys()].sort()) {
      const found = this.objects.get(key)
      if (found === undefined || key <= after) continue
      yield { key, bytes: found.content.length, modified: found.modified }
    }
  }

  async removeLeftovers(): Promise<void> { /* a write in memory is whole */ }
}

interface Collecting {
  readonly collector: Collector
  readonly objects: MemoryStore
  readonly events: string[]
  clips(): Promise<CollectedClip[]>
  /** Waits until everything that was handed over is written. */
  settled(): Promise<void>
}

export async function collecting(t: Test, options: Partial<CollectorOptions> = {}): Promise<Collecting> {
  const objects = new MemoryStore()
  const secrets = secretsOf(undefined)
  const store = await ClipStore.open(objects, secrets)
  const events: string[] = []
  const collector = await Collector.start({
    shares: { uniform: 1, doubtful: 0, drifted: 0, corrected: 1 }, doubtfulBelow: 0.5, bufferBytes: 1e6,
    retentionDays: 30, maxBytes: 1e9, open: async () => store, pseudonyms: store, firstRetryMs: 5,
    events: {
      onConsidered: () => undefined,
      onStored: (reasons, bytes) => { events.push(`stored ${reasons.join('+')}${bytes === 0 ? ' later' : ''}`) },
      onWritten: () => undefined,
      onDropped: (reason, clips) => { events.push(`dropped ${reason} ${clips}`) },
      onDeleted: (cause, clips) => { events.push(`deleted ${cause} ${clips}`) },
      onStopped: (error) => { events.push(`stopped ${(error as Error).message}`) },
      onResumed: () => { events.push('resumed') },
    },
    ...options,
  })
  t.teardown(() => collector.close(0))
  const settled = async (): Promise<void> => {
    // The queue works in the order of its writes: nothing runs once its counters rest.
    for (let rest = 0, seen = ''; rest < 8;) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      const now = `${events.length} ${objects.objects.size}`
      rest = now === seen ? rest + 1 : 0
      seen = now
    }
  }
  return { collector, objects, events, clips: () => all(store.select({})), settled }
}

export function candidate(id: string, fields: Partial<Candidate> = {}): Candidate {
  return {
    id, time: Date.parse('2026-05-04T09:30:00.000Z'), session: undefined, audio: Buffer.from(`audio of ${id}`),
    mediaType: 'audio/wav', report: SURE, driftFeatures: [], ...fields,
  }
}
