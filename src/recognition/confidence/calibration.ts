/**
 * models/<name>/confidence.json: the calibration of confidence for transcripts and words of a model. It is fitted on
 * labelled clips (`npm run calibrate`), and says on what it was fitted and how well it did on held-out speakers. Older
 * files lack the curves of words, and of transcripts that are the first of several alternatives.
 *
 * The file is data from outside and is checked here. Log-probabilities of other weights have another meaning, so a file
 * that was fitted for other weights is refused; a model without a file has no calibrated confidence.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { SpeechError } from '../../domain/errors.js'

export const FORMAT = 'earshot-confidence/1'

const Count = Type.Integer({ minimum: 0 })
const Share = Type.Number({ minimum: 0, maximum: 1 })
const MAX_SOURCES = 1_000

const Figures = Type.Object({
  clips: Type.Integer({ minimum: 0, description: 'Or words, for the calibration of words.' }),
  speakers: Count,
  right: Count,
  meanProbability: Share,
  bins: Type.Integer({ minimum: 1, description: 'Of the expected calibration error, with equal numbers of clips.' }),
  calibrationError: Type.Number({
    minimum: 0, maximum: 1, description: 'Expected calibration error (Naeini et al. 2015; Guo et al. 2017).',
  }),
  errorByChance: Type.Number({
    minimum: 0, maximum: 1, description: 'Its mean value if the probabilities were perfectly calibrated.',
  }),
  auroc: Type.Union([Share, Type.Null()], {
    description: 'Area under the ROC curve, right against wrong; null when all are right or all are wrong.',
  }),
  brier: Share,
})
export type Figures = Static<typeof Figures>

const Held = Type.Object({
  folds: Type.Integer({ minimum: 2 }),
  leftOut: Type.Optional(Type.Union([Type.Literal('source'), Type.Literal('speaker')], {
    description: 'What each fold leaves out; older files: speakers.',
  })),
  all: Figures,
  sources: Type.Record(Type.String(), Figures, { maxProperties: MAX_SOURCES }),
}, { description: 'Figures on held-out sources or speakers, by cross-validation.' })
export type Held = Static<typeof Held>

const Curve = Type.Object({
  intercept: Type.Number(),
  slope: Type.Number({ exclusiveMaximum: 0, description: 'Negative: with more doubt, the probability is lower.' }),
}, { description: 'Logistic curve from doubt to a probability.' })
export type Curve = Static<typeof Curve>

const Fitted = Type.Object({ correctness: Curve, held: Held })

const CascadeCalibration = Type.Object({
  larger: Type.Object({ name: Type.String(), digest: Type.String() }),
  primary: Type.Object(Fitted.properties, {
    description: 'For transcripts of one decoding pass of the small model, which decide whether the clip is escalated.',
  }),
  escalated: Type.Object(Fitted.properties, { description: 'For transcripts that both models have judged.' }),
  words: Type.Optional(Type.Object(Fitted.properties, { description: 'For words of escalated clips.' })),
}, { description: 'Of a cascade to this larger model.' })
export type CascadeCalibration = Static<typeof CascadeCalibration>

const MAX_CASCADES = 8

const Calibration = Type.Object({
  format: Type.Literal(FORMAT),
  created: Type.String({ format: 'date-time' }),
  model: Type.Object({ name: Type.String(), digest: Type.String() }),
  provenance: Type.String({ maxLength: 2_000, description: 'On what it was fitted, for readers.' }),
  fittedOn: Type.Object({ clips: Count, speakers: Count }),
  correctness: Curve,
  readings: Type.Object({
    temperature: Type.Number({ exclusiveMinimum: 0 }),
    elsewhere: Type.Number({
      minimum: 0, maximum: 1,
      description: 'Of the clips with a wrong transcript: the share for which another alternative is right.',
    }),
    first: Type.Optional(Type.Object({ correctness: Curve, held: Held }, {
      description: 'For a transcript that is the first of several alternatives.',
    })),
  }),
  words: Type.Optional(Type.Object({ correctness: Curve, held: Held })),
  held: Held,
  cascades: Type.Optional(Type.Array(CascadeCalibration, { maxItems: MAX_CASCADES })),
})
export type Calibration = Static<typeof Calibration>

export interface CalibratedModel { readonly name: string; readonly digest: string }

/** Null for a model without a file. Throws CONFIDENCE_INVALID. */
export async function readCalibration(modelsDir: string, model: CalibratedModel): Promise<Calibration | null> {
  const file = path.join(modelsDir, model.name, 'confidence.json')
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null
    throw new SpeechError('CONFIDENCE_INVALID', `${file} cannot be read (${cause.message})`, { cause })
  })
  return text === null ? null : parseCalibration(text, file, model)
}

/** Throws CONFIDENCE_INVALID with the place of the fault. */
export function parseCalibration(text: string, where: string, { name, digest }: CalibratedModel): Calibration {
  const data = parseJson(text, where)
  if (!Value.Check(Calibration, data)) {
    const fault = Value.Errors(Calibration, data)[0]
    const problem = `${fault?.instancePath || 'the file'} ${fault?.message ?? 'does not fit'}`
    throw new SpeechError('CONFIDENCE_INVALID', `${where}: ${problem}`)
  }
  if (data.model.name !== name || data.model.digest !== digest) {
    const fittedFor = `${data.model.name} (${data.model.digest})`
    const advice = 'remove it, or make one with "npm run calibrate"'
    const problem = `${where} was fitted for ${fittedFor}, this is ${name} (${digest}); ${advice}`
    throw new SpeechError('CONFIDENCE_INVALID', problem)
  }
  return data
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SpeechError('CONFIDENCE_INVALID', `${where} is not JSON (${String(cause)})`, { cause })
  }
}
