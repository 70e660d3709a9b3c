/** A draft makes a decode cheaper and never different: on the toy decoder, whatever the draft. */
import t from 'tap'
import { forbid, type Chosen, type GreedyGraph } from '../../../src/engine/runtime/greedy-graph.js'
import type { EncoderMemory } from '../../../src/engine/runtime/encoder-memory.js'
import type { DecodedTokens } from '../../../src/recognition/decoding/greedy.js'
import { greedyInRuns } from '../../../src/recognition/decoding/greedy-in-runs.js'
import { masksFor, runAlone, sequenceOf, type Masks } from '../../engine/compiler/greedy-masks.js'
import { randomTable } from '../../engine/compiler/reference.js'
import { END, KEPT, openEncoder, openGreedy, VOCABULARY, WIDTH } from '../../engine/compiler/toy-decoder.js'

const encode = await openEncoder(t)
const graph = await openGreedy(t)
const BUDGET = 20

interface Decode extends DecodedTokens { readonly runs: number }

async function decode(
  memory: EncoderMemory, prompt: readonly number[], draft: readonly number[], masks: Masks, budget = BUDGET,
): Promise<Decode> {
  const sequence = sequenceOf(memory, prompt)
  let runs = 0
  const run = (maxTokens: number): Promise<Chosen> => {
    runs++
    return runAlone(graph, sequence, maxTokens, masks)
  }
  const decoded = await greedyInRuns(run, {
    sequence, draft, endToken: END, budget, tokensPerRun: 3, interrupt: () => undefined,
  })
  return { ...decoded, runs }
}

function isSame(found: Decode, expected: Decode): boolean {
  return found.stopped === expected.stopped && found.tokens.join() === expected.tokens.join()
    && found.logProbabilities.length === expected.logProbabilities.length
    && found.logProbabilities.every((value, at) => Math.abs(value - expected.logProbabilities[at]!) < 1e-4)
}

/**
 * Clips whose decode ends by itself, after several tokens. A toy never chooses the end on its own, so the mask favours
 * it: as soon as it is nearly as likely as the best token.
 */
const favoured = (amount: number): Float32Array => {
  const mask = forbid(VOCABULARY, [])
  mask[END] = amount
  return mask
}

async function endingClips(): Promise<{ memory: EncoderMemory; masks: Masks; plain: Decode }[]> {
  const found: { memory: EncoderMemory; masks: Masks; plain: Decode }[] = []
  for (let seed = 1; seed < 40 && found.length < 8; seed++) {
    const memory = await encode(randomTable(seed, 4 + seed % 30, WIDTH))
    for (const amount of [1, 1.5, 2, 2.5]) {
      const masks = { first: forbid(VOCABULARY, [END]), later: favoured(amount) }
      const plain = await decode(memory, [3, 9], [], masks)
      if (plain.stopped === 'end_of_text' && plain.tokens.length >= 5) {
        found.push({ memory, masks, plain })
        break
      }
    }
  }
  return found
}

t.test('an accepted, a partly right, a wrong, a too long and a too short draft give the same decode', async (t) => {
  const clips = await endingClips()
  t.ok(clips.length >= 4, `${clips.length} clips`)
  for (const { memory, masks, plain } of clips) {
    const { tokens } = plain
    const other = KEPT.find((token) => token !== END && !tokens.includes(token))!
    const replacedAt = (at: number): number[] => tokens.map((token, index) => index === at ? other : token)
    const drafts: Readonly<Record<string, readonly number[]>> = {
      accepted: tokens,
      'wrong first': replacedAt(0),
      'wrong in the middle': replacedAt(2),
      'wrong last': replacedAt(tokens.length - 1),
      'without a token in the middle': tokens.toSpliced(2, 1),
      'with one more': [...tokens, other],
      'with the end and more': [...tokens, END, other, other],
      short: tokens.slice(0, 2),
      'all wrong': tokens.map(() => other),
      'longer than the budget': [...tokens, ...new Array<number>(2 * BUDGET).fill(other)],
    }
    for (const [kind, draft] of Object.entries(drafts)) {
      const found = await decode(memory, [3, 9], draft, masks)
      t.ok(isSame(found, plain), `${kind}: ${found.tokens.join()} for ${tokens.join()}`)
    }
    t.equal((await decode(memory, [3, 9], tokens, masks)).runs, 1, 'an accepted draft needs one run')
  }
})

t.test('after a wrong draft that seems to end the text, the decode goes on from the right tokens', async (t) => {
  const onlyEndIn = (amount: number): Masks => ({ first: forbid(VOCABULARY, [END]), later: favoured(amount) })
  const memory = await encode(randomTable(3, 12, WIDTH))
  const plain = await decode(memory, [3], [], { later: forbid(VOCABULARY, [END]) })
  // Every choice but the first is the end token, that after the whole draft too.
  t.same((await decode(memory, [3], plain.tokens, onlyEndIn(50))).tokens, plain.tokens.slice(0, 1))
  // Drafts whose last choice is the end, and which are wrong before it.
  let tried = 0
  for (const { memory, masks, plain } of await endingClips()) {
    for (const wrong of KEPT.filter((token) => token !== END).slice(0, 60)) {
      const draft = [wrong, ...plain.tokens.slice(1)]
      if (wrong === plain.tokens[0] || !await seemsToEnd(graph, memory, draft, masks)) continue
      tried++
      const found = await decode(memory, [3, 9], draft, masks)
      t.ok(isSame(found, plain), `${found.tokens.join()} for ${plain.tokens.join()}`)
      break
    }
  }
  t.ok(tried > 0, `${tried} drafts`)
})

async function seemsToEnd(
  graph: GreedyGraph, memory: EncoderMemory, draft: readonly number[], masks: Masks,
): Promise<boolean> {
  const sequence = { ...sequenceOf(memory, [3, 9, ...draft]), mask: 0 }
  const [chosen] = await graph.run([sequence], 1, masksFor(graph, masks))
  return chosen!.tokens[0] === END
}

t.test('a draft changes neither the budget nor the end of a repetition', async (t) => {
  const memory = await encode(randomTable(8, 20, WIDTH))
  const endless = { later: forbid(VOCABULARY, [END]) }
  const plain = await decode(memory, [3, 9], [], endless)
  for (const budget of [1, 2, 7, BUDGET]) {
    const expected = await decode(memory, [3, 9], [], endless, budget)
    for (const draft of [plain.tokens, plain.tokens.slice(0, budget), plain.tokens.slice(0, budget - 1)]) {
      t.ok(isSame(await decode(memory, [3, 9], draft, endless, budget), expected), `budget ${budget}`)
    }
  }
  const token = plain.tokens[0]!
  const only = forbid(VOCABULARY, KEPT.filter((id) => id !== token))
  const repeating = await decode(memory, [3, 9], [], { later: only })
  t.equal(repeating.stopped, 'repetition')
  for (const length of [1, 4, BUDGET]) {
    const draft = new Array<number>(length).fill(token)
    t.ok(isSame(await decode(memory, [3, 9], draft, { later: only }), repeating), `a draft of ${length} repetitions`)
  }
})

t.test('a decode with a draft is interrupted before its run', async (t) => {
  const memory = await encode(randomTable(8, 20, WIDTH))
  const sequence = sequenceOf(memory, [3])
  const run = (): Promise<Chosen> => Promise.reject(new Error('no run was expected'))
  const interrupt = (): void => { throw new Error('cancelled') }
  await t.rejects(greedyInRuns(run, { sequence, draft: [4, 5], endToken: END, budget: 5, interrupt }), /cancelled/)
})
