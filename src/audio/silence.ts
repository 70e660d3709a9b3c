/**
 * Finds where somebody spoke: trims the ends, cuts long audio at its pauses, and says so when nobody did.
 *
 * Everything is relative to the clip itself, because neither the level of a voice nor that of a room is known:
 * what lies RANGE_DB below the loudest stretch is no speech. The margins are generous: measured on Moonshine, those
 * under 0.2 s cost words on every short source, and −25 dB with 0.05 s took read sentences from 41 to 51 % errors.
 *
 * Claims are made carefully in both directions. "Nobody spoke" needs steady sound (the power in the speech band
 * stays where it is) and a flat spectrum in its loudest parts; a voice is neither, even at 5 dB above white noise.
 * "Somebody spoke" needs the opposite of both; in between, the model decides.
 */
import type { Clip, FrameFeatures, Level, NoSpeechReason, Waveform } from '../types.js'

export interface SpeechSpan {
  /** In the order of time; empty exactly when `nothing` says why. */
  readonly clips: readonly Clip[]
  /** Cut off at the start. */
  readonly leadingSeconds: number
  /** Cut off at the end. */
  readonly trailingSeconds: number
  /** Somebody spoke without doubt, so the model may not answer "nothing". */
  readonly certain: boolean
  readonly nothing: NoSpeechReason | null
}

export interface SilenceOptions {
  readonly trim: boolean
  readonly maxClipSeconds: number
}

/** A stretch of samples, `end` excluded. */
interface Span { readonly start: number; readonly end: number }

/** Sixteen steps of 16-bit audio: a voice below is more rounding than voice. */
const TOO_QUIET_PEAK_DBFS = -66
/** A stretch of 10 ms this far below the loudest is silence. */
const RANGE_DB = 35
/** Kept around the voice: a model wants a run-up, and the faint end of a word lies below the threshold. */
const LEAD_SECONDS = 0.4
const TRAIL_SECONDS = 0.3
/** Pauses are looked for at this length: shorter ones lie within words, before a "t". */
const PAUSE_SECONDS = 0.2
/** Ranges of the power in the speech band, 10th to 95th percentile, dB. */
const STEADY_DB = 6
const LIVELY_DB = 20
/** Spectral flatness of the clearest of the loud frames. A voice has 0.00 to 0.11, steady noise mostly 0.3 to 0.5. */
const VOICE_FLATNESS = 0.1
/** Loud is what lies less than this below the loudest, dB. */
const LOUD_DB = 20
/** The speech band has at least this share of a voice's power, dB; of a bump against the microphone it has less. */
const BAND_SHARE_DB = -13
/** Spectra below are no room's noise but padding, dB. */
const PADDING_DB = -110

export function findSpeech(waveform: Waveform, frames: FrameFeatures, level: Level, options: SilenceOptions): SpeechSpan {
  const reason = nothingAudible(waveform, level) ?? (options.trim && isSteadyNoise(frames) ? 'no_speech_detected' : null)
  if (reason !== null) return withoutSpeech(waveform, reason)
  const whole: Span = { start: 0, end: waveform.samples.length }
  const span = options.trim ? withoutSilentEnds(waveform, frames) : whole
  return {
    clips: cutAtPauses(waveform, frames, span, options.maxClipSeconds),
    leadingSeconds: span.start / waveform.sampleRate,
    trailingSeconds: (whole.end - span.end) / waveform.sampleRate,
    certain: isVoice(frames),
    nothing: null,
  }
}

function nothingAudible({ samples }: Waveform, level: Level): NoSpeechReason | null {
  if (samples.length === 0) return 'no_samples'
  if (level.peakDbfs === null) return 'digital_silence'
  return level.loudnessLufs === null || level.peakDbfs < TOO_QUIET_PEAK_DBFS ? 'too_quiet' : null
}

function withoutSpeech({ samples, sampleRate }: Waveform, reason: NoSpeechReason): SpeechSpan {
  return { clips: [], leadingSeconds: samples.length / sampleRate, trailingSeconds: 0, certain: false, nothing: reason }
}

function isSteadyNoise(frames: FrameFeatures): boolean {
  const audible = frames.bandEnergyDb.filter((power) => power > PADDING_DB)
  return audible.length > 0 && rangeOf(audible) < STEADY_DB && clearestFlatness(frames) > VOICE_FLATNESS
}

function isVoice(frames: FrameFeatures): boolean {
  const shareDb = percentile(frames.bandEnergyDb, 0.95) - percentile(frames.energyDb, 0.95)
  return rangeOf(frames.bandEnergyDb) > LIVELY_DB && clearestFlatness(frames) < VOICE_FLATNESS && shareDb > BAND_SHARE_DB
}

function rangeOf(bandEnergyDb: Float32Array): number {
  return percentile(bandEnergyDb, 0.95) - percentile(bandEnergyDb, 0.1)
}

/** 10th percentile of the flatness of the loud frames. */
function clearestFlatness({ bandEnergyDb, flatness }: FrameFeatures): number {
  const loudest = percentile(bandEnergyDb, 0.95)
  return percentile(flatness.filter((_, index) => bandEnergyDb[index]! > loudest - LOUD_DB), 0.1)
}

function percentile(values: Float32Array, share: number): number {
  return values.toSorted()[Math.floor(share * (values.length - 1))]!
}

/** From the first to the last stretch that is loud enough, with a margin: pauses between words stay. */
function withoutSilentEnds({ samples, sampleRate }: Waveform, { energyDb, energyHopSeconds }: FrameFeatures): Span {
  const threshold = energyDb.reduce((loudest, power) => Math.max(loudest, power)) - RANGE_DB
  const first = energyDb.findIndex((power) => power >= threshold)
  const last = energyDb.findLastIndex((power) => power >= threshold)
  return {
    start: Math.max(0, Math.round((first * energyHopSeconds - LEAD_SECONDS) * sampleRate)),
    end: Math.min(samples.length, Math.round(((last + 1) * energyHopSeconds + TRAIL_SECONDS) * sampleRate)),
  }
}

/** Clips of at most `maxClipSeconds`. The cut falls into the latter half of what fits, where it is quietest. */
function cutAtPauses({ samples, sampleRate }: Waveform, frames: FrameFeatures, span: Span, maxClipSeconds: number): Clip[] {
  const longest = Math.floor(maxClipSeconds * sampleRate)
  const clips: Clip[] = []
  for (let start = span.start; start < span.end;) {
    const end = span.end - start <= longest ? span.end : quietestBetween(frames, sampleRate, start + longest / 2, start + longest)
    clips.push({ waveform: { samples: samples.subarray(start, end), sampleRate }, startSeconds: start / sampleRate })
    start = end
  }
  return clips
}

/** Middle of the stretch of PAUSE_SECONDS with the least energy. */
function quietestBetween({ energyDb, energyHopSeconds }: FrameFeatures, sampleRate: number, from: number, to: number): number {
  const hop = energyHopSeconds * sampleRate
  const width = Math.max(1, Math.min(Math.round(PAUSE_SECONDS / energyHopSeconds), Math.floor((to - from) / hop) - 1))
  const first = Math.ceil(from / hop)
  let best = { power: Infinity, frame: first }
  for (let frame = first; (frame + width) * hop <= to; frame++) {
    const power = energyDb.subarray(frame, frame + width).reduce((sum, db) => sum + 10 ** (db / 10), 0)
    if (power < best.power) best = { power, frame }
  }
  return Math.round((best.frame + width / 2) * hop)
}
