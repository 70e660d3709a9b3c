/** Single steps and alignment of a small random decoder, compared with a reference implementation. */
import t from 'tap'
import { writeAlignment, type Head } from '../../../src/engine/compiler/alignment.js'
import { Graph } from '../../../src/engine/compiler/graph.js'
import { openAligner } from '../../../src/engine/runtime/alignment-graph.js'
import { framesOf } from '../../../src/engine/runtime/encoder-memory.js'
import { dot, farthest, open, REAL, softmax, tableOf } from './reference.js'
import {
  HEADS, WIDTH, VOCABULARY, KEPT, LAYERS, decoder, referenceLayers, referenceStep, openEncoder, openSteps, clips,
} from './toy-decoder.js'

const encode = await openEncoder(t)

t.test('single steps', async (t) => {
  const { start } = await openSteps(t)
  const [frames] = clips
  const memory = await encode(frames)
  t.equal(framesOf(memory), 16, 'of the encoder, filled up')

  const beamSearch = start(memory, [3])
  const first = await beamSearch.step([{ parent: 0, token: 3 }], [], 4)
  const expected = referenceStep([3], frames)
  const ranked = [...KEPT].sort((a, b) => expected[b]! - expected[a]!).slice(0, 4)
  t.same(first.tokens, ranked, 'the best tokens, best first')
  t.ok(ranked.every((token, at) => Math.abs(first.logProbabilities[at]! - expected[token]!) < 1e-4))

  const [best, other] = ranked as [number, number]
  const second = await beamSearch.step([{ parent: 0, token: other }, { parent: 0, token: best }], [], 3)
  const afterOther = referenceStep([3, other], frames)
  t.ok(
    tableOf(second.logProbabilities, 3)[0]!.every(
      (value, at) => Math.abs(value - afterOther[second.tokens[at]!]!) < 1e-4,
    ),
    'one hypothesis is extended twice',
  )

  const third = await beamSearch.step(
    [
      { parent: 1, token: 40 },
      { parent: 1, token: 43 },
      { parent: 0, token: 42 },
    ],
    [],
    2,
  )
  for (const [row, history] of [[3, best, 40], [3, best, 43], [3, other, 42]].entries()) {
    const plain = referenceStep(history, frames)
    t.ok(
      third.tokens
        .slice(2 * row, 2 * row + 2)
        .every((token, at) => Math.abs(third.logProbabilities[2 * row + at]! - plain[token]!) < 1e-4),
      `after ${history.join(' ')}`,
    )
  }
})

t.test('the first step feeds the whole prompt', async (t) => {
  const { start } = await openSteps(t)
  for (const frames of clips) {
    const memory = await encode(frames)
    const { step } = start(memory, [3, 40, 42])
    const first = await step([{ parent: 0, token: 42 }], [], 4)
    const [best] = first.tokens
    const second = await step([{ parent: 0, token: best! }], [], 4)
    for (const [found, history] of [[first, [3, 40, 42]], [second, [3, 40, 42, best!]]] as const) {
      const expected = referenceStep(history, frames)
      t.ok(found.tokens.every((token, at) => Math.abs(found.logProbabilities[at]! - expected[token]!) < 1e-4),
        `after ${history.join(' ')}`)
    }
  }
})

t.test('a bias raises the score of its token after its hypothesis, and no other', async (t) => {
  const { start } = await openSteps(t)
  const memory = await encode(clips[1])
  const hypotheses = [{ parent: 0, token: 3 }, { parent: 0, token: 4 }]
  const plain = await start(memory, [3]).step(hypotheses, [], 3)
  const dropped = VOCABULARY - 1
  t.notOk(KEPT.includes(dropped))
  const biased = await start(memory, [3])
    .step(
      hypotheses,
      [
        { hypothesis: 1, token: 99 - (99 % 6), amount: 50 },
        { hypothesis: 0, token: dropped, amount: 90 },
      ],
      3,
    )
  t.same(biased.tokens.slice(0, 3), plain.tokens.slice(0, 3), 'a bias on a token that is not kept has no effect')
  t.equal(biased.tokens[3], 99 - 99 % 6)
  t.ok(Math.abs(biased.scores[3]! - biased.logProbabilities[3]! - 50) < 1e-3)
  t.ok(biased.tokens.slice(4).every((token) => plain.tokens.slice(3).includes(token)))
})

t.test('attention weights of the requested heads equal the reference, over the given length', async (t) => {
  const tokens = [3, 40, 42, 9]
  for (const [index, requested] of ([[[0, 1]], [[1, 0], [0, 0]], undefined] as (Head[] | undefined)[]).entries()) {
    const graph = new Graph('toy alignment', REAL)
    writeAlignment(graph, decoder, requested)
    const aligner = openAligner(async () => graph.bytes(), (bytes) => open(bytes, { fixedShapes: false }))
    t.teardown(() => aligner.dispose())
    const heads: readonly Head[] = requested?.toSorted(([a], [b]) => a - b) ?? [[1, 0], [1, 1]]
    for (const frames of clips) {
      const memory = await encode(frames)
      const length = frames.length - index
      const found = await aligner.attend(memory, tokens, length)
      t.match(found, { heads: heads.length, tokens: tokens.length, frames: length })
      const { crossQueries } = referenceLayers(tokens, frames)
      const expected = heads.flatMap(([layer, head]) => {
        const part = (row: readonly number[]): readonly number[] =>
          row.slice((head * WIDTH) / HEADS, ((head + 1) * WIDTH) / HEADS)
        const keys = frames.slice(0, length).map(part)
        return crossQueries[layer]!.flatMap((query) => softmax(keys.map((key) => dot(part(query), key))))
      })
      t.ok(farthest(found.weights, expected) < 1e-5)
    }
  }
  t.throws(() => writeAlignment(new Graph('no such head', REAL), decoder, [[LAYERS, 0]]), { name: 'UnknownModel' })
})
