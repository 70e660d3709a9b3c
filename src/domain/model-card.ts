/**
 * models/<name>/card.json: a model card, as Mitchell et al. describe it ("Model Cards for Model Reporting", FAT* 2019):
 * what a model is, what it is for and what not, on which data it was measured, how well it does there on the whole and
 * by slice, and what it costs. `npm run model-card` writes the file from measurements; the service shows it.
 *
 * The file is data from outside and is checked here. Figures of other weights would be wrong figures, so a card of
 * other weights is refused; a model without a file has no card. It holds figures only: no clips, no speakers, no paths.
 */
import path from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { SpeechError } from './errors.js'
import { readPlainFile } from './plain-file.js'

export const CARD_FORMAT = 'earshot-model-card/1'

const MAX_BYTES = 256 * 1024
const MAX_SLICES = 500
const MAX_STATEMENTS = 100

const Count = Type.Integer({ minimum: 0 })
const Share = Type.Number({ minimum: 0, maximum: 1 })
const Seconds = Type.Number({ minimum: 0 })
const Text = Type.String({ maxLength: 2_000 })
const Statements = Type.Array(Text, { maxItems: MAX_STATEMENTS })
const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])

const RATE = {
  clips: Count,
  words: Type.Integer({ minimum: 1, description: 'Of the references.' }),
  speakers: Type.Integer({ minimum: 0, description: 'Known ones.' }),
  percent: Type.Number({ minimum: 0, description: 'Word errors by hundred words of the references.' }),
  low: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
    description: '95 % interval of `percent`, by bootstrap; null with fewer than two blocks to draw.',
  }),
  high: orNull(Type.Number({ minimum: 0 })),
  drawnBy: Type.Union([Type.Literal('speaker'), Type.Literal('clip')], {
    description: 'Blocks of the bootstrap. By clip, the interval says nothing about other speakers.',
  }),
}
const CardRate = Type.Object(RATE)
export type CardRate = Static<typeof CardRate>

const CardSlice = Type.Object({
  kind: Type.String({ maxLength: 40, description: 'source, tag, length, SNR or speaking rate.' }),
  name: Text,
  ...RATE,
})
export type CardSlice = Static<typeof CardSlice>

const CardModel = Type.Object({
  name: Type.String({ maxLength: 100 }),
  version: Text,
  digest: Type.String({ description: 'First 12 hexadecimal digits of the SHA-256 over the checksums of its files.' }),
  description: Text,
  family: Text,
  languages: Type.Array(Type.String({ maxLength: 20 }), { maxItems: 500 }),
  licence: Text,
  source: Text,
  precision: Text,
  parameters: Count,
  bytes: Type.Integer({ minimum: 0, description: 'Of all its files.' }),
  trainingData: orNull(Text),
})

const CardCalibration = Type.Object({
  clips: Count,
  speakers: Count,
  right: Type.Integer({ minimum: 0, description: 'Transcripts without a word error.' }),
  meanProbability: Share,
  calibrationError: Type.Number({ minimum: 0, maximum: 1, description: 'Expected calibration error.' }),
  errorByChance: Type.Number({
    minimum: 0, maximum: 1, description: 'Its mean value if the probabilities were perfectly calibrated.',
  }),
  auroc: Type.Union([Share, Type.Null()], {
    description: 'Area under the ROC curve, right against wrong; null when all are right or all are wrong.',
  }),
  brier: Share,
  fittedOn: Type.String({ maxLength: 2_000, description: 'Provenance of the calibration.' }),
}, { description: '`correctness` of the transcripts against whether they are right.' })

const CardCost = Type.Object({
  processorSecondsPerAudioSecond: orNull(Seconds),
  secondsPerAudioSecond: Type.Number({ minimum: 0, description: 'Real-time factor of one clip at a time.' }),
  medianSeconds: Type.Number({ minimum: 0, description: 'Of one clip, with nothing beside it.' }),
  p95Seconds: Seconds,
  peakResidentBytes: orNull(Count),
}, { description: 'Of one recognition process.' })

const CardMachine = Type.Object({
  processor: Text,
  cores: Count,
  memoryBytes: Count,
  platform: Text,
  node: Text,
  engine: Text,
  provider: Text,
  threads: Type.Integer({ minimum: 0, description: 'Of the recognition process.' }),
})

export const ModelCard = Type.Object({
  format: Type.Literal(CARD_FORMAT),
  created: Type.String({ format: 'date-time' }),
  model: CardModel,
  intendedUse: Statements,
  notFor: Statements,
  data: Type.Array(Type.Object({
    name: Text,
    clips: Count,
    leftOut: Type.Integer({ minimum: 0, description: 'Clips that could not be recognized.' }),
    speakers: Type.Integer({ minimum: 0, description: 'Known ones.' }),
    seconds: Seconds,
  }), { maxItems: 100 }),
  wordErrorRate: Type.Object({ all: CardRate, slices: Type.Array(CardSlice, { maxItems: MAX_SLICES }) }),
  calibration: orNull(CardCalibration),
  cost: CardCost,
  machine: CardMachine,
  limits: Type.Object({
    clipSeconds: Type.Number({ exclusiveMinimum: 0 }),
    weaknesses: Type.Array(Text, {
      maxItems: MAX_SLICES, description: 'Slices whose whole interval is above the rate of all clips.',
    }),
  }),
  caveats: Statements,
  command: Type.String({ maxLength: 4_000, description: 'Measures it again.' }),
}, { description: 'A model card as in Mitchell et al. 2019.' })
export type ModelCard = Static<typeof ModelCard>

export interface DescribedModel { readonly name: string; readonly digest: string }

/** The file of a model's folder; null where there is none. Throws MODEL_CARD_INVALID. */
export function readModelCard(modelsDir: string, model: DescribedModel): ModelCard | null {
  const file = path.join(modelsDir, model.name, 'card.json')
  try {
    return parseModelCard(readPlainFile(file, MAX_BYTES).toString('utf8'), file, model)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null
    if (thrown instanceof SpeechError) throw thrown
    throw new SpeechError('MODEL_CARD_INVALID', `${file} cannot be read: ${(thrown as Error).message}`, {
      cause: thrown,
    })
  }
}

/** Throws MODEL_CARD_INVALID with the place of the fault. */
export function parseModelCard(text: string, where: string, { name, digest }: DescribedModel): ModelCard {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (cause) {
    throw new SpeechError('MODEL_CARD_INVALID', `${where} is not JSON (${String(cause)})`, { cause })
  }
  if (!Value.Check(ModelCard, data)) {
    const [fault] = Value.Errors(ModelCard, data)
    const problem = `${fault?.instancePath || 'the file'} ${fault?.message ?? 'does not fit'}`
    throw new SpeechError('MODEL_CARD_INVALID', `${where}: ${problem}`)
  }
  if (data.model.name === name && data.model.digest === digest) return data
  const described = `${data.model.name} (${data.model.digest})`
  const advice = 'remove it, or make one with "npm run model-card"'
  throw new SpeechError('MODEL_CARD_INVALID', `${where} describes ${described}, this is ${name} (${digest}); ${advice}`)
}
