/** A model card as Markdown, with the headings of Mitchell et al. 2019, figure 1. */
import type { CardSlice, ModelCard } from '../../domain/model-card.js'
import { groupBy } from '../group-by.js'
import { percentText } from './figures.js'

export function cardMarkdown(card: ModelCard): string {
  const { model } = card
  return [
    `# Model card: ${model.name}`, `${model.description}. Measured on ${card.created.slice(0, 10)}.`,
    '## Model details', detailsOf(card),
    '## Intended use', bullets(card.intendedUse), 'Not for:', bullets(card.notFor),
    '## Factors', 'Figures are given by source, by tag of the manifest, and by what was measured of each clip: its '
      + 'length, its signal-to-noise ratio (SNR) and its speaking rate.',
    '## Metrics', 'Word error rate with its 95 % interval, by bootstrap over speakers where at least six are known, '
      + 'else over clips. Calibration of `correctness`, the probability that a transcript has no error. Time and '
      + 'memory of one recognition process.',
    '## Evaluation data', dataOf(card),
    '## Training data', model.trainingData ?? 'Not known to this project.',
    '## Quantitative analyses', `Word error rate of all clips: ${percentText(card.wordErrorRate.all)}.`,
    ...slicesOf(card.wordErrorRate.slices), calibrationOf(card), costOf(card),
    '## Limits and weaknesses', bullets([
      `A clip of more than ${card.limits.clipSeconds} s is cut at pauses.`,
      `Languages: ${model.languages.join(', ')}.`,
      ...card.limits.weaknesses.map((one) => `Worse than all clips together: ${one}`),
    ]),
    '## Ethical considerations, caveats and recommendations', bullets(card.caveats),
    '## Measure it again', `\`\`\`sh\n${card.command}\n\`\`\``,
  ].join('\n\n') + '\n'
}

function detailsOf({ model }: ModelCard): string {
  return table(['', ''], [
    ['version', `${model.version} (${model.digest})`], ['family', model.family],
    ['parameters', `${(model.parameters / 1e6).toFixed(0)} million, ${model.precision}`],
    ['size', `${(model.bytes / 1e6).toFixed(1)} MB`], ['source', model.source], ['licence', model.licence],
  ])
}

function dataOf({ data }: ModelCard): string {
  return table(['set', 'clips', 'left out', 'speakers', 'hours'], data.map(
    ({ name, clips, leftOut, speakers, seconds }) => [name, clips, leftOut, speakers, (seconds / 3600).toFixed(2)],
  ))
}

function slicesOf(slices: readonly CardSlice[]): string[] {
  return [...groupBy(slices, ({ kind }) => kind)].map(([kind, own]) => table(
    [kind, 'WER % (95 %)', 'clips', 'words', 'speakers', 'interval by'],
    own.map((slice) => [
      slice.name, percentText(slice).replace(' %', ''), slice.clips, slice.words, slice.speakers, slice.drawnBy,
    ]),
  ))
}

function calibrationOf({ calibration }: ModelCard): string {
  if (calibration === null) return 'The model has no calibrated confidence.'
  const { clips, right, meanProbability, calibrationError, errorByChance, auroc, brier, fittedOn } = calibration
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
  return `Calibration: of ${clips} transcripts, ${percent(right / clips)} are right and ${percent(meanProbability)} `
    + `were predicted. Expected calibration error ${calibrationError.toFixed(3)} (by chance `
    + `${errorByChance.toFixed(3)}), AUROC ${auroc?.toFixed(3) ?? '–'}, Brier score ${brier.toFixed(3)}. `
    + `Fitted on: ${fittedOn}`
}

function costOf({ cost, machine }: ModelCard): string {
  const { processorSecondsPerAudioSecond: work, peakResidentBytes: peak } = cost
  const milliseconds = (seconds: number): string => `${(1000 * seconds).toFixed(0)} ms`
  const memory = peak === null ? '' : `, at most ${(peak / 2 ** 20).toFixed(0)} MiB of memory`
  const processor = work === null ? '' : `, ${work.toFixed(3)} s of processor time a second of audio`
  return `Time: median ${milliseconds(cost.medianSeconds)}, 95th percentile ${milliseconds(cost.p95Seconds)} a clip, `
    + `real-time factor ${cost.secondsPerAudioSecond.toFixed(3)}${processor}${memory}; on ${machine.processor}, `
    + `${machine.cores} cores, ${machine.platform}, Node ${machine.node}, engine ${machine.engine} on `
    + `${machine.provider}, ${machine.threads} thread${machine.threads === 1 ? '' : 's'}.`
}

function bullets(statements: readonly string[]): string {
  return statements.map((one) => `- ${one}`).join('\n')
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
