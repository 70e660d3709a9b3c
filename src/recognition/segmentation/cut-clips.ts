/**
 * Cuts the speech out of an upload: the clips that the model decodes, with a little of the recording around them.
 *
 * A model decodes the same word differently elsewhere in the clip, or between other noises: half a second of silence
 * before single words raised Moonshine's word error rate from 48 to 100 %. So every clip gets the same shape, whatever
 * the recording has around the speech: a margin of the recording on both sides, wider where noise masks the faint ends
 * of words; a fade-out over FADE_SECONDS; then digital silence up to the padding of the model (`padClip`). The margin
 * has a few fixed lengths, because otherwise every change of the noise would move the speech. Pauses inside the speech
 * stay.
 *
 * Audio longer than one decode is cut where it is quietest.
 */
import type { Clip, FrameFeatures, SpeechActivity, TimeSpan, Waveform } from '../../domain/audio.js'

/** A stretch of the recording around speech; its times are those of the upload. */
export interface SpokenClip extends Clip {
  /** The speech itself, without margins. */
  readonly speech: TimeSpan
  /** Longest margin before and after the speech, its outer part to be faded; 0 where a cut goes through speech. */
  readonly marginSeconds: { readonly before: number; readonly after: number }
}

/** A clip whose waveform starts with `silenceSeconds` of digital silence that is not part of the upload. */
export interface PaddedClip extends Clip { readonly silenceSeconds: number }

/** Margin on both sides, fade included, by the visible range of the detector: the first row that applies. */
const MARGINS = [
  { fromRangeDb: 28, seconds: 0.2 },
  { fromRangeDb: 17, seconds: 0.35 },
]
const WIDEST_MARGIN_SECONDS = 0.45
const FADE_SECONDS = 0.1
/** Shorter pieces hold no word; if the padding of a model leaves less, a piece is longer than the padding allows. */
const MIN_PIECE_SECONDS = 0.5
/** Length of the pauses to cut at: shorter ones are inside words, before a "t". */
const PAUSE_SECONDS = 0.2

/** The whole upload, for operators who want nothing trimmed. */
export function wholeClips(waveform: Waveform, frames: FrameFeatures, maxClipSeconds: number): SpokenClip[] {
  const whole = { startSeconds: 0, endSeconds: secondsOf(waveform) }
  return cutAtPauses(whole, frames, maxClipSeconds).map((speech) => clipOf(waveform, speech, speech))
}

/** Longest clip of one decode, and the padding that speech gets at least. */
export interface ClipLimits {
  readonly maxSeconds: number
  readonly leadingSeconds: number
  readonly trailingSeconds: number
}

/** The stretches with speech, in the order of time; none when `activity` has none. */
export function spokenClips(
  waveform: Waveform, activity: SpeechActivity, frames: FrameFeatures, limits: ClipLimits,
): SpokenClip[] {
  const speech = extentOf(activity)
  if (speech === null) return []
  const margin = marginFor(activity)
  const { maxSeconds, leadingSeconds, trailingSeconds } = limits
  const longest = maxSeconds - Math.max(leadingSeconds, margin) - Math.max(trailingSeconds, margin)
  const pieces = cutAtPauses(speech, frames, Math.max(MIN_PIECE_SECONDS, longest))
    .filter((piece) => hasSpeech(piece, activity))
  return pieces.map((piece, index) => {
    const before = index === 0 ? margin : 0
    const after = index === pieces.length - 1 ? margin : 0
    const withMargins = {
      startSeconds: Math.max(0, piece.startSeconds - before),
      endSeconds: Math.min(secondsOf(waveform), piece.endSeconds + after),
    }
    return { ...clipOf(waveform, withMargins, piece), marginSeconds: { before, after } }
  })
}

function marginFor({ visibleRangeDb }: SpeechActivity): number {
  return MARGINS.find(({ fromRangeDb }) => visibleRangeDb >= fromRangeDb)?.seconds ?? WIDEST_MARGIN_SECONDS
}

/** Whether a stretch has any speech: some pieces of a long upload may be only a pause. */
export function hasSpeech({ startSeconds, endSeconds }: TimeSpan, { spans }: SpeechActivity): boolean {
  return spans.some((span) => span.startSeconds < endSeconds && span.endSeconds > startSeconds)
}

/** From the first to the last speech; null when there is none. */
export function extentOf({ spans }: SpeechActivity): TimeSpan | null {
  const [first, last] = [spans[0], spans.at(-1)]
  if (first === undefined || last === undefined) return null
  return { startSeconds: first.startSeconds, endSeconds: last.endSeconds }
}

/** The samples of a stretch, not copied. */
export function stretchOf({ samples, sampleRate }: Waveform, { startSeconds, endSeconds }: TimeSpan): Waveform {
  const start = Math.max(0, Math.round(startSeconds * sampleRate))
  return { samples: samples.subarray(start, Math.round(endSeconds * sampleRate)), sampleRate }
}

/**
 * The clip faded, with digital silence around it: its speech begins `leadingSeconds` after the start and ends
 * `trailingSeconds` before the end, or the longest margin if that is more.
 */
export function padClip(clip: SpokenClip, leadingSeconds: number, trailingSeconds: number): PaddedClip {
  const { speech, startSeconds, endSeconds, marginSeconds, waveform: { sampleRate } } = clip
  const silence = (padding: number, margin: number, present: number): number =>
    Math.max(0, Math.round((Math.max(padding, margin) - present) * sampleRate))
  const before = silence(leadingSeconds, marginSeconds.before, speech.startSeconds - startSeconds)
  const after = silence(trailingSeconds, marginSeconds.after, endSeconds - speech.endSeconds)
  const samples = faded(clip)
  const padded = new Float32Array(before + samples.length + after)
  padded.set(samples, before)
  return { waveform: { samples: padded, sampleRate }, startSeconds, endSeconds, silenceSeconds: before / sampleRate }
}

function clipOf(waveform: Waveform, span: TimeSpan, speech: TimeSpan): SpokenClip {
  return { waveform: stretchOf(waveform, span), ...span, speech, marginSeconds: { before: 0, after: 0 } }
}

/** A copy with a raised cosine over the outer FADE_SECONDS of the margins, or less where the recording ends before. */
function faded(clip: SpokenClip): Float32Array {
  const { waveform: { samples, sampleRate }, speech, startSeconds, endSeconds, marginSeconds } = clip
  const shaped = samples.slice()
  const fadeSamples = Math.round(FADE_SECONDS * sampleRate)
  // Counted from the speech, so that the fade is the same whether or not the recording reaches that far.
  const begin = Math.round((speech.startSeconds - marginSeconds.before - startSeconds) * sampleRate)
  const end = samples.length + Math.round((speech.endSeconds + marginSeconds.after - endSeconds) * sampleRate)
  for (let n = 0; n < fadeSamples; n++) {
    const gain = 0.5 - 0.5 * Math.cos((Math.PI * n) / fadeSamples)
    if (marginSeconds.before > 0 && begin + n >= 0 && begin + n < shaped.length) shaped[begin + n]! *= gain
    if (marginSeconds.after > 0 && end - 1 - n >= 0 && end - 1 - n < shaped.length) shaped[end - 1 - n]! *= gain
  }
  return shaped
}

/** Stretches of at most `maxSeconds`. A cut is in the second half of what fits, where it is quietest. */
function cutAtPauses({ startSeconds, endSeconds }: TimeSpan, frames: FrameFeatures, maxSeconds: number): TimeSpan[] {
  const pieces: TimeSpan[] = []
  for (let start = startSeconds; start < endSeconds;) {
    const fits = endSeconds - start <= maxSeconds
    const end = fits ? endSeconds : quietestBetween(frames, start + maxSeconds / 2, start + maxSeconds)
    pieces.push({ startSeconds: start, endSeconds: end })
    start = end
  }
  return pieces
}

/** Middle of the stretch of PAUSE_SECONDS with the least energy. */
function quietestBetween(
  { energyDb, energyHopSeconds, energyStartSeconds }: FrameFeatures, fromSeconds: number, toSeconds: number,
): number {
  const first = Math.ceil((fromSeconds - energyStartSeconds) / energyHopSeconds)
  const end = Math.floor((toSeconds - energyStartSeconds) / energyHopSeconds)
  const width = Math.max(1, Math.min(Math.round(PAUSE_SECONDS / energyHopSeconds), end - first - 1))
  let best = { power: Infinity, frame: first }
  for (let frame = first; frame + width <= end; frame++) {
    const power = energyDb.subarray(frame, frame + width).reduce((sum, db) => sum + 10 ** (db / 10), 0)
    if (power < best.power) best = { power, frame }
  }
  return energyStartSeconds + (best.frame + width / 2) * energyHopSeconds
}

function secondsOf({ samples, sampleRate }: Waveform): number {
  return samples.length / sampleRate
}
