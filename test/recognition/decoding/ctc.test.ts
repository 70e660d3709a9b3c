/** Best-path decoding of CTC, on given posteriors. */
import t from 'tap'
import { ctcBestPath } from '../../../src/recognition/decoding/ctc.js'

const BLANK = 0
const A = 1
const B = 2

/** Logits in which each frame has this posterior for its token and shares the rest between the two others. */
function frames(...list: readonly (readonly [number, number])[]): Float32Array {
  return Float32Array.from(list.flatMap(([token, posterior]) =>
    [BLANK, A, B].map((one) => Math.log(one === token ? posterior : (1 - posterior) / 2) + 7)))
}

const decode = (logits: Float32Array, atLeastOne = false) => ctcBestPath(logits, 3, { blankToken: BLANK, atLeastOne })

t.test('repeats are merged, blanks are removed, and a blank separates two of the same token', async (t) => {
  const { tokens, path, stopped } = decode(
    frames([BLANK, 0.9], [A, 0.9], [A, 0.8], [BLANK, 0.9], [A, 0.6], [B, 0.7], [BLANK, 0.9]),
  )
  t.same(tokens, [A, A, B])
  t.same(path.map(({ startFrame, endFrame }) => [startFrame, endFrame]), [[1, 3], [4, 5], [5, 6]])
  t.equal(stopped, 'end_of_text')
})

t.test('a token has its highest posterior, and the blanks have their mean', async (t) => {
  const { logProbabilities } = decode(frames([BLANK, 0.9], [A, 0.6], [A, 0.8], [BLANK, 0.5]))
  const [token, blanks, ...others] = logProbabilities
  t.ok(Math.abs(token! - Math.log(0.8)) < 1e-5)
  t.ok(Math.abs(blanks! - (Math.log(0.9) + Math.log(0.5)) / 2) < 1e-5)
  t.same(others, [])
})

t.test('blanks alone are an empty transcript, or the most probable token where speech was detected', async (t) => {
  const silent = frames([BLANK, 0.9], [BLANK, 0.6], [BLANK, 0.8])
  t.same(decode(silent).tokens, [])
  t.equal(decode(silent).logProbabilities.length, 1, 'the list is never empty')
  const { tokens, path } = decode(silent, true)
  t.same([tokens, path[0]!.startFrame], [[A], 1])
})

t.test('no frame at all has no token', async (t) => {
  t.match(decode(new Float32Array(0), true), { tokens: [], logProbabilities: [0] })
})
