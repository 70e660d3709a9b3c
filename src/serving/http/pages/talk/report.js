/** The report of an utterance: figures, warnings, the waveform with what was trimmed, and the times of words. */
import { drawing, element, part, setText, shape } from '../shared/elements.js'
import { NO_SPEECH, REASONS, WARNINGS } from './words.js'

/** @import { EarshotEvents, EarshotReport } from './earshot-client.d.ts' */

const COLUMNS = 400
const HEIGHT = 100
/** Less is not seen, seconds. */
const LEAST_TRIMMED = 0.005
/** Where the brackets of words are drawn. */
const [WORD_TOP, WORD_BOTTOM] = [88, 97]

/** @param {EarshotEvents['final']} result @param {Float32Array} samples of the utterance */
export function showReport(result, samples) {
  const { report, pauseSeconds, latencySeconds, reason } = result
  part('report').hidden = false
  const { audioSeconds, trimmedLeadingSeconds, trimmedTrailingSeconds } = report.input
  const tiles = [
    latencySeconds === null ? null : tile('From end of speech', inSeconds(latencySeconds),
      pauseSeconds > 0 ? `${inSeconds(pauseSeconds)} of it is the pause` : 'from your stop'),
    tile('Recognition', inSeconds(Object.values(report.seconds).reduce((sum, one) => sum + one, 0)),
      `of ${inSeconds(audioSeconds)} of audio`),
    report.confidence === null ? null : tile('Confidence', `${Math.round(report.confidence * 100)} %`, ''),
    tile('Pause', pauseSeconds === 0 ? 'none' : inSeconds(pauseSeconds), REASONS[reason] ?? reason),
  ]
  part('figures').replaceChildren(...tiles.filter((one) => one !== null))
  const plain = report.warnings.map((code) => WARNINGS[code] ?? code)
  const empty = report.noSpeechReason === null ? [] : [NO_SPEECH[report.noSpeechReason] ?? report.noSpeechReason]
  part('warnings').replaceChildren(...[...empty, ...plain].map((words) => element('li', {}, words)))
  part('wave').replaceChildren(waveform(report, samples))
  const trimmed = trimmedLeadingSeconds + trimmedTrailingSeconds
  const cut = trimmed < LEAST_TRIMMED ? 'Nothing was trimmed.'
    : `${inSeconds(trimmed)} were trimmed before recognition: the grey parts with a dashed edge.`
  setText(part('wave-note'), `${inSeconds(audioSeconds)} of audio. ${cut} Brackets show where words are.`)
  part('timed').replaceChildren(...wordsOf(report).map(({ text, startSeconds, endSeconds }) => element('li', {},
    text, element('small', {}, `${startSeconds.toFixed(2)} – ${endSeconds.toFixed(2)} s`))))
}

export function hideReport() {
  part('report').hidden = true
}

/** @param {EarshotReport} report */
function wordsOf({ segments }) {
  return segments.flatMap(({ words }) => words ?? [])
}

/** @param {string} name @param {string} value @param {string} rest */
function tile(name, value, rest) {
  const shown = element('dd', {}, value, ' ', element('span', { class: 'rest' }, rest))
  return element('div', {}, element('dt', {}, name), shown)
}

/** @param {EarshotReport} report @param {Float32Array} samples */
function waveform(report, samples) {
  const { audioSeconds, trimmedLeadingSeconds, trimmedTrailingSeconds } = report.input
  const at = (/** @type {number} */ seconds) => Math.min(COLUMNS, (seconds / Math.max(audioSeconds, 1e-3)) * COLUMNS)
  const [start, end] = [at(trimmedLeadingSeconds), at(audioSeconds - trimmedTrailingSeconds)]
  const edge = (/** @type {number} */ x) => shape('line', { x1: x, x2: x, y1: 0, y2: HEIGHT, class: 'edge' })
  const svg = drawing(COLUMNS, HEIGHT,
    shape('rect', { x: 0, y: 0, width: start, height: HEIGHT, class: 'trimmed' }),
    shape('rect', { x: end, y: 0, width: COLUMNS - end, height: HEIGHT, class: 'trimmed' }),
    shape('path', { d: outline(samples), class: 'samples' }),
    ...trimmedLeadingSeconds < LEAST_TRIMMED ? [] : [edge(start)],
    ...trimmedTrailingSeconds < LEAST_TRIMMED ? [] : [edge(end)],
    ...wordsOf(report).map(({ startSeconds, endSeconds }) => {
      const [left, right] = [at(startSeconds) + 0.5, at(endSeconds) - 0.5]
      return shape('path', { d: `M${left} ${WORD_TOP}V${WORD_BOTTOM}H${right}V${WORD_TOP}`, class: 'word' })
    }))
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', `Waveform of ${inSeconds(audioSeconds)}`)
  return svg
}

/**
 * A bar for each column, from its lowest to its highest sample, at the scale of the loudest.
 * @param {Float32Array} samples
 */
function outline(samples) {
  const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-6)
  const middle = WORD_TOP / 2
  return Array.from({ length: COLUMNS }, (_, column) => {
    const cell = samples.subarray(Math.floor((column / COLUMNS) * samples.length),
      Math.floor(((column + 1) / COLUMNS) * samples.length))
    let [low, high] = [0, 0]
    for (const sample of cell) [low, high] = [Math.min(low, sample), Math.max(high, sample)]
    const [top, bottom] = [middle - (high / loudest) * middle, middle - (low / loudest) * middle]
    return `M${column} ${top.toFixed(1)}h.8V${Math.max(bottom, top + 0.6).toFixed(1)}h-.8z`
  }).join('')
}

/** @param {number} seconds */
function inSeconds(seconds) {
  return `${seconds.toFixed(2)} s`
}
