/**
 * The graphs of float16 that accelerators get, of whole models: every kind of graph is accepted by the runtime,
 * consists of operators that CUDA has in float16, and gives the right words. A CPU runs them in float32; what rounding
 * does to them is tested with the emulation (`model.test.ts`, `whisper.test.ts`, `batches.test.ts`).
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { GRAPH_KINDS, compileModel, type GraphKind } from '../../../src/engine/compiler/compile.js'
import { readOnnx } from '../../../src/engine/compiler/onnx.js'
import { openModelFiles, readManifest } from '../../../src/engine/manifest.js'
import { loadRecognizer } from '../../../src/recognition/recognizer.js'
import { recognize } from '../../recognition/families/recognizer-contract.js'
import { borrowModel, checkWordTimes, clipOf, open } from './real-model.js'

/** Six graphs of 20 to 200 MB. */
t.setTimeout(5 * 60_000)

/**
 * Operators of which ONNX Runtime has a CUDA kernel, in float16 where they take real numbers (docs/OperatorKernels.md
 * of its repository).
 */
const WITH_CUDA_KERNEL = new Set([
  'Add', 'ArgMax', 'Cast', 'Concat', 'ConstantOfShape', 'Div', 'Equal', 'Expand', 'Gather', 'GatherElements',
  'GatherND', 'Gelu', 'Greater', 'GreaterOrEqual', 'Identity', 'If', 'InstanceNormalization', 'LayerNormalization',
  'Less', 'LessOrEqual', 'LogSoftmax', 'Loop', 'MatMul', 'Max', 'Mod', 'Mul', 'MultiHeadAttention', 'Not', 'Or', 'Pad',
  'QuickGelu', 'ReduceLogSumExp', 'ReduceMax', 'ReduceProd', 'Reshape', 'RotaryEmbedding', 'ScatterND', 'Shape',
  'Slice', 'Softmax', 'Split', 'Squeeze', 'Sub', 'Tanh', 'TopK', 'Transpose', 'Unsqueeze', 'Where',
])

const TRANSCRIPT = 'what time does the museum open on sunday'
const warmUp = await clipOf('fixtures/clips/warm-up.wav')

for (const name of ['moonshine-tiny-en', 'whisper-tiny']) {
  const modelsDir = await borrowModel(t, name)
  const manifest = await readManifest(modelsDir, name)
  const isInstalled = Object.values(manifest.files).every((file) => existsSync(path.join(modelsDir, name, file.path)))
  const skip = isInstalled ? false : `no weights; npm run models -- fetch ${name}`
  const files = openModelFiles(modelsDir, manifest)

  t.test(`${name}: every graph of float16 is accepted and made of operators that CUDA has`, { skip }, async (t) => {
    const graphs = new Map<GraphKind, Uint8Array>()
    for (const kind of GRAPH_KINDS) {
      const bytes = await compileModel(manifest, files, { matrices: 'half' }, kind, open)
      graphs.set(kind, bytes)
      const { nodes, weights } = readOnnx(bytes)
      const others = nodes.map(({ operator }) => operator).filter((operator) => !WITH_CUDA_KERNEL.has(operator))
      t.same(others, [], kind)
      const large = [...weights.values()].filter(({ type, dims }) => type === 'float32' && dims.length > 1
        && dims.every((size) => size > 0))
      t.same(large, [], `${kind}: no matrix of float32`)
    }
    const read = async (kind: GraphKind): Promise<Uint8Array> => graphs.get(kind)!
    const recognizer = await loadRecognizer(manifest, files, open, {
      encoder: graphs.get('encoder')!, greedy: graphs.get('greedy')!, further: read,
    })
    t.teardown(() => recognizer.dispose())
    const plain = (text: string): string => text.trim().toLowerCase().replace(/[^a-z ]/g, '')
    const { text, words } = await recognize(recognizer, warmUp, { language: 'en', words: true, expectSpeech: true })
    t.equal(plain(text), TRANSCRIPT)
    checkWordTimes(t, words)
    const beam = { nBest: 3, phrases: undefined, strength: 0 }
    const best = await recognize(recognizer, warmUp, { language: 'en', beam, rescorable: true, expectSpeech: true })
    t.equal(plain(best.text), TRANSCRIPT, 'beam search')
    const [own, other] = await best.rescore!([text, text.replace('museum', 'garden')]) as [number, number]
    t.ok(own > other + 1, `${own} and ${other}`)
  })
}
