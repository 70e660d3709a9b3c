/** The clip: decoded by the browser, drawn as a waveform with the speech shaded, and played. */
import { part, setText } from '../shared/elements.js'

/** @typedef {{ readonly startSeconds: number, readonly endSeconds: number }} Span */

const canvas = /** @type {HTMLCanvasElement} */ (part('wave'))
const speed = /** @type {HTMLSelectElement} */ (part('speed'))

/** @type {AudioContext | undefined} */
let context
/** Counts clips. */
let shown = 0
/** @type {AudioBuffer | null} */
let buffer = null
/** @type {readonly Span[]} */
let speech = []
/** @type {AudioBufferSourceNode | null} */
let source = null
/** Seconds of the clip, and of the clock of the context, at which playing began. */
let offset = 0
let startedAt = 0

speed.addEventListener('change', () => { if (source !== null) play(position()) })
canvas.addEventListener('click', (event) => {
  if (buffer !== null) play((event.offsetX / canvas.clientWidth) * buffer.duration)
})
new ResizeObserver(draw).observe(canvas)

/**
 * Shows a clip. Rejects where the browser cannot decode it.
 * @param {ArrayBuffer} bytes
 */
export async function show(bytes) {
  stop()
  buffer = null
  speech = []
  offset = 0
  draw()
  context ??= new AudioContext()
  const own = ++shown
  const decoded = await context.decodeAudioData(bytes)
  if (own !== shown) return // another clip is on the screen
  buffer = decoded
  draw()
}

/** @param {readonly Span[]} spans */
export function showSpeech(spans) {
  speech = spans
  draw()
}

export function clear() {
  shown++
  stop()
  buffer = null
  speech = []
  draw()
}

/** From where it was stopped, or from the start when it came to the end. */
export function toggle() {
  if (source !== null) stop()
  else play(buffer !== null && offset > buffer.duration - 0.05 ? 0 : offset)
}

/** @param {number} seconds ahead, or back if negative */
export function seek(seconds) {
  const target = position() + seconds
  if (source !== null) play(target)
  else {
    offset = clamp(target)
    draw()
  }
}

/** @param {number} from seconds */
export function play(from) {
  if (buffer === null || context === undefined) return
  stop()
  void context.resume()
  offset = clamp(from)
  source = context.createBufferSource()
  source.buffer = buffer
  source.playbackRate.value = Number(speed.value)
  source.connect(context.destination)
  const playing = source
  source.addEventListener('ended', () => { if (source === playing) stop() })
  startedAt = context.currentTime
  source.start(0, offset)
  setText(part('play-word'), 'Stop')
  requestAnimationFrame(follow)
}

export function stop() {
  offset = position()
  const playing = source
  source = null
  playing?.stop()
  setText(part('play-word'), 'Play')
  draw()
}

function position() {
  if (source === null || context === undefined) return offset
  return clamp(offset + (context.currentTime - startedAt) * source.playbackRate.value)
}

/** @param {number} seconds */
function clamp(seconds) {
  return Math.min(Math.max(0, seconds), buffer?.duration ?? 0)
}

function follow() {
  draw()
  if (source !== null) requestAnimationFrame(follow)
}

function draw() {
  const ratio = window.devicePixelRatio
  const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)]
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
  const pen = canvas.getContext('2d')
  if (pen === null) return
  pen.clearRect(0, 0, width, height)
  setText(part('clock'), buffer === null ? '' : `${position().toFixed(1)} of ${buffer.duration.toFixed(1)} s`)
  if (buffer === null) return
  const colours = getComputedStyle(canvas)
  const { duration } = buffer
  pen.fillStyle = colours.getPropertyValue('--before')
  for (const { startSeconds, endSeconds } of speech) {
    pen.fillRect((startSeconds / duration) * width, 0, ((endSeconds - startSeconds) / duration) * width, height)
  }
  pen.fillStyle = colours.getPropertyValue('--now')
  for (const [x, [low, high]] of extremes(buffer, width).entries()) {
    const top = (0.5 - high * 0.48) * height
    pen.fillRect(x, top, 1, Math.max(ratio, (high - low) * 0.48 * height))
  }
  pen.fillStyle = colours.getPropertyValue('--alarm')
  pen.fillRect((position() / duration) * width, 0, 2 * ratio, height)
}

/** @type {{ buffer: AudioBuffer, columns: number, values: [number, number][] } | undefined} */
let measured

/**
 * The lowest and highest sample of each column, of the first channel, at the scale of the loudest.
 * @param {AudioBuffer} audio @param {number} columns
 */
function extremes(audio, columns) {
  if (measured?.buffer === audio && measured.columns === columns) return measured.values
  const samples = audio.getChannelData(0)
  const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-6)
  const edgeOf = (/** @type {number} */ column) => Math.floor((column / columns) * samples.length)
  const values = Array.from({ length: columns }, (_, column) => {
    const part = samples.subarray(edgeOf(column), edgeOf(column + 1))
    const low = part.reduce((least, sample) => Math.min(least, sample), 0)
    const high = part.reduce((most, sample) => Math.max(most, sample), 0)
    return /** @type {[number, number]} */ ([low / loudest, high / loudest])
  })
  measured = { buffer: audio, columns, values }
  return values
}
