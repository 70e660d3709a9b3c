/**
 * The signal of each clip: clipping, noise, offset, channels, bandwidth, level and silence. What differs by kind of
 * recording (silence, loudness, bandwidth) is compared with the other clips of the same source, so that a set of
 * telephone prompts is not a list of a thousand faults but one finding about the source.
 */
import { TARGET_LUFS } from '../../../audio/level/loudness.js'
import type { ExaminedClip } from '../facts.js'
import { finding, type Finding, WHOLE_SET } from '../finding.js'
import { groupBy } from '../../group-by.js'
import { spreadOf } from '../../statistics/robust.js'
import type { CheckedSet } from './check.js'

/** Share of clipped samples from which words are lost. */
const CLIPPED_SHARE = 0.001
/** Half of the words are wrong in white noise at about 5 dB (docs/benchmarks/audio.md, quality figures). */
const NOISY_DB = 10
/** Share of full scale; smaller offsets are inaudible and removed by normalization. */
const OFFSET = 0.01
/** Power of the difference of two channels; copies that were coded with loss stay below. */
const DIFFERENT_DB = -20
/** Chosen on the development clips: 153 of 170 telephone prompts are below, and none of 652 other clips. */
const TELEPHONE_DB = -35
/** A source of which so many clips are narrowband is narrowband itself. */
const NARROW_SOURCE = 0.5
/** Peaks that keep a clip so far below the target, dB. */
const MISSING_GAIN_DB = 6

/** Robust deviations from the median of the source. */
const FAR = 5
/** Fewer clips have no distribution. */
const MIN_SOURCE = 8
/** Smallest distance that counts, whatever the spread. */
const MIN_LOUDNESS_DB = 10
const MIN_SILENCE_SECONDS = 1

export function* checkSignal({ clips }: CheckedSet): Iterable<Finding> {
  for (const clip of clips) yield* checkClip(clip)
  for (const [source, group] of groupBy(clips, ({ listed }) => listed.source)) {
    yield* checkBandwidth(source, group)
    yield* checkLoudness(group)
    yield* checkSilence(group, 'leading')
    yield* checkSilence(group, 'trailing')
  }
}

function* checkClip({ listed, facts: { audio, recognized } }: ExaminedClip): Iterable<Finding> {
  if (audio === null) return
  const { clippedRatio, dcOffset, channelDifferenceDb, missingGainDb, loudnessLufs } = audio
  if (clippedRatio >= CLIPPED_SHARE) {
    yield finding('clipped', listed, `${percent(clippedRatio)} of the samples are clipped`, { clippedRatio })
  }
  if (Math.abs(dcOffset) >= OFFSET) {
    yield finding('dc_offset', listed, `the mean sample is ${dcOffset.toFixed(3)} of full scale`, { dcOffset })
  }
  if (channelDifferenceDb !== null && channelDifferenceDb > DIFFERENT_DB) {
    const detail = `channels differ by ${channelDifferenceDb.toFixed(0)} dB of their power: two microphones or speakers`
    yield finding('channels_differ', listed, detail, { channelDifferenceDb, channels: audio.channels })
  }
  if (missingGainDb >= MISSING_GAIN_DB && loudnessLufs !== null) {
    const detail = `${loudnessLufs.toFixed(1)} LUFS; normalization stays ${missingGainDb.toFixed(1)} dB below `
      + `${TARGET_LUFS} LUFS, since a peak would clip`
    yield finding('gain_limited', listed, detail, { loudnessLufs, missingGainDb })
  }
  const snrDb = recognized?.snrDb ?? null
  if (snrDb !== null && snrDb < NOISY_DB) {
    yield finding('noisy', listed, `speech is only ${snrDb.toFixed(0)} dB above the noise`, { snrDb })
  }
}

function* checkBandwidth(source: string, clips: readonly ExaminedClip[]): Iterable<Finding> {
  const wide = clips.filter(({ facts }) => (facts.audio?.upperBandDb ?? null) !== null)
  const narrow = wide.filter(({ facts }) => facts.audio!.upperBandDb! < TELEPHONE_DB)
  if (wide.length >= MIN_SOURCE && narrow.length >= NARROW_SOURCE * wide.length) {
    const detail = `${narrow.length} of ${wide.length} clips of ${source} have no sound above 4 kHz: `
      + 'telephone audio at a higher sample rate'
    yield finding('narrowband', WHOLE_SET, detail, { source, narrow: narrow.length, clips: wide.length })
    return
  }
  for (const { listed, facts } of narrow) {
    const { sampleRate, upperBandDb } = facts.audio!
    const detail = `a file of ${sampleRate} Hz without sound above 4 kHz (${upperBandDb!.toFixed(0)} dB)`
    yield finding('narrowband', listed, detail, { upperBandDb, sampleRate })
  }
}

function* checkLoudness(clips: readonly ExaminedClip[]): Iterable<Finding> {
  const known = clips.flatMap((clip) => {
    const loudness = clip.facts.audio?.loudnessLufs ?? null
    return loudness === null ? [] : [{ clip, loudness }]
  })
  if (known.length < MIN_SOURCE) return
  const { median, deviation } = spreadOf(known.map(({ loudness }) => loudness))
  for (const { clip: { listed }, loudness } of known) {
    const distance = Math.abs(loudness - median)
    if (distance < Math.max(MIN_LOUDNESS_DB, FAR * deviation)) continue
    const detail = `${loudness.toFixed(1)} LUFS, the median of ${listed.source} is ${median.toFixed(1)}`
    yield finding('loudness_outlier', listed, detail, { loudnessLufs: loudness, medianLufs: median })
  }
}

function* checkSilence(clips: readonly ExaminedClip[], side: 'leading' | 'trailing'): Iterable<Finding> {
  const known = clips.flatMap((clip) => {
    const { recognized } = clip.facts
    if (recognized === null || recognized.speechRatio === 0) return []
    return [{ clip, seconds: recognized[side === 'leading' ? 'leadingSilenceSeconds' : 'trailingSilenceSeconds'] }]
  })
  if (known.length < MIN_SOURCE) return
  const { median, deviation } = spreadOf(known.map(({ seconds }) => seconds))
  for (const { clip: { listed }, seconds } of known) {
    if (seconds - median < Math.max(MIN_SILENCE_SECONDS, FAR * deviation)) continue
    const detail = `${seconds.toFixed(2)} s of ${side} silence, `
      + `the median of ${listed.source} is ${median.toFixed(2)} s`
    yield finding('long_silence', listed, detail, { side, seconds, medianSeconds: median })
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.01 ? 2 : 1)} %`
}
