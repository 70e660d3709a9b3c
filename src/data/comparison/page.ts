/**
 * A comparison as one HTML file: verdict, intervals, slices, cost, and the clips to listen to with their recordings
 * inside. It has no scripts and loads nothing, which its own policy (CSP) enforces, so it can be opened anywhere.
 */
import { alignWords, type Edit } from '../../domain/scoring/word-errors.js'
import { normalizeReference, normalizeText } from '../../domain/scoring/normalize.js'
import { page, player, table, tag, type Column, type Content, type Markup } from '../report/html.js'
import type { Comparison } from './compare.js'
import type { Pair } from './pairs.js'
import { intervalPlot } from './plot.js'
import {
  blocksText, cellsOf, COST_HEAD, costNote, costRows, HEAD, HIT_HEAD, hitNote, hitRows, NO_TIMES, NOTE, SLICE_HEAD,
  sliceCells, verdictText,
} from './text.js'

export interface PageOptions {
  /** The recording of a clip as a `data:` URL; undefined where it is too large to be inside the page. */
  recordingOf(pair: Pair): Promise<string | undefined>
  readonly language: string
}

export async function comparisonPage(comparison: Comparison, options: PageOptions): Promise<string> {
  const { names, all, slices, verdict, isSame } = comparison
  const clips: Markup[] = []
  for (const pair of comparison.disagreements) clips.push(await clipItem(pair, options))
  return page(
    { title: `${names.b} compared with ${names.a}`, style: STYLE },
    tag('h1', {}, 'Comparison of two recognizers'),
    tag('dl', {}, tag('dt', {}, 'A'), tag('dd', {}, names.a), tag('dt', {}, 'B'), tag('dd', {}, names.b)),
    isSame ? tag('p', {}, 'A and B are the same configuration.') : '',
    tag('div', { class: `verdict ${verdict.verdict.replace(' ', '-')}` },
      verdictText(comparison).split('\n').map((line) => tag('p', {}, line))),
    tag('h2', {}, 'Word error rate'),
    numbers(HEAD, [['all clips', ...cellsOf(all)]]),
    tag('p', { class: 'faint' }, blocksText(all)),
    tag('h2', {}, 'Difference by slice'),
    tag('p', {}, 'Points of the word error rate, B − A, with 95 % intervals. The dashed line is the margin.'),
    tag('div', { class: 'scroll' }, intervalPlot(comparison)),
    numbers(SLICE_HEAD, slices.map(sliceCells)),
    tag('p', { class: 'faint' }, NOTE),
    hitSection(comparison),
    tag('h2', {}, 'Cost'),
    costSection(comparison),
    tag('h2', {}, 'Clips to listen to'),
    clips.length === 0 ? tag('p', {}, 'No clip differs in its number of errors.') : tag('ol', {}, clips),
  )
}

const STYLE = `
:root { --better: #17806d; --worse: #c0392b }
@media (prefers-color-scheme: dark) { :root { --better: #4fd1b5; --worse: #ff8a7a } }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0 1rem } dd { margin: 0; overflow-wrap: anywhere }
th, td { white-space: nowrap }
.verdict { padding: .6rem 1rem; border-left: .4rem solid var(--line); font-weight: 600 }
.verdict.better, .verdict.not-worse { border-color: var(--better) } .verdict.worse { border-color: var(--worse) }
li { margin-bottom: 1.2rem; overflow-wrap: anywhere } li audio { width: 100%; max-width: 30rem } p { margin: .3rem 0 }
del, ins { text-decoration-thickness: 2px; color: var(--worse) }
mark { background: none; color: var(--worse); font-weight: 600 }
svg { min-width: 44rem } svg text { fill: var(--ink) } svg line { stroke: var(--ink); stroke-width: 2 }
svg .zero { stroke: var(--line); stroke-width: 1 }
svg .margin { stroke: var(--line); stroke-width: 1; stroke-dasharray: 4 4 }
svg .better line { stroke: var(--better) } svg .better circle { fill: var(--better) }
svg .worse line { stroke: var(--worse) } svg .worse circle { fill: var(--worse) } svg .open circle { fill: var(--ink) }
`

/** The first column has names. */
function numbers(head: readonly string[], rows: readonly (readonly string[])[]): Markup {
  return table(head.map((name, index): Column => ({ name, isNumber: index > 0 })), rows)
}

function hitSection({ hits }: Comparison): Content {
  if (hits === null) return []
  return [tag('h2', {}, 'Search hits'), numbers(HIT_HEAD, hitRows(hits)), tag('p', { class: 'faint' }, hitNote(hits))]
}

function costSection({ cost }: Comparison): Content {
  if (cost === null) {
    return tag('p', {}, `${NO_TIMES}.`)
  }
  return [numbers(COST_HEAD, costRows(cost)), tag('p', { class: 'faint' }, costNote(cost))]
}

async function clipItem(pair: Pair, { recordingOf, language }: PageOptions): Promise<Markup> {
  const { file, text, transcripts, errors, source, speaker } = pair
  const recording = await recordingOf(pair)
  const reference = normalizeReference(text, language)
  const marked = (transcript: string): Content => {
    const words = alignWords(reference, normalizeText(transcript, language)).map(markedWord)
    return words.length === 0 ? '(no words)' : words.flatMap((word) => [word, ' '])
  }
  return tag('li', {},
    tag('p', { class: 'faint' }, [source, speaker ?? 'unknown speaker', file].join(' · ')),
    recording === undefined
      ? tag('p', { class: 'faint' }, 'The recording is too large for this page.')
      : player(recording),
    tag('p', {}, `said: ${text}`),
    tag('p', {}, `A (${errors.a}): `, marked(transcripts.a)),
    tag('p', {}, `B (${errors.b}): `, marked(transcripts.b)))
}

/** Marked by the shape as well as by the colour. */
function markedWord({ kind, reference, hypothesis }: Edit): Content {
  if (kind === 'match') return hypothesis!
  if (kind === 'deletion') return tag('del', {}, reference!)
  if (kind === 'insertion') return tag('ins', {}, hypothesis!)
  return tag('mark', { title: `said: ${reference}` }, hypothesis!)
}
