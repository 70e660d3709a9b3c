/**
 * An examined clip → one SVG: waveform, spectrogram and speech over one time axis, trimmed audio as grey bands, the
 * segments with their words below the axis, and the figures of the report beside it.
 */
import type { Report } from '../../domain/report.js'
import type { Segment } from '../../domain/transcript.js'
import type { Examination } from './examine.js'
import { answerFigures, explain, inputFigures, type Figure } from './figures.js'
import {
  COLOURS, spectrogramPanel, speechPanel, timeAxis, timeScale, waveformPanel, type Box, type TimeScale,
} from './panels.js'
import { element, FONT, label, line, widthOf, wrap } from './svg.js'

const WIDTH = 1200
const PLOT = { x: 76, width: 740 }
const COLUMN = { x: 900, width: 276 }
const WAVEFORM: Box = { ...PLOT, y: 62, height: 110 }
const SPECTROGRAM: Box = { ...PLOT, y: 186, height: 236 }
const SPEECH: Box = { ...PLOT, y: 436, height: 60 }
/** Below the numbers of the time axis. */
const SEGMENTS_Y = SPEECH.y + SPEECH.height + 36
const TEXT_SIZE = 14
const LINE_HEIGHT = 19
const MOST_SEGMENTS = 12
const MOST_LINES = 6

export function drawPicture({ name, report, waveform, activity }: Examination): string {
  const time = timeScale(waveform, PLOT_BOX)
  const segments = segmentLanes(report, time)
  const figures = figureColumn(report)
  const height = Math.max(segments.bottom, figures.bottom) + 16
  return element('svg', {
    xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height, 'font-family': FONT,
    fill: COLOURS.ink,
  },
    element('rect', { width: WIDTH, height, fill: '#ffffff' }),
    label(PLOT.x, 40, wrap(name, WIDTH - 2 * PLOT.x, 18, 1)[0] ?? '', { 'font-size': 18, 'font-weight': 600 }),
    waveformPanel(waveform, WAVEFORM),
    spectrogramPanel(waveform, report.input.bandwidthHz, SPECTROGRAM),
    speechPanel(activity, time, SPEECH),
    timeAxis(time, { ...SPEECH, y: SPEECH.y + SPEECH.height }),
    cutMarks(report, time),
    segments.drawn,
    figures.drawn) + '\n'
}

const PLOT_BOX: Box = { ...PLOT, y: WAVEFORM.y, height: SPEECH.y + SPEECH.height - WAVEFORM.y }

interface Drawn { readonly drawn: string; readonly bottom: number }

/** Grey bands over the audio that was not given to the model. */
function cutMarks(
  { input: { audioSeconds, trimmedLeadingSeconds, trimmedTrailingSeconds } }: Report, time: TimeScale,
): string {
  const cuts = [
    [0, trimmedLeadingSeconds, trimmedLeadingSeconds],
    [audioSeconds - trimmedTrailingSeconds, audioSeconds, audioSeconds - trimmedTrailingSeconds],
  ] as const
  return cuts.filter(([from, to]) => to - from > 0.001).map(([from, to, edge]) => {
    const [left, right] = [time.at(from), time.at(to)]
    const middle = (left + right) / 2
    return [
      element('rect', {
        class: 'cut', x: left, y: PLOT_BOX.y, width: right - left, height: PLOT_BOX.height, fill: COLOURS.cut,
        'fill-opacity': 0.28,
      }),
      line(time.at(edge), PLOT_BOX.y - 4, time.at(edge), PLOT_BOX.y + PLOT_BOX.height, {
        stroke: COLOURS.ink, 'stroke-dasharray': '5 3',
      }),
      right - left < widthOf('cut', 11) + 4
        ? ''
        : label(middle, WAVEFORM.y + 14, 'cut', { 'font-size': 11, 'text-anchor': 'middle' }),
    ].join('')
  }).join('')
}

/** One segment below the other: its time span as a bar, and its words beneath, as close to it as they fit. */
function segmentLanes({ segments, noSpeechReason }: Report, time: TimeScale): Drawn {
  if (segments.length === 0) {
    return {
      drawn: label(PLOT.x, SEGMENTS_Y + 12, `no words: ${noSpeechReason ?? ''}`, {
        'font-size': TEXT_SIZE, 'font-style': 'italic', fill: COLOURS.faint,
      }),
      bottom: SEGMENTS_Y + 20,
    }
  }
  let y = SEGMENTS_Y
  const drawn: string[] = []
  for (const segment of segments.slice(0, MOST_SEGMENTS)) {
    const lines = wrap(segment.text, PLOT.width, TEXT_SIZE, MOST_LINES)
    drawn.push(lane(segment, lines, time, y))
    y += 8 + lines.length * LINE_HEIGHT + 14
  }
  const more = segments.length - MOST_SEGMENTS
  if (more > 0) drawn.push(label(PLOT.x, (y += 8), `and ${more} more`, { 'font-size': 12, fill: COLOURS.faint }))
  return { drawn: drawn.join(''), bottom: y }
}

function lane(
  { startSeconds, endSeconds, confidence }: Segment, lines: readonly string[], time: TimeScale, y: number,
): string {
  const [left, right] = [time.at(startSeconds), time.at(endSeconds)]
  const widest = Math.max(...lines.map((text) => widthOf(text, TEXT_SIZE)))
  const x = lines.length > 1 ? PLOT.x : Math.max(PLOT.x, Math.min(left, PLOT.x + PLOT.width - widest))
  return [
    element('rect', {
      class: 'segment', x: left, y, width: Math.max(2, right - left), height: 5, rx: 2, fill: COLOURS.segment,
      'fill-opacity': 0.35 + 0.65 * confidence,
    }),
    ...lines.map((text, index) => label(x, y + 8 + (index + 0.8) * LINE_HEIGHT, text, { 'font-size': TEXT_SIZE })),
  ].join('')
}

function figureColumn(report: Report): Drawn {
  let y = WAVEFORM.y + 10
  const drawn: string[] = []
  const heading = (text: string): void => {
    drawn.push(label(COLUMN.x, y, text, { 'font-size': 13, 'font-weight': 600 }))
    y += 20
  }
  const rows = (figures: readonly Figure[]): void => {
    for (const { name, value } of figures) {
      drawn.push(
        label(COLUMN.x, y, name, { 'font-size': 12, fill: COLOURS.faint }),
        label(COLUMN.x + COLUMN.width, y, value, { 'font-size': 12, 'text-anchor': 'end' }),
      )
      y += 18
    }
    y += 10
  }
  heading('Input')
  rows(inputFigures(report))
  heading('Answer')
  rows(answerFigures(report))
  if (report.warnings.length > 0) heading('Warnings')
  for (const warning of report.warnings) {
    drawn.push(
      label(COLUMN.x, y, warning, { class: 'warning', 'font-size': 12, 'font-weight': 600, fill: COLOURS.warning }),
    )
    for (const text of wrap(explain(warning), COLUMN.width, 12, 2)) {
      drawn.push(label(COLUMN.x, (y += 16), text, { 'font-size': 12, fill: COLOURS.faint }))
    }
    y += 20
  }
  return { drawn: drawn.join(''), bottom: y }
}
