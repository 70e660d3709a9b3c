/**
 * A reliability diagram (DeGroot & Fienberg 1983) as SVG: the share of transcripts that are right over the probability
 * that was given to them, with the interval that so few clips leave (Wilson 1927), and below it where the clips lie.
 */
import type { Figures } from '../confidence/calibration.js'
import { COLOURS, type Box } from '../inspect/panels.js'
import { element, FONT, label, line } from '../inspect/svg.js'
import { binned, type Bin, type Foretold } from './figures.js'

const WIDTH = 620
const HEIGHT = 620
const MAIN: Box = { x: 70, y: 80, width: 510, height: 370 }
const BELOW: Box = { x: 70, y: 470, width: 510, height: 90 }
const TICK = { 'font-size': 11, fill: COLOURS.faint } as const
const BARS = 20
/** Standard deviations of 95 %. */
const WIDE = 1.96

export function drawReliability(clips: readonly Foretold[], figures: Figures, model: string): string {
  const { calibrationError, bins, auroc } = figures
  const material = `${figures.clips} clips of ${figures.speakers} speakers, judged by coefficients fitted on other speakers`
  const found = `calibration error ${calibrationError.toFixed(3)}, by chance alone ${figures.errorByChance.toFixed(3)} (${bins} bins)${auroc === null ? '' : `; AUROC ${auroc.toFixed(2)}`}; lines are 95 % intervals`
  return element('svg', { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, 'font-family': FONT, fill: COLOURS.ink },
    element('rect', { width: WIDTH, height: HEIGHT, fill: '#ffffff' }),
    label(MAIN.x, 32, `How often a transcript of ${model} is right`, { 'font-size': 17, 'font-weight': 600 }),
    label(MAIN.x, 51, material, TICK),
    label(MAIN.x, 67, found, TICK),
    grid(),
    line(atX(0), atY(0), atX(1), atY(1), { stroke: COLOURS.frame, 'stroke-dasharray': '5 4' }),
    ...binned(clips, bins).map(drawBin),
    element('rect', { ...MAIN, fill: 'none', stroke: COLOURS.frame }),
    histogram(clips)) + '\n'
}

function grid(): string {
  const ticks = Array.from({ length: 6 }, (_, index) => index / 5)
  const middle = MAIN.y + MAIN.height / 2
  return [
    ...ticks.map((tick) => line(MAIN.x, atY(tick), MAIN.x + MAIN.width, atY(tick), { stroke: COLOURS.grid })),
    ...ticks.map((tick) => label(MAIN.x - 8, atY(tick) + 4, tick.toFixed(1), { ...TICK, 'text-anchor': 'end' })),
    label(MAIN.x - 46, middle, 'share that is right', { ...TICK, 'text-anchor': 'middle', transform: `rotate(-90 ${MAIN.x - 46} ${middle})` }),
  ].join('')
}

function drawBin({ clips, meanProbability, shareRight }: Bin): string {
  const { low, high } = wilson(shareRight, clips)
  const x = atX(meanProbability)
  return line(x, atY(low), x, atY(high), { stroke: COLOURS.wave, 'stroke-width': 1.4, 'stroke-opacity': 0.55 })
    + element('circle', { cx: x, cy: atY(shareRight), r: 5, fill: COLOURS.wave, stroke: '#ffffff', 'stroke-width': 1.2 })
}

/** 95 % interval of a share. */
export function wilson(share: number, count: number): { readonly low: number; readonly high: number } {
  const square = WIDE ** 2 / count
  const centre = (share + square / 2) / (1 + square)
  const reach = WIDE * Math.sqrt((share * (1 - share) + square / 4) / count) / (1 + square)
  return { low: Math.max(0, centre - reach), high: Math.min(1, centre + reach) }
}

/** Wrong ones on top of right ones. */
function histogram(clips: readonly Foretold[]): string {
  const counts = Array.from({ length: BARS }, () => ({ right: 0, wrong: 0 }))
  for (const { probability, isRight } of clips) counts[Math.min(BARS - 1, Math.floor(probability * BARS))]![isRight ? 'right' : 'wrong']++
  const most = Math.max(1, ...counts.map(({ right, wrong }) => right + wrong))
  const bottom = BELOW.y + BELOW.height
  const width = BELOW.width / BARS
  const tall = (count: number): number => count / most * (BELOW.height - 6)
  const middle = BELOW.y + BELOW.height / 2
  const ticks = Array.from({ length: 11 }, (_, index) => index / 10)
  return [
    ...counts.flatMap(({ right, wrong }, index) => [
      element('rect', { x: BELOW.x + index * width + 1, y: bottom - tall(right), width: width - 2, height: tall(right), fill: COLOURS.speech }),
      element('rect', { x: BELOW.x + index * width + 1, y: bottom - tall(right + wrong), width: width - 2, height: tall(wrong), fill: COLOURS.segment }),
    ]),
    element('rect', { ...BELOW, fill: 'none', stroke: COLOURS.frame }),
    label(BELOW.x - 8, BELOW.y + 10, String(most), { ...TICK, 'text-anchor': 'end' }),
    label(BELOW.x - 46, middle, 'clips', { ...TICK, 'text-anchor': 'middle', transform: `rotate(-90 ${BELOW.x - 46} ${middle})` }),
    legendEntry(BELOW.x + 12, 'right', COLOURS.speech),
    legendEntry(BELOW.x + 72, 'wrong', COLOURS.segment),
    ...ticks.map((tick) => label(atX(tick), bottom + 18, tick.toFixed(1), { ...TICK, 'text-anchor': 'middle' })),
    label(BELOW.x + BELOW.width / 2, bottom + 38, 'correctness: the probability of being right that was given', { ...TICK, 'text-anchor': 'middle' }),
  ].join('')
}

function legendEntry(x: number, name: string, fill: string): string {
  return element('rect', { x, y: BELOW.y + 10, width: 10, height: 10, fill }) + label(x + 15, BELOW.y + 19, name, { 'font-size': 11 })
}

function atX(probability: number): number {
  return MAIN.x + probability * MAIN.width
}

function atY(share: number): number {
  return MAIN.y + (1 - share) * MAIN.height
}
