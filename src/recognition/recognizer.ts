/**
 * The contract that a model family fulfils, and the loader that finds the family by name.
 *
 * A family is one file in families/ with one export, `load`. There is no registry, switch or enum: adding a
 * family is adding a file. The price is a dynamic import that TypeScript cannot follow;
 * test/recognition/families/contract.test.ts pays it by running every file of the folder.
 */
import { SpeechError } from '../domain/errors.js'
import type { Calibration } from './confidence/calibration.js'
import type { Manifest, ModelFiles } from '../engine/manifest.js'
import type { OpenSession } from '../engine/runtime/session.js'
import type { CompiledPhrases, BeamRequest } from './decoding/search-contract.js'
import type { PhraseList } from '../domain/phrases.js'
import type { InterruptibleWork } from '../domain/interruptible-work.js'
import type { StageTimer } from '../domain/stage-timer.js'
import type { Engine, ProviderReport } from '../domain/choices.js'
import type { Clip } from '../domain/audio.js'
import type { Hypothesis } from '../domain/transcript.js'

/** Called between decoder steps; throws `DEADLINE_PASSED` or `CANCELLED` when the decode should not go on. */
export type Interrupt = () => void

export interface RecognizeOptions {
  /** ISO 639-1; undefined lets a multilingual model detect it. */
  readonly language: string | undefined
  /** Somebody spoke in this clip, so "nothing" is not an answer: the end token may not come first. */
  readonly suppressBlank: boolean
  /** Several transcripts, or those that are expected; undefined: the likeliest one alone. */
  readonly search?: BeamRequest | undefined
  /** Whether it is to say when each word was said; only where `timesWords`. */
  readonly words?: boolean
  readonly interrupt: Interrupt
  readonly timer: StageTimer
}

/** Turns one clip into one hypothesis. Not re-entrant: one clip at a time. */
export interface Recognizer {
  readonly name: string
  /** Hz that `recognize` expects. */
  readonly sampleRate: number
  /** Longest clip one decode can hold. */
  readonly maxSeconds: number
  /** ISO 639-1 codes. */
  readonly languages: readonly string[]
  readonly provider: ProviderReport
  /** Whether it runs the graph that was written for this machine, or the published ones. */
  readonly engine: Engine
  /** Whether it can say when words were said. */
  readonly timesWords: boolean
  /** How a clip is best put before it. */
  readonly hearing: Manifest['hearing']
  /** How far its transcripts are to be believed, where that was fitted; no family knows it, the engine adds it. */
  readonly calibration?: Calibration | null
  recognize(clip: Clip, options: RecognizeOptions): Promise<Hypothesis>
  /** Opens what a search needs, which else the first one does. Undefined where the engine cannot search. */
  readonly openSearch?: () => Promise<void>
  /** Makes phrases ready for `search`, in steps of milliseconds: a long list takes seconds, and clips are heard in between. Undefined where the engine cannot search. */
  readonly compilePhrases?: (list: PhraseList) => InterruptibleWork<CompiledPhrases>
  dispose(): Promise<void>
}

/** The greedy graph, and others that are fetched when they are first needed: `steps` for searches, `align` for where tokens were heard. */
export interface CompiledGraphs {
  readonly greedy: Uint8Array
  further(entrance: 'steps' | 'align'): Promise<Uint8Array>
}

/** The one export of every file in families/, by the name `load`. Without compiled graphs, the published ones are run, which neither search nor time words. */
export type LoadFamily = (manifest: Manifest, files: ModelFiles, open: OpenSession, compiled?: CompiledGraphs) => Promise<Recognizer>

export async function loadRecognizer(manifest: Manifest, files: ModelFiles, open: OpenSession, compiled?: CompiledGraphs): Promise<Recognizer> {
  const file = `./families/${manifest.family}.js`
  const module = await import(file).catch((cause: Error) => {
    // A family that is there and broken is a bug, and says so itself.
    if (!cause.message.startsWith('Cannot find') || !cause.message.includes(file.slice(1))) throw cause
    throw new SpeechError('MODEL_INVALID', `${manifest.name} is of the family "${manifest.family}", which this build does not have`, { cause })
  }) as { load: LoadFamily }
  return module.load(manifest, files, open, compiled)
}
