/** The trie, the bias, the beam search and exact scores, on a model whose transcripts can all be enumerated. */
import t from 'tap'
import { beamSearch, normalizeByLength } from '../../../src/recognition/decoding/beam-search.js'
import { PhraseBias, UNBIASED } from '../../../src/recognition/decoding/phrase-bias.js'
import { scorePhrases } from '../../../src/recognition/decoding/exact-phrase-scores.js'
import { PhraseTrie, ROOT, type TokenSequence } from '../../../src/recognition/decoding/phrase-trie.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import {
  after, END, endingSeeds, allTranscripts, greedyTokens, MARK, model, options, SHAPES, START,
} from './enumerable-model.js'

const biasFor = (sequences: TokenSequence[], strength: number): PhraseBias =>
  new PhraseBias(PhraseTrie.build(sequences), SHAPES, strength, sequences.map(() => 1))

t.test('a trie has every sequence that it was built of, and no other', (t) => {
  const random = seededRandom(4)
  const sequences = Array.from({ length: 300 }, (_, phrase): TokenSequence => ({
    phrase, tokens: Array.from({ length: 1 + Math.floor(random() * 4) }, () => Math.floor(random() * 8)),
  }))
  const trie = PhraseTrie.build(sequences)
  const prefixes = new Set(
    sequences.flatMap(({ tokens }) => tokens.map((_, index) => tokens.slice(0, index + 1).join())),
  )
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
  t.equal(PhraseTrie.build([{ phrase: 0, tokens: [] }]).nodes, 1, 'a phrase without tokens has no node')
  t.end()
})

t.test('a path that breaks off loses its bias score; a complete phrase keeps it if its word ends there', (t) => {
  const bias = biasFor(
    [{ phrase: 0, tokens: [2, 3] }, { phrase: 1, tokens: [4] }, { phrase: 2, tokens: [2, 3, 4, 2] }],
    1.5,
  )
  const along = (...tokens: number[]): ReturnType<typeof bias.after> =>
    tokens.reduce((state, token) => bias.after(state, token), UNBIASED)
  t.equal(bias.scoreOf(along(2)), 1.5, 'pending')
  t.equal(bias.scoreOf(along(2, 1)), 0, 'taken back')
  t.equal(bias.scoreOf(along(2, 3)), 6, 'a token within a word earns more')
  t.equal(bias.scoreOf(along(2, 3, 1)), 0, 'the word continues: it is another word')
  t.equal(bias.scoreOf(along(2, 3, MARK)), 6, 'punctuation ends it')
  t.match(bias.afterTranscript([2, 3]), { committed: 6, phrases: [0] })
  t.match(bias.afterTranscript([2]), { committed: 0, phrases: [] }, 'a part of a phrase is none')
  t.match(
    bias.afterTranscript([4, 4, 4]),
    { committed: 1.5, phrases: [1] },
    'a phrase earns its score once',
  )
  t.match(
    bias.afterTranscript([4, 2, 3]),
    { committed: 1.5 + 6 / 2, phrases: [1, 0] },
    'each further phrase earns half',
  )
  t.equal(bias.scoreOf(along(1, 3)), 0, 'phrases begin where words begin')
  t.match(
    bias.afterTranscript([2, 3, 4, 2]),
    { committed: 9, phrases: [2] },
    'of two phrases with the same beginning, the longer one',
  )
  t.match(
    bias.afterTranscript([2, 3, 4, 1]),
    { committed: 6, phrases: [0] },
    'and the shorter one if the longer one breaks off',
  )
  t.match(bias.afterTranscript([2, 3, 4]), { committed: 6, phrases: [0] })
  t.end()
})

t.test('the score of a word and of a phrase has a limit, which falls with the number of phrases', (t) => {
  const scoreOf = (phrases: number, ...tokens: number[]): number => {
    const trie = PhraseTrie.build([{ phrase: 0, tokens }])
    const bias = new PhraseBias(trie, SHAPES, 1, Array.from({ length: phrases }, () => 1))
    return bias.afterTranscript(tokens).committed
  }
  const limit = (phrases: number): number => 8 - 0.8 * Math.log(phrases)
  const isAbout = (score: number, expected: number, message: string): void => {
    t.ok(Math.abs(score - expected) < 1e-9, `${message}: ${score}`)
  }
  t.equal(scoreOf(1, 2, 3, 3, 3, 3, 3, 3), 13, 'of a word')
  t.equal(scoreOf(1, 2, 3, 2, 3), 8, 'of a phrase of two words')
  t.equal(scoreOf(1, 2, 3, 2, 3, 2, 3), 8)
  isAbout(scoreOf(10_000, 2, 3, 2, 3), limit(10_000), 'falls')
  isAbout(scoreOf(1_000, 2, 3), limit(1_000) - 1, 'less for a single word')
  isAbout(scoreOf(10_000, 2, 3, 3), limit(10_000) - 1 + 4, 'more for a rare word')
  isAbout(scoreOf(10_000, 2, 3, 3, 2, 3), limit(10_000) + 4, 'and for one in a longer phrase')
  t.equal(scoreOf(100_000, 2, 3), 0, 'a phrase among that many must be the most probable transcript by itself')
  t.end()
})

t.test('a beam that is wide enough finds the best of all transcripts, with and without phrases', async (t) => {
  for (let seed = 0; seed < 20; seed++) {
    const all = allTranscripts(seed, 4)
    const plain = all
      .map(({ tokens, sum }) => ({ tokens, score: normalizeByLength(sum, tokens.length + 1) }))
      .sort((a, b) => b.score - a.score)
    const [found] = await beamSearch(model(seed), options())
    t.same(found!.tokens, plain[0]!.tokens)
    t.ok(Math.abs(found!.score - plain[0]!.score) < 1e-6)
    const bias = biasFor([{ phrase: 0, tokens: [2, 1] }, { phrase: 1, tokens: [4, 3, 3] }], 1)
    const biasScoreOf = (tokens: readonly number[]): number => bias.scoreOf(bias.afterTranscript(tokens))
    const biased = all
      .map(({ tokens, sum }) => ({ tokens, score: normalizeByLength(sum + biasScoreOf(tokens), tokens.length + 1) }))
      .sort((a, b) => b.score - a.score)
    t.same((await beamSearch(model(seed), options({ bias })))[0]!.tokens, biased[0]!.tokens)
  }
})

const PEAKED = 12

t.test('for one transcript, hypotheses far behind are pruned, and the best one stays the same', async (t) => {
  const count = async (seed: number, nBest: number) => {
    let hypotheses = 0
    const step = model(seed, PEAKED)
    const [best] = await beamSearch(async (active, ...rest) => {
      hypotheses += active.length
      return step(active, ...rest)
    }, options({ beams: 8, nBest }))
    return { hypotheses, tokens: best!.tokens }
  }
  const searches = await Promise.all(
    Array.from({ length: 20 }, async (_, seed) => ({ one: await count(seed, 1), all: await count(seed, 8) })),
  )
  t.ok(searches.reduce((sum, { one, all }) => sum + one.hypotheses - all.hypotheses, 0) < 0)
  t.ok(searches.filter(({ one, all }) => one.tokens.join() === all.tokens.join()).length >= 18, 'nearly always')
})

t.test('the greedy transcript is among the hypotheses, however narrow the beam and strong the bias', async (t) => {
  for (const seed of endingSeeds()) {
    const bias = biasFor(
      Array.from({ length: 40 }, (_, phrase) => ({
        phrase, tokens: [2 + (phrase % 4), 1 + (phrase % 5), 100 + phrase],
      })),
      20,
    )
    const found = await beamSearch(model(seed), options({ beams: 2, nBest: 1, bias }))
    t.same(found.filter(({ isGreedy }) => isGreedy).map(({ tokens }) => tokens), [greedyTokens(seed)])
  }
})

t.test('phrases that break off do not change the transcript of a wide beam', async (t) => {
  for (let seed = 0; seed < 20; seed++) {
    const bias = biasFor(
      Array.from({ length: 20 }, (_, phrase) => ({ phrase, tokens: [2, 2 + (phrase % 4), 100 + phrase] })),
      5,
    )
    t.same(
      (await beamSearch(model(seed), options({ bias })))[0]!.tokens,
      (await beamSearch(model(seed), options()))[0]!.tokens,
    )
  }
})

t.test('forbidden tokens are never chosen, and an interrupt ends the beam search', async (t) => {
  for (let seed = 0; seed < 10; seed++) {
    const found = await beamSearch(
      model(seed),
      options({ forbidden: new Set([1, 2]), forbiddenFirst: new Set([END, 3]), beams: 5 }),
    )
    t.ok(found.length > 0)
    for (const { tokens } of found) {
      t.ok(tokens.length > 0 && tokens[0] !== 3 && !tokens.some((token) => token === 1 || token === 2))
    }
  }
  await t.rejects(
    beamSearch(
      model(1),
      options({
        interrupt: () => {
          throw new Error('too late')
        },
      }),
    ),
    { message: 'too late' },
  )
})

t.test('an exact score is the probability of all spellings of a phrase and nothing else', async (t) => {
  const sequences = [
    { phrase: 0, tokens: [2, 1] }, { phrase: 0, tokens: [4] }, { phrase: 1, tokens: [2] },
    { phrase: 2, tokens: [4, 3, 1] },
  ]
  for (let seed = 0; seed < 10; seed++) {
    const scores = await scorePhrases(model(seed), PhraseTrie.build(sequences), {
      prompt: [START], endToken: END, shapes: SHAPES, interrupt: () => undefined,
    })
    const plain = [0, 1, 2].map((phrase) =>
      Math.log(
        sequences
          .filter((one) => one.phrase === phrase)
          .reduce((sum, { tokens }) => {
            const along = tokens.reduce((total, token, index) => total + after(tokens.slice(0, index), seed)[token]!, 0)
            const ends = after(tokens, seed)
            return sum + Math.exp(along) * (Math.exp(ends[END]!) + Math.exp(ends[MARK]!))
          }, 0),
      ),
    )
    for (const { phrase, logProbability } of scores) {
      t.ok(Math.abs(logProbability - plain[phrase]!) < 1e-5, `phrase ${phrase}: ${logProbability}, ${plain[phrase]}`)
    }
    t.equal(scores.length, 3)
    t.same(scores.map(({ phrase }) => phrase), [0, 1, 2].sort((a, b) => plain[b]! - plain[a]!))
  }
})
