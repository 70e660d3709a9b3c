/**
 * One file → what can be measured without a recognizer: readable or not, lengths and rates as declared and as decoded,
 * level and what volume normalization will do with it, differing channels, and the fingerprint.
 */
import type { Waveform } from '../../domain/audio.js'
import { SpeechError } from '../../domain/errors.js'
import { decodeAudio, probeAudio, type AudioProbe, type DecodeOptions } from '../../audio/decode.js'
import { gainFor, measureLevel, TARGET_LUFS } from '../../audio/level/loudness.js'
import { truePeak } from '../../audio/level/true-peak.js'
import type { AudioFacts, Facts } from './facts.js'
import { encodeFingerprint, fingerprintOf } from './fingerprint.js'
import { secondPitchOf } from './second-pitch.js'
import { upperBandDb } from './telephone-band.js'

export type ExamineOptions = Pick<DecodeOptions, 'maxSeconds' | 'disabledCodecs'>

/** Without the part of the recognizer. A file that cannot be decoded is a fact; other errors are thrown. */
export async function examineBytes(bytes: Uint8Array, sha256: string, options: ExamineOptions): Promise<Facts> {
  try {
    const audio = await measure(bytes, options)
    return { sha256, unreadable: null, audio, failure: null, recognized: null }
  } catch (thrown) {
    if (!(thrown instanceof SpeechError)) throw thrown
    const unreadable = { code: thrown.code, message: thrown.message }
    return { sha256, unreadable, audio: null, failure: null, recognized: null }
  }
}

/** Facts about a file that is not there, or that may not be read. */
export function missingFile(cause: NodeJS.ErrnoException): Facts {
  const unreadable = { code: cause.code ?? 'UNKNOWN', message: cause.message }
  return { sha256: null, unreadable, audio: null, failure: null, recognized: null }
}

async function measure(bytes: Uint8Array, options: ExamineOptions): Promise<AudioFacts> {
  const probe = probeAudio(bytes, options)
  const { waveform, format } = await decodeAudio(bytes, options)
  const level = measureLevel(waveform)
  const { loudnessLufs } = level
  const requestedDb = loudnessLufs === null ? null : TARGET_LUFS - loudnessLufs
  const gainDb = requestedDb === null ? null : 20 * Math.log10(gainFor(requestedDb, truePeak(waveform)))
  return {
    ...level, container: format.container, codec: format.codec,
    sampleRate: format.sampleRate, headerRate: probe.sampleRate, channels: format.channels,
    headerSeconds: probe.declared ? probe.seconds : null, seconds: waveform.samples.length / waveform.sampleRate,
    truncated: format.truncated, gainDb,
    missingGainDb: requestedDb === null || gainDb === null ? 0 : requestedDb - gainDb,
    channelDifferenceDb: await channelDifference(bytes, probe, options),
    upperBandDb: upperBandDb(waveform), secondPitch: secondPitchOf(waveform),
    fingerprint: encodeFingerprint(fingerprintOf(waveform)),
  }
}

/** One channel at a time is decoded beside the first, so two of many are in memory. Null for equal channels. */
async function channelDifference(
  bytes: Uint8Array, { channels }: AudioProbe, options: ExamineOptions,
): Promise<number | null> {
  if (channels < 2) return null
  const channelAt = async (channel: number): Promise<Waveform> =>
    (await decodeAudio(bytes, { ...options, channel })).waveform
  const first = await channelAt(1)
  let largest = -Infinity
  for (let channel = 2; channel <= channels; channel++) {
    largest = Math.max(largest, differenceDb(first.samples, (await channelAt(channel)).samples))
  }
  return Number.isFinite(largest) ? largest : null
}

function differenceDb(first: Float32Array, second: Float32Array): number {
  let [difference, power] = [0, 0]
  for (let i = 0; i < first.length; i++) {
    const [a, b] = [first[i]!, second[i] ?? 0]
    difference += (a - b) ** 2
    power += (a ** 2 + b ** 2) / 2
  }
  return 10 * Math.log10(difference / power)
}
