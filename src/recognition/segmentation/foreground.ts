/**
 * The speech of the main speaker: quiet sounds before and after it, apart from it, are left out.
 *
 * Detectors find every voice, also one that is far quieter, such as a television or people at another table; the model
 * then writes their words too. A clip reaches from the first span of speech to the last, so a single loud syllable of
 * somebody else would bring in all that lies between. Outer spans whose level is this far below the loudest speech are
 * therefore no speech of this upload; spans between louder ones stay. In a long upload, a quiet stretch may be another
 * speaker who matters.
 */
import type { FrameFeatures, SpeechActivity, TimeSpan } from '../../domain/audio.js'

/** Below the loudest frames of all spans, dB. */
const BACKGROUND_DB = 15
/** Of the whole upload. */
const LONGEST_SECONDS = 30
/** The loudest energy is that of the n-th loudest frame: 50 ms, so that a click does not count. */
const LOUD_FRAMES = 5

/** The same activity where there is nothing to leave out. */
export function inForeground(activity: SpeechActivity, frames: FrameFeatures): SpeechActivity {
  const { energyDb, energyHopSeconds, energyStartSeconds } = frames
  const { spans } = activity
  if (spans.length < 2 || energyDb.length * energyHopSeconds > LONGEST_SECONDS) return activity
  const frameAt = (seconds: number): number =>
    Math.max(0, Math.round((seconds - energyStartSeconds) / energyHopSeconds))
  const framesOf = ({ startSeconds, endSeconds }: TimeSpan): Float32Array =>
    energyDb.subarray(frameAt(startSeconds), frameAt(endSeconds))
  const levelOf = (span: TimeSpan): number => loudestOf(framesOf(span))
  const least = loudestOf(Float32Array.from(spans.flatMap((span) => [...framesOf(span)]))) - BACKGROUND_DB
  const first = spans.findIndex((span) => levelOf(span) >= least)
  const last = spans.findLastIndex((span) => levelOf(span) >= least)
  return first === -1 || last - first + 1 === spans.length
    ? activity
    : { ...activity, spans: spans.slice(first, last + 1) }
}

/** Of a short span, its median; −Infinity of nothing. */
function loudestOf(energyDb: Float32Array): number {
  const sorted = energyDb.toSorted()
  return sorted[Math.max(Math.floor(sorted.length / 2), sorted.length - LOUD_FRAMES)] ?? -Infinity
}
