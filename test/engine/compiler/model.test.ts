/**
 * The default model compiled, on its real weights: the contract of every recognizer, the right words, and how far it is
 * from the published graphs. 8-bit activations round differently where anything is computed in another order, so
 * tokens are not compared one by one: the encoder by its signal-to-noise ratio, transcripts by their words.
 */
import t from 'tap'
import { readManifest } from '../../../src/engine/manifest.js'
import { forbid, greedyGraph } from '../../../src/engine/runtime/greedy-graph.js'
import { Tensor } from '../../../src/engine/runtime/session.js'
import { stepGraph } from '../../../src/engine/runtime/step-graph.js'
import { openRecognizer, recognize, recognizerContract } from '../../recognition/families/recognizer-contract.js'
import { borrowModel, clipOf, liesWhereItWasSaid, openCompiled, publishedMemory, signalToNoiseDb } from './real-model.js'

const NAME = 'moonshine-tiny-en'
const modelsDir = await borrowModel(t, NAME, true)
/** Opened once: it takes a second to compile a graph, and half a second to open it. */
const greedyGraphs = { unsigned: await openCompiled(t, modelsDir, NAME, 'unsigned'), real: await openCompiled(t, modelsDir, NAME, 'real') }

const warmUp = await clipOf('fixtures/clips/warm-up.wav')

t.test('it keeps the contract', (t) => recognizerContract(t, { modelsDir, name: NAME, engine: 'compiled' }))

t.test('it says what the published graphs say', async (t) => {
  const [reference, compiled] = await Promise.all((['reference', 'compiled'] as const).map((engine) => openRecognizer(modelsDir, NAME, engine)))
  t.teardown(() => Promise.all([reference!.dispose(), compiled!.dispose()]))
  const expected = await recognize(reference!, warmUp)
  const found = await recognize(compiled!, warmUp)
  t.equal(found.text, expected.text)
  t.equal(found.stopped, 'end_of_text')
})

t.test('it knows when its words were said', async (t) => {
  const recognizer = await openRecognizer(modelsDir, NAME, 'compiled')
  t.teardown(() => recognizer.dispose())
  liesWhereItWasSaid(t, (await recognize(recognizer, warmUp, { words: true })).words!)
})

t.test('real numbers say it too, and a search of one hypothesis says what the loop says', async (t) => {
  const { decoding } = await readManifest(modelsDir, NAME)
  const audio = { input: 'waveform', heard: new Tensor('float32', warmUp.waveform.samples, [1, warmUp.waveform.samples.length]), nothing: new Tensor('float32', new Float32Array(0), [1, 0]) }
  const said: string[] = []
  for (const matrices of ['unsigned', 'real'] as const) {
    const { vocabulary, start } = greedyGraph(greedyGraphs[matrices])
    const free = forbid(vocabulary, [])
    const greedy = await start(audio).choosing({ always: free, first: free })([decoding.startToken], 30)
    said.push(greedy.tokens.join())
    const search = stepGraph(await openCompiled(t, modelsDir, NAME, matrices, 'steps')).start(await start(audio).encode())
    const stepped: number[] = []
    let token = decoding.startToken
    while (stepped.length < 30 && token !== decoding.endToken) {
      token = (await search.step([{ parent: 0, token }], [], 1)).tokens[0]!
      stepped.push(token)
    }
    t.same(stepped, greedy.tokens, matrices)
  }
  t.equal(said[0], said[1])
})

t.test('its encoder is as near to the exact one as the published encoder is', async (t) => {
  const { samples } = warmUp.waveform
  const heard = new Tensor('float32', samples, [1, samples.length])
  const memories = new Map<string, Float32Array>()
  for (const matrices of ['unsigned', 'real'] as const) {
    const { start } = greedyGraph(greedyGraphs[matrices])
    const memory = await start({ input: 'waveform', heard, nothing: new Tensor('float32', new Float32Array(0), [1, 0]) }).encode()
    memories.set(matrices, memory.data as Float32Array)
  }
  const reference = await publishedMemory(t, modelsDir, NAME, 'input_values', heard)
  const exact = memories.get('real')!
  t.ok(signalToNoiseDb(exact, memories.get('unsigned')!) > 20, `compiled to exact ${signalToNoiseDb(exact, memories.get('unsigned')!).toFixed(1)} dB`)
  t.ok(signalToNoiseDb(exact, memories.get('unsigned')!) > signalToNoiseDb(exact, reference) - 3, `published to exact ${signalToNoiseDb(exact, reference).toFixed(1)} dB`)
})
