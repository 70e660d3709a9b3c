/** The greedy loop of a small random decoder, and forced decoding, compared with a reference implementation. */
import t from 'tap'
import { greedyInRuns } from '../../../src/recognition/decoding/greedy-in-runs.js'
import { allowOnly, forbid, type Masks } from '../../../src/engine/runtime/greedy-graph.js'
import { framesOf } from '../../../src/engine/runtime/encoder-memory.js'
import { VOCABULARY, END, KEPT, referenceStep, referenceGreedy, openGreedy, audioOf, clips } from './toy-decoder.js'

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
