/**
 * The reference says what is possible: `--reference MODEL`, with profiles and settings as in `compare-models`, or
 * `people:FILE`, labels of people who listened again (docs/labelling.md), of which the last one of a clip counts.
 */
import { labelsThatCount, readLabelFile } from '../../data/labels/label-file.js'
import { SpeechError } from '../../domain/errors.js'
import { readBuiltSide, type Side } from '../compare-models/side.js'

export type Reference =
  | { readonly kind: 'recognizer'; readonly side: Side }
  | { readonly kind: 'people'; readonly textOf: ReadonlyMap<string, string> }

const PEOPLE = 'people:'

/** Throws a UsageError, CLIPS_INVALID, or an error of the file system. */
export async function readReference(written: string, environment: NodeJS.ProcessEnv): Promise<Reference> {
  if (!written.startsWith(PEOPLE)) return { kind: 'recognizer', side: readBuiltSide(written, environment) }
  const file = written.slice(PEOPLE.length)
  const { labels } = await readLabelFile(file)
  const byTime = labelsThatCount(labels).filter(({ state }) => state === 'labelled')
    .sort((one, other) => Date.parse(one.time) - Date.parse(other.time))
  if (byTime.length === 0) {
    throw new SpeechError('CLIPS_INVALID', `${file} has no label; docs/labelling.md says what one looks like`)
  }
  return { kind: 'people', textOf: new Map(byTime.map(({ clip, text }) => [clip, text])) }
}
