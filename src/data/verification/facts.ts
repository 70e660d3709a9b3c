/**
 * What is known about one clip: everything that the checks look at, and nothing that has the size of the audio. Plain
 * data, so that a run that was ended can continue from a file; 10,000 clips take about 30 MB.
 */
import type { Level, Quality } from '../../domain/audio.js'
import type { LabelDifference } from '../../domain/label-difference.js'
import type { Report } from '../../domain/report.js'
import type { SecondPitch } from './second-pitch.js'
import type { ManifestClip } from './manifest.js'

/** Part of the key of stored facts: increase it when a fact changes its meaning. */
export const FACTS_VERSION = 3

/** Measured on the decoded audio. */
export interface AudioFacts extends Level {
  readonly container: string
  readonly codec: string
  /** Hz, of the decoded samples. */
  readonly sampleRate: number
  /** Hz, as the header declares. */
  readonly headerRate: number
  readonly channels: number
  /** As the header declares; null where it declares none. */
  readonly headerSeconds: number | null
  /** Of the decoded samples. */
  readonly seconds: number
  readonly truncated: boolean
  /** What volume normalization will add; null for digital silence. */
  readonly gainDb: number | null
  /** How far below the target loudness a peak keeps the clip, dB. */
  readonly missingGainDb: number
  /** Power of the difference from the first channel over their mean power, dB; of the most different one. */
  readonly channelDifferenceDb: number | null
  /** See telephone-band.ts. */
  readonly upperBandDb: number | null
  readonly secondPitch: SecondPitch
  /** See fingerprint.ts; base64. */
  readonly fingerprint: string
}

/** The part of a recognizer's report that checks need. */
export interface Recognized extends Quality, Pick<Report, 'text' | 'rawText' | 'language' | 'model' | 'warnings'> {
  readonly correctness: number | null
  readonly confidence: number | null
  readonly noSpeechReason: string | null
  readonly speechSeconds: number
  /** Null where the label could not be scored: no label, no words, or several clips in one upload. */
  readonly labelDifferences: readonly LabelDifference[] | null
}

export interface Fault {
  readonly code: string
  readonly message: string
}

export interface Facts {
  /** Of the file, hex; null where it could not be read. */
  readonly sha256: string | null
  /** Why the audio could not be read. */
  readonly unreadable: Fault | null
  readonly audio: AudioFacts | null
  /** Why the recognizer failed. */
  readonly failure: Fault | null
  readonly recognized: Recognized | null
}

/** A line of the manifest with the facts about its audio. */
export interface ExaminedClip {
  readonly listed: ManifestClip
  readonly facts: Facts
}

export function recognizedOf(report: Report): Recognized {
  const { text, rawText, language, model, warnings, correctness, confidence, noSpeechReason, input } = report
  const { snrDb, noiseFloorDbfs, speechRatio, leadingSilenceSeconds, trailingSilenceSeconds, bandwidthHz } = input
  return {
    text, rawText, language, model, warnings, correctness, confidence, noSpeechReason,
    snrDb, noiseFloorDbfs, speechRatio, leadingSilenceSeconds, trailingSilenceSeconds, bandwidthHz,
    speechSeconds: input.speechSeconds, labelDifferences: report.labelDifferences ?? null,
  }
}
