/**
 * The default model compiled, on its real weights: the contract of every recognizer, the right words, and the distance
 * to the published graphs. 8-bit activations are rounded differently where anything is computed in another order, so
 * the encoder is compared by its signal-to-noise ratio, and transcripts by their words.
 */
import t from 'tap'
import { keyValuesOf } from '../../../fixtures/kit/encoder-memory.js'
import { targetFor } from '../../../src/engine/compiler/target.js'
import { encoderDecoderOf, readManifest } from '../../../src/engine/manifest.js'
import { encoderGraph, type Encode } from '../../../src/engine/runtime/encoder-memory.js'
import { Tensor } from '../../../src/engine/runtime/session.js'
import { stepGraph } from '../../../src/engine/runtime/step-graph.js'
import { openRecognizer, recognize, recognizerContract } from '../../recognition/families/recognizer-contract.js'
import { decodeAlone } from './greedy-masks.js'
import {
  borrowModel, clipOf, checkWordTimes, openCompiled, openGreedyModel, publishedMemory, signalToNoiseDb,
} from './real-model.js'

const NAME = 'moonshine-tiny-en'
const modelsDir = await borrowModel(t, NAME, true)
/** Opened once: it takes a second to compile a graph, and half a second to open it. */
const models = {
  unsigned: await openGreedyModel(t, modelsDir, NAME, 'unsigned'),
  real: await openGreedyModel(t, modelsDir, NAME, 'real'),
  'emulated-half': await openGreedyModel(t, modelsDir, NAME, 'emulated-half'),
}

const warmUp = await clipOf('fixtures/clips/warm-up.wav')
const { samples } = warmUp.waveform
const audio = new Tensor('float32', samples, [1, samples.length])
/** States of the encoder of the clip itself; the published graphs have no others. */
const STATES = Math.floor((Math.floor((Math.floor((samples.length - 127) / 64) - 6) / 3) - 2) / 2) + 1

t.test('it fulfils the contract of recognizers', (t) =>
  recognizerContract(t, { modelsDir, name: NAME, engine: 'compiled' }),
)

t.test('it gives the transcript of the published graphs', async (t) => {
  const reference = await openRecognizer(modelsDir, NAME, 'reference')
  const compiled = await openRecognizer(modelsDir, NAME, 'compiled')
  t.teardown(() => Promise.all([reference.dispose(), compiled.dispose()]))
  const expected = await recognize(reference, warmUp)
  const found = await recognize(compiled, warmUp)
  t.equal(found.text, expected.text)
  t.equal(found.stopped, 'end_of_text')
})

t.test('it returns word times', async (t) => {
  const recognizer = await openRecognizer(modelsDir, NAME, 'compiled')
  t.teardown(() => recognizer.dispose())
  checkWordTimes(t, (await recognize(recognizer, warmUp, { words: true })).words)
})

t.test('real numbers of both widths give the same tokens, and a beam of one hypothesis gives those of the greedy loop', async (t) => {
  const decoding = encoderDecoderOf(await readManifest(modelsDir, NAME))
  const transcripts: string[] = []
  for (const matrices of ['unsigned', 'real', 'emulated-half'] as const) {
    const { encode, graph } = models[matrices]
    const memory = await encode(audio)
    const greedy = await decodeAlone(graph, memory, [decoding.startToken], 30)
    transcripts.push(greedy.tokens.join())
    const steps = stepGraph(await openCompiled(t, modelsDir, NAME, matrices, 'steps'))
    const beamSearch = steps.start(memory, [decoding.startToken])
    const stepped: number[] = []
    let token = decoding.startToken
    while (stepped.length < 30 && token !== decoding.endToken) {
      const { tokens } = await beamSearch.step([{ parent: 0, token }], [], 1)
      ;[token] = tokens as [number]
      stepped.push(token)
    }
    t.same(stepped, greedy.tokens, matrices)
  }
  t.equal(new Set(transcripts).size, 1)
})

t.test('its encoder is as close to the exact one as the published encoder is', async (t) => {
  const encodeWith = async (encode: Encode): Promise<Float32Array> => keyValuesOf(await encode(audio), STATES)
  const exact = await encodeWith(models.real.encode)
  const published = await publishedMemory(t, modelsDir, NAME, 'input_values', audio)
  const publishedDb = signalToNoiseDb(exact, published)
  const ofThisMachine = await openCompiled(t, modelsDir, NAME, targetFor('cpu', 'auto').matrices, 'encoder')
  const encoders = { unsigned: models.unsigned.encode, auto: encoderGraph(ofThisMachine) }
  for (const [name, encode] of Object.entries(encoders)) {
    const compiledDb = signalToNoiseDb(exact, await encodeWith(encode))
    t.ok(compiledDb > 20, `${name} to exact ${compiledDb.toFixed(1)} dB`)
    t.ok(compiledDb > publishedDb - 3, `published to exact ${publishedDb.toFixed(1)} dB`)
  }
  const halfDb = signalToNoiseDb(exact, await encodeWith(models['emulated-half'].encode))
  t.ok(halfDb > 50, `float16 to exact ${halfDb.toFixed(1)} dB`)
})
