/**
 * A process in which ONNX Runtime cannot allocate memory, for out-of-memory.test.ts: it opens a graph that creates a
 * tensor of zeros, limits its own address space to little more than it uses, and creates a tensor that is too large.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Graph } from '../../../dist/src/engine/compiler/graph.js'
import { isOutOfMemory } from '../../../dist/src/domain/out-of-memory.js'
import { sessionOpener, Tensor } from '../../../dist/src/engine/runtime/session.js'

const HEADROOM_BYTES = 512 * 2 ** 20
/** Of 4 bytes each: twice the headroom. */
const TOO_MANY = HEADROOM_BYTES / 2
const FEW = 1_000

const graph = new Graph('zeros', { matrices: 'real' })
const zeros = graph.op('ConstantOfShape', [graph.input('count', 'int64', [1])])
graph.output(graph.op('ReduceMax', [zeros], { keepdims: 0 }), 'highest', 'float32', [])
const open = sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })
const session = await open(graph.bytes(), { fixedShapes: false })

const before = await makeZeros(FEW)
const limited = limitAddressSpace()
console.log(JSON.stringify({ limited, before, failed: await makeZeros(TOO_MANY), after: await makeZeros(FEW) }))

/** The largest of `count` zeros, or the error that was thrown. */
async function makeZeros(count) {
  try {
    const { highest } = await session.run({ count: new Tensor('int64', BigInt64Array.of(BigInt(count)), [1]) })
    return { highest: highest.data[0] }
  } catch (thrown) {
    return { message: thrown.message, isOutOfMemory: isOutOfMemory(thrown) }
  }
}

function limitAddressSpace() {
  const [, kilobytes] = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  const limit = Number(kilobytes) * 1024 + HEADROOM_BYTES
  return spawnSync('prlimit', ['--pid', String(process.pid), `--as=${limit}`]).status === 0
}
