/** How far labellers agree, as tables of the page: each pair, of all clips and by tag. */
import type { ErrorRate } from '../../domain/scoring/error-rate.js'
import type { AgreementFigures, PairAgreement } from '../labels/agreement/agreement.js'
import { table, tag, type Column, type Content } from '../report/html.js'

const COLUMNS: readonly Column[] = [
  { name: 'clips' }, { name: 'number', isNumber: true }, { name: 'with equal words', isNumber: true },
  { name: 'word disagreement rate (95 %)', isNumber: true }, { name: 'as written', isNumber: true },
  { name: 'kappa of words', isNumber: true }, { name: 'kappa of the tag', isNumber: true },
]

export function agreementTables(agreement: readonly PairAgreement[]): Content {
  if (agreement.length === 0) return []
  return [tag('h2', {}, 'Agreement of labellers'), ...agreement.flatMap(({ authors, all, byTag, skipped, unsure }) => [
    tag('p', {}, `${authors[0]} and ${authors[1]}: ${skipped} clips skipped, ${unsure} unsure.`),
    table(COLUMNS, [
      rowOf('all', all, null), ...byTag.map(({ tag: name, figures, kappa }) => rowOf(name, figures, kappa.kappa)),
    ]),
  ])]
}

function rowOf(name: string, figures: AgreementFigures, kappaOfTag: number | null): Content[] {
  const { clips, equalClips, wordDisagreement, writtenDisagreement, wordKappa } = figures
  return [
    name, clips, equalClips, rate(wordDisagreement), rate(writtenDisagreement), fixed(wordKappa?.kappa ?? null),
    fixed(kappaOfTag),
  ]
}

function rate(value: ErrorRate | null): string {
  if (value === null) return '–'
  const percent = (share: number): string => (100 * share).toFixed(1)
  return `${percent(value.estimate)} % (${percent(value.low)} to ${percent(value.high)})`
}

function fixed(value: number | null): string {
  return value === null ? '–' : value.toFixed(3)
}
