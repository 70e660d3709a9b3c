/** The greedy loop of a small random decoder, and forced decoding, compared with a reference implementation. */
import t from 'tap'
import { greedyInRuns } from '../../../src/recognition/decoding/greedy-in-runs.js'
import {
  allowOnly, forbid, masksTogether, type Chosen, type GreedyTokens,
} from '../../../src/engine/runtime/greedy-graph.js'
import { framesOf } from '../../../src/engine/runtime/encoder-memory.js'
import { decodeAlone, runAlone, sequenceOf, type Masks } from './greedy-masks.js'
import {
  VOCABULARY, END, KEPT, referenceStep, referenceGreedy, openEncoder, openGreedy, openSteps, clips,
} from './toy-decoder.js'

const encode = await openEncoder(t)
const onlyEnd = masksTogether([allowOnly(VOCABULARY, [END])]).first

t.test('the greedy loop chooses the tokens of the reference', async (t) => {
  const graph = await openGreedy(t)
  for (const [index, frames] of clips.entries()) {
    for (const prompt of [[3], [3, 40, 42]]) {
      const expected = referenceGreedy(frames, prompt, 12, () => true)
      const found = await decodeAlone(graph, await encode(frames), prompt, 12)
      t.same(found.tokens, expected.tokens, `clip ${index}, prompt of ${prompt.length} tokens`)
      t.ok(found.logProbabilities.every((value, at) => Math.abs(value - expected.logProbabilities[at]!) < 1e-4))
    }
  }
})

t.test('forced decoding scores a transcript as the reference does, and its most probable ending', async (t) => {
  const { score } = await openSteps(t)
  for (const [index, frames] of clips.entries()) {
    const memory = await encode(frames)
    const transcript = KEPT.filter((token) => token !== END).slice(index, index + 5)
    const texts = [1, 5, 2].map((length) => transcript.slice(-length))
    for (const batch of [texts.slice(0, 1), texts.slice(1, 2), texts]) {
      const scores = await score(memory, [3, 42], batch, onlyEnd)
      for (const [text, tokens] of batch.entries()) {
        const expected = [...tokens, END].map((token, at) =>
          referenceStep([3, 42, ...tokens.slice(0, at)], frames)[token]!)
        t.equal(scores[text]!.length, tokens.length + 1)
        t.ok(scores[text]!.every((score, at) => Math.abs(score - expected[at]!) < 1e-4),
          `clip ${index}, ${tokens.length} tokens in a batch of ${batch.length}`)
      }
    }
  }
})

t.test('a token that cannot be chosen makes a transcript impossible', async (t) => {
  const { score } = await openSteps(t)
  const removed = Array.from({ length: VOCABULARY }, (_, token) => token).find((token) => !KEPT.includes(token))!
  const [[first]] = await score(await encode(clips[0]), [3], [[removed]], onlyEnd) as [number[]]
  t.ok(first! < -1e6)
})

t.test('masks exclude tokens from the first choice or from all, and do not change probabilities', async (t) => {
  const graph = await openGreedy(t)
  const [frames] = clips
  const free = referenceGreedy(frames, [3], 8, () => true)
  const [first, second] = free.tokens as [number, number]
  const memory = await encode(frames)
  const run = (masks: Masks) => decodeAlone(graph, memory, [3], 8, masks)
  const notFirst = await run({ later: forbid(VOCABULARY, []), first: forbid(VOCABULARY, [first]) })
  const expectedNotFirst = referenceGreedy(frames, [3], 8, (token, isFirst) => !(isFirst && token === first))
  t.same(notFirst.tokens, expectedNotFirst.tokens)
  t.ok(Math.abs(notFirst.logProbabilities[0]! - expectedNotFirst.logProbabilities[0]!) < 1e-4)
  const never = await run({ later: forbid(VOCABULARY, [first, second]) })
  t.same(never.tokens, referenceGreedy(frames, [3], 8, (token) => token !== first && token !== second).tokens)
  const few = await run({ later: allowOnly(VOCABULARY, [40, 42, 43]) })
  t.ok(few.tokens.every((token) => [40, 42, 43].includes(token)))
})

t.test('a decode in several runs gives the result of one run, whatever the length of the runs', async (t) => {
  const graph = await openGreedy(t)
  const masks = { first: forbid(VOCABULARY, [END]), later: forbid(VOCABULARY, []) }
  for (const frames of clips) {
    const memory = await encode(frames)
    const decode = (tokensPerRun: number) => {
      const sequence = sequenceOf(memory, [3, 9])
      const run = (maxTokens: number): Promise<Chosen> => runAlone(graph, sequence, maxTokens, masks)
      return greedyInRuns(run, { sequence, endToken: END, budget: 20, interrupt: () => undefined, tokensPerRun })
    }
    const whole = await decode(20)
    for (const tokensPerRun of [1, 2, 7, 19]) {
      const cut = await decode(tokensPerRun)
      t.same(cut.tokens, whole.tokens, `${tokensPerRun} tokens a run`)
      t.ok(cut.logProbabilities.every((value, at) => Math.abs(value - whole.logProbabilities[at]!) < 1e-5))
    }
  }
})

t.test('a decode is cancelled between runs, and the next one is not affected', async (t) => {
  const graph = await openGreedy(t)
  const memory = await encode(clips[0])
  const decode = (interrupt: () => void) => {
    const sequence = sequenceOf(memory, [3])
    const run = (maxTokens: number): Promise<Chosen> =>
      runAlone(graph, sequence, maxTokens, { later: forbid(VOCABULARY, [END]) })
    return greedyInRuns(run, { sequence, endToken: END, budget: 9, tokensPerRun: 2, interrupt })
  }
  const before = await decode(() => undefined)
  let calls = 0
  await t.rejects(decode(() => { if (++calls === 3) throw new Error('cancelled') }), /cancelled/)
  t.equal(calls, 3)
  t.same(await decode(() => undefined), before)
})

t.test('the end token ends a decode, a repeated phrase is kept once, and the budget is the limit', async (t) => {
  const script = (tokens: readonly number[]) => {
    let at = 0
    return async (maxTokens: number): Promise<Chosen> => {
      const chosen = tokens.slice(at, at + maxTokens)
      at += chosen.length
      const found: GreedyTokens = { tokens: chosen, logProbabilities: chosen.map(() => -1) }
      return { ...found, checked: { tokens: chosen.slice(0, 1), logProbabilities: [-1] } }
    }
  }
  const sequence = sequenceOf({}, [1])
  const options = { sequence, endToken: END, budget: 30, tokensPerRun: 4, interrupt: () => undefined }
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

t.test('a memory serves many decodes and scores, also after one that ended the text', async (t) => {
  const graph = await openGreedy(t)
  const { score } = await openSteps(t)
  for (const frames of clips) {
    const memory = await encode(frames)
    t.equal(framesOf(memory), 16 * Math.ceil(frames.length / 16), 'filled up')
    const before = await score(memory, [3], [[40]], onlyEnd)
    t.same((await decodeAlone(graph, memory, [3], 12, { later: allowOnly(VOCABULARY, [END]) })).tokens, [END])
    t.same(await score(memory, [3], [[40]], onlyEnd), before)
    const again = await decodeAlone(graph, await encode(frames), [3], 12)
    t.same(await decodeAlone(graph, memory, [3], 12), again, 'as one that was encoded anew')
  }
})
