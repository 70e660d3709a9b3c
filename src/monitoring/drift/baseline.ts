/**
 * The file that a service is compared with: how often each bin of each feature was hit, how much windows of it vary,
 * for which model and pipeline it holds, and where it comes from. Counts and not shares, because the size of the
 * baseline is part of every statistic, and because two baselines with the same bins are merged by adding.
 *
 * One of the doors where data from outside is checked. A baseline of another model or another way of processing is
 * refused: else every release would drift. One that was made by an older or newer version is used for the features that
 * both know; the others are not monitored.
 */
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { SpeechError } from '../../domain/errors.js'
import { binCount, type Bins } from './bins.js'
import { FEATURES, FEATURE_NAMES, type FeatureName } from './features.js'

export const FORMAT = 'earshot-drift-baseline/1'

const Count = Type.Integer({ minimum: 0 })
const MOST_BINS = 64

const FeatureCounts = Type.Object({
  bins: Type.Union([
    Type.Object({ kind: Type.Literal('numeric'), edges: Type.Array(Type.Number(), { maxItems: MOST_BINS }) }),
    Type.Object({ kind: Type.Literal('category'), categories: Type.Array(Type.String(), { maxItems: MOST_BINS }) }),
  ]),
  counts: Type.Array(Count, { minItems: 1, maxItems: MOST_BINS + 1 }),
  missing: Count,
  designEffect: Type.Object({ fast: Type.Number({ minimum: 1 }), slow: Type.Number({ minimum: 1 }) }),
})
export type FeatureCounts = Static<typeof FeatureCounts>

/** Settings that change what is measured; a baseline holds for one set of them. */
const Pipeline = Type.Object({
  version: Type.Integer({ description: 'Raised whenever a feature is measured differently.' }),
  speechDetection: Type.String(),
  trimSilence: Type.Boolean(),
  normalizeVolume: Type.Boolean(),
  maxHearings: Type.Integer({ description: 'Most decoding passes of a clip; baseline files keep the name that they began with.' }),
  cascadeModel: Type.Union([Type.String(), Type.Null()]),
})
export type Pipeline = Static<typeof Pipeline>

interface PipelineSettings extends Pick<Pipeline, 'speechDetection' | 'trimSilence' | 'normalizeVolume'> {
  readonly maxDecodingPasses: number
  readonly cascadeModel: string | undefined
}

const BaselineFile = Type.Object({
  format: Type.Literal(FORMAT),
  id: Type.String({ minLength: 1, maxLength: 100, pattern: '^[A-Za-z0-9._-]+$' }),
  created: Type.String({ format: 'date-time' }),
  model: Type.Object({ name: Type.String(), digest: Type.String() }),
  pipeline: Pipeline,
  source: Type.Object({
    provenance: Type.String({ maxLength: 2_000, description: 'Where the clips come from, for people.' }),
    clips: Count,
    sessions: Type.Union([Count, Type.Null()]),
    speakers: Type.Union([Count, Type.Null()]),
    from: Type.Union([Type.String(), Type.Null()]),
    to: Type.Union([Type.String(), Type.Null()]),
  }),
  calibration: Type.Object({
    calibrated: Type.Boolean({ description: 'Only then alarms are raised.' }),
    because: Type.Union([Type.String(), Type.Null()], { description: 'Why not.' }),
    method: Type.String(),
    windows: Type.Object({ fast: Count, slow: Count }),
  }),
  selfCheck: Type.Union([Type.Object({ streams: Count, clipsEach: Count, withAlarm: Count }), Type.Null()]),
  features: Type.Record(Type.String(), Type.Unknown(), { description: 'Of those that are known, each is checked.' }),
  confidenceToWer: Type.Union([Type.Array(Type.Object({ upTo: Type.Number(), words: Count, errors: Count }), { maxItems: MOST_BINS }), Type.Null()]),
})
/** Features that this version does not know are left in it as they came. */
export type Baseline = Omit<Static<typeof BaselineFile>, 'features'> & { readonly features: Readonly<Partial<Record<FeatureName, FeatureCounts>>> }
/** Of this version. */
export type CompleteBaseline = Baseline & { readonly features: Readonly<Record<FeatureName, FeatureCounts>> }

/** Raise it whenever a feature is measured differently: older baselines are then refused. */
export const PIPELINE_VERSION = 1

/** What of the settings a baseline depends on. */
export function pipelineOf(settings: PipelineSettings): Pipeline {
  const { speechDetection, trimSilence, normalizeVolume, maxDecodingPasses, cascadeModel } = settings
  return {
    version: PIPELINE_VERSION, speechDetection, trimSilence, normalizeVolume,
    maxHearings: maxDecodingPasses,
    cascadeModel: cascadeModel ?? null,
  }
}

/** A short name for a pipeline, for labels. */
export function pipelineLabel({ version, speechDetection, trimSilence, normalizeVolume, maxHearings, cascadeModel }: Pipeline): string {
  return `${version}-${speechDetection}${trimSilence ? '' : '-untrimmed'}${normalizeVolume ? '' : '-unnormalized'}-${maxHearings}${cascadeModel === null ? '' : `-${cascadeModel}`}`
}

/** Throws BASELINE_INVALID, with the place and what is wrong there. */
export function parseBaseline(text: string): Baseline {
  const data = parseJson(text)
  if (!Value.Check(BaselineFile, data)) {
    const fault = Value.Errors(BaselineFile, data)[0]
    throw invalid(`${fault?.instancePath || 'the file'} ${fault?.message ?? 'does not fit'}`)
  }
  const names = FEATURE_NAMES.filter((name) => Object.hasOwn(data.features, name))
  if (names.length === 0) throw invalid('it has none of the features of this version')
  for (const name of names) checkFeature(name, data.features[name])
  return data as Baseline
}

/** Features that can be compared, in the order of FEATURE_NAMES. */
export function monitoredFeatures({ features }: Baseline): FeatureName[] {
  return FEATURE_NAMES.filter((name) => Object.hasOwn(features, name))
}

/** A feature that cannot be compared, and why. */
export interface Unmonitored {
  readonly name: string
  readonly reason: string
}

const MOST_UNKNOWN = 32
const MOST_NAME_CHARACTERS = 64

/** Those of another version than this one; of those that are not known, the first. */
export function unmonitoredFeatures({ features }: Baseline): Unmonitored[] {
  const lacking = FEATURE_NAMES.filter((name) => !Object.hasOwn(features, name))
  const unknown = Object.keys(features).filter((name) => !Object.hasOwn(FEATURES, name)).slice(0, MOST_UNKNOWN)
  return [
    ...lacking.map((name) => ({ name, reason: 'not in the baseline' })),
    ...unknown.map((name) => ({ name: name.slice(0, MOST_NAME_CHARACTERS), reason: 'not measured by this version' })),
  ]
}

/** Throws BASELINE_MISMATCH where the baseline was made for another model or pipeline. */
export function checkBaseline(baseline: Baseline, model: Baseline['model'], pipeline: Pipeline): void {
  const { model: own } = baseline
  if (own.name !== model.name || own.digest !== model.digest) throw mismatch(`it is of the model ${own.name} (${own.digest}), served is ${model.name} (${model.digest})`)
  for (const name of Object.keys(pipeline) as (keyof Pipeline)[]) {
    if (baseline.pipeline[name] !== pipeline[name]) throw mismatch(`its clips were processed with ${name} ${JSON.stringify(baseline.pipeline[name])}, these are with ${JSON.stringify(pipeline[name])}`)
  }
}

function checkFeature(name: FeatureName, feature: unknown): void {
  if (!Value.Check(FeatureCounts, feature)) {
    const fault = Value.Errors(FeatureCounts, feature)[0]
    throw invalid(`/features/${name}${fault?.instancePath ?? ''} ${fault?.message ?? 'does not fit'}`)
  }
  const { bins, counts, missing } = feature
  if (counts.length !== binCount(bins as Bins)) throw invalid(`${name} has ${counts.length} counts for ${binCount(bins as Bins)} bins`)
  if (bins.kind === 'numeric' && bins.edges.some((edge, index) => index > 0 && edge <= bins.edges[index - 1]!)) throw invalid(`the edges of ${name} do not ascend`)
  if (counts.every((count) => count === 0) && missing === 0) throw invalid(`${name} has no clips`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SpeechError('BASELINE_INVALID', (cause as Error).message, { cause })
  }
}

function invalid(detail: string): SpeechError {
  return new SpeechError('BASELINE_INVALID', detail)
}

function mismatch(detail: string): SpeechError {
  return new SpeechError('BASELINE_MISMATCH', detail)
}
