/**
 * A comparison as one HTML file: verdict, intervals, slices, cost, and the clips to listen to with their recordings
 * inside. It has no scripts and loads nothing, which its own policy (CSP) enforces, so it can be opened anywhere.
 */
import { alignWords, type Edit } from '../../domain/scoring/word-errors.js'
import { normalizeReference, normalizeText } from '../../domain/scoring/normalize.js'
import type { Comparison } from './compare.js'
import { escapeHtml } from './escape.js'
import type { Pair } from './pairs.js'
import { intervalPlot } from './plot.js'
import { blocksText, cellsOf, costRows, probability, verdictText } from './text.js'

export interface PageOptions {
  /** The recording of a clip as a `data:` URL; undefined where it is too large to be inside the page. */
  recordingOf(pair: Pair): Promise<string | undefined>
  readonly language: string
}

export async function comparisonPage(comparison: Comparison, options: PageOptions): Promise<string> {
  const { names, all, slices, verdict, isSame } = comparison
  const clips: string[] = []
  for (const pair of comparison.disagreements) clips.push(await clipItem(pair, options))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; media-src data:">
<title>${escapeHtml(`${names.b} compared with ${names.a}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Comparison of two recognizers</h1>
<dl><dt>A</dt><dd>${escapeHtml(names.a)}</dd><dt>B</dt><dd>${escapeHtml(names.b)}</dd></dl>
${isSame ? '<p>A and B are the same configuration.</p>' : ''}
<p class="verdict ${verdict.verdict.replace(' ', '-')}">${verdictLines(comparison)}</p>
<h2>Word error rate</h2>
${tableOf(HEAD, [['all clips', ...cellsOf(all)]])}
<p class="note">${escapeHtml(blocksText(all))}</p>
<h2>Difference by slice</h2>
<p>Points of the word error rate, B − A, with 95 % intervals. The dashed line is the margin.</p>
${intervalPlot(comparison)}
${tableOf([...HEAD, 'p corrected'], slices.map((slice) =>
    [`${slice.kind}: ${slice.name}`, ...cellsOf(slice), probability(slice.correctedP)]))}
<p class="note">* drawn by clip: fewer than six speakers, so the interval says nothing about other voices. p corrected:
for all slices together (Holm).</p>
<h2>Cost</h2>
${costSection(comparison)}
<h2>Clips to listen to</h2>
${clips.length === 0 ? '<p>No clip differs in its number of errors.</p>' : `<ol>${clips.join('\n')}</ol>`}
</body>
</html>
`
}

const HEAD = ['', 'clips', 'words', 'WER A %', 'WER B %', 'B − A', '95 % interval', 'A wins', 'B wins', 'MAPSSWE p']

const STYLE = `
:root { color-scheme: light dark; --line: #8888; --better: #17806d; --worse: #c0392b }
@media (prefers-color-scheme: dark) { :root { --better: #4fd1b5; --worse: #ff8a7a } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0 1rem } dd { margin: 0; overflow-wrap: anywhere }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line) }
th:first-child, td:first-child { text-align: left }
.verdict { padding: .6rem 1rem; border-left: .4rem solid var(--line); font-weight: 600 }
.verdict.better, .verdict.not-worse { border-color: var(--better) } .verdict.worse { border-color: var(--worse) }
.note, .file { font-size: 14px; opacity: .8; overflow-wrap: anywhere }
li { margin-bottom: 1.2rem } audio { width: 100%; max-width: 30rem } p { margin: .3rem 0 }
del, ins { text-decoration-thickness: 2px; color: var(--worse) }
mark { background: none; color: var(--worse); font-weight: 600 }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; fill: currentColor }
svg line { stroke: currentColor; stroke-width: 2 } svg .zero { stroke: var(--line); stroke-width: 1 }
svg .margin { stroke: var(--line); stroke-width: 1; stroke-dasharray: 4 4 }
svg .better line { stroke: var(--better) } svg .better circle { fill: var(--better) }
svg .worse line { stroke: var(--worse) } svg .worse circle { fill: var(--worse) }
`

function verdictLines(comparison: Comparison): string {
  return escapeHtml(verdictText(comparison)).replaceAll('\n', '<br>')
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`
  return `<div class="scroll"><table><thead>${row(head, 'th')}</thead>
<tbody>${rows.map((cells) => row(cells, 'td')).join('\n')}</tbody></table></div>`
}

function costSection({ cost }: Comparison): string {
  if (cost === null) {
    return '<p>No times: they are compared only where one run recognized clips with both, in turns.</p>'
  }
  const { low, high } = cost.wallRatioInterval
  return tableOf(['', 'A', 'B', 'B / A'], costRows(cost)) + `<p class="note">Of ${cost.latency.clips} clips; the ratio `
    + `of all wall-clock time is ${low.toFixed(2)} to ${high.toFixed(2)} (95 %).</p>`
}

async function clipItem(pair: Pair, { recordingOf, language }: PageOptions): Promise<string> {
  const { file, text, transcripts, errors, source, speaker } = pair
  const recording = await recordingOf(pair)
  const reference = normalizeReference(text, language)
  const marked = (transcript: string): string =>
    alignWords(reference, normalizeText(transcript, language)).map(markedWord).join(' ') || '(no words)'
  return `<li>
<p class="file">${escapeHtml([source, speaker ?? 'unknown speaker', file].join(' · '))}</p>
${recording === undefined ? '<p class="note">The recording is too large for this page.</p>'
    : `<audio controls preload="none" src="${escapeHtml(recording)}"></audio>`}
<p>said: ${escapeHtml(text)}</p>
<p>A (${errors.a}): ${marked(transcripts.a)}</p>
<p>B (${errors.b}): ${marked(transcripts.b)}</p>
</li>`
}

/** Marked by the shape as well as by the colour. */
function markedWord({ kind, reference, hypothesis }: Edit): string {
  if (kind === 'match') return escapeHtml(hypothesis!)
  if (kind === 'deletion') return `<del>${escapeHtml(reference!)}</del>`
  if (kind === 'insertion') return `<ins>${escapeHtml(hypothesis!)}</ins>`
  return `<mark title="${escapeHtml(`said: ${reference}`)}">${escapeHtml(hypothesis!)}</mark>`
}
