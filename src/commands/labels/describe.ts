/** Findings and agreement as text for a terminal. */
import type { PairAgreement } from '../../data/labels/agreement/agreement.js'
import type { LabelFinding } from '../../data/labels/checks/findings.js'
import type { ErrorRate } from '../../domain/scoring/error-rate.js'
import type { Edit } from '../../domain/scoring/word-errors.js'

const MOST_CLIPS = 5
const MOST_EXAMPLES = 10

export function describeFindings(findings: readonly LabelFinding[], labels: number): string {
  const blocks = findings.map(({ kind, severity, rule, message, clips, words, suggestion }) => [
    `${severity}  ${kind}${rule === null ? '' : ` (${rule})`}: ${message}`,
    `  ${suggestion}`,
    ...words.length > 0 ? [`  forms: ${words.join(', ')}`] : [],
    `  clips: ${listed(clips)}`,
  ].join('\n'))
  const count = (wanted: string): number => findings.filter(({ severity }) => severity === wanted).length
  const summary = `${labels} labels: ${count('error')} errors, ${count('warning')} warnings, ${count('info')} hints`
  return [...blocks, summary].join('\n\n')
}

export function describeAgreement(pairs: readonly PairAgreement[]): string {
  return pairs.map(describePair).join('\n\n')
}

function describePair({ authors, all, byTag, skipped, unsure, examples }: PairAgreement): string {
  const [first, second] = authors
  const { wordKappa } = all
  const interval = wordKappa?.interval
  const ofKappa = wordKappa === null ? '–' : `${fixed(wordKappa.kappa)}${interval === null || interval === undefined
    ? '' : ` (${fixed(interval.low)} to ${fixed(interval.high)})`}, observed ${fixed(wordKappa.observed)}, `
    + `expected ${fixed(wordKappa.expected)}`
  return [
    `${first} and ${second}: ${all.clips} clips, ${all.equalClips} with equal words; `
      + `${skipped} skipped, ${unsure} unsure`,
    `  word disagreement rate  ${rate(all.wordDisagreement)}`,
    `  as written              ${rate(all.writtenDisagreement)}`,
    `  Cohen's kappa of words  ${ofKappa}`,
    ...byTag.map(({ tag, figures, kappa }) =>
      `  tag ${tag}: ${figures.clips} clips, kappa ${fixed(kappa.kappa)}, word disagreement `
      + rate(figures.wordDisagreement)),
    ...examples.slice(0, MOST_EXAMPLES).flatMap(({ clip, texts, edits }) => [
      `  ${clip}: ${differences(edits)}`, `    ${first}: ${texts[0]}`, `    ${second}: ${texts[1]}`,
    ]),
  ].join('\n')
}

function differences(edits: readonly Edit[]): string {
  return edits.filter(({ kind }) => kind !== 'match')
    .map(({ reference, hypothesis }) => `${reference ?? '–'} / ${hypothesis ?? '–'}`).join(', ')
}

function rate(value: ErrorRate | null): string {
  if (value === null) return '–'
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
  return `${percent(value.estimate)} (${percent(value.low)} to ${percent(value.high)})`
}

function fixed(value: number | null): string {
  return value === null ? '–' : value.toFixed(3)
}

function listed(clips: readonly string[]): string {
  const more = clips.length - MOST_CLIPS
  return `${clips.slice(0, MOST_CLIPS).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
