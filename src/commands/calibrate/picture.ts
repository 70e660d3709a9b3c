/**
 * A reliability diagram (DeGroot & Fienberg 1983) as SVG: the share of transcripts, and of words, that are right over
 * their predicted probability, with 95 % intervals (Wilson 1927). Below it, a histogram of the transcripts.
 */
import { COLOURS, type Box } from '../inspect/panels.js'
import { element, FONT, label, line } from '../inspect/svg.js'
import { binned, type Bin } from '../../data/statistics/calibration.js'
import type { Predicted } from './figures.js'
import type { Curves } from './make.js'

const WIDTH = 620
const HEIGHT = 620
const MAIN: Box = { x: 70, y: 86, width: 510, height: 364 }
const BELOW: Box = { x: 70, y: 470, width: 510, height: 90 }
const TICK = { 'font-size': 11, fill: COLOURS.faint } as const
const BARS = 20
/** Standard deviations of a 95 % interval. */
const WIDE = 1.96

type Drawn = Pick<Curves, 'predicted' | 'held'>

export function drawReliability(transcripts: Drawn, words: Drawn | undefined, model: string): string {
  const { leftOut = 'speaker', all } = transcripts.held
  return element('svg', {
    xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT,
    'font-family': FONT, fill: COLOURS.ink,
  },
    element('rect', { width: WIDTH, height: HEIGHT, fill: '#ffffff' }),
    label(MAIN.x, 28, `How often ${model} is right`, { 'font-size': 17, 'font-weight': 600 }),
    label(
      MAIN.x, 45,
      `by coefficients fitted on other ${leftOut}s (${all.speakers} speakers in all); lines are 95 % intervals`,
      TICK,
    ),
    series(61, 'transcripts', transcripts, COLOURS.wave),
    words === undefined ? '' : series(77, 'words', words, COLOURS.warning),
    grid(),
    line(atX(0), atY(0), atX(1), atY(1), { stroke: COLOURS.frame, 'stroke-dasharray': '5 4' }),
    ...words === undefined ? [] : drawBins(words, COLOURS.warning),
    ...drawBins(transcripts, COLOURS.wave),
    element('rect', { ...MAIN, fill: 'none', stroke: COLOURS.frame }),
    histogram(transcripts.predicted)) + '\n'
}

function series(y: number, name: string, { held: { all } }: Drawn, fill: string): string {
  const { clips, calibrationError, errorByChance, bins, auroc } = all
  const figures = `${clips} ${name}: calibration error ${calibrationError.toFixed(3)}, `
    + `by chance alone ${errorByChance.toFixed(3)} (${bins} bins)${auroc === null ? '' : `; AUROC ${auroc.toFixed(2)}`}`
  return element('circle', { cx: MAIN.x + 5, cy: y - 4, r: 5, fill }) + label(MAIN.x + 15, y, figures, TICK)
}

function grid(): string {
  const ticks = Array.from({ length: 6 }, (_, index) => index / 5)
  const middle = MAIN.y + MAIN.height / 2
  return [
    ...ticks.map((tick) => line(MAIN.x, atY(tick), MAIN.x + MAIN.width, atY(tick), { stroke: COLOURS.grid })),
    ...ticks.map((tick) => label(MAIN.x - 8, atY(tick) + 4, tick.toFixed(1), { ...TICK, 'text-anchor': 'end' })),
    label(MAIN.x - 46, middle, 'share that is right', {
      ...TICK, 'text-anchor': 'middle', transform: `rotate(-90 ${MAIN.x - 46} ${middle})`,
    }),
  ].join('')
}

function drawBins({ predicted, held }: Drawn, fill: string): string[] {
  return binned(predicted, held.all.bins).map((bin) => drawBin(bin, fill))
}

function drawBin({ clips, meanProbability, shareRight }: Bin, fill: string): string {
  const { low, high } = wilson(shareRight, clips)
  const x = atX(meanProbability)
  return line(x, atY(low), x, atY(high), { stroke: fill, 'stroke-width': 1.4, 'stroke-opacity': 0.55 })
    + element('circle', { cx: x, cy: atY(shareRight), r: 5, fill, stroke: '#ffffff', 'stroke-width': 1.2 })
}

/** 95 % interval of a share. */
export function wilson(share: number, count: number): { readonly low: number; readonly high: number } {
  const square = WIDE ** 2 / count
  const centre = (share + square / 2) / (1 + square)
  const reach = WIDE * Math.sqrt((share * (1 - share) + square / 4) / count) / (1 + square)
  return { low: Math.max(0, centre - reach), high: Math.min(1, centre + reach) }
}

/** Wrong transcripts are stacked on top of right ones. */
function histogram(clips: readonly Predicted[]): string {
  const counts = Array.from({ length: BARS }, () => ({ right: 0, wrong: 0 }))
  for (const { probability, isRight } of clips) {
    counts[Math.min(BARS - 1, Math.floor(probability * BARS))]![isRight ? 'right' : 'wrong']++
  }
  const most = Math.max(1, ...counts.map(({ right, wrong }) => right + wrong))
  const bottom = BELOW.y + BELOW.height
  const width = BELOW.width / BARS
  const tall = (count: number): number => count / most * (BELOW.height - 6)
  const middle = BELOW.y + BELOW.height / 2
  const ticks = Array.from({ length: 11 }, (_, index) => index / 10)
  return [
    ...counts.flatMap(({ right, wrong }, index) => [
      element('rect', {
        x: BELOW.x + index * width + 1, y: bottom - tall(right), width: width - 2, height: tall(right),
        fill: COLOURS.speech,
      }),
      element('rect', {
        x: BELOW.x + index * width + 1, y: bottom - tall(right + wrong), width: width - 2, height: tall(wrong),
        fill: COLOURS.segment,
      }),
    ]),
    element('rect', { ...BELOW, fill: 'none', stroke: COLOURS.frame }),
    label(BELOW.x - 8, BELOW.y + 10, String(most), { ...TICK, 'text-anchor': 'end' }),
    label(BELOW.x - 46, middle, 'transcripts', {
      ...TICK, 'text-anchor': 'middle', transform: `rotate(-90 ${BELOW.x - 46} ${middle})`,
    }),
    legendEntry(BELOW.x + 12, 'right', COLOURS.speech),
    legendEntry(BELOW.x + 72, 'wrong', COLOURS.segment),
    ...ticks.map((tick) => label(atX(tick), bottom + 18, tick.toFixed(1), { ...TICK, 'text-anchor': 'middle' })),
    label(
      BELOW.x + BELOW.width / 2, bottom + 38, 'correctness: the predicted probability of being right',
      { ...TICK, 'text-anchor': 'middle' },
    ),
  ].join('')
}

function legendEntry(x: number, name: string, fill: string): string {
  return element('rect', { x, y: BELOW.y + 10, width: 10, height: 10, fill })
    + label(x + 15, BELOW.y + 19, name, { 'font-size': 11 })
}

function atX(probability: number): number {
  return MAIN.x + probability * MAIN.width
}

function atY(share: number): number {
  return MAIN.y + (1 - share) * MAIN.height
}
