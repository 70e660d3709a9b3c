/**
 * The analysis as one HTML file without scripts: what to work on, causes with their tests, slices with intervals,
 * words, calibration, and the wrong clips with players and the places of their errors.
 */
import type { Edit } from '../../domain/scoring/word-errors.js'
import { page, player, table, tag, type Content, type Markup } from '../report/html.js'
import type { Analysis } from './analyze.js'
import { GAINS } from './priorities.js'
import type { ExplainedClip } from './explained.js'
import { ratePlot, reliabilityDiagram } from './plots.js'
import { SLICE_KINDS } from './slices.js'
import {
  CALIBRATION_HEAD, calibrationCells, CAUSE_HEAD, causeCells, PRIORITY_HEAD, priorityCells, RATE_HEAD, rateCells,
  summaryOf, variantLines,
} from './text.js'
import type { Confusion, WordCount } from './words.js'

/** A player each makes a page of thousands unusable; the JSON has all of them. */
const MOST_CLIPS = 200
const MOST_ROWS = 60
const MOST_WORDS = 20
const MOST_DIAGRAMS = 3
/** A diagram with fewer points shows nothing that the table does not. */
const MIN_BINS = 3

/** Of the wrong clips, those with a player. */
export function listenedTo({ wrong }: Analysis): readonly ExplainedClip[] {
  return wrong.slice(0, MOST_CLIPS)
}

/** `audioOf`: the address of a recording; undefined where it cannot be played. */
export function analysisPage(analysis: Analysis, audioOf: (clip: ExplainedClip) => string | undefined): string {
  const { names, wrong, words, calibration, oracle, priorities } = analysis
  const title = `Errors of ${names.model} on ${names.manifest}`
  const shown = listenedTo(analysis)
  return page(
    { title, style: STYLE },
    tag('h1', {}, title), summaryOf(analysis).map((line) => tag('p', {}, line)),
    tag('h2', {}, 'What to work on'),
    tag('p', {}, 'Gain in points of the word error rate of all clips. Parts overlap, so gains do not add up.'),
    tag('ul', { class: 'faint' }, Object.entries(GAINS).map(([name, says]) => tag('li', {}, `${name}: ${says}`))),
    numbers(PRIORITY_HEAD, priorities.slice(0, MOST_ROWS).map(priorityCells)),
    causesSection(analysis), slicesSection(analysis),
    tag('h2', {}, 'Words'),
    tag('p', {}, `${words.substitutions} substitutions, ${words.deletions} deletions, ${words.insertions} insertions; `
      + `${words.neverRightWords} words are never right.`),
    numbers(['kind of word', ...RATE_HEAD], words.kinds.map((one) => [one.kind, ...rateCells(one)])),
    wordsSection(analysis),
    tag('h2', {}, 'Oracle of the n-best list'),
    numbers(['alternatives', ...RATE_HEAD], oracle.rates.map((one) => [String(one.n), ...rateCells(one)])),
    tag('p', { class: 'faint' },
      `The best of the first n alternatives; ${oracle.withoutList} wrong clips have no list.`),
    tag('h2', {}, 'Calibration'),
    tag('div', { class: 'plots' },
      calibration.filter(({ bins }) => bins.length >= MIN_BINS).slice(0, MOST_DIAGRAMS).map(reliabilityDiagram)),
    numbers(CALIBRATION_HEAD, calibration.map(calibrationCells)),
    tag('h2', {}, `Wrong clips${shown.length < wrong.length ? `: ${shown.length} of ${wrong.length}` : ''}`),
    tag('p', { class: 'faint' }, 'Struck out: said and missing. Underlined: heard and not said.'),
    tag('ol', {}, shown.map((clip) => clipItem(clip, audioOf(clip)))),
  )
}

const STYLE = `
th, td { white-space: nowrap } td:not(.number) { white-space: normal; overflow-wrap: break-word; min-width: 8rem }
li { margin-bottom: .3rem } ol > li { margin-bottom: 1.2rem } p { margin: .3rem 0; overflow-wrap: break-word }
li audio { width: 100%; max-width: 30rem } figcaption { overflow-wrap: break-word }
.plots { grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); margin-bottom: 1rem }
.words { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); gap: 0 1.5rem }
h3 { font-size: 1rem; margin-bottom: .3rem }
del, ins { text-decoration-thickness: 2px } del, ins { color: var(--error) }
svg text { fill: var(--ink); paint-order: stroke; stroke: var(--back); stroke-width: 3px }
svg .count { fill: var(--faint) } svg line { stroke: var(--line) }
svg .rate line { stroke: var(--mark); stroke-width: 2 } svg .rate circle { fill: var(--mark) }
svg .small line { stroke: var(--faint); stroke-dasharray: 3 3 } svg .small circle { fill: var(--faint) }
svg line.all { stroke: var(--faint); stroke-dasharray: 2 4 }
svg polyline { fill: none; stroke: var(--mark) } svg circle { fill: var(--mark) }
`

/** The first column has names. */
function numbers(head: readonly string[], rows: readonly (readonly Content[])[]): Markup {
  return table(head.map((name, index) => ({ name, isNumber: index > 0 })), rows)
}

function causesSection(analysis: Analysis): Content {
  return [
    tag('h2', {}, 'Causes'),
    tag('p', {}, 'Each place with errors has the first cause whose test holds, in this order. “Holds too” counts '
      + 'places of an earlier cause.'),
    numbers(CAUSE_HEAD, analysis.causes.map((one) => [one.cause, ...causeCells(one)])),
    tag('ul', { class: 'faint' }, analysis.causes.map(({ cause, test }) => tag('li', {}, `${cause}: ${test}`))),
    variantLines(analysis).map((line) => tag('p', {}, line)),
  ]
}

function slicesSection({ slices, found, all }: Analysis): Content {
  return [
    tag('h2', {}, 'Slices'),
    tag('p', {}, 'Word error rates with 95 % intervals. The dotted line is the rate of all clips; dashed intervals are '
      + 'of slices that are too small for conclusions.'),
    found.length === 0
      ? tag('p', {}, 'No slice differs from the others by more than chance.')
      : [tag('h3', {}, 'Found by the tool'), numbers(['slice', ...RATE_HEAD, 'p'], found.map((one) =>
        [one.name, ...rateCells(one), one.p.toFixed(3)]))],
    tag('div', { class: 'plots' }, SLICE_KINDS.map((kind) => {
      const own = slices.filter((slice) => slice.kind === kind).slice(0, MOST_WORDS)
      return own.length === 0 ? '' : ratePlot(kind, own, all)
    })),
  ]
}

function wordsSection({ words }: Analysis): Markup {
  return tag('div', { class: 'words' },
    pairList('Confused', words.confusions), pairList('Sound the same', words.homophones),
    countList('Never right', words.neverRight, 'wrong'), countList('Left out', words.deleted, 'left out'),
    countList('Made up', words.inserted, 'made up'))
}

function pairList(title: string, pairs: readonly Confusion[]): Markup {
  const rows = pairs.slice(0, MOST_WORDS).map(({ said, heard, count }) => [`${said} → ${heard}`, count])
  return tag('div', {}, tag('h3', {}, title), numbers(['said → heard', 'times'], rows))
}

function countList(title: string, counts: readonly WordCount[], head: string): Markup {
  const rows = counts.slice(0, MOST_WORDS).map(({ word, errors, count }) => [word, errors, count])
  return tag('div', {}, tag('h3', {}, title), numbers(['word', head, 'said'], rows))
}

function clipItem(clip: ExplainedClip, audio: string | undefined): Markup {
  const { source, speaker, tags, text, edits, places, evidence, errors } = clip
  return tag('li', {},
    tag('p', { class: 'faint' }, [source, speaker ?? 'unknown speaker', ...tags, clip.clip].join(' · ')),
    audio === undefined ? '' : player(audio),
    tag('p', {}, `label: ${text}`),
    tag('p', {}, `heard (${errors}): `, edits.flatMap((edit) => [markedWord(edit), ' '])),
    evidence.reference === null ? '' : tag('p', {}, `reference (${clip.referenceErrors}): ${evidence.reference}`),
    tag('ul', {}, places.map(({ said, heard, cause, because, also }) => tag('li', {},
      `${said.join(' ') || '(nothing)'} → ${heard.join(' ') || '(nothing)'}: `, tag('strong', {}, cause),
      `, ${because}${also.length === 0 ? '' : `; also ${also.join(', ')}`}`))))
}

function markedWord({ kind, reference, hypothesis }: Edit): Content {
  if (kind === 'match') return hypothesis!
  if (kind === 'deletion') return tag('del', {}, reference!)
  if (kind === 'insertion') return tag('ins', {}, hypothesis!)
  return [tag('del', {}, reference!), ' ', tag('ins', {}, hypothesis!)]
}
