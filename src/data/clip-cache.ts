/**
 * What was found out about clips, kept by the content of the clip and by everything that the result depends on, so that
 * a second look at the same clips costs nothing, and a run that was killed continues where it ended. Each configuration
 * has one JSON Lines file.
 *
 * Only where each line begins is held in memory; a value is read when it is asked for. Lines are only appended. Each
 * has the checksum of its content: a line that was torn by a crash, altered, or mixed with that of another program
 * counts as absent, is found out again, and the new line replaces it. The files hold transcripts, of the user's own
 * clips on the user's own machine; only their owner can read them.
 */
import { createHash } from 'node:crypto'
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import path from 'node:path'

/** SHA-256, hexadecimal: of the bytes of a clip, or of a text. */
export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

interface Place { readonly start: number; readonly length: number }

const NEW_LINE = 0x0a
const HEADER = /^\{"clip":"([0-9a-f]{64})","sha256":"([0-9a-f]{64})","value":/
const HEADER_BYTES = '{"clip":"","sha256":"","value":'.length + 128

/** Values are plain JSON. */
export class ClipCache<Value> {
  readonly #file: FileHandle
  readonly #places: Map<string, Place>
  #end: number
  /** Writes follow each other, since the place of a line is known only after the one before. */
  #written: Promise<unknown> = Promise.resolve()

  private constructor(file: FileHandle, places: Map<string, Place>, end: number) {
    this.#file = file
    this.#places = places
    this.#end = end
  }

  /** `configuration`: a digest of what a result depends on besides the clip. Creates the folder. */
  static async open<Value>(folder: string, configuration: string): Promise<ClipCache<Value>> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const file = await open(path.join(folder, `${configuration}.jsonl`), 'a+', 0o600)
    try {
      const { places, end, isTorn } = await indexOf(file)
      // A line that was not finished would swallow the next one.
      if (isTorn) await file.appendFile('\n')
      return new ClipCache(file, places, isTorn ? end + 1 : end)
    } catch (thrown) {
      await file.close()
      throw thrown
    }
  }

  get size(): number { return this.#places.size }

  /** Undefined when the clip is not there, or its line is damaged. `clip`: its SHA-256. */
  async get(clip: string): Promise<Value | undefined> {
    const place = this.#places.get(clip)
    if (place === undefined) return undefined
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(place.length), 0, place.length, place.start)
    const line = buffer.toString('utf8', 0, bytesRead)
    const [header = '', owner, checksum] = HEADER.exec(line) ?? []
    const content = line.slice(header.length, -1)
    return owner === clip && sha256Of(content) === checksum ? JSON.parse(content) as Value : undefined
  }

  put(clip: string, value: Value): Promise<void> {
    const content = JSON.stringify(value)
    const line = Buffer.from(`{"clip":"${clip}","sha256":"${sha256Of(content)}","value":${content}}`)
    const writing = this.#written.then(async () => {
      await this.#file.appendFile(Buffer.concat([line, Buffer.of(NEW_LINE)]))
      this.#places.set(clip, { start: this.#end, length: line.length })
      this.#end += line.length + 1
    })
    // The failure of one write is told to its caller, not to the next one.
    this.#written = writing.catch(() => undefined)
    return writing
  }

  async close(): Promise<void> {
    await this.#written
    await this.#file.close()
  }
}

/** Reads the file once, in pieces, and keeps the beginning of one line at a time. The last line of a clip wins. */
async function indexOf(
  file: FileHandle,
): Promise<{ readonly places: Map<string, Place>; readonly end: number; readonly isTorn: boolean }> {
  const places = new Map<string, Place>()
  const piece = Buffer.alloc(1 << 16)
  let [start, end, header] = [0, 0, '']
  for (;;) {
    const { bytesRead } = await file.read(piece, 0, piece.length, end)
    if (bytesRead === 0) return { places, end, isTorn: end > start }
    for (let at = 0; at < bytesRead;) {
      const found = piece.subarray(0, bytesRead).indexOf(NEW_LINE, at)
      const to = found < 0 ? bytesRead : found
      header += piece.toString('latin1', at, Math.min(to, at + HEADER_BYTES - header.length))
      if (found >= 0) {
        const clip = HEADER.exec(header)?.[1]
        if (clip !== undefined) places.set(clip, { start, length: end + found - start })
        start = end + found + 1
        header = ''
      }
      at = to + 1
    }
    end += bytesRead
  }
}
