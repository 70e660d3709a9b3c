/** The limit of the file format, which a large model in real numbers exceeds. */
import t from 'tap'
import { writeOnnx } from '../../../src/engine/compiler/onnx.js'

t.test('a graph that does not fit into a file is refused, and the message says so', async (t) => {
  const shared = new Uint8Array(2 ** 26)
  const graphOf = (tensors: number) => ({
    name: 'large', nodes: [], inputs: [], outputs: [],
    weights: Object.fromEntries(Array.from({ length: tensors }, (_, index) =>
      [`w${index}`, { type: 'uint8', dims: [shared.length], bytes: shared }] as const)),
  }) as Parameters<typeof writeOnnx>[0]
  t.throws(() => writeOnnx(graphOf(32)), { code: 'MODEL_INVALID', message: /would take 2\.1 GB, and a file of ONNX/ })
  t.ok(writeOnnx(graphOf(1)).length > shared.length)
})
