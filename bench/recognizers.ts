/** A recognizer in this process, loaded as a recognition worker loads it: the figures are those of one worker. */
import path from 'node:path'
import { loadModel } from '../src/recognition/load-recognizer.js'
import type { RecognizeOptions, Recognizer } from '../src/recognition/recognizer.js'
import { projectRoot } from '../src/domain/project-root.js'
import { startStageTimer } from '../src/domain/stage-timer.js'
import type { Engine, MatrixChoice } from '../src/domain/choices.js'
import type { Waveform } from '../src/domain/audio.js'
import type { Hypothesis } from '../src/domain/transcript.js'

export const DEFAULT_MODEL = 'moonshine-tiny-en'

export const modelsDir = path.join(projectRoot, 'models')

export interface OpenOptions { readonly threads?: number; readonly engine?: Engine; readonly matrices?: MatrixChoice }

export async function openRecognizer(model: string, { threads = 1, engine = 'compiled', matrices = 'auto' }: OpenOptions = {}): Promise<Recognizer> {
  const { recognizer } = await loadModel(model, { modelsDir, engine, matrices, threads, executionProviders: ['cpu'], executionProvidersStrict: false })
  return recognizer
}

/** The model as it comes, which may answer "nothing" to a clip with speech in it. */
export function allowSilence(recognizer: Recognizer): Recognizer {
  return { ...recognizer, recognize: (clip, options) => recognizer.recognize(clip, { ...options, expectSpeech: false }) }
}

/** Nothing but the model: the waveform as it is, at the model's rate, heard once. */
export function recognizeBare(recognizer: Recognizer, waveform: Waveform, options: Pick<RecognizeOptions, 'language' | 'expectSpeech' | 'words'>): Promise<Hypothesis> {
  const clip = { waveform, startSeconds: 0, endSeconds: waveform.samples.length / waveform.sampleRate }
  return recognizer.recognize(clip, { ...options, interrupt: () => undefined, timer: startStageTimer() })
}
