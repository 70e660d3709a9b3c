/** What every kind of source is given, and what it does: the contract of fetch.ts and the files beside this one. */
import { SpeechError } from '../../../domain/errors.js'
import type { FileFinding } from '../weights.js'

export interface Fetching {
  /** Of the model. */
  readonly name: string
  /** The folder of the manifest. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  /** Bytes of these files that are there, complete or not. */
  received(bytes: number): void
  /** A file has its final name. */
  landed(finding: FileFinding): void
}

/** Fetches all `findings`. Throws MODEL_FETCH_FAILED or MODEL_FILE_ALTERED; what has landed by then stays. */
export type FetchFrom<Source> = (
  source: Source, findings: readonly FileFinding[], fetching: Fetching,
) => Promise<void>

/** The place of each file inside a source. Throws MODEL_FETCH_FAILED where the manifest names none. */
export function placesIn(
  { from }: { readonly from?: Readonly<Record<string, string>> }, findings: readonly FileFinding[], name: string,
): string[] {
  return findings.map(({ key, entry, file }) => {
    const place = from?.[key] ?? entry.from
    if (place !== undefined) return place
    const problem = `the manifest of ${name} names no source for its weights; place them by hand: ${file}`
    throw new SpeechError('MODEL_FETCH_FAILED', problem)
  })
}

/** What a person can do about an error of the file system; undefined for another. */
export function adviceFor(code: string | undefined): string | undefined {
  if (code === 'ENOSPC') return 'the disk is full'
  return code === 'EACCES' || code === 'EROFS' ? 'the folder of the model cannot be written' : undefined
}
