/**
 * The shape of GET /v1/drift. The compiler holds it against the types of src/monitoring/drift/snapshot.ts and
 * src/monitoring/metrics/recent.ts, since the route hands those over as they are.
 */
import { Type } from 'typebox'
import { STAGES } from '../../../domain/report.js'
import { CAUSE_LABELS } from '../../../monitoring/drift/causes.js'

const orNull = <
  T extends ReturnType<typeof Type.Number> | ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer>,
>(
  schema: T,
  description: string,
) => Type.Union([schema, Type.Null()], { description })
const list = <
  T extends ReturnType<typeof Type.Number> | ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer>,
>(
  schema: T,
  description: string,
) => Type.Immutable(Type.Array(schema, { description }))

export const ComparisonSchema = Type.Object({
  clips: Type.Integer({ description: 'Clips in the window, those counted as missing among them.' }),
  counts: list(Type.Integer(), 'In the order of the bins.'),
  missing: Type.Integer({ description: 'Clips on which the feature could not be measured.' }),
  psi: Type.Number({ description: 'Population stability index against the baseline.' }),
  excess: Type.Number({
    description: 'The index less what it would be on average without drift; may be slightly negative.',
  }),
  pValue: Type.Number({ description: 'Holm-adjusted over the features of the family, design effect included.' }),
  delta: orNull(
    Type.Number(),
    "Cliff's delta: from -1, all values lie below the baseline, to 1, all above; null for categories.",
  ),
})

export const FeatureSchema = Type.Object({
  name: Type.String(),
  family: Type.Union([Type.Literal('input'), Type.Literal('output')]),
  unit: Type.String(),
  help: Type.String(),
  bins: list(Type.String(), 'What each bin holds, for people.'),
  baseline: list(Type.Number(), 'Shares of the baseline, smoothed as the statistics use them; they sum to 1.'),
  baselineClips: Type.Integer(),
  baselineMissing: Type.Integer(),
  windows: Type.Object({
    fast: Type.Union([ComparisonSchema, Type.Null()]),
    slow: Type.Union([ComparisonSchema, Type.Null()]),
  }, { description: 'Null: too few clips to say anything.' }),
  alarm: Type.Boolean(),
  alarmSince: orNull(Type.String(), 'ISO 8601; null when there is no alarm.'),
  alarmFrom: orNull(Type.String(), 'ISO 8601: when the oldest clip of the window came that raised the alarm.'),
})

const EvidenceSchema = Type.Object({
  feature: Type.String(),
  range: Type.String({ description: 'Values whose share changed most: "below -31.2", a category, or "missing".' }),
  unit: Type.String(),
  before: Type.Number({ description: 'Share of the baseline in this range, from 0 to 1.' }),
  now: Type.Number({ description: 'Share of the window.' }),
})

export const CauseSchema = Type.Object({
  name: Type.Enum([...CAUSE_LABELS], { description: 'Alarms without a common cause: unexplained.' }),
  title: Type.String(),
  help: Type.String({ description: 'What has happened.' }),
  advice: Type.String({ description: 'What to do.' }),
  signs: list(Type.String(), 'Features that show the cause, strongest excess first.'),
  effects: list(Type.String(), 'Other features with an alarm that the cause is known to move.'),
  excess: Type.Number({ description: 'Sum over the signs and effects: how much of the drift it explains.' }),
  evidence: Type.Immutable(Type.Array(EvidenceSchema, {
    description: 'One for each of the signs and effects, in their order.',
  })),
  since: orNull(Type.String(), 'ISO 8601: the first of these alarms.'),
  from: orNull(Type.String(), 'ISO 8601: when the oldest clip of the windows came that raised these alarms.'),
})

export const BaselineSchema = Type.Object({
  id: Type.String(),
  created: Type.String(),
  model: Type.String(),
  calibrated: Type.Boolean({ description: 'Alarms are raised only against a calibrated baseline.' }),
  uncalibratedBecause: orNull(Type.String(), 'Why not; null when it is.'),
  clips: Type.Integer(),
  sessions: orNull(Type.Integer(), 'Null when not known.'),
  speakers: orNull(Type.Integer(), 'Null when not known.'),
  provenance: Type.String({ description: 'Where it comes from.' }),
})

const WindowSchema = Type.Object({
  clips: Type.Integer(),
  minimum: Type.Integer({ description: 'Fewest clips of a window for a result.' }),
})

const latencyQuantiles = {
  p50Seconds: orNull(
    Type.Number(),
    'Median from the last byte of an upload to its answer; null when nothing was answered.',
  ),
  p95Seconds: orNull(Type.Number(), 'The same, 95th percentile.'),
}
const sums = {
  requests: Type.Object({
    ok: Type.Integer(),
    error: Type.Integer(),
    rejected: Type.Integer(),
    cancelled: Type.Integer(),
  }),
  audioSeconds: Type.Number({ description: 'Length of the audio that was recognized.' }),
  meanStageSeconds: Type.Object(Object.fromEntries(STAGES.map((stage) => [stage, Type.Optional(Type.Number())])), {
    description: 'Mean over all answered requests, so that the stages add up.',
  }),
}

export const TrafficSchema = Type.Object(
  {
    hour: Type.Object({ ...sums, ...latencyQuantiles }),
    minutes: Type.Immutable(
      Type.Array(Type.Object({ start: Type.String(), ...sums, ...latencyQuantiles }), {
        description: 'The oldest first; the last one is not over yet.',
      }),
    ),
  },
  { description: 'The last hour of this process.' },
)

const LABELLING = Type.Boolean({ description: 'Whether collected clips can be listened to and labelled at /clips.' })

export const DriftReply = Type.Union([
  Type.Object({
    baseline: BaselineSchema,
    windows: Type.Object({ fast: WindowSchema, slow: WindowSchema }),
    alarms: list(Type.String(), 'Names of features, strongest excess first.'),
    causes: Type.Immutable(Type.Array(CauseSchema, {
      description: 'The alarms by their likely cause: the one that explains most first. Each alarm is in one of them.',
    })),
    features: Type.Immutable(Type.Array(FeatureSchema)),
    unmonitored: Type.Immutable(
      Type.Array(Type.Object({ name: Type.String(), reason: Type.String() }), {
        description: 'Features that are not compared, and why; those of a baseline of another version.',
      }),
    ),
    traffic: TrafficSchema,
    labelling: LABELLING,
  }),
  Type.Object({
    baseline: Type.Null(),
    reason: Type.String({ description: 'Why nothing is compared.' }),
    traffic: TrafficSchema,
    labelling: LABELLING,
  }),
], { description: 'Inputs and outputs against the baseline, and the traffic of the last hour.' })
