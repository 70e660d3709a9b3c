/**
 * Models that come as a file of weights alone: random weights in both formats, and those of the default model, written
 * in the format of Hugging Face.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { keyValuesOf } from '../../../fixtures/kit/encoder-memory.js'
import {
  asGgml, ggmlFile, placeWeights, safetensorsFile, VOCABULARY, WHISPER_MANIFEST, whisperTensors, type NamedTensor,
} from '../../../fixtures/weight-files.js'
import { compiledGraph } from '../../../src/engine/compiler/cache.js'
import { compileModel, GRAPH_KINDS, type GraphKind } from '../../../src/engine/compiler/compile.js'
import type { Target } from '../../../src/engine/compiler/graph.js'
import { realValues, transposed, type FloatTensor } from '../../../src/engine/compiler/matrices.js'
import { readOnnx } from '../../../src/engine/compiler/onnx.js'
import { Published } from '../../../src/engine/compiler/published.js'
import { publishedWeights, type Weights } from '../../../src/engine/compiler/weights.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { encoderDecoderOf, openModelFiles, readManifest, type Manifest } from '../../../src/engine/manifest.js'
import { encoderGraph } from '../../../src/engine/runtime/encoder-memory.js'
import { GreedyGraph } from '../../../src/engine/runtime/greedy-graph.js'
import { Tensor, type Session } from '../../../src/engine/runtime/session.js'
import { stepGraph } from '../../../src/engine/runtime/step-graph.js'
import { loadModel } from '../../../src/recognition/load-recognizer.js'
import { chirp, openRecognizer, recognize, recognizerContract } from '../../recognition/families/recognizer-contract.js'
import { decodeAlone } from './greedy-masks.js'
import { borrowModel, clipOf, open, signalToNoiseDb } from './real-model.js'

const REAL: Target = { matrices: 'real' }
const prefixed = (tensors: readonly NamedTensor[]): NamedTensor[] =>
  tensors.map((tensor) => ({ ...tensor, name: `model.${tensor.name}` }))
const ggml = (): Buffer => ggmlFile(VOCABULARY, asGgml(whisperTensors()))

async function temporaryModels(t: Test): Promise<string> {
  const modelsDir = await mkdtemp(path.join(os.tmpdir(), 'earshot-weights-'))
  t.teardown(() => rm(modelsDir, { recursive: true, force: true }))
  return modelsDir
}

async function compile(
  t: Test, given: Omit<Manifest, 'files'>, bytes: Uint8Array, target: Target, kind: GraphKind,
): Promise<Uint8Array> {
  const modelsDir = await temporaryModels(t)
  const manifest = await placeWeights(modelsDir, given, bytes)
  return compileModel(manifest, openModelFiles(modelsDir, manifest), target, kind, open)
}

t.test('the same weights give the same graph, byte for byte, from every format', async (t) => {
  for (const kind of GRAPH_KINDS) {
    const fromGgml = Buffer.from(await compile(t, WHISPER_MANIFEST, ggml(), REAL, kind))
    for (const tensors of [prefixed(whisperTensors()), whisperTensors()]) {
      t.ok(fromGgml.equals(await compile(t, WHISPER_MANIFEST, safetensorsFile(tensors), REAL, kind)), kind)
    }
  }
})

t.test('a model from weights alone keeps the contract of recognizers', async (t) => {
  const modelsDir = await temporaryModels(t)
  await placeWeights(modelsDir, WHISPER_MANIFEST, ggml())
  await recognizerContract(t, { modelsDir, name: WHISPER_MANIFEST.name, engine: 'compiled' })
  const recognizer = await openRecognizer(modelsDir, WHISPER_MANIFEST.name, 'compiled')
  t.teardown(() => recognizer.dispose())
  const { tokens, language } = await recognize(recognizer, chirp(4, 2), { expectSpeech: true })
  t.equal(language, 'en')
  t.ok(tokens.length > 0 && tokens.every((token) => token <= VOCABULARY.length), 'no special token is chosen')
})

t.test('with a scale for each column, a beam of one hypothesis gives the tokens of the greedy loop', async (t) => {
  const target = { matrices: 'unsigned' } as const
  const { startToken, endToken } = encoderDecoderOf({ name: 'random', decoding: WHISPER_MANIFEST.decoding })
  const [encoder, greedy, steps] = await Promise.all((['encoder', 'greedy', 'steps'] as const).map(async (kind) =>
    open(await compile(t, WHISPER_MANIFEST, ggml(), target, kind), { fixedShapes: false }))) as
    [Session, Session, Session]
  t.teardown(() => Promise.all([encoder.release(), greedy.release(), steps.release()]))
  const features = Float32Array.from({ length: 8 * 200 }, (_, index) => Math.sin(index * 0.37))
  const memory = await encoderGraph(encoder)(new Tensor('float32', features, [1, 8, 200]))
  const { tokens } = await decodeAlone(new GreedyGraph(greedy), memory, [startToken], 12)
  const beam = stepGraph(steps).start(memory, [startToken])
  const stepped = [startToken]
  while (stepped.length <= tokens.length && stepped.at(-1) !== endToken) {
    const { tokens: [best] } = await beam.step([{ parent: 0, token: stepped.at(-1)! }], [], 1)
    stepped.push(best!)
  }
  t.same(stepped.slice(1), tokens)
})

t.test('such a model cannot run as published, and says so', async (t) => {
  const modelsDir = await temporaryModels(t)
  await placeWeights(modelsDir, WHISPER_MANIFEST, ggml())
  const load = (name: string, engine: 'compiled' | 'reference') => loadModel(name, {
    modelsDir, engine, matrices: 'real', executionProviders: ['cpu'], executionProvidersStrict: false, threads: 1,
  })
  await t.rejects(load(WHISPER_MANIFEST.name, 'reference'), { code: 'MODEL_INVALID', message: /ENGINE=compiled/ })
  const moonshine = { ...await readManifest(path.join(projectRoot, 'models'), 'moonshine-tiny-en'), name: 'wrong-format' }
  await placeWeights(modelsDir, moonshine, ggml())
  await t.rejects(load('wrong-format', 'compiled'), { code: 'MODEL_INVALID', message: /cannot hold a model of "moon/ })
  const [first, ...others] = whisperTensors()
  await placeWeights(modelsDir, { ...WHISPER_MANIFEST, name: 'incomplete' }, ggmlFile(VOCABULARY, asGgml(others)))
  await t.rejects(load('incomplete', 'compiled'), { code: 'MODEL_INVALID', message: /no weights encoder.conv1.weight/ })
  const flat = { ...first!, dims: [first!.values.length] }
  await placeWeights(modelsDir, { ...WHISPER_MANIFEST, name: 'flat' }, ggmlFile(VOCABULARY, asGgml([flat, ...others])))
  await t.rejects(load('flat', 'compiled'), { code: 'MODEL_INVALID', message: /expected 3 axes/ })
})

t.test('another file, or the same under another key, gives another cached graph', async (t) => {
  const modelsDir = await temporaryModels(t)
  const { files: { weights }, ...given } = await placeWeights(modelsDir, WHISPER_MANIFEST, ggml())
  let compilations = 0
  const compiled = (files: Manifest['files']) =>
    compiledGraph(modelsDir, { ...given, files }, REAL, 'greedy', () => { compilations++ })
  await compiled({ weights: weights! })
  await compiled({ weights: weights! })
  t.equal(compilations, 1)
  await compiled({ weights: weights!, spare: weights! })
  t.equal(compilations, 2)
})

t.test('the weights of the default model, written as safetensors, give its tokens', async (t) => {
  const modelsDir = await borrowModel(t, 'moonshine-tiny-en')
  const manifest = await readManifest(modelsDir, 'moonshine-tiny-en')
  const files = openModelFiles(modelsDir, manifest)
  const { samples } = (await clipOf('fixtures/clips/warm-up.wav')).waveform
  const audio = new Tensor('float32', samples, [1, samples.length])
  const decode = async (compileKind: (kind: GraphKind) => Promise<Uint8Array>) => {
    const [encoder, greedy] = await Promise.all((['encoder', 'greedy'] as const).map(async (kind) =>
      open(await compileKind(kind), { fixedShapes: false }))) as [Session, Session]
    t.teardown(() => Promise.all([encoder.release(), greedy.release()]))
    const memory = await encoderGraph(encoder)(audio)
    const { tokens } = await decodeAlone(new GreedyGraph(greedy), memory, [1], 30)
    return { memory: keyValuesOf(memory), tokens }
  }
  const published = await decode((kind) => compileModel(manifest, files, REAL, kind, open))
  const bytes = safetensorsFile(await tensorsOfDefaultModel(files.read))
  const { files: _, ...given } = manifest
  const found = await decode((kind) => compile(t, { ...given, name: 'rewritten' }, bytes, REAL, kind))
  t.same(found.tokens, published.tokens)
  t.ok(signalToNoiseDb(published.memory, found.memory) > 80)
  const integers = await decode((kind) =>
    compile(t, { ...given, name: 'rounded' }, bytes, { matrices: 'unsigned' }, kind))
  t.same(integers.tokens, published.tokens, 'as integers of one scale for each column')
})

/** Tensors of Moonshine in Hugging Face's files; `*` is the number of a layer. */
const MOONSHINE_TENSORS = [
  ...['conv1.weight', 'conv2.weight', 'conv2.bias', 'conv3.weight', 'conv3.bias', 'groupnorm.weight', 'groupnorm.bias',
    'layer_norm.weight', 'layers.*.input_layernorm.weight', 'layers.*.post_attention_layernorm.weight',
    'layers.*.mlp.fc1.weight', 'layers.*.mlp.fc1.bias', 'layers.*.mlp.fc2.weight', 'layers.*.mlp.fc2.bias',
  ].map((name) => `encoder.${name}`),
  ...['embed_tokens.weight', 'norm.weight', 'layers.*.input_layernorm.weight',
    'layers.*.post_attention_layernorm.weight', 'layers.*.final_layernorm.weight', 'layers.*.mlp.fc1.weight',
    'layers.*.mlp.fc1.bias', 'layers.*.mlp.fc2.weight', 'layers.*.mlp.fc2.bias',
  ].map((name) => `decoder.${name}`),
  ...['encoder.layers.*.self_attn', 'decoder.layers.*.self_attn', 'decoder.layers.*.encoder_attn'].flatMap((at) =>
    ['q_proj', 'k_proj', 'v_proj', 'o_proj'].map((name) => `${at}.${name}.weight`)),
]
const LAYERS = [0, 1, 2, 3, 4, 5]

/** All weights of the published graphs as real numbers, by the names of Hugging Face. */
async function tensorsOfDefaultModel(read: (key: string) => Promise<Uint8Array>): Promise<NamedTensor[]> {
  const part = async (key: string): Promise<Published> => new Published(readOnnx(await read(key)))
  const names = MOONSHINE_TENSORS.flatMap((name) =>
    name.includes('*') ? LAYERS.map((layer) => name.replace('*', `${layer}`)) : [name])
  const weights = publishedWeights(await part('encoder'), await part('decoder'), (name) => name
    .replace('groupnorm.weight', '/groupnorm/Mul').replace('groupnorm.bias', '/groupnorm/Add')
    .replace('o_proj', 'dense').replace(/^(decoder.*)fc1/, '$1up_proj').replace(/^(decoder.*)fc2/, '$1down_proj'))
  return names.map((name) => ({ name: `model.${name}`, ...tensorOf(weights, name) }))
}

function tensorOf(weights: Weights, name: string): Pick<NamedTensor, 'dims' | 'values'> {
  const module = name.replace(/\.weight$/, '')
  if (/conv\d\.weight$/.test(name)) return realKernel(weights.kernel(module))
  if (/(proj|fc\d|embed_tokens)\.weight$/.test(name)) {
    const matrix = /embed_tokens/.test(name) ? weights.table(module) : transposed(weights.matrix(module))
    return { dims: [matrix.rows, matrix.columns], values: realValues(matrix) }
  }
  return weights.floats(name)
}

/** Published kernels have one scale. */
function realKernel(kernel: ReturnType<Weights['kernel']>): FloatTensor {
  if (!('scales' in kernel)) return kernel
  const { values, dims, scales, zeroPoints } = kernel
  return { dims, values: realValues({ values, scales, zeroPoints, rows: 1, columns: values.length }) }
}
