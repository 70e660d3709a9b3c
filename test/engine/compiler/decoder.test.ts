/** The greedy loop, single steps and alignment of a small random decoder, compared with a reference implementation. */
import t, { type Test } from 'tap'
import { writeAlignment, type Head } from '../../../src/engine/compiler/alignment.js'
import { encoderMemory, writeGreedy, writeSteps, type Decoder } from '../../../src/engine/compiler/decoder.js'
import { Graph, type Value } from '../../../src/engine/compiler/graph.js'
import { causalSelfAttention, crossAttention, splitHeads } from '../../../src/engine/compiler/layers.js'
import { BLOCK } from '../../../src/engine/compiler/tokens.js'
import { greedyInRuns } from '../../../src/recognition/decoding/greedy-in-runs.js'
import {
  allowOnly, forbid, greedyGraph, type Audio, type GreedyGraph, type GreedyTokens, type Masks,
} from '../../../src/engine/runtime/greedy-graph.js'
import { openAligner } from '../../../src/engine/runtime/alignment-graph.js'
import { framesOf } from '../../../src/engine/runtime/encoder-memory.js'
import { Tensor } from '../../../src/engine/runtime/session.js'
import { stepGraph } from '../../../src/engine/runtime/step-graph.js'
import {
  attention, dot, farthest, open, openGraph, plus, product, randomTable, REAL, softmax, tableOf, widthOf, type Table,
} from './reference.js'

const HEADS = 2
const WIDTH = 8
const VOCABULARY = 300
const END = 7
/** Two blocks of tokens, not all of them. */
const KEPT = Array.from({ length: VOCABULARY }, (_, id) => id)
  .filter((id) => id % 6 !== 5 || id <= 35).slice(0, 2 * BLOCK)
const LAYERS = 2

const embedding = randomTable(1, VOCABULARY, WIDTH)
const output = randomTable(2, WIDTH, VOCABULARY)
const weights = Array.from({ length: LAYERS }, (_, layer) => {
  const [query, key, value, crossQuery] =
    [0, 1, 2, 3].map((index) => randomTable(10 + 4 * layer + index, WIDTH, WIDTH)) as [Table, Table, Table, Table]
  return { query, key, value, crossQuery }
})
const keptColumns = output.map((row) => KEPT.map((id) => row[id]!))
const ATTENTION = { heads: HEADS, scale: 1 }
type Three = [Value, Value, Value]
const matrix = (graph: Graph, table: Table): Value =>
  graph.weight(Float32Array.from(table.flat()), [table.length, widthOf(table)])

const decoder: Decoder = {
  layers: LAYERS, heads: HEADS, headWidth: WIDTH / HEADS, vocabulary: VOCABULARY, kept: KEPT, endToken: END,
  embed(graph, tokens, position) {
    const count = graph.op('Squeeze', [graph.op('Shape', [tokens], { start: 1, end: 2 })])
    const positions = graph.op('Add', [position, graph.op('Range', [graph.integer(0), count, graph.integer(1)])])
    const waves = graph.op('Unsqueeze', [graph.op('Sin', [graph.cast(positions, 'float32')]), graph.integers(1)])
    return graph.op('Add', [graph.op('Gather', [matrix(graph, KEPT.map((id) => embedding[id]!)), tokens]), waves])
  },
  layer(graph, index, hidden, _position, past, cross) {
    const { query, key, value, crossQuery: crossTable } = weights[index]!
    const [q, k, v] = [query, key, value].map((table) => graph.op('MatMul', [hidden, matrix(graph, table)])) as Three
    const own = causalSelfAttention(graph, q, k, v, past, ATTENTION)
    const selfAttended = graph.op('Tanh', [graph.op('Add', [hidden, own.output])])
    const crossQuery = graph.op('MatMul', [selfAttended, matrix(graph, crossTable)])
    const crossOutput = crossAttention(graph, crossQuery, cross, ATTENTION)
    return { hidden: graph.op('Add', [selfAttended, crossOutput]), keyValues: own.keyValues, crossQuery }
  },
  logits(graph, hidden) {
    const logits = graph.op('MatMul', [hidden, matrix(graph, keptColumns)])
    return graph.op('Reshape', [logits, graph.integers(-1, KEPT.length)])
  },
}

/** Reference: the output of the last layer, and the query of the cross-attention of each layer. */
function referenceLayers(tokens: readonly number[], frames: Table): { hidden: Table; crossQueries: Table[] } {
  let hidden: Table = tokens.map((token, at) => embedding[token]!.map((value) => value + Math.sin(at)))
  const crossQueries: Table[] = []
  for (const { query, key, value, crossQuery: crossTable } of weights) {
    const [q, k, v] = [query, key, value].map((table) => product(hidden, table)) as [Table, Table, Table]
    const own = attention(q, k, v, HEADS, 1, (at, other) => other <= at)
    const selfAttended = plus(hidden, own).map((row) => row.map(Math.tanh))
    const crossQuery = product(selfAttended, crossTable)
    crossQueries.push(crossQuery)
    hidden = plus(selfAttended, attention(crossQuery, frames, frames, HEADS, 1))
  }
  return { hidden, crossQueries }
}

/** Reference: log-probabilities of the next token, by published id; NaN for tokens that are not kept. */
function referenceStep(tokens: readonly number[], frames: Table): number[] {
  const { hidden } = referenceLayers(tokens, frames)
  const [logits] = product(hidden.slice(-1), keptColumns) as [number[]]
  const all = new Array<number>(VOCABULARY).fill(NaN)
  for (const [index, probability] of softmax(logits).entries()) all[KEPT[index]!] = Math.log(probability)
  return all
}

function referenceGreedy(
  frames: Table, prompt: readonly number[], budget: number, isAllowed: (token: number, isFirst: boolean) => boolean,
): GreedyTokens {
  const tokens: number[] = []
  const logProbabilities: number[] = []
  while (tokens.length < budget && tokens.at(-1) !== END) {
    const next = referenceStep([...prompt, ...tokens], frames)
    const allowed = KEPT.filter((token) => isAllowed(token, tokens.length === 0))
    const best = allowed.reduce((a, b) => next[b]! > next[a]! ? b : a)
    tokens.push(best)
    logProbabilities.push(next[best]!)
  }
  return { tokens, logProbabilities }
}

/** Here "audio", [1, frames, width], is used as keys and values of every layer. */
async function openGreedy(t: Test): Promise<GreedyGraph> {
  const graph = new Graph('toy', REAL)
  const audio = graph.input('audio', 'float32', [1, 'frames', WIDTH])
  writeGreedy(graph, decoder, () => encoderMemory(graph, decoder, audio, 1, (body) => {
    const split = splitHeads(body, audio, HEADS, WIDTH / HEADS)
    return Array.from({ length: LAYERS }, () => ({ keys: split, values: split }))
  }))
  const session = await openGraph(graph)
  t.teardown(() => session.release())
  return greedyGraph(session)
}

const audioOf = (frames: Table): Audio => ({
  input: 'audio',
  tensor: new Tensor('float32', Float32Array.from(frames.flat()), [1, frames.length, WIDTH]),
  empty: new Tensor('float32', new Float32Array(0), [1, 0, WIDTH]),
})
const clips = [21, 22, 23, 24].map((seed) => randomTable(seed, 5 + seed % 3, WIDTH)) as [Table, Table, Table, Table]

t.test('the greedy loop chooses the tokens of the reference', async (t) => {
  const graph = await openGreedy(t)
  const free = forbid(VOCABULARY, [])
  for (const [index, frames] of clips.entries()) {
    for (const prompt of [[3], [3, 40, 42]]) {
      const expected = referenceGreedy(frames, prompt, 12, () => true)
      const found = await graph.start(audioOf(frames)).runsWith({ always: free, first: free })(prompt, 12)
      t.same(found.tokens, expected.tokens, `clip ${index}, prompt of ${prompt.length} tokens`)
      t.ok(found.logProbabilities.every((value, at) => Math.abs(value - expected.logProbabilities[at]!) < 1e-4))
    }
  }
})

t.test('forced decoding scores a transcript as the reference does, and its most probable ending', async (t) => {
  const graph = await openGreedy(t)
  const ending = allowOnly(VOCABULARY, [END])
  const free = forbid(VOCABULARY, [])
  for (const [index, frames] of clips.entries()) {
    const decode = graph.start(audioOf(frames))
    const transcript = KEPT.filter((token) => token !== END).slice(index, index + 5)
    const texts = [1, 5, 2].map((length) => transcript.slice(-length))
    for (const batch of [texts.slice(0, 1), texts.slice(1, 2), texts]) {
      const scores = await decode.score([3, 42], batch, ending)
      for (const [text, tokens] of batch.entries()) {
        const expected = [...tokens, END].map((token, at) =>
          referenceStep([3, 42, ...tokens.slice(0, at)], frames)[token]!)
        t.equal(scores[text]!.length, tokens.length + 1)
        t.ok(scores[text]!.every((score, at) => Math.abs(score - expected[at]!) < 1e-4),
          `clip ${index}, ${tokens.length} tokens in a batch of ${batch.length}`)
      }
    }
    const decoded = await decode.runsWith({ always: free, first: free })([3], 12)
    t.same(decoded.tokens, referenceGreedy(frames, [3], 12, () => true).tokens, 'decoding goes on undisturbed')
  }
})

t.test('a token that cannot be chosen makes a transcript impossible', async (t) => {
  const decode = (await openGreedy(t)).start(audioOf(clips[0]))
  await decode.encode()
  const removed = Array.from({ length: VOCABULARY }, (_, token) => token).find((token) => !KEPT.includes(token))!
  const [[score]] = await decode.score([3], [[removed]], allowOnly(VOCABULARY, [END])) as [number[]]
  t.ok(score! < -1e6)
})

t.test('masks exclude tokens from the first choice or from all, and do not change probabilities', async (t) => {
  const graph = await openGreedy(t)
  const [frames] = clips
  const free = referenceGreedy(frames, [3], 8, () => true)
  const [first, second] = free.tokens as [number, number]
  const run = (masks: Masks) => graph.start(audioOf(frames)).runsWith(masks)([3], 8)
  const notFirst = await run({ always: forbid(VOCABULARY, []), first: forbid(VOCABULARY, [first]) })
  const expectedNotFirst = referenceGreedy(frames, [3], 8, (token, isFirst) => !(isFirst && token === first))
  t.same(notFirst.tokens, expectedNotFirst.tokens)
  t.ok(Math.abs(notFirst.logProbabilities[0]! - expectedNotFirst.logProbabilities[0]!) < 1e-4)
  const never = await run({ always: forbid(VOCABULARY, [first, second]), first: forbid(VOCABULARY, []) })
  t.same(never.tokens, referenceGreedy(frames, [3], 8, (token) => token !== first && token !== second).tokens)
  const few = await run({ always: allowOnly(VOCABULARY, [40, 42, 43]), first: forbid(VOCABULARY, []) })
  t.ok(few.tokens.every((token) => [40, 42, 43].includes(token)))
})

t.test('a decode in several runs gives the result of one run, whatever the length of the runs', async (t) => {
  const graph = await openGreedy(t)
  const free = forbid(VOCABULARY, [])
  for (const frames of clips) {
    const newRun = () => graph.start(audioOf(frames)).runsWith({ always: free, first: forbid(VOCABULARY, [END]) })
    const options = { prompt: [3, 9], endToken: END, budget: 20, interrupt: () => undefined }
    const whole = await greedyInRuns(newRun(), { ...options, tokensPerRun: 20 })
    for (const tokensPerRun of [1, 2, 7, 19]) {
      const cut = await greedyInRuns(newRun(), { ...options, tokensPerRun })
      t.same(cut.tokens, whole.tokens, `${tokensPerRun} tokens a run`)
      t.ok(cut.logProbabilities.every((value, at) => Math.abs(value - whole.logProbabilities[at]!) < 1e-5))
    }
  }
})

t.test('a decode is cancelled between runs, and the next one is not affected', async (t) => {
  const graph = await openGreedy(t)
  const free = forbid(VOCABULARY, [])
  const decode = (interrupt: () => void) =>
    greedyInRuns(graph.start(audioOf(clips[0])).runsWith({ always: forbid(VOCABULARY, [END]), first: free }), {
      prompt: [3],
      endToken: END,
      budget: 9,
      tokensPerRun: 2,
      interrupt,
    })
  const before = await decode(() => undefined)
  let calls = 0
  await t.rejects(decode(() => { if (++calls === 3) throw new Error('cancelled') }), /cancelled/)
  t.equal(calls, 3)
  t.same(await decode(() => undefined), before)
})

t.test('the end token ends a decode, a repeated phrase is kept once, and the budget is the limit', async (t) => {
  const script = (tokens: readonly number[]) => {
    let at = 0
    return async (_: readonly number[], maxTokens: number) => {
      const chosen = tokens.slice(at, at + maxTokens)
      at += chosen.length
      return { tokens: chosen, logProbabilities: chosen.map(() => -1) }
    }
  }
  const options = { prompt: [1], endToken: END, budget: 30, tokensPerRun: 4, interrupt: () => undefined }
  t.same(await greedyInRuns(script([8, 9, END]), options), {
    tokens: [8, 9],
    logProbabilities: [-1, -1, -1],
    stopped: 'end_of_text',
  })
  t.same(await greedyInRuns(script(new Array<number>(40).fill(8)), options), {
    tokens: [8],
    logProbabilities: [-1],
    stopped: 'repetition',
  })
  t.same((await greedyInRuns(script(Array.from({ length: 40 }, (_, i) => 10 + i)), options)).stopped, 'token_limit')
  t.equal((await greedyInRuns(script(Array.from({ length: 40 }, (_, i) => 10 + i)), options)).tokens.length, 30)
})

t.test('single steps', async (t) => {
  const graph = new Graph('toy steps', REAL)
  writeSteps(graph, decoder)
  const session = await openGraph(graph)
  t.teardown(() => session.release())
  const { start } = stepGraph(session)
  const [frames] = clips
  const memory = await (await openGreedy(t)).start(audioOf(frames)).encode()
  t.equal(framesOf(memory), frames.length, 'of the encoder in the greedy graph')

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
  const graph = new Graph('toy steps', REAL)
  writeSteps(graph, decoder)
  const session = await openGraph(graph)
  t.teardown(() => session.release())
  for (const frames of clips) {
    const memory = await (await openGreedy(t)).start(audioOf(frames)).encode()
    const { step } = stepGraph(session).start(memory, [3, 40, 42])
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
  const graph = new Graph('toy steps', REAL)
  writeSteps(graph, decoder)
  const session = await openGraph(graph)
  t.teardown(() => session.release())
  const memory = await (await openGreedy(t)).start(audioOf(clips[1])).encode()
  const hypotheses = [{ parent: 0, token: 3 }, { parent: 0, token: 4 }]
  const plain = await stepGraph(session).start(memory, [3]).step(hypotheses, [], 3)
  const dropped = VOCABULARY - 1
  t.notOk(KEPT.includes(dropped))
  const biased = await stepGraph(session)
    .start(memory, [3])
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

t.test('a decode after encode() equals one that encodes in its first run', async (t) => {
  const graph = await openGreedy(t)
  const free = forbid(VOCABULARY, [])
  const masks = { always: free, first: free }
  for (const frames of clips) {
    const encoded = graph.start(audioOf(frames))
    await encoded.encode()
    t.same(await encoded.runsWith(masks)([3], 12), await graph.start(audioOf(frames)).runsWith(masks)([3], 12))
  }
})

t.test('the memory of a run that ends the text is kept on request', async (t) => {
  const graph = await openGreedy(t)
  const only = allowOnly(VOCABULARY, [END])
  for (const keepMemory of [true, false]) {
    const decode = graph.start(audioOf(clips[0]), keepMemory)
    t.same((await decode.runsWith({ always: only, first: only })([3], 12)).tokens, [END])
    const memory = await decode.encode()
    t.equal(framesOf(memory), clips[0].length)
    t.same(await decode.score([3], [[40]], only), await graph.start(audioOf(clips[0])).score([3], [[40]], only))
  }
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
      const memory = await (await openGreedy(t)).start(audioOf(frames)).encode()
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
