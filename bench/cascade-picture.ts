/** WER and time of a cascade over its threshold → one SVG: two panels above each other, a curve for each number of hearings. */
import { COLOURS, type Box } from '../src/commands/inspect/panels.js'
import { element, FONT, label, line } from '../src/commands/inspect/svg.js'
import type { Alone, Setting } from './cascade.js'

interface Curves {
  readonly small: string
  readonly larger: string
  readonly alone: Alone
  readonly settings: readonly Setting[]
  readonly chosen: Setting
  readonly mostTime: number
}

interface Panel {
  readonly box: Box
  readonly name: string
  readonly highest: number
  readonly step: number
  readonly value: (setting: Setting) => number
  /** Horizontal lines, named. */
  readonly levels: readonly { readonly value: number; readonly name: string }[]
}

const WIDTH = 760
const HEIGHT = 620
const WER_BOX: Box = { x: 70, y: 62, width: 520, height: 230 }
const TIME_BOX: Box = { ...WER_BOX, y: 326 }
/** By the number of hearings. */
const LINES = [
  { stroke: COLOURS.segment, 'stroke-dasharray': '' },
  { stroke: COLOURS.wave, 'stroke-dasharray': '7 3' },
  { stroke: COLOURS.speech, 'stroke-dasharray': '2 3' },
] as const
const TIME_STEP = 0.2
const TICK = { 'font-size': 11, fill: COLOURS.faint } as const

export function drawCurves({ small, larger, alone, settings, chosen, mostTime }: Curves): string {
  const werReach = Math.max(alone.small.wer, alone.larger.wer, ...settings.map(({ wer }) => wer))
  const werStep = [0.5, 1, 2, 5, 10, 20].find((step) => werReach / step <= 8) ?? 50
  const timeReach = Math.max(1.2, ...settings.map(({ seconds }) => seconds / alone.larger.seconds))
  const panels: readonly Panel[] = [
    { box: WER_BOX, name: 'word error rate, %', highest: werStep * Math.ceil(werReach / werStep + 0.2), step: werStep, value: ({ wer }) => wer, levels: [{ value: alone.small.wer, name: small }, { value: alone.larger.wer, name: larger }] },
    { box: TIME_BOX, name: `time, share of ${larger}`, highest: TIME_STEP * Math.ceil(timeReach / TIME_STEP), step: TIME_STEP, value: ({ seconds }) => seconds / alone.larger.seconds, levels: [{ value: alone.small.seconds / alone.larger.seconds, name: small }, { value: mostTime, name: 'allowed' }, { value: 1, name: larger }] },
  ]
  return element('svg', { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, 'font-family': FONT, fill: COLOURS.ink },
    element('rect', { width: WIDTH, height: HEIGHT, fill: '#ffffff' }),
    label(WER_BOX.x, 30, `${small}, and ${larger} where it is in doubt`, { 'font-size': 17, 'font-weight': 600 }),
    label(WER_BOX.x, 49, 'means of the sources', { 'font-size': 12, fill: COLOURS.faint }),
    ...panels.map((panel) => drawPanel(panel, settings, chosen)),
    thresholdAxis(),
    legend(settings)) + '\n'
}

function drawPanel({ box, name, highest, step, value, levels }: Panel, settings: readonly Setting[], chosen: Setting): string {
  const y = (amount: number): number => box.y + box.height * (1 - amount / highest)
  const middle = box.y + box.height / 2
  const ticks = Array.from({ length: Math.floor(highest / step + 1e-9) + 1 }, (_, index) => index * step)
  return [
    ...ticks.map((tick) => line(box.x, y(tick), box.x + box.width, y(tick), { stroke: COLOURS.grid })),
    ...ticks.map((tick) => label(box.x - 8, y(tick) + 4, tick.toFixed(step < 1 ? 1 : 0), { ...TICK, 'text-anchor': 'end' })),
    label(box.x - 46, middle, name, { ...TICK, 'text-anchor': 'middle', transform: `rotate(-90 ${box.x - 46} ${middle})` }),
    line(xOf(chosen.below), box.y, xOf(chosen.below), box.y + box.height, { stroke: COLOURS.frame, 'stroke-dasharray': '4 3' }),
    ...levels.map((level) => line(box.x, y(level.value), box.x + box.width, y(level.value), { stroke: COLOURS.faint, 'stroke-width': 1.2 })),
    ...spread(levels.map((level) => ({ ...level, at: y(level.value) }))).map((level) => label(box.x + box.width + 8, level.at + 4, level.name, { 'font-size': 11 })),
    ...hearingsOf(settings).map((hearings) => element('polyline', {
      points: settings.filter((setting) => setting.hearings === hearings).map((setting) => `${xOf(setting.below).toFixed(1)},${y(value(setting)).toFixed(1)}`).join(' '),
      fill: 'none', 'stroke-width': 2, ...LINES[(hearings - 1) % LINES.length]!,
    })),
    element('circle', { cx: xOf(chosen.below), cy: y(value(chosen)), r: 5, fill: '#ffffff', stroke: COLOURS.ink, 'stroke-width': 2 }),
    element('rect', { ...box, fill: 'none', stroke: COLOURS.frame }),
  ].join('')
}

/** Names of lines that lie close together, set apart so that they can be read. */
function spread<T extends { readonly at: number }>(levels: readonly T[]): T[] {
  const apart: T[] = []
  for (const level of levels.toSorted((a, b) => a.at - b.at)) apart.push({ ...level, at: Math.max(level.at, (apart.at(-1)?.at ?? -Infinity) + 14) })
  return apart
}

function thresholdAxis(): string {
  const bottom = TIME_BOX.y + TIME_BOX.height
  const ticks = Array.from({ length: 11 }, (_, index) => index / 10)
  return [
    ...ticks.map((below) => line(xOf(below), bottom, xOf(below), bottom + 5, { stroke: COLOURS.frame })),
    ...ticks.map((below) => label(xOf(below), bottom + 18, below.toFixed(1), { ...TICK, 'text-anchor': 'middle' })),
    label(TIME_BOX.x + TIME_BOX.width / 2, bottom + 36, 'asked when the confidence is below', { ...TICK, 'text-anchor': 'middle' }),
  ].join('')
}

function legend(settings: readonly Setting[]): string {
  const y = HEIGHT - 10
  return hearingsOf(settings).map((hearings, index) => {
    const x = WER_BOX.x + index * 180
    return line(x, y - 4, x + 30, y - 4, { 'stroke-width': 2, ...LINES[(hearings - 1) % LINES.length]! })
      + label(x + 38, y, hearings === 1 ? 'heard once' : `heard up to ${hearings} times`, { 'font-size': 12 })
  }).join('')
}

function hearingsOf(settings: readonly Setting[]): number[] {
  return [...new Set(settings.map(({ hearings }) => hearings))]
}

function xOf(below: number): number {
  return WER_BOX.x + below * WER_BOX.width
}
