/** A calibration as text: its coefficients, and tables of its quality by source. */
import type { Figures } from '../../recognition/confidence/calibration.js'
import { calibrationError, errorByChance } from '../../data/statistics/calibration.js'
import { figuresOf } from './figures.js'
import type { Curves, Made } from './make.js'

/** The calibration error depends on the number of bins, so it is shown for several. */
const BIN_COUNTS = [5, 10, 15]

export function describe(made: Made): string {
  const { calibration: { model, fittedOn, readings }, transcripts, first, words, cascade } = made
  return [
    `calibration of ${model.name} (${model.digest}), `
      + `fitted on ${fittedOn.clips} clips of ${fittedOn.speakers} speakers`,
    `  where wrong, another alternative is right in ${(100 * readings.elsewhere).toFixed(0)} %, `
      + `temperature ${readings.temperature.toFixed(2)}`,
    ...table('transcripts', 'clips', transcripts),
    ...first === undefined ? [] : table('first of several alternatives', 'clips', first),
    ...words === undefined ? [] : table('words', 'words', words),
    ...cascade === undefined ? [] : [
      ...table(`not escalated to ${cascade.larger.name}`, 'clips', cascade.primary),
      ...table(`escalated to ${cascade.larger.name}`, 'clips', cascade.escalated),
      ...cascade.words === undefined ? [] : table('words of escalated clips', 'words', cascade.words),
    ],
  ].join('\n')
}

function table(of: string, unit: string, { correctness: { intercept, slope }, held, predicted }: Curves): string[] {
  const uncalibrated = figuresOf(predicted.map((one) => ({ ...one, probability: one.confidence })))
  return [
    '',
    `  ${of}: 1 / (1 + exp(−(${intercept.toFixed(3)} ${slope.toFixed(3)} · doubt))); ` +
      `on held-out ${held.leftOut ?? 'speaker'}s (${held.folds} folds):`,
    '',
    `| source | ${unit} | speakers | right % | predicted % | calibration error | by chance | bins | AUROC | Brier |`,
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...Object.entries({ ...held.sources, all: held.all, '(all, by `confidence`)': uncalibrated }).map(
      ([source, figures]) => row(source, figures),
    ),
    '',
    `  calibration error of all by number of bins: ${BIN_COUNTS.map((bins) => errorAt(bins, predicted)).join(', ')}`,
  ]
}

function errorAt(bins: number, predicted: Curves['predicted']): string {
  const [error, byChance] = [calibrationError(predicted, bins), errorByChance(predicted, bins)]
  return `${bins}: ${error.toFixed(3)} (by chance ${byChance.toFixed(3)})`
}

function row(
  source: string,
  { clips, speakers, right, meanProbability, calibrationError, errorByChance, bins, auroc, brier }: Figures,
): string {
  const cells = [
    source, clips, speakers, (100 * right / clips).toFixed(0), (100 * meanProbability).toFixed(0),
    calibrationError.toFixed(3), errorByChance.toFixed(3), bins, auroc?.toFixed(2) ?? '', brier.toFixed(3),
  ]
  return `| ${cells.join(' | ')} |`
}
