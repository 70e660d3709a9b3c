/**
 * The default model compiled, on its real weights: the contract of every recognizer, the right words, and how far it is
 * from the published graphs. 8-bit activations round differently where anything is computed in another order, so
 * tokens are not compared one by one: the encoder by its signal-to-noise ratio, transcripts by their words.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { decodeAudio } from '../../src/audio/decode.js'
import { compiledGraph } from '../../src/compiler/cache.js'
import { openModelFiles, readManifest } from '../../src/manifest.js'
import { projectRoot } from '../../src/root.js'
import { greedyGraph, forbid } from '../../src/runtime/greedy-graph.js'
import { startDecode } from '../../src/runtime/kv-cache.js'
import { sessionOpener, Tensor, type Session } from '../../src/runtime/session.js'
import { stepGraph } from '../../src/runtime/step-graph.js'
import type { Clip } from '../../src/types.js'
import { borrowModel } from './borrow-model.js'
import { openRecognizer, recognize, recognizerContract } from '../families/recognizer-contract.js'

const NAME = 'moonshine-tiny-en'
const modelsDir = await borrowModel(t, NAME)
const open = sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })

const warmUp = await clipOf('fixtures/clips/warm-up.wav')

async function clipOf(file: string): Promise<Clip> {
  const { waveform } = await decodeAudio(await readFile(path.join(projectRoot, file)), { maxSeconds: 60 })
  return { waveform, startSeconds: 0, endSeconds: waveform.samples.length / waveform.sampleRate }
}

async function openCompiled(t: Test, matrices: 'unsigned' | 'real', entrance: 'greedy' | 'steps' = 'greedy'): Promise<Session> {
  const compiled = await compiledGraph(modelsDir, await readManifest(modelsDir, NAME), { matrices }, entrance)
  if ('reason' in compiled) throw new Error(compiled.reason)
  const session = await open(compiled.graph, { fixedShapes: false })
  t.teardown(() => session.release())
  return session
}

t.test('it keeps the contract', (t) => recognizerContract(t, { modelsDir, name: NAME, engine: 'compiled' }))

t.test('it says what the published graphs say', async (t) => {
  const [reference, compiled] = await Promise.all((['reference', 'compiled'] as const).map((engine) => openRecognizer(modelsDir, NAME, engine)))
  t.teardown(() => Promise.all([reference!.dispose(), compiled!.dispose()]))
  const expected = await recognize(reference!, warmUp)
  const found = await recognize(compiled!, warmUp)
  t.equal(found.text, expected.text)
  t.equal(found.stopped, 'end_of_text')
})

t.test('real numbers say it too, and a search of one hypothesis says what the loop says', async (t) => {
  const { decoding } = await readManifest(modelsDir, NAME)
  const audio = { input: 'waveform', heard: new Tensor('float32', warmUp.waveform.samples, [1, warmUp.waveform.samples.length]), nothing: new Tensor('float32', new Float32Array(0), [1, 0]) }
  const said: string[] = []
  for (const matrices of ['unsigned', 'real'] as const) {
    const { vocabulary, start } = greedyGraph(await openCompiled(t, matrices))
    const free = forbid(vocabulary, [])
    const greedy = await start(audio).choosing({ always: free, first: free })([decoding.startToken], 30)
    said.push(greedy.tokens.join())
    const search = stepGraph(await openCompiled(t, matrices, 'steps')).start(await start(audio).encode())
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
  const manifest = await readManifest(modelsDir, NAME)
  const files = openModelFiles(modelsDir, manifest)
  const { samples } = warmUp.waveform
  const heard = new Tensor('float32', samples, [1, samples.length])
  const published = await open(await files.read('encoder'), { fixedShapes: false })
  const decoder = await open(await files.read('decoder'), { fixedShapes: false })
  t.teardown(() => Promise.all([published.release(), decoder.release()]))
  const { last_hidden_state: states } = await published.run({ input_values: heard })
  const memories = new Map<string, Float32Array>()
  for (const matrices of ['unsigned', 'real'] as const) {
    const { start } = greedyGraph(await openCompiled(t, matrices))
    const memory = await start({ input: 'waveform', heard, nothing: new Tensor('float32', new Float32Array(0), [1, 0]) }).encode()
    memories.set(matrices, memory.data as Float32Array)
  }
  const reference = await publishedMemory(decoder, states!)
  const exact = memories.get('real')!
  t.ok(signalToNoiseDb(exact, memories.get('unsigned')!) > 20, `compiled to exact ${signalToNoiseDb(exact, memories.get('unsigned')!).toFixed(1)} dB`)
  t.ok(signalToNoiseDb(exact, memories.get('unsigned')!) > signalToNoiseDb(exact, reference) - 3, `published to exact ${signalToNoiseDb(exact, reference).toFixed(1)} dB`)
})

/** Keys and values of all layers, as the published decoder makes them in its first step. */
async function publishedMemory(decoder: Session, states: Tensor): Promise<Float32Array> {
  const kept: Float32Array[] = []
  const watched: Session = { ...decoder, run: async (feeds, wanted) => {
    const out = await decoder.run(feeds, wanted)
    for (const name of Object.keys(out).filter((name) => name.includes('.encoder.'))) kept.push(out[name]!.data as Float32Array)
    return out
  } }
  await startDecode(watched, states).step([1])
  return Float32Array.from(kept.flatMap((values) => [...values]))
}

function signalToNoiseDb(signal: Float32Array, other: Float32Array): number {
  if (signal.length !== other.length) return -Infinity
  let power = 0
  let noise = 0
  signal.forEach((value, index) => { power += value ** 2; noise += (value - other[index]!) ** 2 })
  return 10 * Math.log10(power / noise)
}
