/** Greedy decoding and its limits on synthetic logits, without graph and audio. */
import { test } from 'tap'
import { greedy, type GreedyOptions, type Step } from '../../../src/recognition/decoding/greedy.js'
import { repeatedTail, tokenBudget } from '../../../src/recognition/decoding/limits.js'
import { bestToken } from '../../../src/recognition/decoding/logits.js'

const END = 0
const VOCABULARY = 12

/** A row of logits in which `token` is the most probable and its neighbours are less probable. */
function rowFor(token: number): Float32Array {
  return Float32Array.from({ length: VOCABULARY }, (_, id) => 5 - 2 * Math.abs(id - token))
}

/** Chooses these tokens in turn, and records what it is fed. */
function script(tokens: readonly number[]): { step: Step; fed: (readonly number[])[] } {
  const fed: (readonly number[])[] = []
  return { fed, step: async (next) => { fed.push(next); return rowFor(tokens[fed.length - 1] ?? END) } }
}

function options(changes: Partial<GreedyOptions> = {}): GreedyOptions {
  return {
    prompt: [11], endToken: END, budget: 100, forbidden: new Set(), forbiddenFirst: new Set(), interrupt: () => {},
    ...changes,
  }
}

/** Uniform in [0, 1), the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return state / 2 ** 32 }
}

test('the best token is the most probable one not forbidden, with its probability in the whole row', (t) => {
  const random = generator(1)
  const rounds = Array.from({ length: 50 }, () => {
    const logits = Float32Array.from({ length: VOCABULARY }, () => 40 * random() - 20)
    const forbidden = new Set(Array.from(logits.keys()).filter(() => random() < 0.4).slice(0, VOCABULARY - 1))
    return { logits, forbidden, choice: bestToken(logits, forbidden) }
  })
  t.notOk(rounds.some(({ forbidden, choice }) => forbidden.has(choice.token)))
  t.ok(
    rounds.every(({ logits, forbidden, choice }) =>
      logits.every((value, id) => forbidden.has(id) || value <= logits[choice.token]!),
    ),
  )
  t.ok(rounds.every(({ logits, choice }) => {
    const total = logits.reduce((sum, value) => sum + Math.exp(value), 0)
    return Math.abs(Math.exp(choice.logProbability) - Math.exp(logits[choice.token]!) / total) < 1e-9
  }))
  t.end()
})

test('logits whose exponential overflows have a probability', (t) => {
  t.same(bestToken(Float32Array.of(1e30, -1e30), new Set()), { token: 0, logProbability: 0 })
  t.same(bestToken(Float32Array.of(3, -Infinity), new Set()), { token: 0, logProbability: 0 })
  t.end()
})

test('logits without a number, or with every token forbidden, are a failure of the model', (t) => {
  t.throws(() => bestToken(new Float32Array(4).fill(NaN), new Set()), { code: 'RECOGNIZER_FAILED' })
  t.throws(() => bestToken(new Float32Array(2), new Set([0, 1])), { code: 'RECOGNIZER_FAILED' })
  t.end()
})

test('a decode feeds the prompt in one step, and then every token that it chose', async (t) => {
  const { step, fed } = script([4, 7, 5, END])
  const decoded = await greedy(step, options({ prompt: [11, 10] }))
  t.same(fed, [[11, 10], [4], [7], [5]])
  t.same(decoded.tokens, [4, 7, 5])
  t.equal(decoded.stopped, 'end_of_text')
  t.equal(decoded.logProbabilities.length, 4, 'the end token has a probability too')
})

test('a decode stops at its budget, and a budget of one gives one token', async (t) => {
  for (const budget of [1, 3]) {
    const decoded = await greedy(script([1, 2, 3, 4, 5, 6]).step, options({ budget }))
    t.equal(decoded.tokens.length, budget)
    t.equal(decoded.logProbabilities.length, budget)
    t.equal(decoded.stopped, 'token_limit')
  }
})

test('tokens that are forbidden first are allowed second, and forbidden tokens are never chosen', async (t) => {
  const silent = await greedy(script([END]).step, options())
  t.same(silent.tokens, [])
  const speaking = await greedy(script([END]).step, options({ forbiddenFirst: new Set([END]) }))
  t.same(speaking.tokens, [1])
  t.equal(speaking.stopped, 'end_of_text')
  const without = await greedy(script([4, 4, END]).step, options({ forbidden: new Set([4]) }))
  t.notOk(without.tokens.includes(4))
})

test('the interrupt is called before every step and ends the decode with its own error', async (t) => {
  for (const allowed of [0, 1, 4]) {
    const { step, fed } = script([1, 2, 3, 4, 5, 6, 7, END])
    let calls = 0
    const interrupt = (): void => { if (calls++ === allowed) throw new RangeError('late') }
    await t.rejects(greedy(step, options({ interrupt })), { name: 'RangeError', message: 'late' })
    t.equal(fed.length, allowed)
  }
})

test('a repetition ends the decode; the tokens before it and its first occurrence are kept', async (t) => {
  const random = generator(7)
  for (let period = 1; period <= 16; period++) {
    const before = Array.from({ length: Math.floor(20 * random()) }, (_, i) => 1000 + i)
    const phrase = Array.from({ length: period }, (_, i) => 100 + i)
    let at = 0
    const step: Step = async () => {
      const token = before[at] ?? phrase[(at - before.length) % period]!
      at++
      return new Float32Array(2000).fill(10, token, token + 1)
    }
    const decoded = await greedy(step, options({ budget: 400 }))
    t.equal(decoded.stopped, 'repetition')
    t.same(decoded.tokens, [...before, ...phrase], `period ${period}`)
    t.equal(decoded.logProbabilities.length, decoded.tokens.length)
  }
})

test('a few repeats, as people speak them, are no repetition', (t) => {
  t.equal(repeatedTail([3, 3, 3, 3, 3]), 0, '"no no no no no"')
  t.equal(repeatedTail([1, 2, 1, 2, 1, 2]), 0)
  t.equal(repeatedTail([1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5]), 0)
  t.end()
})

test('tokens that do not repeat are no repetition', (t) => {
  const random = generator(3)
  const tokens = Array.from({ length: 444 }, () => Math.floor(1000 * random()))
  t.ok(tokens.every((_, length) => repeatedTail(tokens.slice(0, length)) === 0))
  t.end()
})

test('the token budget grows with the clip, is never zero and never above the limit', (t) => {
  const seconds = Array.from({ length: 400 }, (_, i) => i / 10)
  for (const rate of [0.5, 6.5, 50]) {
    const budgets = seconds.map((length) => tokenBudget(length, rate, 194))
    t.ok(budgets.every((budget) => Number.isInteger(budget) && budget >= 1 && budget <= 194))
    t.ok(budgets.every((budget, i) => budget >= Math.min(194, rate * seconds[i]!)), 'nothing is rounded away')
    t.ok(budgets.every((budget, i) => i === 0 || budget >= budgets[i - 1]!))
  }
  t.equal(tokenBudget(0.4, 6.5, 194), 3, 'a clip of 0.4 seconds may have three tokens')
  t.end()
})
