/** The loop in the graph, and single steps, on a small random decoder that is also written out in plain arithmetic. */
import t, { type Test } from 'tap'
import { writeAlignment, type Head } from '../../../src/engine/compiler/alignment.js'
import { BLOCK, memoriesOf, writeGreedy, writeSteps, type Decoder } from '../../../src/engine/compiler/decoder.js'
import { Graph, type Value } from '../../../src/engine/compiler/graph.js'
import { attendToMemory, attendToPast } from '../../../src/engine/compiler/layers.js'
import { greedyInRuns } from '../../../src/recognition/decoding/greedy-in-runs.js'
import { allowOnly, forbid, greedyGraph, type GreedyGraph, type Masks } from '../../../src/engine/runtime/greedy-graph.js'
import { openAligner } from '../../../src/engine/runtime/alignment-graph.js'
import { Tensor } from '../../../src/engine/runtime/session.js'
import { stepGraph } from '../../../src/engine/runtime/step-graph.js'
import { attention, farthest, open, openGraph, plus, product, randomTable, REAL, softmax, tableOf, type Table } from './plain.js'

const HEADS = 2
const WIDTH = 8
const VOCABULARY = 300
const END = 7
/** Every token but some: 2 blocks of places. */
const KEPT = Array.from({ length: VOCABULARY }, (_, id) => id).filter((id) => id % 6 !== 5).concat([5, 11, 17, 23, 29, 35]).sort((a, b) => a - b).slice(0, 2 * BLOCK)
const LAYERS = 2

const embedding = randomTable(1, VOCABULARY, WIDTH)
const output = randomTable(2, WIDTH, VOCABULARY)
const mixing = Array.from({ length: LAYERS }, (_, layer) => ['q', 'k', 'v', 'x'].map((_, index) => randomTable(10 + 4 * layer + index, WIDTH, WIDTH)))
const ATTENTION = { heads: HEADS, scale: 1 }
const matrix = (graph: Graph, table: Table): Value => graph.weight(Float32Array.from(table.flat()), [table.length, table[0]!.length])

const decoder: Decoder = {
  layers: LAYERS, heads: HEADS, headWidth: WIDTH / HEADS, vocabulary: VOCABULARY, kept: KEPT, endToken: END,
  embed(graph, tokens, position) {
    const count = graph.op('Squeeze', [graph.op('Shape', [tokens], { start: 1, end: 2 })])
    const positions = graph.op('Add', [position, graph.op('Range', [graph.integer(0), count, graph.integer(1)])])
    const waves = graph.op('Unsqueeze', [graph.op('Sin', [graph.cast(positions, 'float32')]), graph.integers(1)])
    return graph.op('Add', [graph.op('Gather', [matrix(graph, KEPT.map((id) => embedding[id]!)), tokens]), waves])
  },
  layer(graph, index, hidden, _position, past, heard) {
    const through = (x: Value, which: number): Value => graph.op('MatMul', [x, matrix(graph, mixing[index]![which]!)])
    const own = attendToPast(graph, through(hidden, 0), through(hidden, 1), through(hidden, 2), past, ATTENTION)
    const remembered = graph.op('Tanh', [graph.op('Add', [hidden, own.heard])])
    const asked = through(remembered, 3)
    return { hidden: graph.op('Add', [remembered, attendToMemory(graph, asked, heard, ATTENTION)]), memory: own.memory, asked }
  },
  logits: (graph, hidden) => graph.op('Reshape', [graph.op('MatMul', [hidden, matrix(graph, output.map((row) => KEPT.map((id) => row[id]!)))]), graph.integers(-1, KEPT.length)]),
}

/** What comes out of the last layer, and what each layer asked the frames. */
function plainLayers(tokens: readonly number[], frames: Table): { hidden: Table; asked: Table[] } {
  let hidden: Table = tokens.map((token, at) => embedding[token]!.map((value) => value + Math.sin(at)))
  const asked: Table[] = []
  for (const [q, k, v, x] of mixing as [Table, Table, Table, Table][]) {
    const own = attention(product(hidden, q), product(hidden, k), product(hidden, v), HEADS, 1, (query, key) => key <= query)
    const remembered = plus(hidden, own).map((_, at) => hidden[at]!.map((value, i) => Math.tanh(value + own[at]![i]!)))
    asked.push(product(remembered, x))
    const listened = attention(asked.at(-1)!, frames, frames, HEADS, 1)
    hidden = remembered.map((row, at) => row.map((value, i) => value + listened[at]![i]!))
  }
  return { hidden, asked }
}

/** Log-probabilities of what follows, by published id; NaN for tokens that are not kept. */
function plainStep(tokens: readonly number[], frames: Table): number[] {
  const { hidden } = plainLayers(tokens, frames)
  const logits = product(hidden.slice(-1), output)[0]!
  const probabilities = softmax(KEPT.map((id) => logits[id]!))
  const all = new Array<number>(VOCABULARY).fill(NaN)
  KEPT.forEach((id, place) => { all[id] = Math.log(probabilities[place]!) })
  return all
}

function plainGreedy(frames: Table, prompt: readonly number[], budget: number, allowed: (token: number, isFirst: boolean) => boolean): { tokens: number[]; logProbabilities: number[] } {
  const tokens: number[] = []
  const logProbabilities: number[] = []
  while (tokens.length < budget && tokens.at(-1) !== END) {
    const next = plainStep([...prompt, ...tokens], frames)
    const best = KEPT.filter((token) => allowed(token, tokens.length === 0)).reduce((a, b) => next[b]! > next[a]! ? b : a)
    tokens.push(best)
    logProbabilities.push(next[best]!)
  }
  return { tokens, logProbabilities }
}

/** "Audio" [1, frames, width] is its own keys and values in every layer. */
async function openGreedy(t: Test): Promise<GreedyGraph> {
  const graph = new Graph('toy', REAL)
  const audio = graph.input('audio', 'float32', [1, 'frames', WIDTH])
  writeGreedy(graph, decoder, () => memoriesOf(graph, decoder, audio, 1, (fresh) => {
    const split = fresh.op('Transpose', [fresh.op('Reshape', [audio, fresh.integers(0, 0, HEADS, WIDTH / HEADS)])], { perm: [0, 2, 1, 3] })
    return Array.from({ length: LAYERS }, () => ({ keys: split, values: split }))
  }))
  const session = await openGraph(graph)
  t.teardown(() => session.release())
  return greedyGraph(session)
}

const audioOf = (frames: Table): { input: string; heard: Tensor; nothing: Tensor } => ({
  input: 'audio', heard: new Tensor('float32', Float32Array.from(frames.flat()), [1, frames.length, WIDTH]), nothing: new Tensor('float32', new Float32Array(0), [1, 0, WIDTH]),
})
const clips = [21, 22, 23, 24].map((seed) => randomTable(seed, 5 + seed % 3, WIDTH))

t.test('the loop chooses what plain arithmetic chooses', async (t) => {
  const graph = await openGreedy(t)
  const free = forbid(VOCABULARY, [])
  for (const [index, frames] of clips.entries()) {
    for (const prompt of [[3], [3, 40, 42]]) {
      const expected = plainGreedy(frames, prompt, 12, () => true)
      const found = await graph.start(audioOf(frames)).choosing({ always: free, first: free })(prompt, 12)
      t.same(found.tokens, expected.tokens, `clip ${index}, ${prompt.length} given tokens`)
      t.ok(found.logProbabilities.every((value, at) => Math.abs(value - expected.logProbabilities[at]!) < 1e-4))
    }
  }
})

t.test('masks hold: for the first choice, for all, and do not change probabilities', async (t) => {
  const graph = await openGreedy(t)
  const [frames] = clips as [Table]
  const free = plainGreedy(frames, [3], 8, () => true)
  const [first, second] = free.tokens as [number, number]
  const run = (masks: Masks) => graph.start(audioOf(frames)).choosing(masks)([3], 8)
  const notFirst = await run({ always: forbid(VOCABULARY, []), first: forbid(VOCABULARY, [first]) })
  const expectedNotFirst = plainGreedy(frames, [3], 8, (token, isFirst) => !(isFirst && token === first))
  t.same(notFirst.tokens, expectedNotFirst.tokens)
  t.ok(Math.abs(notFirst.logProbabilities[0]! - expectedNotFirst.logProbabilities[0]!) < 1e-4)
  const never = await run({ always: forbid(VOCABULARY, [first, second]), first: forbid(VOCABULARY, []) })
  t.same(never.tokens, plainGreedy(frames, [3], 8, (token) => token !== first && token !== second).tokens)
  const few = await run({ always: allowOnly(VOCABULARY, [40, 42, 43]), first: forbid(VOCABULARY, []) })
  t.ok(few.tokens.every((token) => [40, 42, 43].includes(token)))
})

t.test('a decode in pieces is the decode in one, wherever it is cut', async (t) => {
  const graph = await openGreedy(t)
  const free = forbid(VOCABULARY, [])
  for (const frames of clips) {
    const choosing = () => graph.start(audioOf(frames)).choosing({ always: free, first: forbid(VOCABULARY, [END]) })
    const options = { prompt: [3, 9], endToken: END, budget: 20, interrupt: () => undefined }
    const whole = await greedyInRuns(choosing(), { ...options, tokensPerRun: 20 })
    for (const tokensPerRun of [1, 2, 7, 19]) {
      const cut = await greedyInRuns(choosing(), { ...options, tokensPerRun })
      t.same(cut.tokens, whole.tokens, `${tokensPerRun} tokens a run`)
      t.ok(cut.logProbabilities.every((value, at) => Math.abs(value - whole.logProbabilities[at]!) < 1e-5))
    }
  }
})

t.test('a decode is called off between runs, and the next one knows nothing of it', async (t) => {
  const graph = await openGreedy(t)
  const free = forbid(VOCABULARY, [])
  const decode = (interrupt: () => void) => greedyInRuns(graph.start(audioOf(clips[0]!)).choosing({ always: forbid(VOCABULARY, [END]), first: free }),
    { prompt: [3], endToken: END, budget: 9, tokensPerRun: 2, interrupt })
  const before = await decode(() => undefined)
  let calls = 0
  await t.rejects(decode(() => { if (++calls === 3) throw new Error('called off') }), /called off/)
  t.equal(calls, 3)
  t.same(await decode(() => undefined), before)
})

t.test('the end token ends a decode, a repeated phrase is said once, and the budget is kept', async (t) => {
  const script = (tokens: readonly number[]) => {
    let at = 0
    return async (_: readonly number[], most: number) => {
      const chosen = tokens.slice(at, at + most)
      at += chosen.length
      return { tokens: chosen, logProbabilities: chosen.map(() => -1) }
    }
  }
  const options = { prompt: [1], endToken: END, budget: 30, tokensPerRun: 4, interrupt: () => undefined }
  t.same(await greedyInRuns(script([8, 9, END]), options), { tokens: [8, 9], logProbabilities: [-1, -1, -1], stopped: 'end_of_text' })
  t.same(await greedyInRuns(script(new Array<number>(40).fill(8)), options), { tokens: [8], logProbabilities: [-1], stopped: 'repetition' })
  t.same((await greedyInRuns(script(Array.from({ length: 40 }, (_, i) => 10 + i)), options)).stopped, 'token_limit')
  t.equal((await greedyInRuns(script(Array.from({ length: 40 }, (_, i) => 10 + i)), options)).tokens.length, 30)
})

t.test('single steps', async (t) => {
  const graph = new Graph('toy steps', REAL)
  writeSteps(graph, decoder)
  const session = await openGraph(graph)
  t.teardown(() => session.release())
  const { start } = stepGraph(session)
  const [frames] = clips as [Table]
  const memory = await (await openGreedy(t)).start(audioOf(frames)).encode()
  t.same(memory.dims, [2 * LAYERS, HEADS, frames.length, WIDTH / HEADS], 'the greedy graph encodes for them')

  const search = start(memory)
  const first = await search.step([{ parent: 0, token: 3 }], [], 4)
  const expected = plainStep([3], frames)
  const ranked = [...KEPT].sort((a, b) => expected[b]! - expected[a]!).slice(0, 4)
  t.same(first.tokens, ranked, 'the best tokens in their order')
  t.ok(ranked.every((token, at) => Math.abs(first.logProbabilities[at]! - expected[token]!) < 1e-4))

  const [best, other] = ranked as [number, number]
  const second = await search.step([{ parent: 0, token: other }, { parent: 0, token: best }], [], 3)
  const afterOther = plainStep([3, other], frames)
  t.ok(tableOf(second.logProbabilities, 3)[0]!.every((value, at) => Math.abs(value - afterOther[second.tokens[at]!]!) < 1e-4), 'one hypothesis becomes two')

  const third = await search.step([{ parent: 1, token: 40 }, { parent: 1, token: 43 }, { parent: 0, token: 42 }], [], 2)
  for (const [row, history] of [[3, best, 40], [3, best, 43], [3, other, 42]].entries()) {
    const plain = plainStep(history, frames)
    t.ok(third.tokens.slice(2 * row, 2 * row + 2).every((token, at) => Math.abs(third.logProbabilities[2 * row + at]! - plain[token]!) < 1e-4), `after ${history.join(' ')}`)
  }
})

t.test('a bias lifts its token after its hypothesis, and nothing else', async (t) => {
  const graph = new Graph('toy steps', REAL)
  writeSteps(graph, decoder)
  const session = await openGraph(graph)
  t.teardown(() => session.release())
  const memory = await (await openGreedy(t)).start(audioOf(clips[1]!)).encode()
  const hypotheses = [{ parent: 0, token: 3 }, { parent: 0, token: 4 }]
  const plain = await stepGraph(session).start(memory).step(hypotheses, [], 3)
  const dropped = Array.from({ length: VOCABULARY }, (_, id) => id).find((id) => !KEPT.includes(id))!
  const biased = await stepGraph(session).start(memory).step(hypotheses, [{ hypothesis: 1, token: 99 - 99 % 6, amount: 50 }, { hypothesis: 0, token: dropped, amount: 90 }], 3)
  t.same(biased.tokens.slice(0, 3), plain.tokens.slice(0, 3), 'a token that is not kept cannot be lifted')
  t.equal(biased.tokens[3], 99 - 99 % 6)
  t.ok(Math.abs(biased.scores[3]! - biased.logProbabilities[3]! - 50) < 1e-3)
  t.ok(biased.tokens.slice(4).every((token) => plain.tokens.slice(3).includes(token)))
})

t.test('a decode that begins with what was encoded is the decode that hears the audio', async (t) => {
  const graph = await openGreedy(t)
  const free = forbid(VOCABULARY, [])
  const masks = { always: free, first: free }
  for (const frames of clips) {
    const encoded = graph.start(audioOf(frames))
    await encoded.encode()
    t.same(await encoded.choosing(masks)([3], 12), await graph.start(audioOf(frames)).choosing(masks)([3], 12))
  }
})

t.test('what tokens attend to is what plain arithmetic says, of the heads that are wanted, and nothing behind the length', async (t) => {
  const tokens = [3, 40, 42, 9]
  for (const [index, wanted] of ([[[0, 1]], [[1, 0], [0, 0]], undefined] as (Head[] | undefined)[]).entries()) {
    const graph = new Graph('toy alignment', REAL)
    writeAlignment(graph, decoder, wanted)
    const aligner = openAligner(async () => graph.bytes(), (bytes) => open(bytes, { fixedShapes: false }))
    t.teardown(() => aligner.dispose())
    const heads = wanted?.toSorted(([a], [b]) => a - b) ?? [[1, 0], [1, 1]]
    for (const frames of clips) {
      const memory = await (await openGreedy(t)).start(audioOf(frames)).encode()
      const length = frames.length - index
      const found = await aligner.attend(memory, tokens, length)
      t.match(found, { heads: heads.length, tokens: tokens.length, frames: length })
      const { asked } = plainLayers(tokens, frames)
      const width = WIDTH / HEADS
      const expected = heads.flatMap(([layer, head]) => asked[layer!]!.flatMap((row) => softmax(frames.slice(0, length).map((frame) =>
        Array.from({ length: width }, (_, i) => row[head! * width + i]! * frame[head! * width + i]!).reduce((sum, value) => sum + value, 0)))))
      t.ok(farthest(found.weights, expected) < 1e-5)
    }
  }
  t.throws(() => writeAlignment(new Graph('no such head', REAL), decoder, [[LAYERS, 0]]), { name: 'UnknownModel' })
})
