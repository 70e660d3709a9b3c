/** Weights from a folder or a file of this machine: a drive for a machine without network, or a shared folder. */
import { constants, statSync } from 'node:fs'
import { copyFile, mkdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { SpeechError } from '../../../domain/errors.js'
import type { FileSource } from '../../../engine/manifest-sources.js'
import type { FileFinding } from '../weights.js'
import { adviceFor, type FetchFrom } from './fetching.js'
import { endPartial, landPartial, startPartial } from './partials.js'

export const fetchFrom: FetchFrom<FileSource> = async (source, findings, fetching) => {
  const place = path.resolve(fetching.folder, source.path)
  let bytes = 0
  for (const finding of findings) {
    await copy(originOf(place, source, finding, findings.length), finding)
    fetching.landed(finding)
    fetching.received(bytes += finding.entry.bytes)
  }
}

/** A folder is a copy of the folder of the model, unless the source names other paths. */
function originOf(place: string, { from }: FileSource, { key, entry }: FileFinding, files: number): string {
  if (statSync(place, { throwIfNoEntry: false })?.isFile() !== true) return path.join(place, from?.[key] ?? entry.path)
  if (files === 1) return place
  throw new SpeechError('MODEL_FETCH_FAILED', `${place} is one file, and ${files} are needed`)
}

async function copy(origin: string, { file, entry }: FileFinding): Promise<void> {
  const partial = startPartial(file)
  try {
    const found = await stat(origin)
    // Opening a pipe would block.
    if (!found.isFile()) throw new SpeechError('MODEL_FETCH_FAILED', `${origin} is not a regular file`)
    const sizes = `expected ${entry.bytes} bytes, found ${found.size}`
    if (found.size !== entry.bytes) throw new SpeechError('MODEL_FILE_ALTERED', `${origin}: ${sizes}`)
    await mkdir(path.dirname(file), { recursive: true })
    await copyFile(origin, partial, constants.COPYFILE_FICLONE)
    const fault = await landPartial(partial, { file, ...entry })
    if (fault !== undefined) throw new SpeechError('MODEL_FILE_ALTERED', `${origin}: ${fault}`)
  } catch (cause) {
    throw explain(cause, origin)
  } finally {
    endPartial(partial)
    await rm(partial, { force: true })
  }
}

function explain(cause: unknown, origin: string): SpeechError {
  if (cause instanceof SpeechError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  const advice = code === 'ENOENT' ? 'it is not there' : adviceFor(code) ?? message
  return new SpeechError('MODEL_FETCH_FAILED', `${origin}: ${advice}`, { cause })
}
