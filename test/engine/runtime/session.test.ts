/** The real runtime on a tiny graph: fallback to another provider, strict mode, and their reports. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { projectRoot } from '../../../src/domain/project-root.js'
import { sessionOpener, Tensor } from '../../../src/engine/runtime/session.js'

const graph = readFileSync(path.join(projectRoot, 'fixtures/graphs/tiny-moonshine/encoder.onnx'))
const SHAPES = { fixedShapes: false }
// Neither exists on a machine without a GPU. On one with a GPU, the first that exists is used.
const UNAVAILABLE = ['cuda', 'webgpu']

t.test('an unavailable provider is skipped, and the report says why', async (t) => {
  const session = await sessionOpener({ providers: UNAVAILABLE, strict: false, threads: 1 })(graph, SHAPES)
  const { provider, refused } = session.provider
  t.equal(refused.length, [...UNAVAILABLE, 'cpu'].indexOf(provider))
  for (const { reason } of refused) t.match(reason, /\S/)
  const samples = new Tensor('float32', new Float32Array(16_000).fill(0.1), [1, 16_000])
  const results = await session.run({ input_values: samples }, ['last_hidden_state'])
  t.same(Object.keys(results), ['last_hidden_state'])
  await session.release()
})

t.test('a model stays on one provider: the one that refused its first graph is not tried for the second', async (t) => {
  const open = sessionOpener({ providers: ['cuda', 'cpu'], strict: false, threads: 1 })
  const [first, second] = [await open(graph, SHAPES), await open(graph, SHAPES)]
  t.equal(first.provider, second.provider, 'the same object')
  await first.release()
  await second.release()
})

t.test('strict mode uses the first provider or fails', async (t) => {
  const open = sessionOpener({ providers: ['cuda', 'cpu'], strict: true, threads: 1 })
  const session = await sessionOpener({ providers: ['cuda'], strict: false, threads: 1 })(graph, SHAPES)
  if (session.provider.provider === 'cuda') {
    t.equal((await open(graph, SHAPES)).provider.provider, 'cuda')
  } else {
    const message = /cuda \(.+\).*EARSHOT_EXECUTION_PROVIDERS_STRICT/
    await t.rejects(open(graph, SHAPES), { code: 'PROVIDER_UNAVAILABLE', message })
  }
})

t.test('bytes that are no graph are an invalid model, on any provider', async (t) => {
  const open = sessionOpener({ providers: ['cuda', 'cpu'], strict: false, threads: 1 })
  await t.rejects(open(new Uint8Array([1, 2, 3]), SHAPES), { code: 'MODEL_INVALID' })
})
