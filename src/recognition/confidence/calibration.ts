/**
 * models/<name>/confidence.json: how far a transcript of the model, and each of its words, is to be believed, as it was
 * fitted on labelled clips (`npm run calibrate`), with what it was fitted on and how well it did on speakers that it was
 * not fitted on. Older files say nothing of words, nor of transcripts that stand first among several.
 *
 * One of the doors where data from outside is checked. Log-probabilities of other weights mean something else, so a
 * file that was fitted for others is refused; a model without a file has no calibrated figures.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { SpeechError } from '../../domain/errors.js'

export const FORMAT = 'earshot-confidence/1'

const Count = Type.Integer({ minimum: 0 })
const Share = Type.Number({ minimum: 0, maximum: 1 })
const MOST_SOURCES = 1_000

const Figures = Type.Object({
  clips: Type.Integer({ minimum: 0, description: 'Or words, where these are judged.' }),
  speakers: Count,
  right: Count,
  meanProbability: Share,
  bins: Type.Integer({ minimum: 1, description: 'Of equally many clips each.' }),
  calibrationError: Type.Number({ minimum: 0, maximum: 1, description: 'Expected calibration error.' }),
  errorByChance: Type.Number({ minimum: 0, maximum: 1, description: 'What it would be on average if every probability were true.' }),
  auroc: Type.Union([Share, Type.Null()], { description: 'Of telling wrong ones from right ones; null where there are only such or only such.' }),
  brier: Share,
})
export type Figures = Static<typeof Figures>

const Held = Type.Object({
  folds: Type.Integer({ minimum: 2 }),
  all: Figures,
  sources: Type.Record(Type.String(), Figures, { maxProperties: MOST_SOURCES }),
}, { description: 'Figures on speakers that were left out of the fit.' })
export type Held = Static<typeof Held>

const Curve = Type.Object({
  intercept: Type.Number(),
  slope: Type.Number({ exclusiveMaximum: 0, description: 'Of the doubt: more of it is never better.' }),
}, { description: 'From doubt to a probability.' })
export type Curve = Static<typeof Curve>

const Calibration = Type.Object({
  format: Type.Literal(FORMAT),
  created: Type.String({ format: 'date-time' }),
  model: Type.Object({ name: Type.String(), digest: Type.String() }),
  provenance: Type.String({ maxLength: 2_000, description: 'What it was fitted on, for people.' }),
  fittedOn: Type.Object({ clips: Count, speakers: Count }),
  correctness: Curve,
  readings: Type.Object({
    temperature: Type.Number({ exclusiveMinimum: 0 }),
    elsewhere: Type.Number({ minimum: 0, maximum: 1, description: 'Where the transcript is wrong: the share of clips of which another reading is right.' }),
    first: Type.Optional(Type.Object({ correctness: Curve, held: Held }, { description: 'Of the transcript that stands first among several.' })),
  }),
  words: Type.Optional(Type.Object({ correctness: Curve, held: Held })),
  held: Held,
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

/** Throws CONFIDENCE_INVALID, with the place and what is wrong there. */
export function parseCalibration(text: string, where: string, { name, digest }: CalibratedModel): Calibration {
  let data: unknown
  try { data = JSON.parse(text) } catch (cause) { throw new SpeechError('CONFIDENCE_INVALID', `${where} is not JSON (${String(cause)})`, { cause }) }
  if (!Value.Check(Calibration, data)) {
    const fault = Value.Errors(Calibration, data)[0]
    throw new SpeechError('CONFIDENCE_INVALID', `${where}: ${fault?.instancePath || 'the file'} ${fault?.message ?? 'does not fit'}`)
  }
  if (data.model.name !== name || data.model.digest !== digest) {
    throw new SpeechError('CONFIDENCE_INVALID', `${where} was fitted for ${data.model.name} (${data.model.digest}), this is ${name} (${digest}); remove it, or make one with "npm run calibrate"`)
  }
  return data
}
