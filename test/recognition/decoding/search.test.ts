/** Searches on a made-up model whose every transcript can be enumerated: the trie, the bias, the beam, exact scores. */
import t from 'tap'
import { beamSearch, byLength } from '../../../src/recognition/decoding/beam.js'
import { PhraseBias, UNBIASED } from '../../../src/recognition/decoding/bias.js'
import { scorePhrases } from '../../../src/recognition/decoding/exact.js'
import { PhraseTrie, ROOT, type TokenSequence } from '../../../src/recognition/decoding/phrase-trie.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { after, END, endingSeeds, everything, greedily, MARK, model, options, SHAPES, START } from './made-up-model.js'

const biasFor = (sequences: TokenSequence[], strength: number): PhraseBias => new PhraseBias(PhraseTrie.build(sequences), SHAPES, strength, sequences.map(() => 1))

t.test('a trie leads along every sequence that it was built of, and along no other', (t) => {
  const random = seededRandom(4)
  const sequences = Array.from({ length: 300 }, (_, phrase): TokenSequence => ({ phrase, tokens: Array.from({ length: 1 + Math.floor(random() * 4) }, () => Math.floor(random() * 8)) }))
  const trie = PhraseTrie.build(sequences)
  const prefixes = new Set(sequences.flatMap(({ tokens }) => tokens.map((_, index) => tokens.slice(0, index + 1).join())))
  t.equal(trie.nodes, prefixes.size + 1)
  t.equal(trie.depth, 4)
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
  const bias = biasFor([{ phrase: 0, tokens: [2, 3] }, { phrase: 1, tokens: [4] }, { phrase: 2, tokens: [2, 3, 4, 2] }], 1.5)
  const along = (...tokens: number[]): ReturnType<typeof bias.after> => tokens.reduce((state, token) => bias.after(state, token), UNBIASED)
  t.equal(bias.worth(along(2)), 1.5, 'on the way')
  t.equal(bias.worth(along(2, 1)), 0, 'left')
  t.equal(bias.worth(along(2, 3)), 6, 'a piece within a word earns more')
  t.equal(bias.worth(along(2, 3, 1)), 0, 'the word went on: another word')
  t.equal(bias.worth(along(2, 3, MARK)), 6, 'punctuation ends it')
  t.match(bias.ofText([2, 3]), { earned: 6, phrases: [0] })
  t.match(bias.ofText([2]), { earned: 0, phrases: [] }, 'half a phrase is none')
  t.match(bias.ofText([4, 4, 4]), { earned: 1.5 * 1.75, phrases: [1, 1, 1] }, 'each further phrase earns half')
  t.equal(bias.worth(along(1, 3)), 0, 'phrases begin where words begin')
  t.match(bias.ofText([2, 3, 4, 2]), { earned: 9, phrases: [2] }, 'of two that begin alike the longer one')
  t.match(bias.ofText([2, 3, 4, 1]), { earned: 6, phrases: [0] }, 'and the shorter one where the longer one breaks off')
  t.match(bias.ofText([2, 3, 4]), { earned: 6, phrases: [0] })
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
    const worth = (tokens: readonly number[]): number => bias.worth(bias.ofText(tokens))
    const biased = all.map(({ tokens, sum }) => ({ tokens, score: byLength(sum + worth(tokens), tokens.length + 1) })).sort((a, b) => b.score - a.score)
    t.same((await beamSearch(model(seed), options({ bias })))[0]!.tokens, biased[0]!.tokens)
  }
})

const SURE = 12

t.test('where one transcript is wanted, the search gives up what is far behind, and finds the same one', async (t) => {
  const count = async (seed: number, wanted: number) => {
    let hypotheses = 0
    const step = model(seed, SURE)
    const [best] = await beamSearch(async (live, ...rest) => {
      hypotheses += live.length
      return step(live, ...rest)
    }, options({ beams: 8, wanted }))
    return { hypotheses, tokens: best!.tokens }
  }
  const searches = await Promise.all(Array.from({ length: 20 }, async (_, seed) => ({ one: await count(seed, 1), all: await count(seed, 8) })))
  t.ok(searches.reduce((sum, { one, all }) => sum + one.hypotheses - all.hypotheses, 0) < 0)
  t.ok(searches.filter(({ one, all }) => one.tokens.join() === all.tokens.join()).length >= 18, 'hardly ever another')
})

t.test('the greedy transcript is among those that a search finds, however narrow the beam and however strong the phrases', async (t) => {
  for (const seed of endingSeeds()) {
    const bias = biasFor(Array.from({ length: 40 }, (_, phrase) => ({ phrase, tokens: [2 + phrase % 4, 1 + phrase % 5, 100 + phrase] })), 20)
    const found = await beamSearch(model(seed), options({ beams: 2, wanted: 1, bias }))
    t.same(found.filter(({ isGreedy }) => isGreedy).map(({ tokens }) => tokens), [greedily(seed)])
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
