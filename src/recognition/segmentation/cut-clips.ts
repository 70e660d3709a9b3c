/**
 * What of an upload the model gets to hear: the voice, a little of what is around it, and no more.
 *
 * A model answers differently when the same word stands elsewhere in the clip, or between other noises: half a second
 * of silence in front took Moonshine from 48 to 100 % errors on single words. So every clip is given the same shape,
 * whatever was recorded around the voice: a little of the recording on both sides, more where noise hides the faint
 * ends of words; faded out over FADE_SECONDS; then digital silence up to the lead and the trail that the model hears
 * best (`surround`). How much is kept goes in steps, or every change of the noise would move the voice a little.
 * Pauses inside stay.
 *
 * Audio longer than a decode can hold is cut where it is quietest.
 */
import type { Clip, FrameFeatures, SpeechActivity, TimeSpan, Waveform } from '../../domain/audio.js'

/** A stretch of the recording around a voice; its times are those of the upload. */
export interface SpokenClip extends Clip {
  /** The voice itself, without what is kept around it. */
  readonly voice: TimeSpan
  /** How much is kept before and behind the voice at most, the outer part of it to be faded; 0 where a cut goes through speech. */
  readonly keptSeconds: { readonly before: number; readonly behind: number }
}

/** A clip whose waveform begins with so much silence that is not of the upload. */
export interface SurroundedClip extends Clip { readonly silenceSeconds: number }

/** Kept on both sides, the fade included, by how far below the loudest speech the detector sees: the first row that fits. */
const KEPT = [
  { fromRangeDb: 28, seconds: 0.2 },
  { fromRangeDb: 17, seconds: 0.35 },
  { fromRangeDb: -Infinity, seconds: 0.45 },
]
const FADE_SECONDS = 0.1
/** Shorter pieces hold no word; a model that leaves less room than this beside its lead and trail gets more than it asked for. */
const LEAST_PIECE_SECONDS = 0.5
/** Pauses to cut at are looked for at this length: shorter ones lie within words, before a "t". */
const PAUSE_SECONDS = 0.2

/** All of it, as it is: for an operator who wants nothing cut off. */
export function wholeClips(waveform: Waveform, frames: FrameFeatures, maxClipSeconds: number): SpokenClip[] {
  const whole = { startSeconds: 0, endSeconds: secondsOf(waveform) }
  return cutAtPauses(whole, frames, maxClipSeconds).map((voice) => takeOut(waveform, voice, voice))
}

/** What one decode can hold, and the silence that will stand around a voice at least. */
export interface Room { readonly maxSeconds: number; readonly leadSeconds: number; readonly trailSeconds: number }

/** The stretches where somebody speaks, in the order of time; none when `activity` has none. */
export function spokenClips(waveform: Waveform, activity: SpeechActivity, frames: FrameFeatures, room: Room): SpokenClip[] {
  const voice = extentOf(activity)
  if (voice === null) return []
  const around = KEPT.find(({ fromRangeDb }) => activity.visibleRangeDb >= fromRangeDb)!.seconds
  const longest = room.maxSeconds - Math.max(room.leadSeconds, around) - Math.max(room.trailSeconds, around)
  const pieces = cutAtPauses(voice, frames, Math.max(LEAST_PIECE_SECONDS, longest)).filter((piece) => hasVoice(piece, activity))
  return pieces.map((piece, index) => {
    const isFirst = index === 0
    const isLast = index === pieces.length - 1
    const kept = {
      startSeconds: Math.max(0, piece.startSeconds - (isFirst ? around : 0)),
      endSeconds: Math.min(secondsOf(waveform), piece.endSeconds + (isLast ? around : 0)),
    }
    return { ...takeOut(waveform, kept, piece), keptSeconds: { before: isFirst ? around : 0, behind: isLast ? around : 0 } }
  })
}

/** Whether any speech lies in a stretch: of a long upload, some pieces may be nothing but a pause. */
export function hasVoice({ startSeconds, endSeconds }: TimeSpan, { spans }: SpeechActivity): boolean {
  return spans.some((span) => span.startSeconds < endSeconds && span.endSeconds > startSeconds)
}

/** From the first to the last speech; null when there is none. */
export function extentOf({ spans }: SpeechActivity): TimeSpan | null {
  return spans.length === 0 ? null : { startSeconds: spans[0]!.startSeconds, endSeconds: spans.at(-1)!.endSeconds }
}

/** The samples of a stretch, not copied. */
export function stretchOf({ samples, sampleRate }: Waveform, { startSeconds, endSeconds }: TimeSpan): Waveform {
  return { samples: samples.subarray(Math.max(0, Math.round(startSeconds * sampleRate)), Math.round(endSeconds * sampleRate)), sampleRate }
}

/** The clip faded, and with digital silence around it: its voice begins `leadSeconds` after the start and ends `trailSeconds` before the end, or what is kept at most if that is more. */
export function surround(clip: SpokenClip, leadSeconds: number, trailSeconds: number): SurroundedClip {
  const { voice, startSeconds, endSeconds, keptSeconds, waveform: { sampleRate } } = clip
  const samples = faded(clip)
  const before = Math.max(0, Math.round((Math.max(leadSeconds, keptSeconds.before) - (voice.startSeconds - startSeconds)) * sampleRate))
  const behind = Math.max(0, Math.round((Math.max(trailSeconds, keptSeconds.behind) - (endSeconds - voice.endSeconds)) * sampleRate))
  const surrounded = new Float32Array(before + samples.length + behind)
  surrounded.set(samples, before)
  return { waveform: { samples: surrounded, sampleRate }, startSeconds, endSeconds, silenceSeconds: before / sampleRate }
}

function takeOut(waveform: Waveform, kept: TimeSpan, voice: TimeSpan): SpokenClip {
  return { waveform: stretchOf(waveform, kept), ...kept, voice, keptSeconds: { before: 0, behind: 0 } }
}

/** A copy with a raised cosine over the outer FADE_SECONDS of what is kept; where the recording ends before, there is less to fade. */
function faded({ waveform: { samples, sampleRate }, voice, startSeconds, endSeconds, keptSeconds }: SpokenClip): Float32Array {
  const shaped = samples.slice()
  const fadeSamples = Math.round(FADE_SECONDS * sampleRate)
  // Counted from the voice, so that it fades alike whether or not the recording reaches that far.
  const begin = Math.round((voice.startSeconds - keptSeconds.before - startSeconds) * sampleRate)
  const end = samples.length + Math.round((voice.endSeconds + keptSeconds.behind - endSeconds) * sampleRate)
  for (let n = 0; n < fadeSamples; n++) {
    const gain = 0.5 - 0.5 * Math.cos((Math.PI * n) / fadeSamples)
    if (keptSeconds.before > 0 && begin + n >= 0 && begin + n < shaped.length) shaped[begin + n] *= gain
    if (keptSeconds.behind > 0 && end - 1 - n >= 0 && end - 1 - n < shaped.length) shaped[end - 1 - n] *= gain
  }
  return shaped
}

/** Stretches of at most `maxSeconds`. A cut falls into the latter half of what fits, where it is quietest. */
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
