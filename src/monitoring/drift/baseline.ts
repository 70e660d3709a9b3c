/**
 * The baseline file: counts of each bin of each feature, the variance between windows, the model and pipeline that it
 * is valid for, and its source. It holds counts and not shares, because the size of the baseline is part of every
 * statistic, and because two baselines with the same bins are merged by addition.
 *
 * The file is untrusted input and is validated here. A baseline of another model or pipeline is refused: otherwise
 * every release would look like drift. From a baseline of an older or newer version, the features that both versions
 * know are used; the others are not monitored.
 */
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { SpeechError } from '../../domain/errors.js'
import { binCount } from './bins.js'
import { FEATURES, FEATURE_NAMES, type FeatureName } from './features.js'

export const FORMAT = 'earshot-drift-baseline/1'

const Count = Type.Integer({ minimum: 0 })
const MAX_BINS = 64

const FeatureCounts = Type.Object({
  bins: Type.Union([
    Type.Object({ kind: Type.Literal('numeric'), edges: Type.Array(Type.Number(), { maxItems: MAX_BINS }) }),
    Type.Object({ kind: Type.Literal('category'), categories: Type.Array(Type.String(), { maxItems: MAX_BINS }) }),
  ]),
  counts: Type.Array(Count, { minItems: 1, maxItems: MAX_BINS + 1 }),
  missing: Count,
  designEffect: Type.Object({ fast: Type.Number({ minimum: 1 }), slow: Type.Number({ minimum: 1 }) }),
})
export type FeatureCounts = Static<typeof FeatureCounts>

/** Settings that affect the measurements; a baseline is valid for one set of them. */
const Pipeline = Type.Object({
  version: Type.Integer({ description: 'Raised whenever a feature is measured differently.' }),
  speechDetection: Type.String(),
  trimSilence: Type.Boolean(),
  normalizeVolume: Type.Boolean(),
  maxHearings: Type.Integer({
    description: 'Maximum number of decoding passes per clip; baseline files keep the original name.',
  }),
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
    calibrated: Type.Boolean({ description: 'Alarms are raised only if true.' }),
    because: Type.Union([Type.String(), Type.Null()], { description: 'Why not.' }),
    method: Type.String(),
    windows: Type.Object({ fast: Count, slow: Count }),
  }),
  selfCheck: Type.Union([Type.Object({ streams: Count, clipsEach: Count, withAlarm: Count }), Type.Null()]),
  features: Type.Record(Type.String(), Type.Unknown(), { description: 'Known features are validated.' }),
  confidenceToWer: Type.Union([
    Type.Array(Type.Object({ upTo: Type.Number(), words: Count, errors: Count }), { maxItems: MAX_BINS }),
    Type.Null(),
  ]),
})
/** Features that this version does not know are kept as they are. */
export type Baseline = Omit<Static<typeof BaselineFile>, 'features'> & {
  readonly features: Readonly<Partial<Record<FeatureName, FeatureCounts>>>
}
/** With all features of this version. */
export type CompleteBaseline = Baseline & { readonly features: Readonly<Record<FeatureName, FeatureCounts>> }

/** Raise it whenever a feature is measured differently; older baselines are then refused. */
export const PIPELINE_VERSION = 2

/** The settings that a baseline depends on. */
export function pipelineOf(settings: PipelineSettings): Pipeline {
  const { speechDetection, trimSilence, normalizeVolume, maxDecodingPasses, cascadeModel } = settings
  return {
    version: PIPELINE_VERSION, speechDetection, trimSilence, normalizeVolume,
    maxHearings: maxDecodingPasses,
    cascadeModel: cascadeModel ?? null,
  }
}

/** A short name for a pipeline, for labels. */
export function pipelineLabel(
  { version, speechDetection, trimSilence, normalizeVolume, maxHearings, cascadeModel }: Pipeline,
): string {
  return [
    version, speechDetection,
    ...trimSilence ? [] : ['untrimmed'],
    ...normalizeVolume ? [] : ['unnormalized'],
    maxHearings,
    ...cascadeModel === null ? [] : [cascadeModel],
  ].join('-')
}

/** Throws BASELINE_INVALID with the location and the fault. */
export function parseBaseline(text: string): Baseline {
  const data = parseJson(text)
  if (!Value.Check(BaselineFile, data)) {
    const fault = Value.Errors(BaselineFile, data)[0]
    throw invalid(`${fault?.instancePath || 'the file'} ${fault?.message ?? 'does not fit'}`)
  }
  const names = FEATURE_NAMES.filter((name) => Object.hasOwn(data.features, name))
  if (names.length === 0) throw invalid('it has none of the features of this version')
  for (const name of names) checkFeature(name, data.features[name])
  return data
}

/** Features that can be compared, in the order of FEATURE_NAMES. */
export function monitoredFeatures({ features }: Baseline): FeatureName[] {
  return FEATURE_NAMES.filter((name) => Object.hasOwn(features, name))
}

/** The counts of the features that can be compared, in the order of FEATURE_NAMES. */
export function monitoredCounts(baseline: Baseline): [FeatureName, FeatureCounts][] {
  return monitoredFeatures(baseline).flatMap((name) => {
    const feature = baseline.features[name]
    return feature === undefined ? [] : [[name, feature]]
  })
}

/** A feature that cannot be compared, and why. */
export interface Unmonitored {
  readonly name: string
  readonly reason: string
}

const MAX_UNKNOWN = 32
const MAX_NAME_CHARACTERS = 64

/** Features that the baseline lacks, and the first of those that this version does not know. */
export function unmonitoredFeatures({ features }: Baseline): Unmonitored[] {
  const lacking = FEATURE_NAMES.filter((name) => !Object.hasOwn(features, name))
  const unknown = Object.keys(features).filter((name) => !Object.hasOwn(FEATURES, name)).slice(0, MAX_UNKNOWN)
  return [
    ...lacking.map((name) => ({ name, reason: 'not in the baseline' })),
    ...unknown.map((name) => ({ name: name.slice(0, MAX_NAME_CHARACTERS), reason: 'not measured by this version' })),
  ]
}

/** Throws BASELINE_MISMATCH if the baseline was made for another model or pipeline. */
export function checkBaseline(baseline: Baseline, model: Baseline['model'], pipeline: Pipeline): void {
  const { model: own } = baseline
  if (own.name !== model.name || own.digest !== model.digest) {
    throw mismatch(`it is of the model ${own.name} (${own.digest}), served is ${model.name} (${model.digest})`)
  }
  for (const name of Object.keys(pipeline) as (keyof Pipeline)[]) {
    const [theirs, ours] = [JSON.stringify(baseline.pipeline[name]), JSON.stringify(pipeline[name])]
    if (theirs !== ours) throw mismatch(`its clips were processed with ${name} ${theirs}, these are with ${ours}`)
  }
}

function checkFeature(name: FeatureName, feature: unknown): void {
  if (!Value.Check(FeatureCounts, feature)) {
    const fault = Value.Errors(FeatureCounts, feature)[0]
    throw invalid(`/features/${name}${fault?.instancePath ?? ''} ${fault?.message ?? 'does not fit'}`)
  }
  const { bins, counts, missing } = feature
  const expected = binCount(bins)
  if (counts.length !== expected) throw invalid(`${name} has ${counts.length} counts for ${expected} bins`)
  if (bins.kind === 'numeric' && !ascends(bins.edges)) throw invalid(`the edges of ${name} do not ascend`)
  if (counts.every((count) => count === 0) && missing === 0) throw invalid(`${name} has no clips`)
}

function ascends([first, ...others]: readonly number[]): boolean {
  let previous = first ?? -Infinity
  return others.every((edge) => {
    const isAbove = edge > previous
    previous = edge
    return isAbove
  })
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
