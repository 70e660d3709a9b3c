/** Searches on a made-up model whose every transcript can be enumerated: the trie, the bias, the beam, exact scores. */
import t from 'tap'
import { beamSearch, byLength, type BeamOptions, type BeamStep } from '../../src/decoding/beam.js'
import { PhraseBias, UNBIASED, type TokenShapes } from '../../src/decoding/bias.js'
import { scorePhrases } from '../../src/decoding/exact.js'
import { PhraseTrie, ROOT, type TokenSequence } from '../../src/decoding/phrase-trie.js'
import { searchIfWanted, type SearchDecoded, type SearchWish } from '../../src/decoding/search.js'
import { seededRandom } from '../../src/scoring/seeded-random.js'

const END = 0
/** Even tokens begin words, odd ones go on; the last is punctuation. */
const VOCABULARY = 6
const MARK = 5
const SHAPES: TokenShapes = { beginsWord: (token) => token % 2 === 0, isPunctuation: (token) => token === MARK }
const START = 99

/** Log-probabilities after a prefix: the same for the same prefix and seed. */
function after(prefix: readonly number[], seed: number): number[] {
  const random = seededRandom(prefix.reduce((hash, token) => (Math.imul(hash, 31) + token + 7) | 0, seed))
  const logits = Array.from({ length: VOCABULARY }, () => 3 * random())
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0))
  return logits.map((logit) => logit - total)
}

/** As a step graph: remembers the prefix of each hypothesis of the step before. */
function model(seed: number): BeamStep {
  let prefixes: (readonly number[])[] = [[]]
  return async (hypotheses, biases, top) => {
    prefixes = hypotheses.map(({ parent, token }) => token === START ? [] : [...prefixes[parent]!, token])
    const rows = prefixes.map((prefix, index) => {
      const own = after(prefix, seed)
      const biased = own.map((value, token) => value + biases.filter((bias) => bias.hypothesis === index && bias.token === token).reduce((sum, { amount }) => sum + amount, 0))
      return own.map((value, token) => ({ token, value, biased: biased[token]! })).sort((a, b) => b.biased - a.biased).slice(0, top)
    })
    const width = rows[0]!.length
    return { top: width, tokens: rows.flat().map(({ token }) => token), logProbabilities: Float32Array.from(rows.flat(), ({ value }) => value) }
  }
}

const options = (changes: Partial<BeamOptions> = {}): BeamOptions => ({
  prompt: [START], endToken: END, budget: 4, beams: 500, forbidden: new Set(), forbiddenFirst: new Set(), bias: undefined, interrupt: () => undefined, ...changes,
})

/** Every transcript of up to so many tokens, with its log-probability and that of its end. */
function everything(seed: number, most: number, prefix: readonly number[] = [], sum = 0): { tokens: readonly number[]; sum: number }[] {
  const next = after(prefix, seed)
  const ended = { tokens: prefix, sum: sum + next[END]! }
  if (prefix.length === most) return [ended]
  return [ended, ...Array.from({ length: VOCABULARY - 1 }, (_, index) => everything(seed, most, [...prefix, index + 1], sum + next[index + 1]!)).flat()]
}

const biasFor = (sequences: TokenSequence[], strength: number): PhraseBias => new PhraseBias(PhraseTrie.build(sequences), SHAPES, strength, sequences.map(() => 1))

t.test('a trie leads along every sequence that it was built of, and along no other', (t) => {
  const random = seededRandom(4)
  const sequences = Array.from({ length: 300 }, (_, phrase): TokenSequence => ({ phrase, tokens: Array.from({ length: 1 + Math.floor(random() * 4) }, () => Math.floor(random() * 8)) }))
  const trie = PhraseTrie.build(sequences)
  const prefixes = new Set(sequences.flatMap(({ tokens }) => tokens.map((_, index) => tokens.slice(0, index + 1).join())))
  t.equal(trie.nodes, prefixes.size + 1)
  const walk = (node: number, path: readonly number[]): void => {
    const children = [...trie.childTokens(node)]
    t.same(children, [0, 1, 2, 3, 4, 5, 6, 7].filter((token) => prefixes.has([...path, token].join())))
    t.equal(trie.childCount(node), children.length)
    const ending = sequences.filter(({ tokens }) => tokens.join() === path.join())
    t.equal(trie.phraseAt(node), path.length === 0 ? -1 : ending[0]?.phrase ?? -1)
    for (const token of children) walk(trie.step(node, token), [...path, token])
  }
  walk(ROOT, [])
  t.equal(trie.step(ROOT, 77), -1)
  t.equal(PhraseTrie.build([{ phrase: 0, tokens: [] }]).nodes, 1, 'a phrase without tokens is nowhere')
  t.end()
})

t.test('what a broken path earned is taken back; a whole phrase keeps it if its word ends there', (t) => {
  const bias = biasFor([{ phrase: 0, tokens: [2, 3] }, { phrase: 1, tokens: [4] }], 1.5)
  const along = (...tokens: number[]): ReturnType<typeof bias.after> => tokens.reduce((state, token) => bias.after(state, token), UNBIASED)
  t.equal(bias.worth(along(2)), 1.5, 'on the way')
  t.equal(bias.worth(along(2, 1)), 0, 'left')
  t.equal(bias.worth(along(2, 3)), 3)
  t.equal(bias.worth(along(2, 3, 1)), 0, 'the word went on: another word')
  t.equal(bias.worth(along(2, 3, MARK)), 3, 'punctuation ends it')
  t.match(bias.atEnd(along(2, 3)), { earned: 3, phrases: [0] })
  t.match(bias.atEnd(along(2)), { earned: 0, phrases: [] }, 'half a phrase is none')
  t.match(bias.atEnd(along(4, 4, 4)), { earned: 1.5 * 1.75, phrases: [1, 1, 1] }, 'each further phrase earns half')
  t.equal(bias.worth(along(1, 3)), 0, 'phrases begin where words begin')
  t.end()
})

t.test('a beam that is wide enough finds the best of all transcripts, with phrases and without', async (t) => {
  for (let seed = 0; seed < 20; seed++) {
    const all = everything(seed, 4)
    const plain = all.map(({ tokens, sum }) => ({ tokens, score: byLength(sum, tokens.length + 1) })).sort((a, b) => b.score - a.score)
    const [found] = await beamSearch(model(seed), options())
    t.same(found!.tokens, plain[0]!.tokens)
    t.ok(Math.abs(found!.score - plain[0]!.score) < 1e-6)
    const bias = biasFor([{ phrase: 0, tokens: [2, 1] }, { phrase: 1, tokens: [4, 3, 3] }], 1)
    const worth = (tokens: readonly number[]): number => bias.worth(bias.atEnd(tokens.reduce((state, token) => bias.after(state, token), UNBIASED)))
    const biased = all.map(({ tokens, sum }) => ({ tokens, score: byLength(sum + worth(tokens), tokens.length + 1) })).sort((a, b) => b.score - a.score)
    t.same((await beamSearch(model(seed), options({ bias })))[0]!.tokens, biased[0]!.tokens)
  }
})

t.test('phrases that break off cost a wide beam nothing: the transcript is that of no list', async (t) => {
  for (let seed = 0; seed < 20; seed++) {
    const bias = biasFor(Array.from({ length: 20 }, (_, phrase) => ({ phrase, tokens: [2, 2 + phrase % 4, 100 + phrase] })), 5)
    t.same((await beamSearch(model(seed), options({ bias })))[0]!.tokens, (await beamSearch(model(seed), options()))[0]!.tokens)
  }
})

t.test('what is forbidden is never said, and an interrupt ends the search', async (t) => {
  for (let seed = 0; seed < 10; seed++) {
    const found = await beamSearch(model(seed), options({ forbidden: new Set([1, 2]), forbiddenFirst: new Set([END, 3]), beams: 5 }))
    t.ok(found.length > 0)
    for (const { tokens } of found) t.ok(tokens.length > 0 && tokens[0] !== 3 && !tokens.some((token) => token === 1 || token === 2))
  }
  await t.rejects(beamSearch(model(1), options({ interrupt: () => { throw new Error('too late') } })), { message: 'too late' })
})

t.test('exact scores are the probabilities of all spellings of a phrase and nothing else', async (t) => {
  const sequences = [{ phrase: 0, tokens: [2, 1] }, { phrase: 0, tokens: [4] }, { phrase: 1, tokens: [2] }, { phrase: 2, tokens: [4, 3, 1] }]
  for (let seed = 0; seed < 10; seed++) {
    const scores = await scorePhrases(model(seed), PhraseTrie.build(sequences), { prompt: [START], endToken: END, shapes: SHAPES, interrupt: () => undefined })
    const plain = [0, 1, 2].map((phrase) => Math.log(sequences.filter((one) => one.phrase === phrase).reduce((sum, { tokens }) => {
      const along = tokens.reduce((total, token, index) => total + after(tokens.slice(0, index), seed)[token]!, 0)
      const ends = after(tokens, seed)
      return sum + Math.exp(along) * (Math.exp(ends[END]!) + Math.exp(ends[MARK]!))
    }, 0)))
    for (const { phrase, logProbability } of scores) t.ok(Math.abs(logProbability - plain[phrase]!) < 1e-5, `phrase ${phrase}: ${logProbability}, ${plain[phrase]}`)
    t.equal(scores.length, 3)
    t.same(scores.map(({ phrase }) => phrase), [0, 1, 2].sort((a, b) => plain[b]! - plain[a]!))
  }
})

type Greedy = Parameters<typeof searchIfWanted>[0]
const GREEDY: Greedy = { tokens: [1], logProbabilities: [-3, -3], stopped: 'end_of_text' }
const PHRASES = { trie: PhraseTrie.build([{ phrase: 0, tokens: [2, 1] }, { phrase: 1, tokens: [4] }]), weights: [1, 1], unspellable: [] }

async function search(greedy: Greedy, wish: SearchWish | undefined, changes: Partial<BeamOptions> = {}): Promise<{ decoded: Partial<SearchDecoded>; searches: number }> {
  let searches = 0
  const start = async (): Promise<BeamStep> => {
    searches++
    return model(3)
  }
  return { decoded: await searchIfWanted(greedy, wish, start, SHAPES, options(changes)), searches }
}

t.test('a sure transcript is not searched, a doubtful one is where something is expected, and several are always', async (t) => {
  const sure: Greedy = { tokens: [4], logProbabilities: [-0.01, -0.01], stopped: 'end_of_text' }
  const doubtful: Greedy = { ...sure, logProbabilities: [-0.01, -2] }
  t.same(await search(sure, undefined), { decoded: sure, searches: 0 })
  t.match(await search(sure, { nBest: 1, phrases: PHRASES, strength: 1 }), { searches: 0, decoded: { tokens: [4], found: [{ tokens: [4], phrases: [1] }], steered: false } }, 'what it holds is told')
  t.ok((await search(doubtful, { nBest: 1, phrases: PHRASES, strength: 1 })).searches > 0)
  t.equal((await search(doubtful, { nBest: 1, phrases: undefined, strength: 1 })).searches, 0)
  t.ok((await search(sure, { nBest: 2, phrases: undefined, strength: 1 })).searches > 0)
})

t.test('a search answers its best transcript first, and how well each phrase fits', async (t) => {
  const { decoded: { found, evidence, tokens } } = await search(GREEDY, { nBest: 3, phrases: PHRASES, strength: 1 })
  t.equal(found!.length, 3)
  t.same(found![0]!.tokens, tokens)
  t.same(evidence!.map(({ phrase }) => phrase).sort(), [0, 1])
  t.ok(evidence![0]!.logProbability >= evidence![1]!.logProbability)
  const none = await search(GREEDY, { nBest: 2, phrases: undefined, strength: 1 }, { budget: 0, forbiddenFirst: new Set([END]) })
  t.match(none.decoded, { tokens: [1], found: [], evidence: [] }, 'nothing came to its end: the greedy one stands')
})

t.test('a transcript is steered when phrases made it another one', async (t) => {
  const strong = await search(GREEDY, { nBest: 2, phrases: PHRASES, strength: 30 })
  t.match(strong.decoded, { steered: true, found: [{ phrases: [Number] }] })
  const weak = await search(GREEDY, { nBest: 2, phrases: PHRASES, strength: 0 })
  t.equal(weak.decoded.steered, false, 'a bonus of nothing changes nothing')
})
