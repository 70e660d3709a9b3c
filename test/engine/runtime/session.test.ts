/** The real runtime on a tiny graph: falling back, refusing to, and saying why. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { projectRoot } from '../../../src/domain/project-root.js'
import { sessionOpener, Tensor } from '../../../src/engine/runtime/session.js'

const graph = readFileSync(path.join(projectRoot, 'fixtures/graphs/tiny-moonshine/encoder.onnx'))
// Neither is there on a machine without a GPU; where one is, the list ends where it is found.
const SHAPES = { fixedShapes: false }
const UNAVAILABLE = ['cuda', 'webgpu']

t.test('a provider that is not there is passed over, and the report says why', async (t) => {
  const session = await sessionOpener({ providers: UNAVAILABLE, strict: false, threads: 1 })(graph, SHAPES)
  const { provider, refused } = session.provider
  t.equal(refused.length, [...UNAVAILABLE, 'cpu'].indexOf(provider))
  for (const { reason } of refused) t.match(reason, /\S/)
  const out = await session.run({ input_values: new Tensor('float32', new Float32Array(16_000).fill(0.1), [1, 16_000]) }, ['last_hidden_state'])
  t.same(Object.keys(out), ['last_hidden_state'])
  await session.release()
})

t.test('a model stays on one provider: what refused its first graph is not asked for the second', async (t) => {
  const open = sessionOpener({ providers: ['cuda', 'cpu'], strict: false, threads: 1 })
  const [first, second] = [await open(graph, SHAPES), await open(graph, SHAPES)]
  t.equal(first.provider, second.provider, 'the very same report')
  await first.release()
  await second.release()
})

t.test('strict means the first provider or none', async (t) => {
  const open = sessionOpener({ providers: ['cuda', 'cpu'], strict: true, threads: 1 })
  const cudaIsHere = await sessionOpener({ providers: ['cuda'], strict: false, threads: 1 })(graph, SHAPES).then((session) => session.provider.provider === 'cuda')
  if (cudaIsHere) t.equal((await open(graph, SHAPES)).provider.provider, 'cuda')
  else await t.rejects(open(graph, SHAPES), { code: 'PROVIDER_UNAVAILABLE', message: /cuda \(.+\).*EARSHOT_EXECUTION_PROVIDERS_STRICT/ })
})

t.test('bytes that are no graph are an invalid model, on whatever provider', async (t) => {
  await t.rejects(sessionOpener({ providers: ['cuda', 'cpu'], strict: false, threads: 1 })(new Uint8Array([1, 2, 3]), SHAPES), { code: 'MODEL_INVALID' })
})
