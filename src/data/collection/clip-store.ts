/**
 * Collected clips in a store of objects: an audio and a record for each. The audio is written first and the record
 * last, and a deletion begins with the record: a clip is there exactly when its record is, whenever a process ends.
 *
 * The object `collection.json` says with which key the clips are encrypted, so that a wrong key is refused at the start
 * and never makes clips disappear.
 */
import { webcrypto } from 'node:crypto'
import { SpeechError } from '../../domain/errors.js'
import { openCipher, PLAIN, type Cipher } from './cipher.js'
import { momentOf, nameOf, readObjectKey, type ClipName, type Part } from './clip-name.js'
import type { CollectedClip, CollectedClips, Selection } from './collected-clip.js'
import type { ObjectStore } from './object-store.js'
import { pseudonymOf, type CollectionSecrets } from './secrets.js'

const DESCRIPTION = 'collection.json'
const FORMAT = 'earshot-collection/1'
/** Clips of a selection whose audio is found without looking through all names. */
const MAX_KNOWN = 20_000

/** The objects of a clip: at least one of both is there. */
export interface StoredClip {
  readonly name: ClipName
  readonly parts: ReadonlySet<Part>
  readonly bytes: number
  /** Milliseconds since the epoch, of the newer object. */
  readonly modified: number
}

/** Pseudonyms; exactly one of them. */
type Meant =
  | { readonly request: string; readonly session?: undefined }
  | { readonly request?: undefined; readonly session: string }

export class ClipStore implements CollectedClips {
  readonly objects: ObjectStore
  readonly #secrets: CollectionSecrets
  readonly #cipher: Cipher
  /** Stems by the id of the request. */
  readonly #known = new Map<string, string>()

  private constructor(objects: ObjectStore, secrets: CollectionSecrets, cipher: Cipher) {
    this.objects = objects
    this.#secrets = secrets
    this.#cipher = cipher
  }

  /** Throws COLLECTION_INVALID for another key or format, or, without `create`, where there is no collection. */
  static async open(
    objects: ObjectStore, secrets: CollectionSecrets, { create = true }: { readonly create?: boolean } = {},
  ): Promise<ClipStore> {
    const found = await objects.get(DESCRIPTION)
    if (found !== undefined) checkDescription(found, secrets, objects.place)
    else if (create) await objects.put(DESCRIPTION, describe(secrets))
    else throw new SpeechError('COLLECTION_INVALID', `there is no collection at ${objects.place}`)
    const cipher = secrets.encryption === undefined ? PLAIN : await openCipher(secrets.encryption)
    return new ClipStore(objects, secrets, cipher)
  }

  requestPseudonym(id: string): string { return pseudonymOf('request', id, this.#secrets) }
  sessionPseudonym(session: string): string { return pseudonymOf('session', session, this.#secrets) }

  /** Resolves to the bytes that were written. */
  async put(clip: CollectedClip, audio: Uint8Array): Promise<number> {
    const key = keyOf(this.#nameOf(clip), 'audio')
    const sealed = await this.#cipher.seal(key, audio)
    await this.objects.put(key, sealed)
    return sealed.byteLength + await this.putRecord(clip)
  }

  /** Writes the record of a clip whose audio is there, or replaces it. */
  async putRecord(clip: CollectedClip): Promise<number> {
    const key = keyOf(this.#nameOf(clip), 'record')
    const sealed = await this.#cipher.seal(key, Buffer.from(JSON.stringify(clip)))
    await this.objects.put(key, sealed)
    return sealed.byteLength
  }

  /** Throws COLLECTION_INVALID for a record that cannot be read: a clip is never left out silently. */
  async *select({ from, to, reason, driftFeature }: Selection): AsyncGenerator<CollectedClip> {
    const end = to === undefined ? Infinity : Date.parse(to)
    for await (const { name, parts } of this.stored(from)) {
      if (name.time >= end) return
      if (parts.size < 2) continue
      const clip = await this.record(name)
      if (clip === undefined) continue
      if (reason !== undefined && !clip.reasons.includes(reason)) continue
      if (driftFeature !== undefined && !clip.driftFeatures.includes(driftFeature)) continue
      this.#know(clip.id, name.stem)
      yield clip
    }
  }

  async audio(id: string): Promise<Buffer | undefined> {
    const stem = this.#known.get(id) ?? await this.#find(id)
    if (stem === undefined) return undefined
    const key = `${stem}.audio`
    const sealed = await this.objects.get(key)
    return sealed && this.#cipher.open(key, sealed)
  }

  /** The record of a clip; undefined where it was deleted meanwhile. */
  async record(name: ClipName): Promise<CollectedClip | undefined> {
    const key = keyOf(name, 'record')
    const sealed = await this.objects.get(key)
    if (sealed === undefined) return undefined
    const content = await this.#cipher.open(key, sealed)
    try {
      return JSON.parse(content.toString('utf8')) as CollectedClip
    } catch (cause) {
      throw new SpeechError('COLLECTION_INVALID', `${key} at ${this.objects.place} is no record of a clip`, { cause })
    }
  }

  /** All clips from a time on (ISO 8601), in the order of time, with what deletions and crashes left of others. */
  async *stored(from?: string): AsyncGenerator<StoredClip> {
    let open: { name: ClipName; parts: Set<Part>; bytes: number; modified: number } | undefined
    const after = from === undefined ? '' : momentOf(from)
    for await (const { key, bytes, modified } of this.objects.list(after)) {
      const found = readObjectKey(key)
      if (found === undefined) continue
      if (open?.name.stem !== found.name.stem) {
        if (open !== undefined) yield open
        open = { name: found.name, parts: new Set(), bytes: 0, modified: 0 }
      }
      open.parts.add(found.part)
      open.bytes += bytes
      open.modified = Math.max(open.modified, modified)
    }
    if (open !== undefined) yield open
  }

  /** Deletes the clips of a request or session; resolves to their number, and to the bytes of them and of halves. */
  async deleteOf({ request, session }: Meant): Promise<{ readonly clips: number; readonly bytes: number }> {
    let [clips, deleted] = [0, 0]
    for await (const { name, parts, bytes } of this.stored()) {
      if (request === undefined ? name.session !== session : name.request !== request) continue
      await this.delete(name)
      deleted += bytes
      if (parts.has('record')) clips++
    }
    return { clips, bytes: deleted }
  }

  async delete(name: ClipName): Promise<void> {
    await this.objects.delete(keyOf(name, 'record'))
    await this.objects.delete(keyOf(name, 'audio'))
  }

  async #find(id: string): Promise<string | undefined> {
    const request = this.requestPseudonym(id)
    for await (const { name, parts } of this.stored()) {
      if (name.request === request && parts.size === 2) return name.stem
    }
    return undefined
  }

  #nameOf({ time, id, session }: CollectedClip): ClipName {
    return nameOf(time, this.requestPseudonym(id), session)
  }

  #know(id: string, stem: string): void {
    if (this.#known.size >= MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(id, stem)
  }
}

/** SHA-256, hexadecimal, computed in the thread pool. */
export async function digestOf(audio: Uint8Array): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', audio)).toString('hex')
}

function keyOf({ stem }: ClipName, part: Part): string {
  return `${stem}.${part}`
}

function describe({ fingerprint }: CollectionSecrets): Buffer {
  return Buffer.from(`${JSON.stringify({ format: FORMAT, key: fingerprint })}\n`)
}

function checkDescription(content: Buffer, { fingerprint }: CollectionSecrets, place: string): void {
  const invalid = (why: string): SpeechError => new SpeechError('COLLECTION_INVALID', `${place} ${why}`)
  const { format, key } = readDescription(content) ?? {}
  if (format !== FORMAT) throw invalid(`has a ${DESCRIPTION} that is not of this version (${FORMAT})`)
  if (key === fingerprint) return
  if (key === null) throw invalid('holds clips that are not encrypted; name another place for encrypted ones')
  throw invalid(fingerprint === null ? 'holds encrypted clips; name their key with EARSHOT_COLLECT_KEY_FILE'
    : 'holds clips that were encrypted with another key than that of EARSHOT_COLLECT_KEY_FILE')
}

function readDescription(content: Buffer): { readonly format?: unknown; readonly key?: unknown } | undefined {
  try {
    return JSON.parse(content.toString('utf8')) as { format?: unknown; key?: unknown } | null ?? undefined
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}
