/**
 * A word said while other people talk is cut out closely, and what is faint in it is damped.
 *
 * Talk 20 dB below one word makes an unbroken sound with it, so a detector finds one long span; and even where the span
 * is right, the margin around it brings in syllables, which a model writes as words. In sentences the model ignores
 * them. The clip therefore ends where the voice does, with silence beyond, and is expanded downwards: each decibel
 * below the loud part becomes two. In quiet this would cost accuracy, since the faint ends of words are in the margin;
 * steady noise hides them and is left alone too. Talk is what goes on before and after the word, apart from it, much
 * quieter, and varies as syllables do.
 */
import type { FrameFeatures, TimeSpan, Waveform } from '../../domain/audio.js'

/** The word as far as it is spared, and the whole upload with silence around it. */
export interface LoneWord {
  readonly span: TimeSpan
  readonly waveform: Waveform
}

/** Frames at most this far below the loudest are loud, dB. */
const LOUD_DB = 10
/** The loudest energy is that of the n-th loudest frame: 50 ms, so that a click does not count. */
const LOUD_FRAMES = 5
/** Frames over which the energy is averaged, to find the word and to follow its level. */
const SMOOTHED_FRAMES = 5
const FOLLOWED_FRAMES = 3
/** Shorter gaps between loud frames are inside the word. */
const GAP_SECONDS = 0.2
/** Fewer loud frames are no word. */
const LEAST_LOUD_SECONDS = 0.06
/** Of the loud part. Longer speech is a sentence, in which the model ignores talk. */
const LONGEST_WORD_SECONDS = 0.6
/** Of the whole upload: in a long one, a quiet stretch may be another speaker who matters. */
const LONGEST_UPLOAD_SECONDS = 30
/** Talk is sought this far from the word, beyond its own faint ends, on both sides for at least this long. */
const APART_SECONDS = 0.15
const LEAST_TALK_SECONDS = 0.3
/** The 90th and the 10th percentile of the level of talk are at least this, below the loudest, dB. */
const TALK_DB = { high: -30, low: -40 }
/** From the 10th to the 90th percentile, dB: six voices have 4 to 8, steady noise at most 2. */
const LEAST_VARIATION_DB = 3.5
/** What stands out further from the median of the talk may be soft words of the main speaker, dB. */
const STANDS_OUT_DB = 15
/** What is kept around the loud part: ends of words are fainter and longer than beginnings. */
const KEPT_SECONDS = { before: 0.05, after: 0.2 }
const FADE_SECONDS = 0.05

/**
 * Null where there is no talk around one word. `frames` are those of the waveform, which has no offset; it is asked for
 * only if there is such a word.
 */
export function findLoneWord(waveformOf: () => Waveform, frames: FrameFeatures): LoneWord | null {
  const { energyDb, energyHopSeconds, energyStartSeconds } = frames
  if (energyDb.length * energyHopSeconds > LONGEST_UPLOAD_SECONDS) return null
  const loudest = energyDb.toSorted()[Math.max(0, energyDb.length - LOUD_FRAMES)] ?? -Infinity
  const levels = smoothed(energyDb, SMOOTHED_FRAMES).map((energy) => energy - loudest)
  const loud = loudPart(levels, energyHopSeconds)
  if (loud === null || (loud.end - loud.first) * energyHopSeconds > LONGEST_WORD_SECONDS) return null
  const apart = Math.round(APART_SECONDS / energyHopSeconds)
  const sides = [levels.subarray(0, Math.max(0, loud.first - apart)), levels.subarray(loud.end + apart)]
  if (!sides.every((side) => side.length * energyHopSeconds >= LEAST_TALK_SECONDS && isTalk(side))) return null
  const span = {
    startSeconds: energyStartSeconds + loud.first * energyHopSeconds - KEPT_SECONDS.before,
    endSeconds: energyStartSeconds + loud.end * energyHopSeconds + KEPT_SECONDS.after,
  }
  return { span, waveform: alone(expanded(waveformOf(), frames, loudest), span) }
}

/** Frames, `end` excluded. */
interface FrameRange { readonly first: number; readonly end: number }

/** From the first loud stretch to the last; null without one. */
function loudPart(levels: Float32Array, hopSeconds: number): FrameRange | null {
  const stretches: { first: number; end: number; loudFrames: number }[] = []
  for (const [frame, level] of levels.entries()) {
    if (level < -LOUD_DB) continue
    const last = stretches.at(-1)
    if (last !== undefined && (frame - last.end) * hopSeconds < GAP_SECONDS) {
      last.end = frame + 1
      last.loudFrames++
    } else {
      stretches.push({ first: frame, end: frame + 1, loudFrames: 1 })
    }
  }
  const long = stretches.filter(({ loudFrames }) => loudFrames * hopSeconds >= LEAST_LOUD_SECONDS)
  const [first, last] = [long[0], long.at(-1)]
  return first === undefined || last === undefined ? null : { first: first.first, end: last.end }
}

function isTalk(levels: Float32Array): boolean {
  const sorted = levels.toSorted()
  const percentile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!
  const [low, median, high, highest] = [percentile(0.1), percentile(0.5), percentile(0.9), percentile(1)]
  if (highest - median > STANDS_OUT_DB) return false
  return high >= TALK_DB.high && low >= TALK_DB.low && high - low >= LEAST_VARIATION_DB
}

/** Each decibel more than LOUD_DB below the loudest becomes two. */
function expanded({ samples, sampleRate }: Waveform, frames: FrameFeatures, loudest: number): Waveform {
  const { energyDb, energyHopSeconds, energyStartSeconds } = frames
  const gainsDb = smoothed(energyDb, FOLLOWED_FRAMES).map((energy) => Math.min(0, energy - loudest + LOUD_DB))
  return {
    sampleRate,
    samples: samples.map((sample, n) => {
      // Between the middles of two frames.
      const place = (n / sampleRate - energyStartSeconds) / energyHopSeconds - 0.5
      const frame = Math.min(gainsDb.length - 1, Math.max(0, Math.floor(place)))
      const next = Math.min(gainsDb.length - 1, frame + 1)
      const share = Math.min(1, Math.max(0, place - frame))
      return sample * 10 ** ((gainsDb[frame]! * (1 - share) + gainsDb[next]! * share) / 20)
    }),
  }
}

/** The span with a raised cosine on both sides, and digital silence beyond. */
function alone({ samples, sampleRate }: Waveform, { startSeconds, endSeconds }: TimeSpan): Waveform {
  return {
    sampleRate,
    samples: samples.map((sample, n) => {
      const seconds = n / sampleRate
      const outside = Math.max(0, startSeconds - seconds, seconds - endSeconds)
      return outside >= FADE_SECONDS ? 0 : sample * (0.5 + 0.5 * Math.cos((Math.PI * outside) / FADE_SECONDS))
    }),
  }
}

/** Mean power over an odd number of frames, dB; fewer at the ends. */
function smoothed(energyDb: Float32Array, width: number): Float32Array {
  const powers = energyDb.map((energy) => 10 ** (energy / 10))
  const reach = (width - 1) / 2
  return powers.map((_, frame) => {
    const near = powers.subarray(Math.max(0, frame - reach), frame + reach + 1)
    return 10 * Math.log10(near.reduce((sum, power) => sum + power, 0) / near.length)
  })
}
