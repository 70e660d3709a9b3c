/**
 * The labelled clips of a manifest, with the fields by which errors are grouped. Every line must be usable: a figure
 * about the other lines would look like one about all. `npm run verify-data` lists what is wrong with each line.
 */
import { SpeechError } from '../../domain/errors.js'
import { readManifest, type ManifestClip } from '../verification/manifest.js'

export type FieldValue = string | number | boolean

export interface ListedClip {
  /** Its path, as the manifest has it. */
  readonly clip: string
  readonly file: string
  /** Of the manifest; null: none. */
  readonly id: string | null
  /** The label. */
  readonly text: string
  readonly source: string
  /** The speaker, or else the session; null: unknown. */
  readonly speaker: string | null
  readonly tags: readonly string[]
  /** Further fields of the line with a plain value. */
  readonly fields: Readonly<Record<string, FieldValue>>
  /** 1 / samplingProbability of a collected clip, otherwise 1. */
  readonly weight: number
}

/**
 * Fields that are read elsewhere, that say nothing about what was said, or that come from a recognizer or a draw (those
 * of `npm run collected -- export`): slices of them would be found because the transcript is wrong, not explain why.
 */
const OTHER_FIELDS = new Set([
  'path', 'audio_filepath', 'text', 'seconds', 'duration', 'sampleRate', 'speaker', 'session', 'tags', 'time', 'id',
  'sha256', 'licence', 'license', 'redistributable', 'samplingProbability', 'url',
  'source', 'reasons', 'driftFeatures', 'transcript', 'model', 'language', 'confidence', 'correctness',
])

/**
 * At most `limit` clips with a label: every k-th of them, so that all parts of the manifest are there. Throws
 * CLIPS_INVALID.
 */
export async function readLabelledClips(manifest: string, limit = Infinity): Promise<ListedClip[]> {
  const { clips, findings: [fault] } = await readManifest(manifest)
  if (fault !== undefined) {
    throw new SpeechError('CLIPS_INVALID', `${manifest}: ${fault.detail}; npm run verify-data lists all such lines`)
  }
  const labelled = clips.flatMap((clip) => clip.text === null ? [] : [listedClip(clip, clip.text, manifest)])
  if (labelled.length === 0) {
    throw new SpeechError('CLIPS_INVALID', `no clip of ${manifest} has a "text" to compare with; label some first`)
  }
  const step = Math.max(1, Math.ceil(labelled.length / limit))
  return labelled.filter((_, index) => index % step === 0)
}

function listedClip({ clip, file, line, source, speaker, tags, fields }: ManifestClip, text: string, manifest: string) {
  const session = typeof fields['session'] === 'string' ? fields['session'] : null
  const id = typeof fields['id'] === 'string' ? fields['id'] : null
  const plain = Object.entries(fields).filter((entry): entry is [string, FieldValue] =>
    !OTHER_FIELDS.has(entry[0]) && ['string', 'number', 'boolean'].includes(typeof entry[1]))
  return {
    clip, file, id, text, source, speaker: speaker ?? session, tags, fields: Object.fromEntries(plain),
    weight: weightOf(fields['samplingProbability'], `${manifest}, line ${line}`),
  }
}

/** After Horvitz and Thompson (1952): a clip that was collected with probability p stands for 1 / p. */
function weightOf(probability: unknown, place: string): number {
  if (probability === undefined) return 1
  if (typeof probability === 'number' && probability > 0 && probability <= 1) return 1 / probability
  throw new SpeechError('CLIPS_INVALID', `${place}: "samplingProbability" must be above 0 and at most 1`)
}
