/**
 * Where a clip is loud, as a first judgement of where somebody speaks: the threshold lies between the quietest and the
 * loudest tenth of the clip. Knows nothing of voices; a door that slams counts.
 */
import type { FrameFeatures, SpeechActivity, TimeSpan } from '../types.js'

/** Over which energies are averaged, in hops on each side. */
const SMOOTHED_HOPS = 2
/** Padding is no room's noise, dB. */
const PADDING_DB = -100
/** Loudness below the loudest that is still a voice, dB. */
const RANGE_DB = 35
/** Height of the threshold between the floor (0) and the loudest (1), and its least height above the floor, dB. */
const THRESHOLD_SHARE = 0.35
const MIN_ABOVE_FLOOR_DB = 5
/** From border to certainty, dB. */
const SLOPE_DB = 6
/** Shorter pauses are part of a word. */
const MIN_PAUSE_SECONDS = 0.2
const MIN_SPAN_SECONDS = 0.06

export function roughActivity({ energyDb, energyHopSeconds }: FrameFeatures, verdict: SpeechActivity['verdict']): SpeechActivity {
  if (verdict === 'nothing' || energyDb.length === 0) return { hopSeconds: energyHopSeconds, speech: energyDb.map(() => 0), spans: [], verdict }
  const smooth = energyDb.map((_, index) => mean(energyDb.subarray(Math.max(0, index - SMOOTHED_HOPS), index + SMOOTHED_HOPS + 1)))
  const audible = smooth.filter((db) => db > PADDING_DB).sort()
  const loudest = audible[Math.floor(0.95 * (audible.length - 1))] ?? 0
  const floor = audible[Math.floor(0.1 * (audible.length - 1))] ?? 0
  const threshold = Math.max(loudest - RANGE_DB, floor + Math.max(MIN_ABOVE_FLOOR_DB, THRESHOLD_SHARE * (loudest - floor)))
  const speech = smooth.map((db) => 1 / (1 + Math.exp((threshold - db) / (SLOPE_DB / 4))))
  return { hopSeconds: energyHopSeconds, speech, spans: spansOf(speech, energyHopSeconds), verdict }
}

function spansOf(speech: Float32Array, hopSeconds: number): TimeSpan[] {
  const spans: TimeSpan[] = []
  for (const [index, value] of speech.entries()) {
    if (value < 0.5) continue
    const [startSeconds, endSeconds] = [index * hopSeconds, (index + 1) * hopSeconds]
    const last = spans.at(-1)
    if (last !== undefined && startSeconds - last.endSeconds < MIN_PAUSE_SECONDS) spans[spans.length - 1] = { ...last, endSeconds }
    else spans.push({ startSeconds, endSeconds })
  }
  return spans.filter(({ startSeconds, endSeconds }) => endSeconds - startSeconds >= MIN_SPAN_SECONDS)
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
