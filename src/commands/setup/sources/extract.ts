/**
 * Extracts the wanted files from a stream of a tarball and hashes them while they are written. Memory holds no file.
 *
 * Each file is written under a temporary name and renamed only when every file matches the manifest. A final name thus
 * always means a complete and correct file, however often a download was interrupted.
 */
import { createHash, type Hash } from 'node:crypto'
import { appendFileSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { Parser, type ReadEntry } from 'tar'
import { SpeechError } from '../../../domain/errors.js'
import { endPartial, startPartial, type Wanted } from './partials.js'

export interface WantedFile extends Wanted {
  /** Path inside the tarball. */
  readonly from: string
}

interface Arrival {
  readonly partial: string
  readonly descriptor: number
  readonly hash: Hash
  bytes: number
  open: boolean
}

/**
 * `received` gets the number of bytes written so far. Throws MODEL_FILE_ALTERED or MODEL_FETCH_FAILED, and then leaves
 * no new file.
 */
export async function extractFiles(
  tarball: NodeJS.ReadableStream, wanted: readonly WantedFile[], received: (bytes: number) => void,
): Promise<void> {
  const arrivals = new Map<WantedFile, Arrival>()
  try {
    await parseTarball(tarball, wanted, arrivals, received)
    for (const file of wanted) checkArrival(file, arrivals.get(file))
    for (const [{ file }, { partial }] of arrivals) await rename(partial, file)
  } finally {
    for (const arrival of arrivals.values()) {
      close(arrival)
      endPartial(arrival.partial)
      await rm(arrival.partial, { force: true })
    }
  }
}

function parseTarball(
  tarball: NodeJS.ReadableStream, wanted: readonly WantedFile[], arrivals: Map<WantedFile, Arrival>,
  received: (bytes: number) => void,
): Promise<void> {
  const byPath = new Map(wanted.map((file) => [file.from, file]))
  return new Promise((resolve, reject) => {
    let bytes = 0
    const parser = new Parser({
      filter: (name) => byPath.has(name),
      onReadEntry: (entry: ReadEntry) => {
        const file = byPath.get(entry.path)!
        const arrival = startArrival(file)
        arrivals.set(file, arrival)
        entry.on('data', (chunk) => attempt(reject, () => { receive(arrival, chunk); received(bytes += chunk.length) }))
        entry.on('end', () => close(arrival))
      },
    })
    parser.on('error', reject)
    parser.on('end', resolve)
    tarball.on('error', reject)
    tarball.pipe(parser)
  })
}

/** A full disk must end the download, not the process. */
function attempt(reject: (cause: unknown) => void, work: () => void): void {
  try { work() } catch (cause) { reject(cause) }
}

function startArrival({ file }: WantedFile): Arrival {
  mkdirSync(path.dirname(file), { recursive: true })
  const partial = startPartial(file)
  return { partial, descriptor: openSync(partial, 'wx'), hash: createHash('sha256'), bytes: 0, open: true }
}

function receive(arrival: Arrival, chunk: Uint8Array): void {
  if (!arrival.open) return
  appendFileSync(arrival.descriptor, chunk)
  arrival.hash.update(chunk)
  arrival.bytes += chunk.length
}

function close(arrival: Arrival): void {
  if (arrival.open) closeSync(arrival.descriptor)
  arrival.open = false
}

function checkArrival({ file, from, bytes, sha256 }: WantedFile, arrival: Arrival | undefined): void {
  if (arrival === undefined) throw new SpeechError('MODEL_FETCH_FAILED', `the package has no ${from}`)
  const found = arrival.hash.digest('hex')
  if (found === sha256 && arrival.bytes === bytes) return
  const what = `expected sha256 ${sha256}, found ${found} (${arrival.bytes} of ${bytes} bytes)`
  throw new SpeechError('MODEL_FILE_ALTERED', `${file}: ${what}`)
}
