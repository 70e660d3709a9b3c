/**
 * Objects in an S3-compatible store, through s3mini: it signs with the credentials that it is given, and neither reads
 * the environment nor asks an instance metadata service. Redirects are not followed, so that clips go to the configured
 * endpoint alone. A PUT is whole or not at all by the contract of S3, and visible to the next LIST.
 */
import { S3mini } from 's3mini'
import { requireKey, type ObjectStore, type StoredObject } from './object-store.js'

export interface S3Place {
  /** `https://s3.example.com`, without the bucket. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  /** Empty, or a path without a slash at its beginning and end. */
  readonly prefix: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const REQUEST_SECONDS = 30
/** The most that a list returns at a time. */
const PAGE_KEYS = 1_000

export class S3Store implements ObjectStore {
  readonly place: string
  readonly #client: S3mini
  readonly #prefix: string

  constructor({ endpoint, region, bucket, prefix, accessKeyId, secretAccessKey }: S3Place) {
    this.place = `${endpoint}/${bucket}${prefix === '' ? '' : `/${prefix}`}`
    this.#prefix = prefix === '' ? '' : `${prefix}/`
    this.#client = new S3mini({
      accessKeyId, secretAccessKey, region,
      endpoint: `${endpoint.replace(/\/+$/, '')}/${bucket}`,
      requestAbortTimeout: REQUEST_SECONDS * 1_000,
      fetch: (input, init) => fetch(input, { ...init, redirect: 'error' }),
    })
  }

  async put(key: string, content: Uint8Array): Promise<void> {
    const body = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    await this.#told(this.#client.putObject(this.#pathOf(key), body))
  }

  async get(key: string): Promise<Buffer | undefined> {
    const content = await this.#told(this.#client.getObjectArrayBuffer(this.#pathOf(key)))
    return content === null ? undefined : Buffer.from(content)
  }

  async delete(key: string): Promise<void> {
    await this.#told(this.#client.deleteObject(this.#pathOf(key)))
  }

  async *list(after = ''): AsyncGenerator<StoredObject> {
    let last = after
    for (;;) {
      const start = last === '' ? {} : { 'start-after': this.#prefix + last }
      const page = await this.#told(this.#client.listObjectsPaged('/', this.#prefix, PAGE_KEYS, undefined, start))
      // The client answers null for a bucket that does not exist; no objects would be a dangerous answer.
      if (page === null || page === undefined) throw new Error(`there is no bucket at ${this.place}`)
      const objects = page.objects ?? []
      for (const { Key, Size, LastModified } of objects) {
        last = Key.slice(this.#prefix.length)
        yield { key: last, bytes: Number(Size), modified: new Date(LastModified).getTime() }
      }
      if (page.nextContinuationToken === undefined || objects.length === 0) return
    }
  }

  /** An upload that is interrupted leaves nothing behind. */
  async removeLeftovers(): Promise<void> {
    // Uploads have one part, so there are none to abort.
  }

  /** Errors of the client hold the whole answer of the server; a log line needs only what went wrong. */
  async #told<T>(work: Promise<T>): Promise<T> {
    return work.catch((thrown: Error) => {
      const cause = thrown.cause instanceof Error ? ` (${thrown.cause.message})` : ''
      throw new Error(`${this.place}: ${thrown.message}${cause}`)
    })
  }

  #pathOf(key: string): string {
    return this.#prefix + requireKey(key)
  }
}
