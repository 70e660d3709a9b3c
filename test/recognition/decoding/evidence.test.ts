/** What a search answers besides the transcript: other readings, and how well phrases fit, held against a made-up model. */
import t from 'tap'
import type { BeamOptions, BeamStep } from '../../../src/recognition/decoding/beam.js'
import { PhraseTrie, type TokenSequence } from '../../../src/recognition/decoding/phrase-trie.js'
import type { CompiledPhrases, BeamDecoded, BeamRequest } from '../../../src/recognition/decoding/search-contract.js'
import { beamSearchOrGreedy } from '../../../src/recognition/decoding/search.js'
import { InternalLanguageModel } from '../../../src/recognition/decoding/internal-language-model.js'
import { after, END, endingSeeds, greedily, MARK, model, options, SHAPES } from './made-up-model.js'

const CLIP = 3
const SILENCE = 8
const SHARE = 0.4
const GREEDY = { tokens: [1], logProbabilities: [-3, -3], stopped: 'end_of_text' as const }
const phrasesOf = (sequences: readonly TokenSequence[]): CompiledPhrases => ({ trie: PhraseTrie.build(sequences), weights: sequences.map(() => 1), unspellable: [] })
const PHRASES = phrasesOf([{ phrase: 0, tokens: [2, 1] }, { phrase: 1, tokens: [4] }])

async function search(wish: BeamRequest | undefined, changes: Partial<BeamOptions> = {}, clip: number | (() => BeamStep) = CLIP) {
  const began = { greedy: 0, search: 0, silence: 0 }
  const begin = (what: keyof typeof began, seed: number | (() => BeamStep)) => async (): Promise<BeamStep> => {
    began[what]++
    return typeof seed === 'number' ? model(seed) : seed()
  }
  const greedily = async () => {
    began.greedy++
    return GREEDY
  }
  const prior = new InternalLanguageModel(begin('silence', SILENCE), SHAPES)
  const decoded: Partial<BeamDecoded> = await beamSearchOrGreedy(greedily, wish, { start: begin('search', clip), prior, shapes: SHAPES }, options({ beams: 4, ...changes }))
  return { decoded, began }
}

/** Log-probability of these tokens and an end, or a mark of punctuation before it. */
function logProbability(tokens: readonly number[], seed: number): number {
  const along = tokens.reduce((total, token, index) => total + after(tokens.slice(0, index), seed)[token]!, 0)
  const ends = after(tokens, seed)
  return along + Math.log(Math.exp(ends[END]!) + Math.exp(ends[MARK]!))
}

t.test('without a wish the greedy loop runs, with one a search does, and both only where the search finds nothing', async (t) => {
  t.same(await search(undefined), { decoded: GREEDY, began: { greedy: 1, search: 0, silence: 0 } })
  t.match((await search({ nBest: 2, phrases: undefined, strength: 1 })).began, { greedy: 0, search: 1, silence: 0 })
  t.match(await search({ nBest: 2, phrases: undefined, strength: 1 }, { budget: 0, forbiddenFirst: new Set([END]) }), { decoded: GREEDY, began: { greedy: 1, search: 1 } })
})

t.test('a search answers its best transcript first, and how many are wanted', async (t) => {
  const { decoded: { found, tokens, nBest } } = await search({ nBest: 3, phrases: PHRASES, strength: 1 })
  t.ok(found!.length >= 3)
  t.equal(nBest, 3)
  t.same(found![0]!.tokens, tokens)
})

t.test('of a short list every phrase is scored, less a share of what the decoder would write over silence', async (t) => {
  const { decoded: { phraseScores: evidence } } = await search({ nBest: 1, phrases: PHRASES, strength: 1 })
  const heard = [[2, 1], [4]].map((tokens) => logProbability(tokens, CLIP) - SHARE * logProbability(tokens, SILENCE))
  const scores = [...evidence!].sort((a, b) => a.phrase - b.phrase)
  t.same(scores.map(({ logProbability: own }) => own.toFixed(4)), [[2, 1], [4]].map((tokens) => logProbability(tokens, CLIP).toFixed(4)))
  t.equal((scores[0]!.logLikelihoodRatio - scores[1]!.logLikelihoodRatio).toFixed(4), (heard[0]! - heard[1]!).toFixed(4), 'margins are over the same transcript')
  t.ok(evidence![0]!.logLikelihoodRatio >= evidence![1]!.logLikelihoodRatio, 'best first')
})

t.test('what is written over silence is asked once for a list, and again in another language', async (t) => {
  let silences = 0
  const prior = new InternalLanguageModel(async () => {
    silences++
    return model(SILENCE)
  }, SHAPES)
  const first = await prior.ofPhrases(PHRASES.trie, options())
  const again = await prior.ofPhrases(PHRASES.trie, options())
  t.same([first(0), first(1)], [again(0), again(1)])
  t.equal(silences, 1)
  await prior.ofPhrases(PHRASES.trie, options({ prompt: [START_OF_ANOTHER_LANGUAGE, ...options().prompt] }))
  t.equal(silences, 2)
})
const START_OF_ANOTHER_LANGUAGE = 98

t.test('marks of punctuation at the end of a transcript change nothing of its prior, and no words have none', async (t) => {
  const prior = new InternalLanguageModel(async () => model(SILENCE), SHAPES)
  const [plain, marked, other, none] = await prior.ofTranscripts([[2, 1], [2, 1, MARK], [4], []], options())
  t.equal(plain, marked)
  t.not(plain, other)
  t.equal(none, 0)
  t.equal(plain!.toFixed(4), (SHARE * logProbability([2, 1], SILENCE)).toFixed(4))
})

/** Says so many tokens, none twice, and is sure of them. */
function sayer(length: number): BeamStep {
  let said = 0
  return async (hypotheses) => {
    const token = said === length ? END : 1_000 + said++
    return { top: 1, tokens: hypotheses.map(() => token), logProbabilities: new Float32Array(hypotheses.length) }
  }
}

t.test('a clip that says far more than any phrase is not asked phrase by phrase', async (t) => {
  const phrases = phrasesOf([{ phrase: 0, tokens: [100] }, { phrase: 1, tokens: [100, 101] }])
  for (const [length, silences] of [[1, 2], [22, 2], [23, 0], [40, 0]] as const) {
    const { decoded, began } = await search({ nBest: 1, phrases, strength: 1 }, { budget: 50 }, () => sayer(length))
    t.equal(decoded.tokens!.length, length)
    t.equal(began.silence, silences, `${length} tokens`)
  }
})

t.test('of a long list the phrases that the beam found are told, each with its likeliest transcript', async (t) => {
  // More nodes than are scored one by one, none of them ever said.
  const many = Array.from({ length: 450 }, (_, index): TokenSequence => ({ phrase: 2 + index, tokens: [100 + index] }))
  const { decoded: { phraseScores: evidence, found }, began } = await search({ nBest: 4, phrases: phrasesOf([{ phrase: 0, tokens: [2, 1] }, { phrase: 1, tokens: [4] }, ...many]), strength: 3 })
  t.match(began, { search: 1, silence: 0 })
  t.ok(evidence!.length > 0 && evidence!.every(({ phrase }) => phrase < 2))
  const holding = found!.filter(({ phrases }) => phrases.includes(evidence![0]!.phrase)).map(({ logProbabilities }) => logProbabilities.reduce((sum, one) => sum + one, 0))
  t.ok(Math.abs(Math.max(...holding) - evidence![0]!.logProbability) < 1e-9)
})

t.test('without a phrase in it a transcript is the greedy one, whatever else a search finds', async (t) => {
  const never = phrasesOf([{ phrase: 0, tokens: [2, 1, 100] }])
  for (const seed of endingSeeds()) {
    for (const wish of [{ nBest: 5, phrases: undefined, strength: 1 }, { nBest: 1, phrases: never, strength: 30 }]) {
      const { decoded, began } = await search(wish, {}, seed)
      t.match(decoded, { tokens: began.greedy === 1 ? GREEDY.tokens : greedily(seed), phrases: [] })
    }
  }
})

t.test('where two tokens are nearly as likely and no phrase is heard, the greedy loop decides', async (t) => {
  const never = phrasesOf([{ phrase: 0, tokens: [2, 1, 100] }])
  for (const seed of endingSeeds()) {
    const tokens = greedily(seed)
    const leads = [...tokens, END].map((_, index) => after(tokens.slice(0, index), seed).sort((a, b) => b - a)).map(([first, second]) => first! - second!)
    const { decoded, began } = await search({ nBest: 1, phrases: never, strength: 1 }, {}, seed)
    t.equal(began.greedy, Math.min(...leads) <= 0.2 ? 1 : 0)
    t.same(decoded.tokens, began.greedy === 1 ? GREEDY.tokens : tokens)
  }
})

t.test('a transcript is changed by biasing when phrases made it another one', async (t) => {
  t.match((await search({ nBest: 2, phrases: PHRASES, strength: 30 })).decoded, { changedByBiasing: true, found: [{ phrases: [Number] }] })
  const weak = await search({ nBest: 2, phrases: phrasesOf([{ phrase: 0, tokens: [2, 1, 2, 1] }]), strength: 0 })
  t.equal(weak.decoded.changedByBiasing, false, 'a bonus of nothing changes nothing')
})
