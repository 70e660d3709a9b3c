/** The cache of compiled graphs: compiled once, read again, compiled anew when altered. Its failures do not matter. */
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { compiledGraph, type Compiled } from '../../../src/engine/compiler/cache.js'
import { Graph, type Value } from '../../../src/engine/compiler/graph.js'
import { readOnnx, type Tensor } from '../../../src/engine/compiler/onnx.js'
import { Published, UnknownModel } from '../../../src/engine/compiler/published.js'
import { targetFor } from '../../../src/engine/compiler/target.js'
import { loadModel } from '../../../src/recognition/load-recognizer.js'
import { encoderDecoderOf, readManifest, type Manifest } from '../../../src/engine/manifest.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { REAL } from './reference.js'
import { borrowModel } from './real-model.js'

const NAME = 'moonshine-tiny-en'
const TARGET = { matrices: 'unsigned' } as const

/** A temporary models directory, with the weights of the repository. */
async function modelsOf(t: Test): Promise<{ modelsDir: string; manifest: Manifest; folder: string }> {
  const modelsDir = await borrowModel(t, NAME)
  return { modelsDir, manifest: await readManifest(modelsDir, NAME), folder: path.join(modelsDir, NAME, 'compiled') }
}

async function compiled(modelsDir: string, manifest: Manifest): Promise<Compiled> {
  const result = await compiledGraph(modelsDir, manifest, TARGET, 'greedy')
  if ('reason' in result) throw new Error(result.reason)
  return result
}

t.test('a graph is compiled once and then read, byte for byte', async (t) => {
  const { modelsDir, manifest, folder } = await modelsOf(t)
  const first = await compiled(modelsDir, manifest)
  t.ok((first.compileSeconds ?? 0) > 0)
  t.equal(first.notKept, undefined)
  const second = await compiled(modelsDir, manifest)
  t.equal(second.compileSeconds, undefined)
  await compiledGraph(modelsDir, manifest, TARGET, 'greedy', () =>
    t.fail('nothing is compiled when the graph is cached'),
  )
  let compilations = 0
  await compiledGraph(modelsDir, { ...manifest, languages: ['de'] }, TARGET, 'greedy', () => { compilations++ })
  t.equal(compilations, 1)
  t.ok(Buffer.from(second.graph).equals(first.graph))
  t.equal((await readdir(folder)).length, 2)
})

t.test('an altered graph is compiled again, and another manifest gives another graph', async (t) => {
  const { modelsDir, manifest, folder } = await modelsOf(t)
  const { graph } = await compiled(modelsDir, manifest)
  const [name] = await readdir(folder) as [string]
  await writeFile(path.join(folder, name), Buffer.concat([graph, Buffer.of(0)]))
  const again = await compiled(modelsDir, manifest)
  t.ok((again.compileSeconds ?? 0) > 0)
  t.ok(Buffer.from(await readFile(path.join(folder, name))).equals(graph), 'the same weights give the same bytes')

  await utimes(path.join(folder, name), 2, 2)
  const oldest = `greedy-${TARGET.matrices}-older.onnx`
  await writeFile(path.join(folder, oldest), '')
  await utimes(path.join(folder, oldest), 1, 1)
  await compiled(modelsDir, { ...manifest, decoding: { ...encoderDecoderOf(manifest), maxTokens: 8 } })
  const left = await readdir(folder)
  t.equal(left.length, 2, 'the newest and the one before are kept')
  t.ok(left.includes(name) && !left.includes(oldest))
})

t.test('a model is served from a folder that cannot be written', async (t) => {
  const { modelsDir, manifest, folder } = await modelsOf(t)
  await writeFile(folder, 'a file where the folder should be')
  const result = await compiledGraph(modelsDir, manifest, TARGET, 'greedy').catch((thrown: NodeJS.ErrnoException) => thrown)
  t.match(result, { notKept: /EEXIST|ENOTDIR/ })
  t.ok((result as Compiled).graph.byteLength > 1e6)
})

t.test('a model without an architecture is run from its published graphs, and a note says so', async (t) => {
  const modelsDir = path.join(projectRoot, 'fixtures/graphs')
  for (const name of ['tiny-moonshine', 'tiny-whisper']) {
    const { recognizer, notes } = await loadModel(name, {
      modelsDir,
      engine: 'compiled',
      matrices: 'auto',
      executionProviders: ['cpu'],
      executionProvidersStrict: false,
      threads: 1,
    })
    t.teardown(() => recognizer.dispose())
    t.equal(recognizer.engine, 'reference')
    t.match(notes, [/^not compiled: /])
  }
  const { manifest } = await modelsOf(t)
  t.match(await compiledGraph(modelsDir, { ...manifest, name: 'tiny-moonshine', family: 'sonnet' }, TARGET, 'greedy'), {
    reason: /no architecture of the name "sonnet"/,
  })
})

t.test('where an accelerator is refused, the graph in the format of the CPU is loaded', async (t) => {
  const { modelsDir, folder } = await modelsOf(t)
  const settings = {
    modelsDir, engine: 'compiled', executionProviders: ['cuda', 'cpu'], executionProvidersStrict: false, threads: 1,
  } as const
  const { recognizer } = await loadModel(NAME, { ...settings, matrices: 'auto' })
  t.teardown(() => recognizer.dispose())
  t.match(recognizer.provider, { provider: 'cpu', refused: [{ provider: 'cuda' }] })
  const { matrices } = targetFor('cpu', 'auto')
  const kinds = (await readdir(folder)).map((name) => name.split('-').slice(0, 2).join(' ')).sort()
  t.same(kinds, [`encoder ${matrices}`, 'encoder half', `greedy ${matrices}`, 'greedy half'].sort())
})

t.test('bytes that are no ONNX file are refused, and a written graph is read again', async (t) => {
  t.throws(() => readOnnx(Buffer.from('no graph at all')), { code: 'MODEL_INVALID' })
  t.throws(() => readOnnx(new Uint8Array(0)), { code: 'MODEL_INVALID' })
  const graph = new Graph('small', REAL)
  const x = graph.input('x', 'float32', ['n'])
  const [chosen] = graph.branch(graph.boolean(true),
    (body) => [body.op('Add', [x, graph.weight(Float32Array.of(1.5, 2.5), [2])])], () => [x]) as [Value]
  graph.output(chosen, 'y', 'float32', ['n'])
  const read = readOnnx(graph.bytes())
  t.same(read.nodes.map(({ operator }) => operator), ['If', 'Identity', 'Add', 'Identity', 'Identity'])
  const [[name]] = [...read.weights].filter(([, { dims }]) => dims[0] === 2) as [[string, Tensor]]
  const published = new Published(read)
  t.same([...published.floats(name).values], [1.5, 2.5])
  t.throws(() => published.floats('elsewhere'), UnknownModel)
  t.throws(() => published.matrixOfNode('no such node'), UnknownModel)
  t.throws(() => published.matrix(name, name, undefined), UnknownModel)
  t.throws(() => graph.weight(Float32Array.of(1, 2, 3), [2]), /no tensor/)
  t.throws(() => graph.branch(x, () => [x], () => []), /different numbers/)
})

t.test('the target follows the setting, then the provider, then the CPU', async (t) => {
  t.same(targetFor('cpu', 'auto', () => true), { matrices: 'signed' })
  t.same(targetFor('cpu', 'auto', () => false), { matrices: 'unsigned' })
  t.same(targetFor('cuda', 'auto', () => true), { matrices: 'half' })
  t.same(targetFor('cuda', 'real'), { matrices: 'real' })
  t.same(targetFor('webgpu', 'auto', () => true), { matrices: 'real' }, 'not every device has float16')
  t.same(targetFor('webgpu', 'half'), { matrices: 'half' })
  t.same(targetFor('cpu', 'half'), { matrices: 'emulated-half' })
  t.same(targetFor('cuda', 'unsigned'), { matrices: 'unsigned' })
  t.match(targetFor('cpu', 'auto'), { matrices: /^(un)?signed$/ }, 'this machine can be queried')
})
