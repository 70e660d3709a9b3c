/** What was measured and heard → the Report that the client and the metrics get. */
import type { Recognizer } from './recognizer.js'
import type { Heard } from './hearing.js'
import type { SpeechFindings, TranscribeOptions } from './pipeline.js'
import type { Stopwatch } from './stopwatch.js'
import type { FrameFeatures, Level, Recording, Report, Segment, Warning } from './types.js'

interface Findings {
  readonly recording: Recording
  readonly level: Level
  readonly frames: FrameFeatures
  readonly speech: SpeechFindings
  readonly heard: readonly Heard[]
  readonly recognizer: Recognizer
  readonly options: TranscribeOptions
  readonly stopwatch: Stopwatch
}

/** Notes and dots are what models write when they hear no words. */
const WORDS = /[\p{Letter}\p{Number}]/u
/** Quieter than this, LUFS, a person has to strain to hear it. */
const TOO_QUIET_LUFS = -45
/** More than this share of clipped samples is audible as distortion. */
const CLIPPED_RATIO = 0.001
/** Hz; telephone audio and below has lost the upper speech band. */
const NARROWBAND_HZ = 16_000
/** Shorter uploads hold no word. */
const TOO_SHORT_SECONDS = 0.3

export function composeReport(findings: Findings): Report {
  const { recording, level, speech, heard, recognizer, stopwatch } = findings
  const { samples, sampleRate } = recording.waveform
  const audioSeconds = samples.length / sampleRate
  const spoken = heard.filter(({ hypothesis }) => WORDS.test(hypothesis.text))
  const segments = spoken.map(toSegment)
  const text = segments.map((segment) => segment.text).join(' ')
  return {
    text,
    confidence: text === '' ? null : Math.exp(mean(spoken.flatMap(({ hypothesis }) => hypothesis.logProbabilities))),
    language: heard[0]?.hypothesis.language ?? findings.options.language ?? recognizer.languages[0]!,
    model: recognizer.name,
    segments,
    noSpeechReason: text === '' ? speech.nothing ?? 'nothing_recognized' : null,
    warnings: warningsOf(findings, audioSeconds),
    input: {
      ...recording.format,
      ...level,
      audioSeconds,
      speechSeconds: speech.clips.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0),
      leadingSilenceSeconds: speech.clips[0]?.startSeconds ?? audioSeconds,
      trailingSilenceSeconds: speech.clips.length === 0 ? 0 : Math.max(0, audioSeconds - speech.clips.at(-1)!.endSeconds),
    },
    seconds: stopwatch.seconds,
  }
}

function toSegment({ clip, hypothesis, hearings }: Heard): Segment {
  const { startSeconds, endSeconds } = clip
  const { logProbabilities, text, tokens, stopped } = hypothesis
  const meanLogProbability = mean(logProbabilities)
  return {
    startSeconds,
    endSeconds,
    text,
    confidence: Math.exp(meanLogProbability),
    meanLogProbability,
    tokens,
    stopped,
    hearings,
  }
}

function warningsOf({ recording, level, heard }: Findings, audioSeconds: number): Warning[] {
  const { format } = recording
  const stopped = (reason: string): boolean => heard.some(({ hypothesis }) => hypothesis.stopped === reason)
  const found: Record<Warning, boolean> = {
    too_quiet: (level.loudnessLufs ?? -Infinity) < TOO_QUIET_LUFS,
    clipped: level.clippedRatio > CLIPPED_RATIO,
    narrowband: format.sampleRate < NARROWBAND_HZ,
    too_short: audioSeconds < TOO_SHORT_SECONDS,
    truncated: format.truncated,
    repetition: stopped('repetition'),
    token_limit: stopped('token_limit'),
  }
  return (Object.keys(found) as Warning[]).filter((warning) => found[warning])
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
