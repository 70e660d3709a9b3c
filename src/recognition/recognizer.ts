/**
 * The contract of a model family, and the loader that finds a family by name.
 *
 * A family is one file in families/ with one export, `load`. There is no registry: to add a family is to add a file.
 * TypeScript cannot follow the dynamic import, so test/recognition/families/contract.test.ts runs every file of the
 * folder.
 */
import type { Clip } from '../domain/audio.js'
import type { Engine, ProviderReport } from '../domain/choices.js'
import { SpeechError } from '../domain/errors.js'
import type { InterruptibleWork } from '../domain/interruptible-work.js'
import type { PhraseList } from '../domain/phrases.js'
import type { StageTimer } from '../domain/stage-timer.js'
import type { Hypothesis } from '../domain/transcript.js'
import type { Manifest, ModelFiles } from '../engine/manifest.js'
import type { OpenSession } from '../engine/runtime/session.js'
import type { Calibration } from './confidence/calibration.js'
import type { BeamRequest, CompiledPhrases } from './decoding/beam-contract.js'

/** Called between the steps of a decode; throws DEADLINE_PASSED or CANCELLED when it should not continue. */
export type Interrupt = () => void

export interface RecognizeOptions {
  /** ISO 639-1; undefined lets a multilingual model detect it. */
  readonly language: string | undefined
  /** ISO 639-1: the only languages to detect; those that the recognizer does not know are left out. Default: all. */
  readonly languages?: readonly string[]
  /** Speech was detected in the clip: the hypothesis has at least one token. */
  readonly expectSpeech: boolean
  /** Several hypotheses or biasing; undefined: the most probable hypothesis alone. Only with `openBeamSearch`. */
  readonly beam?: BeamRequest | undefined
  /** Whether the hypothesis can score other texts; only with `openBeamSearch`. */
  readonly rescorable?: boolean
  /** Tokens of a transcript that becomes the hypothesis instead of a decoded one; only with `openBeamSearch`. */
  readonly transcript?: readonly number[]
  /** Tokens that are expected, of an earlier pass over the same clip: they make the decode cheaper, not different. */
  readonly draft?: readonly number[]
  /** Whether the hypothesis has times of words; only where `timesWords`. */
  readonly words?: boolean
  /** Whether the hypothesis has the log-probability and the bytes of each token. */
  readonly tokenLogProbabilities?: boolean
  /** All cores may work on this clip; otherwise one thread does. */
  readonly isAlone?: boolean
  readonly interrupt: Interrupt
  readonly timer: StageTimer
}

/** Turns clips into hypotheses; several clips can be recognized at the same time. */
export interface Recognizer {
  readonly name: string
  /** Hz that `recognize` expects. */
  readonly sampleRate: number
  /** Longest clip of one decode. */
  readonly maxSeconds: number
  /** ISO 639-1 codes. */
  readonly languages: readonly string[]
  readonly provider: ProviderReport
  /** Whether it runs a graph that was compiled for this machine, or the published ones. */
  readonly engine: Engine
  readonly timesWords: boolean
  /** Silence around the speech of a clip, and when a clip is decoded again. */
  readonly padding: Manifest['padding']
  /** Calibration of the confidence, where there is one; set by the loader of models, never by a family. */
  readonly calibration?: Calibration | null
  /** Digest of the weights; set by the loader as well. */
  readonly digest?: string
  recognize(clip: Clip, options: RecognizeOptions): Promise<Hypothesis>
  /** Starts incremental recognition. Undefined: `openStream` of incremental.ts decodes all samples again each time. */
  readonly openStream?: (options: RecognizeOptions) => RecognitionStream
  /** Opens the graph of the beam search before its first use. Undefined where there is no beam search. */
  readonly openBeamSearch?: () => Promise<void>
  /** Opens an encoder with several threads, for clips that have the machine to themselves. Undefined: there is none. */
  readonly openWideEncoder?: () => Promise<void>
  /** Prepares phrases for biasing, in steps of milliseconds. Undefined where there is no beam search. */
  readonly compilePhrases?: (list: PhraseList) => InterruptibleWork<CompiledPhrases>
  dispose(): Promise<void>
}

/** One utterance that arrives in parts. Calls do not overlap. */
export interface RecognitionStream {
  /** Adds samples at the rate of the recognizer. Throws AUDIO_TOO_LONG beyond the longest clip. */
  push(samples: Float32Array): void
  /** What was said so far. Rejects with what `interrupt` throws. */
  hypothesis(): Promise<Hypothesis>
  /** What was said in all samples; nothing can be pushed afterwards. */
  finish(): Promise<Hypothesis>
}

/** Encoder and greedy decoder, and two that are read when they are first needed: beam search and word times. */
export interface CompiledGraphs {
  readonly encoder: Uint8Array
  readonly greedy: Uint8Array
  /** Opens an encoder that uses several threads, for clips that have the machine to themselves. */
  readonly openWide?: OpenSession | undefined
  /** Bytes that nobody keeps are read again. */
  further(entrance: 'encoder' | 'steps' | 'align'): Promise<Uint8Array>
}

/** The one export of every file in families/, by the name `load`. Without compiled graphs, the published ones run. */
export type LoadFamily =
  (manifest: Manifest, files: ModelFiles, open: OpenSession, compiled?: CompiledGraphs) => Promise<Recognizer>

/** Throws MODEL_INVALID when there is no such family, or the model does not fit it. */
export const loadRecognizer: LoadFamily = async (manifest, files, open, compiled) => {
  const file = `./families/${manifest.family}.js`
  const module = await import(file).catch((cause: Error) => {
    // A family that exists and is broken is a bug and reports itself.
    if (!cause.message.startsWith('Cannot find') || !cause.message.includes(file.slice(1))) throw cause
    const problem = `is of the family "${manifest.family}", which this build does not have`
    throw new SpeechError('MODEL_INVALID', `${manifest.name} ${problem}`, { cause })
  }) as { load: LoadFamily }
  return module.load(manifest, files, open, compiled)
}
