/** Who runs with whom, in which order and for how long: continuous batches over a scripted runner. */
import { test } from 'tap'
import { newSequence, type Chosen, type Sequence } from '../../../src/engine/runtime/greedy-graph.js'
import { ContinuousBatch } from '../../../src/recognition/decoding/continuous-batch.js'

interface Run { readonly group: readonly Sequence[]; readonly maxTokens: number }

/** Records its runs; each takes a turn of the event loop. */
function script(fits: (group: readonly Sequence[], one: Sequence) => boolean = () => true) {
  const runs: Run[] = []
  let running = 0
  return {
    runs, fits, rest: () => undefined,
    async run(group: readonly Sequence[], maxTokens: number): Promise<Chosen[]> {
      if (running++ > 0) throw new Error('two runs at the same time')
      runs.push({ group, maxTokens })
      await new Promise((resolve) => { setImmediate(resolve) })
      running--
      return group.map((sequence) => {
        if (sequence.next.includes(BAD)) throw new Error('a bad sequence')
        const chosen = { tokens: [100 + sequence.next[0]!], logProbabilities: [-1] }
        return { ...chosen, checked: chosen }
      })
    },
  }
}

const BAD = 666
const sequenceOf = (...next: number[]): Sequence => newSequence({}, next, 0)
const tokensOf = (chosen: readonly Chosen[]): number[] => chosen.flatMap(({ tokens }) => tokens)

test('sequences that ask in the same turn run together, and each gets its own tokens', async (t) => {
  const runner = script()
  const batch = new ContinuousBatch(runner, 8)
  const sequences = [1, 2, 3].map((token) => sequenceOf(token))
  t.same(tokensOf(await Promise.all(sequences.map((one) => batch.run(one, 5)))), [101, 102, 103])
  t.same(runner.runs, [{ group: sequences, maxTokens: 5 }])
})

test('at most the maximum runs together, in the order of coming', async (t) => {
  const runner = script()
  const batch = new ContinuousBatch(runner, 2)
  const sequences = [1, 2, 3, 4, 5].map((token) => sequenceOf(token))
  await Promise.all(sequences.map((one) => batch.run(one, 5)))
  t.same(runner.runs.map(({ group }) => group.map(({ next }) => next[0])), [[1, 2], [3, 4], [5]])
})

test('prompts of several tokens run alone, first come first served', async (t) => {
  const runner = script()
  const batch = new ContinuousBatch(runner, 8)
  const sequences = [sequenceOf(1), sequenceOf(2, 9, 9), sequenceOf(3), sequenceOf(4, 9), sequenceOf(5)]
  t.same(tokensOf(await Promise.all(sequences.map((one) => batch.run(one, 5)))), [101, 102, 103, 104, 105])
  t.same(runner.runs.map(({ group }) => group.map(({ next }) => next[0])), [[1, 3, 5], [2], [4]])
})

test('one that does not fit waits, and those after it need not', async (t) => {
  const runner = script((group, { next: [one] }) => group.every(({ next: [other] }) => Math.abs(one! - other!) < 50))
  const batch = new ContinuousBatch(runner, 8)
  const sequences = [1, 99, 2, 98].map((token) => sequenceOf(token))
  t.same(tokensOf(await Promise.all(sequences.map((one) => batch.run(one, 5)))), [101, 199, 102, 198])
  t.same(runner.runs.map(({ group }) => group.map(({ next }) => next[0])), [[1, 2], [99, 98]])
})

test('an error rejects the sequences of its run alone, and the work goes on', async (t) => {
  const runner = script()
  const batch = new ContinuousBatch(runner, 2)
  const asked = [1, BAD, 3, 4].map((token) => batch.run(sequenceOf(token), 5))
  const states = (await Promise.allSettled(asked)).map(({ status }) => status)
  t.same(states, ['rejected', 'rejected', 'fulfilled', 'fulfilled'])
  t.same((await batch.run(sequenceOf(7), 5)).tokens, [107])
})

test('a sequence alone runs as long as it asks for, and one in company is short', async (t) => {
  const runner = script()
  const batch = new ContinuousBatch(runner, 8)
  await batch.withClip(() => batch.run(sequenceOf(1), 32))
  await Promise.all([batch.run(sequenceOf(1), 32), batch.run(sequenceOf(2), 32)])
  await Promise.all([batch.run(sequenceOf(1), 3), batch.run(sequenceOf(2), 32)])
  t.same(runner.runs.map(({ maxTokens }) => maxTokens), [32, 8, 3])
})

test('while another clip is recognized, a run is short, whatever the other one does', async (t) => {
  const runner = script()
  const batch = new ContinuousBatch(runner, 8)
  let end = (): void => undefined
  const other = batch.withClip(() => new Promise<void>((resolve) => { end = resolve }))
  await batch.withClip(() => batch.run(sequenceOf(1), 32))
  end()
  await other
  await batch.withClip(() => batch.run(sequenceOf(1), 32))
  await t.rejects(batch.withClip(() => Promise.reject(new Error('a clip that fails'))), /a clip that fails/)
  await batch.withClip(() => batch.run(sequenceOf(1), 32))
  t.same(runner.runs.map(({ maxTokens }) => maxTokens), [8, 32, 32], 'a clip that failed is no company')
})

test('nobody waits for a batch to fill: one that comes during a run is in the next one', async (t) => {
  const runner = script()
  const batch = new ContinuousBatch(runner, 8)
  const [a, b] = [sequenceOf(1), sequenceOf(2)]
  const first = batch.run(a, 32)
  while (runner.runs.length === 0) await new Promise((resolve) => { setImmediate(resolve) })
  const joined = batch.run(b, 32)
  await first
  await Promise.all([joined, batch.run(a, 32)])
  t.same(runner.runs.map(({ group }) => group), [[a], [b, a]])
  await batch.run(b, 32)
  t.same(runner.runs.at(-1)?.group, [b], 'and one that has left is not missed')
})
