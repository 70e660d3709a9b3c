/**
 * The three panels over one time axis: waveform, spectrogram, speech. Each is drawn into a box of the picture; they
 * share a TimeScale.
 */
import type { SpeechActivity, Waveform } from '../../domain/audio.js'
import { encodePng } from './png.js'
import { drawSpectrogram, RANGE_DB, viridis } from './spectrogram.js'
import { element, label, line } from './svg.js'

export interface Box { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

export interface TimeScale {
  readonly seconds: number
  /** Picture coordinate of a time. */
  at(seconds: number): number
}

export const COLOURS = {
  ink: '#1f2933', faint: '#5f6c7b', grid: '#d9dfe5', frame: '#9aa5b1', wave: '#30638e', speech: '#2a8f7f',
  cut: '#8d99a6', segment: '#d1495b', warning: '#b45309',
} as const

const TICK = { 'font-size': 11, fill: COLOURS.faint } as const
const KILOHERTZ = 1000

export function timeScale({ samples, sampleRate }: Waveform, { x, width }: Box): TimeScale {
  const seconds = samples.length / sampleRate
  return { seconds, at: (time) => x + (seconds === 0 ? 0 : Math.min(1, Math.max(0, time / seconds)) * width) }
}

/** Draws the highest and the lowest sample of each column; the axis extends to the peak. */
export function waveformPanel({ samples }: Waveform, box: Box): string {
  const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0)
  const reach = peak === 0 ? 1 : peak
  const y = (value: number): number => box.y + box.height * (0.5 - 0.48 * (value / reach))
  const columns = Array.from({ length: Math.round(box.width) }, (_, column) => {
    const from = Math.floor((column / box.width) * samples.length)
    const part = samples.subarray(from, Math.max(from + 1, Math.floor(((column + 1) / box.width) * samples.length)))
    const high = part.reduce((most, sample) => Math.max(most, sample), -Infinity)
    const low = part.reduce((least, sample) => Math.min(least, sample), Infinity)
    return part.length === 0 ? '' : `M${box.x + column + 0.5} ${y(high).toFixed(1)}V${(y(low) + 0.5).toFixed(1)}`
  })
  const ticks = [reach, 0, -reach].map((value) =>
    label(box.x - 8, y(value) + 4, amplitude(value), { ...TICK, 'text-anchor': 'end' }))
  return panel(box, 'amplitude', [
    line(box.x, y(0), box.x + box.width, y(0), { stroke: COLOURS.grid }),
    element('path', { d: columns.join(''), stroke: COLOURS.wave, fill: 'none' }), ...ticks,
  ])
}

/** 0 Hz to half the sample rate, with a line at the bandwidth of the upload. */
export function spectrogramPanel(waveform: Waveform, bandwidthHz: number | null, box: Box): string {
  const highest = waveform.sampleRate / 2
  const y = (hertz: number): number => box.y + box.height * (1 - hertz / highest)
  const image = element('image', {
    ...box, preserveAspectRatio: 'none',
    href: `data:image/png;base64,${encodePng(drawSpectrogram(waveform)).toString('base64')}`,
  })
  const ticks = Array.from({ length: Math.floor(highest / 2000) + 1 }, (_, index) => index * 2000).flatMap((hertz) => [
    line(box.x - 4, y(hertz), box.x, y(hertz), { stroke: COLOURS.frame }),
    label(box.x - 8, y(hertz) + 4, String(hertz / KILOHERTZ), { ...TICK, 'text-anchor': 'end' }),
  ])
  const edge = bandwidthHz === null || bandwidthHz > 0.98 * highest ? [] : [
    line(box.x, y(bandwidthHz), box.x + box.width, y(bandwidthHz), {
      stroke: '#ffffff', 'stroke-width': 1.2, 'stroke-dasharray': '6 4',
    }),
    label(
      box.x + box.width - 6, y(bandwidthHz) + (y(bandwidthHz) - box.y < 20 ? 14 : -5),
      `bandwidth ${(bandwidthHz / KILOHERTZ).toFixed(1)} kHz`,
      { 'font-size': 11, fill: '#ffffff', 'text-anchor': 'end' },
    ),
  ]
  return panel(box, 'frequency, kHz', [
    image, ...edge, ...ticks, colourBar({ x: box.x + box.width + 10, y: box.y, width: 10, height: box.height }),
  ])
}

export function speechPanel(
  { speech, startSeconds: firstSeconds, hopSeconds, spans }: SpeechActivity, time: TimeScale, box: Box,
): string {
  const y = (share: number): number => box.y + box.height * (1 - Math.min(1, Math.max(0, share)))
  const step = Math.max(1, Math.floor(speech.length / box.width))
  const points = Array.from({ length: Math.floor(speech.length / step) }, (_, index) => {
    const part = speech.subarray(index * step, (index + 1) * step)
    const x = time.at(firstSeconds + (index + 0.5) * step * hopSeconds)
    const mean = part.reduce((sum, share) => sum + share, 0) / step
    return `${x.toFixed(1)},${y(mean).toFixed(1)}`
  })
  const filled = spans.map(({ startSeconds, endSeconds }) =>
    element('rect', {
      x: time.at(startSeconds), y: box.y, width: time.at(endSeconds) - time.at(startSeconds), height: box.height,
      fill: COLOURS.speech, 'fill-opacity': 0.18,
    }))
  const ticks = [0, 0.5, 1].map((share) =>
    label(box.x - 8, y(share) + 4, String(share), { ...TICK, 'text-anchor': 'end' }))
  return panel(box, 'speech', [
    ...filled, line(box.x, y(0.5), box.x + box.width, y(0.5), { stroke: COLOURS.frame, 'stroke-dasharray': '3 3' }),
    element('polyline', { points: points.join(' '), fill: 'none', stroke: COLOURS.speech, 'stroke-width': 1.4 }),
    ...ticks,
  ])
}

/** Seconds, at round distances. */
export function timeAxis({ seconds, at }: TimeScale, box: Box): string {
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300].find((candidate) => seconds / candidate <= 10) ?? 600
  const decimals = step < 1 ? 1 : 0
  const ticks = Array.from({ length: Math.floor(seconds / step + 1e-9) + 1 }, (_, index) => index * step)
  return [
    ...ticks.map((time) => line(at(time), box.y, at(time), box.y + 5, { stroke: COLOURS.frame })),
    ...ticks.map((time) => label(at(time), box.y + 18, time.toFixed(decimals), { ...TICK, 'text-anchor': 'middle' })),
    label(box.x - 20, box.y + 18, 'seconds', { ...TICK, 'text-anchor': 'end' }),
  ].join('')
}

/** Frame and name of the axis, turned along it. */
function panel(box: Box, name: string, content: readonly string[]): string {
  const middle = box.y + box.height / 2
  const title = label(box.x - 50, middle, name, {
    ...TICK, 'text-anchor': 'middle', transform: `rotate(-90 ${box.x - 50} ${middle})`,
  })
  return [...content, element('rect', { ...box, fill: 'none', stroke: COLOURS.frame }), title].join('')
}

function colourBar(bar: Box): string {
  const steps = 32
  const rects = Array.from({ length: steps }, (_, index) =>
    element('rect', {
      x: bar.x, y: bar.y + (index * bar.height) / steps, width: bar.width, height: bar.height / steps + 0.5,
      fill: `rgb(${viridis(1 - index / (steps - 1)).join(' ')})`,
    }))
  const ticks = [0, RANGE_DB / 2, RANGE_DB].map((below) =>
    label(
      bar.x + bar.width + 4, bar.y + 4 + (below / RANGE_DB) * (bar.height - 4), below === 0 ? '0 dB' : `−${below}`,
      TICK,
    ))
  return [...rects, ...ticks].join('')
}

function amplitude(value: number): string {
  const shown = Number(Math.abs(value).toPrecision(2))
  return value < 0 ? `−${shown}` : String(shown)
}
