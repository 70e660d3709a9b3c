/**
 * What of an upload the model decodes: the speech, a little of what is around it, and no more.
 *
 * A model answers differently when the same word is elsewhere in the clip, or between other noises: half a second of
 * silence in front took Moonshine from 48 to 100 % errors on single words. So every clip gets the same shape, whatever
 * was recorded around the speech: a little of the recording on both sides, more where noise hides the faint ends of
 * words; faded out over FADE_SECONDS; then digital silence up to the padding that suits the model (`padClip`). How much
 * is kept changes in steps, or every change of the noise would move the speech a little. Pauses inside stay.
 *
 * Audio longer than one decode is cut where it is quietest.
 */
import type { Clip, FrameFeatures, SpeechActivity, TimeSpan, Waveform } from '../../domain/audio.js'

/** A stretch of the recording around speech; its times are those of the upload. */
export interface SpokenClip extends Clip {
  /** The speech itself, without what is kept around it. */
  readonly voice: TimeSpan
  /** Most that is kept before and after the speech, its outer part to be faded; 0 where a cut goes through speech. */
  readonly keptSeconds: { readonly before: number; readonly after: number }
}

/** A clip whose waveform starts with `silenceSeconds` of digital silence that is not part of the upload. */
export interface PaddedClip extends Clip { readonly silenceSeconds: number }

/** Kept on both sides, fade included, by how far below the loudest speech the detector sees: the first row that fits. */
const KEPT = [
  { fromRangeDb: 28, seconds: 0.2 },
  { fromRangeDb: 17, seconds: 0.35 },
  { fromRangeDb: -Infinity, seconds: 0.45 },
]
const FADE_SECONDS = 0.1
/** Shorter pieces hold no word; a model whose padding leaves less than this gets more than it asks for. */
const LEAST_PIECE_SECONDS = 0.5
/** Length of the pauses to cut at: shorter ones are inside words, before a "t". */
const PAUSE_SECONDS = 0.2

/** The whole upload as it is, for operators who want nothing trimmed. */
export function wholeClips(waveform: Waveform, frames: FrameFeatures, maxClipSeconds: number): SpokenClip[] {
  const whole = { startSeconds: 0, endSeconds: secondsOf(waveform) }
  return cutAtPauses(whole, frames, maxClipSeconds).map((voice) => takeOut(waveform, voice, voice))
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
  const voice = extentOf(activity)
  if (voice === null) return []
  const around = KEPT.find(({ fromRangeDb }) => activity.visibleRangeDb >= fromRangeDb)!.seconds
  const { maxSeconds, leadingSeconds, trailingSeconds } = limits
  const longest = maxSeconds - Math.max(leadingSeconds, around) - Math.max(trailingSeconds, around)
  const pieces = cutAtPauses(voice, frames, Math.max(LEAST_PIECE_SECONDS, longest))
    .filter((piece) => hasVoice(piece, activity))
  return pieces.map((piece, index) => {
    const isFirst = index === 0
    const isLast = index === pieces.length - 1
    const kept = {
      startSeconds: Math.max(0, piece.startSeconds - (isFirst ? around : 0)),
      endSeconds: Math.min(secondsOf(waveform), piece.endSeconds + (isLast ? around : 0)),
    }
    return { ...takeOut(waveform, kept, piece), keptSeconds: { before: isFirst ? around : 0, after: isLast ? around : 0 } }
  })
}

/** Whether a stretch has any speech: some pieces of a long upload may be only a pause. */
export function hasVoice({ startSeconds, endSeconds }: TimeSpan, { spans }: SpeechActivity): boolean {
  return spans.some((span) => span.startSeconds < endSeconds && span.endSeconds > startSeconds)
}

/** From the first to the last speech; null when there is none. */
export function extentOf({ spans }: SpeechActivity): TimeSpan | null {
  return spans.length === 0 ? null : { startSeconds: spans[0]!.startSeconds, endSeconds: spans.at(-1)!.endSeconds }
}

/** The samples of a stretch, not copied. */
export function stretchOf({ samples, sampleRate }: Waveform, { startSeconds, endSeconds }: TimeSpan): Waveform {
  const start = Math.max(0, Math.round(startSeconds * sampleRate))
  return { samples: samples.subarray(start, Math.round(endSeconds * sampleRate)), sampleRate }
}

/**
 * The clip faded, with digital silence around it: its speech begins `leadingSeconds` after the start and ends
 * `trailingSeconds` before the end, or what is kept at most if that is more.
 */
export function padClip(clip: SpokenClip, leadingSeconds: number, trailingSeconds: number): PaddedClip {
  const { voice, startSeconds, endSeconds, keptSeconds, waveform: { sampleRate } } = clip
  const missing = (wanted: number, kept: number, present: number): number =>
    Math.max(0, Math.round((Math.max(wanted, kept) - present) * sampleRate))
  const before = missing(leadingSeconds, keptSeconds.before, voice.startSeconds - startSeconds)
  const after = missing(trailingSeconds, keptSeconds.after, endSeconds - voice.endSeconds)
  const samples = faded(clip)
  const padded = new Float32Array(before + samples.length + after)
  padded.set(samples, before)
  return { waveform: { samples: padded, sampleRate }, startSeconds, endSeconds, silenceSeconds: before / sampleRate }
}

function takeOut(waveform: Waveform, kept: TimeSpan, voice: TimeSpan): SpokenClip {
  return { waveform: stretchOf(waveform, kept), ...kept, voice, keptSeconds: { before: 0, after: 0 } }
}

/** A copy with a raised cosine over the outer FADE_SECONDS of what is kept, or less where the recording ends before. */
function faded(clip: SpokenClip): Float32Array {
  const { waveform: { samples, sampleRate }, voice, startSeconds, endSeconds, keptSeconds } = clip
  const shaped = samples.slice()
  const fadeSamples = Math.round(FADE_SECONDS * sampleRate)
  // Counted from the speech, so that the fade is the same whether or not the recording reaches that far.
  const begin = Math.round((voice.startSeconds - keptSeconds.before - startSeconds) * sampleRate)
  const end = samples.length + Math.round((voice.endSeconds + keptSeconds.after - endSeconds) * sampleRate)
  for (let n = 0; n < fadeSamples; n++) {
    const gain = 0.5 - 0.5 * Math.cos((Math.PI * n) / fadeSamples)
    if (keptSeconds.before > 0 && begin + n >= 0 && begin + n < shaped.length) shaped[begin + n] *= gain
    if (keptSeconds.after > 0 && end - 1 - n >= 0 && end - 1 - n < shaped.length) shaped[end - 1 - n] *= gain
  }
  return shaped
}

/** Stretches of at most `maxSeconds`. A cut is in the second half of what fits, where it is quietest. */
function cutAtPauses({ startSeconds, endSeconds }: TimeSpan, frames: FrameFeatures, maxSeconds: number): TimeSpan[] {
  const pieces: TimeSpan[] = []
  for (let start = startSeconds; start < endSeconds;) {
    const end = endSeconds - start <= maxSeconds ? endSeconds : quietestBetween(frames, start + maxSeconds / 2, start + maxSeconds)
    pieces.push({ startSeconds: start, endSeconds: end })
    start = end
  }
  return pieces
}

/** Middle of the stretch of PAUSE_SECONDS with the least energy. */
function quietestBetween({ energyDb, energyHopSeconds, energyStartSeconds }: FrameFeatures, fromSeconds: number, toSeconds: number): number {
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
