/**
 * Several sequences in one run: no company changes the tokens or the probabilities of a sequence, bit for bit. With the
 * toy decoder in integers, and on the default model. In float16 the tokens are the same, and probabilities nearly.
 */
import t, { type Test } from 'tap'
import { encoderDecoderOf, readManifest } from '../../../src/engine/manifest.js'
import type { EncoderMemory } from '../../../src/engine/runtime/encoder-memory.js'
import {
  forbid, rewind, type GreedyGraph, type GreedyTokens, type Sequence,
} from '../../../src/engine/runtime/greedy-graph.js'
import { Tensor } from '../../../src/engine/runtime/session.js'
import { targetFor } from '../../../src/engine/compiler/target.js'
import { seededRandom } from '../../../fixtures/kit/statistics.js'
import { decodeAlone, masksFor, runAlone, sequenceOf, type Masks } from './greedy-masks.js'
import { borrowModel, clipOf, openGreedyModel, type GreedyModel } from './real-model.js'
import { randomTable } from './reference.js'
import { END, openEncoder, openGreedy, VOCABULARY, WIDTH } from './toy-decoder.js'

/** Signed integers only where sums of products do not overflow. */
const TARGETS = [...new Set(['unsigned', targetFor('cpu', 'auto').matrices])] as readonly ('signed' | 'unsigned')[]

interface Clip { readonly memory: EncoderMemory; readonly prompt: readonly number[]; readonly tokens: number }

/** What each clip chooses alone in one run, at most `tokens`. */
async function eachAlone(graph: GreedyGraph, clips: readonly Clip[], masks?: Masks): Promise<GreedyTokens[]> {
  const found: GreedyTokens[] = []
  for (const { memory, prompt, tokens } of clips) {
    const { checked: _, ...chosen } = await decodeAlone(graph, memory, prompt, tokens, masks)
    found.push(chosen)
  }
  return found
}

/** A clip that is being decoded. */
interface Member {
  readonly clip: number
  readonly sequence: Sequence
  readonly tokens: number[]
  readonly scores: number[]
}

/**
 * The same in company: before each run some of the clips that wait join, the places are drawn anew at times, and those
 * that have ended leave. Prompts are fed alone.
 */
async function inCompany(
  graph: GreedyGraph, clips: readonly Clip[], endToken: number, random: () => number, masks?: Masks,
): Promise<GreedyTokens[]> {
  const results: GreedyTokens[] = []
  const waiting = clips.map((_, index) => index).sort(() => random() - 0.5)
  let members: Member[] = []
  const add = (member: Member, { tokens, logProbabilities }: GreedyTokens): void => {
    member.tokens.push(...tokens)
    member.scores.push(...logProbabilities)
  }
  const isOver = ({ clip, tokens }: Member): boolean =>
    tokens.at(-1) === endToken || tokens.length === clips[clip]!.tokens
  while (waiting.length > 0 || members.length > 0) {
    while (waiting.length > 0 && members.length < 4 && (members.length === 0 || random() < 0.5)) {
      const clip = waiting.pop()!
      const { memory, prompt } = clips[clip]!
      const member: Member = { clip, sequence: sequenceOf(memory, prompt), tokens: [], scores: [] }
      add(member, await runAlone(graph, member.sequence, 1, masks))
      members.push(member)
    }
    if (random() < 0.3) members.sort(() => random() - 0.5)
    const running = members.filter((member) => !isOver(member))
    if (running.length > 0) {
      const left = Math.min(...running.map(({ clip, tokens }) => clips[clip]!.tokens - tokens.length))
      const budget = 1 + Math.floor(random() * Math.min(left, 7))
      const chosen = await graph.run(running.map(({ sequence }) => sequence), budget, masksFor(graph, masks))
      for (const [index, one] of chosen.entries()) add(running[index]!, one)
    }
    for (const member of members.filter(isOver)) {
      results[member.clip] = { tokens: member.tokens, logProbabilities: member.scores }
    }
    members = members.filter((member) => !isOver(member))
  }
  return results
}

async function sameInEveryCompany(
  t: Test, graph: GreedyGraph, clips: readonly Clip[], endToken: number, companies: number, masks?: Masks,
): Promise<void> {
  const alone = await eachAlone(graph, clips, masks)
  t.ok(new Set(alone.map(({ tokens }) => tokens.join())).size > clips.length / 2, 'the clips differ')
  t.ok(new Set(alone.map(({ tokens }) => tokens.length)).size > 1, 'in length too')
  for (let company = 1; company <= companies; company++) {
    t.same(await inCompany(graph, clips, endToken, seededRandom(company), masks), alone, `company ${company}`)
  }
}

t.test('toy sequences in any company choose what each chooses alone, bit for bit', async (t) => {
  const encode = await openEncoder(t)
  for (const matrices of TARGETS) {
    const graph = await openGreedy(t, { matrices })
    const clips: Clip[] = []
    for (const [index, frames] of [3, 16, 17, 40, 64, 70, 100, 130, 5, 33].entries()) {
      const memory = await encode(randomTable(30 + index, frames, WIDTH))
      clips.push({ memory, prompt: index % 2 === 0 ? [3] : [3, 40, 42], tokens: 5 + 3 * index })
    }
    await sameInEveryCompany(t, graph, clips, END, 12)
    await sameInEveryCompany(t, graph, clips, END, 3, {
      first: forbid(VOCABULARY, [END, 3, 40]), later: forbid(VOCABULARY, [END]),
    })
  }
})

t.test('a run over several ends with the first that has ended, and the others go on', async (t) => {
  const encode = await openEncoder(t)
  const graph = await openGreedy(t, { matrices: 'unsigned' })
  const memories = await Promise.all([1, 2].map((seed) => encode(randomTable(seed, 9, WIDTH))))
  const sequences = memories.map((memory) => sequenceOf(memory, [3]))
  // The first choice of the second one is the end.
  const later = forbid(VOCABULARY, [END])
  const only = forbid(VOCABULARY, Array.from({ length: VOCABULARY }, (_, token) => token).filter((id) => id !== END))
  sequences[0]!.mask = 0
  const [first, second] = await graph.run(sequences, 9, masksFor(graph, { later, first: only }))
  t.same(second!.tokens, [END])
  t.equal(first!.tokens.length, 1)
  const rest = await runAlone(graph, sequences[0]!, 8, { later })
  const { tokens } = await decodeAlone(graph, memories[0]!, [3], 9, { later })
  t.same([...first!.tokens, ...rest.tokens], tokens)
})

t.test('a rewound sequence continues as if it had never gone further', async (t) => {
  const encode = await openEncoder(t)
  for (const matrices of TARGETS) {
    const graph = await openGreedy(t, { matrices })
    const memory = await encode(randomTable(5, 21, WIDTH))
    const later = forbid(VOCABULARY, [END])
    const sequence = sequenceOf(memory, [3])
    const { tokens, logProbabilities } = await runAlone(graph, sequence, 24, { later })
    for (const length of [20, 17, 16, 3, 1]) {
      rewind(sequence, length)
      sequence.next = [tokens[length - 1]!]
      const again = await runAlone(graph, sequence, 24 - length, { later })
      t.same(again.tokens, tokens.slice(length), `${matrices}, ${length} tokens kept`)
      t.same(again.logProbabilities, logProbabilities.slice(length))
    }
    rewind(sequence, 99)
    t.equal(sequence.length, 24, 'nothing is added')
  }
})

const NAME = 'moonshine-tiny-en'
const CLIPS = [
  'warm-up', 'call-my-sister', 'how-long-does-it-take-to-boil-an-egg', 'play-the-latest-news', 'silence',
]

interface ModelClips {
  readonly startToken: number
  readonly endToken: number
  readonly waveforms: readonly Float32Array[]
  readonly modelsDir: string
}

async function modelClips(t: Test): Promise<ModelClips> {
  const modelsDir = await borrowModel(t, NAME, true)
  const { startToken, endToken } = encoderDecoderOf(await readManifest(modelsDir, NAME))
  const waveforms: Float32Array[] = []
  for (const file of CLIPS) {
    const { samples } = (await clipOf(`fixtures/clips/${file}.wav`)).waveform
    waveforms.push(samples, samples.slice(samples.length >> 2, samples.length >> 1))
  }
  // Longer than any other: four clips in a row.
  waveforms.push(Float32Array.from(waveforms.slice(0, 7).flatMap((samples, at) => at % 2 === 0 ? [...samples] : [])))
  return { startToken, endToken, waveforms, modelsDir }
}

async function encodeAll(
  { encode }: Pick<GreedyModel, 'encode'>, { waveforms, startToken }: ModelClips,
): Promise<Clip[]> {
  const clips: Clip[] = []
  for (const samples of waveforms) {
    const memory = await encode(new Tensor('float32', samples, [1, samples.length]))
    clips.push({ memory, prompt: [startToken], tokens: 40 })
  }
  return clips
}

t.test('clips of the default model in any company are decoded as each alone, bit for bit', async (t) => {
  const given = await modelClips(t)
  for (const matrices of TARGETS) {
    const model = await openGreedyModel(t, given.modelsDir, NAME, matrices)
    const clips = await encodeAll(model, given)
    const first = forbid(model.graph.vocabulary, [given.endToken])
    await sameInEveryCompany(t, model.graph, clips, given.endToken, 3, { first })
  }
})

/** Natural units. Sums are ordered otherwise in a batch, and a step of float16 is 0.001 of a number or more. */
const HALF_TOLERANCE = 0.05

t.test('in float16, batches of 1, 2, 4 and 8 choose the same tokens, with nearly the same probabilities', async (t) => {
  const given = await modelClips(t)
  const { endToken } = given
  const model = await openGreedyModel(t, given.modelsDir, NAME, 'emulated-half')
  const clips = (await encodeAll(model, given)).slice(0, 8)
  const masks = { first: forbid(model.graph.vocabulary, [endToken]) }
  const alone = await eachAlone(model.graph, clips, masks)
  for (const size of [1, 2, 4, 8]) {
    for (let from = 0; from < clips.length; from += size) {
      const together = await groupTogether(model.graph, clips.slice(from, from + size), endToken, masks)
      for (const [index, { tokens, logProbabilities }] of together.entries()) {
        const own = alone[from + index]!
        t.same(tokens, own.tokens, `clip ${from + index} of ${size}`)
        const farthest = Math.max(...logProbabilities.map((value, at) => Math.abs(value - own.logProbabilities[at]!)))
        t.ok(farthest < HALF_TOLERANCE, `${farthest} apart`)
      }
    }
  }
})

/** All of them from the first token on, until each has ended. */
async function groupTogether(
  graph: GreedyGraph, clips: readonly Clip[], endToken: number, masks: Masks,
): Promise<GreedyTokens[]> {
  const members = clips.map(({ memory, prompt, tokens }) =>
    ({ sequence: sequenceOf(memory, prompt), most: tokens, tokens: [] as number[], logProbabilities: [] as number[] }))
  for (;;) {
    const running = members.filter(({ tokens, most }) => tokens.at(-1) !== endToken && tokens.length < most)
    if (running.length === 0) return members
    const left = Math.min(...running.map(({ tokens, most }) => most - tokens.length))
    const chosen = await graph.run(running.map(({ sequence }) => sequence), left, masksFor(graph, masks))
    for (const [index, one] of chosen.entries()) {
      running[index]!.tokens.push(...one.tokens)
      running[index]!.logProbabilities.push(...one.logProbabilities)
    }
  }
}
