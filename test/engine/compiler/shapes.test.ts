/**
 * Random weights in the shapes of models that are not fetched here: large-v3-turbo, with 128 mel bins and fewer layers
 * in the decoder than in the encoder, and Moonshine base, with heads of another width.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { MOONSHINE_MANIFEST, moonshineTensors } from '../../../fixtures/moonshine-weights.js'
import {
  asGgml, ggmlFile, placeWeights, safetensorsFile, TURBO_MANIFEST, TURBO_SHAPE, VOCABULARY, whisperTensors,
} from '../../../fixtures/weight-files.js'
import { compileModel } from '../../../src/engine/compiler/compile.js'
import { encoderDecoderOf, openModelFiles, type LogMelSpec, type Manifest } from '../../../src/engine/manifest.js'
import { encoderGraph } from '../../../src/engine/runtime/encoder-memory.js'
import { GreedyGraph } from '../../../src/engine/runtime/greedy-graph.js'
import { Tensor, type Session } from '../../../src/engine/runtime/session.js'
import { stepGraph } from '../../../src/engine/runtime/step-graph.js'
import { loadModel } from '../../../src/recognition/load-recognizer.js'
import { chirp, openRecognizer, recognize, recognizerContract } from '../../recognition/families/recognizer-contract.js'
import { decodeAlone } from './greedy-masks.js'
import { open } from './real-model.js'

const TURBO = ggmlFile(VOCABULARY, asGgml(whisperTensors(TURBO_SHAPE)))
const MOONSHINE = safetensorsFile(moonshineTensors())

async function placed(t: Test, given: Omit<Manifest, 'files'>, bytes: Uint8Array) {
  const modelsDir = await mkdtemp(path.join(os.tmpdir(), 'earshot-shapes-'))
  t.teardown(() => rm(modelsDir, { recursive: true, force: true }))
  return { modelsDir, manifest: await placeWeights(modelsDir, given, bytes) }
}

t.test('the layout of large-v3-turbo keeps the contract of recognizers', async (t) => {
  const { modelsDir } = await placed(t, TURBO_MANIFEST, TURBO)
  await recognizerContract(t, { modelsDir, name: TURBO_MANIFEST.name, engine: 'compiled' })
})

t.test('of the tokens of large-v3-turbo, none of the special ones is chosen', async (t) => {
  const { modelsDir } = await placed(t, TURBO_MANIFEST, TURBO)
  const recognizer = await openRecognizer(modelsDir, TURBO_MANIFEST.name, 'compiled')
  t.teardown(() => recognizer.dispose())
  const languages = new Set<string>()
  for (const seed of [1, 2, 3, 4]) {
    const { tokens, language } = await recognize(recognizer, chirp(seed, 2), { expectSpeech: true })
    t.ok(tokens.length > 0 && tokens.every((token) => token < VOCABULARY.length), `clip ${seed}`)
    languages.add(String(language))
  }
  t.ok([...languages].every((language) => TURBO_MANIFEST.languages.includes(language)))
  const { language } = await recognize(recognizer, chirp(1, 2), { language: 'yue' })
  t.equal(language, 'yue')
})

t.test('a manifest with other bins than the weights is refused', async (t) => {
  const frontEnd = { ...TURBO_MANIFEST.frontEnd as LogMelSpec, bins: 80 }
  const { modelsDir } = await placed(t, { ...TURBO_MANIFEST, frontEnd }, TURBO)
  const loading = loadModel(TURBO_MANIFEST.name, {
    modelsDir, engine: 'compiled', matrices: 'real', executionProviders: ['cpu'], executionProvidersStrict: false,
    threads: 1,
  })
  await t.rejects(loading, { code: 'MODEL_INVALID', message: /takes 128 mel bins, and its manifest says 80/ })
})

t.test('the heads of Moonshine base keep the contract of recognizers', async (t) => {
  const { modelsDir } = await placed(t, MOONSHINE_MANIFEST, MOONSHINE)
  await recognizerContract(t, { modelsDir, name: MOONSHINE_MANIFEST.name, engine: 'compiled' })
})

t.test('a beam of one hypothesis gives the tokens of the greedy loop', async (t) => {
  const samples = chirp(3, 1.5).waveform.samples
  const features = Float32Array.from({ length: 128 * 200 }, (_, index) => Math.sin(index * 0.37))
  const audios: readonly (readonly [Omit<Manifest, 'files'>, Uint8Array, Tensor])[] = [
    [TURBO_MANIFEST, TURBO, new Tensor('float32', features, [1, 128, 200])],
    [MOONSHINE_MANIFEST, MOONSHINE, new Tensor('float32', samples, [1, samples.length])],
  ]
  for (const [given, bytes, audio] of audios) {
    const { modelsDir, manifest } = await placed(t, given, bytes)
    const { startToken } = encoderDecoderOf(manifest)
    for (const matrices of ['real', 'emulated-half'] as const) {
      const [encoder, greedy, steps] = await Promise.all((['encoder', 'greedy', 'steps'] as const).map(async (kind) =>
        open(await compileModel(manifest, openModelFiles(modelsDir, manifest), { matrices }, kind, open),
          { fixedShapes: false }))) as [Session, Session, Session]
      t.teardown(() => Promise.all([encoder.release(), greedy.release(), steps.release()]))
      const memory = await encoderGraph(encoder)(audio)
      const { tokens } = await decodeAlone(new GreedyGraph(greedy), memory, [startToken], 12)
      const beam = stepGraph(steps).start(memory, [startToken])
      const stepped = [startToken]
      while (stepped.length <= tokens.length) {
        const { tokens: [best] } = await beam.step([{ parent: 0, token: stepped.at(-1)! }], [], 1)
        stepped.push(best!)
      }
      t.ok(tokens.length > 0)
      t.same(stepped.slice(1), tokens, `${given.name}, ${matrices}`)
    }
  }
})
