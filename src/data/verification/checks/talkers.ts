/**
 * A second talker over the first: more of a second pitch than other clips of the source have (second-pitch.ts). Voices
 * and microphones differ in what the measure gives for one talker, so only the distance from the source counts. The
 * limits were chosen on one development set and confirmed on the other; few second talkers are found, and few clips of
 * one talker are suspected.
 */
import { groupBy } from '../../group-by.js'
import { spreadOf } from '../../statistics/robust.js'
import { finding, type Finding } from '../finding.js'
import type { CheckedSet } from './check.js'

/** Robust deviations from the median of the source. */
const FAR = 3
/** Smallest distance that counts, however alike the clips of a source are. */
const MIN_DISTANCE = 0.05
/** The measure is a mean over voiced frames, and varies in shorter ones. */
const MIN_VOICED_SECONDS = 0.3
/** Fewer clips have no distribution. */
const MIN_SOURCE = 12

export function* checkTalkers({ clips }: CheckedSet): Iterable<Finding> {
  for (const group of groupBy(clips, ({ listed }) => listed.source).values()) {
    const known = group.flatMap(({ listed, facts: { audio } }) => audio === null ? [] : [{ listed, audio }])
    if (known.length < MIN_SOURCE) continue
    const { median, deviation } = spreadOf(known.map(({ audio }) => audio.secondPitch.strength))
    for (const { listed, audio: { secondPitch: { strength, voicedSeconds } } } of known) {
      const isFar = strength - median > Math.max(MIN_DISTANCE, FAR * deviation)
      if (voicedSeconds < MIN_VOICED_SECONDS || !isFar) continue
      const detail = `a second pitch with a strength of ${strength.toFixed(2)}, the median of ${listed.source} is `
        + `${median.toFixed(2)}: somebody else may talk at the same time`
      yield finding('second_talker', listed, detail, { strength, medianStrength: median, voicedSeconds })
    }
  }
}
