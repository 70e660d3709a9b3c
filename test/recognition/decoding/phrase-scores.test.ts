/** Alternatives and phrase scores of the beam search, on a model whose transcripts can all be enumerated. */
import t from 'tap'
import { totalLogProbability } from '../../../src/domain/log-probability.js'
import type { BeamOptions, BeamStep } from '../../../src/recognition/decoding/beam-search.js'
import { PhraseTrie, type TokenSequence } from '../../../src/recognition/decoding/phrase-trie.js'
import type { CompiledPhrases, BeamResult, BeamRequest } from '../../../src/recognition/decoding/beam-contract.js'
import { beamSearchOrGreedy } from '../../../src/recognition/decoding/beam-or-greedy.js'
import { InternalLanguageModel } from '../../../src/recognition/decoding/internal-language-model.js'
import { after, END, endingSeeds, greedyTokens, MARK, model, options, SHAPES } from './enumerable-model.js'

const CLIP = 3
const SILENCE = 8
const SCALE = 0.4
const GREEDY = { tokens: [1], logProbabilities: [-3, -3], stopped: 'end_of_text' as const }
const phrasesOf = (sequences: readonly TokenSequence[]): CompiledPhrases => ({
  trie: PhraseTrie.build(sequences), weights: sequences.map(() => 1), unspellable: [],
})
const PHRASES = phrasesOf([{ phrase: 0, tokens: [2, 1] }, { phrase: 1, tokens: [4] }])

async function search(
  request: BeamRequest | undefined,
  changes: Partial<BeamOptions> = {},
  clip: number | (() => BeamStep) = CLIP,
) {
  const started = { greedy: 0, search: 0, silence: 0 }
  const start = (what: keyof typeof started, seed: number | (() => BeamStep)) => async (): Promise<BeamStep> => {
    started[what]++
    return typeof seed === 'number' ? model(seed) : seed()
  }
  const decodeGreedily = async () => {
    started.greedy++
    return GREEDY
  }
  const internalLanguageModel = new InternalLanguageModel(start('silence', SILENCE), SHAPES)
  const decoded: Partial<BeamResult> = await beamSearchOrGreedy(
    decodeGreedily,
    request,
    { start: start('search', clip), internalLanguageModel, shapes: SHAPES },
    options({ beams: 4, ...changes }),
  )
  return { decoded, started }
}

/** Log-probability of these tokens and the end token, or punctuation before it. */
function logProbability(tokens: readonly number[], seed: number): number {
  const along = tokens.reduce((total, token, index) => total + after(tokens.slice(0, index), seed)[token]!, 0)
  const ends = after(tokens, seed)
  return along + Math.log(Math.exp(ends[END]!) + Math.exp(ends[MARK]!))
}

t.test('without a request greedy decoding runs, else a beam search, and both only if no hypothesis ends', async (t) => {
  t.same(await search(undefined), { decoded: GREEDY, started: { greedy: 1, search: 0, silence: 0 } })
  t.match((await search({ nBest: 2, phrases: undefined, strength: 1 })).started, { greedy: 0, search: 1, silence: 0 })
  t.match(await search({ nBest: 2, phrases: undefined, strength: 1 }, { budget: 0, forbiddenFirst: new Set([END]) }), {
    decoded: GREEDY, started: { greedy: 1, search: 1 },
  })
})

t.test('the first hypothesis is the transcript, and the requested number is returned too', async (t) => {
  const { decoded: { hypotheses, tokens, nBest } } = await search({ nBest: 3, phrases: PHRASES, strength: 1 })
  t.ok(hypotheses!.length >= 3)
  t.equal(nBest, 3)
  t.same(hypotheses![0]!.tokens, tokens)
})

t.test('every phrase of a short list is scored, less a share of the internal language model', async (t) => {
  const { decoded: { phraseScores } } = await search({ nBest: 1, phrases: PHRASES, strength: 1 })
  const acoustic = [[2, 1], [4]].map((tokens) => logProbability(tokens, CLIP) - SCALE * logProbability(tokens, SILENCE))
  const scores = [...phraseScores!].sort((a, b) => a.phrase - b.phrase)
  t.same(
    scores.map(({ logProbability: own }) => own.toFixed(4)),
    [[2, 1], [4]].map((tokens) => logProbability(tokens, CLIP).toFixed(4)),
  )
  t.equal(
    (scores[0]!.logLikelihoodRatio - scores[1]!.logLikelihoodRatio).toFixed(4),
    (acoustic[0]! - acoustic[1]!).toFixed(4),
    'both ratios are against the same transcript',
  )
  t.ok(phraseScores![0]!.logLikelihoodRatio >= phraseScores![1]!.logLikelihoodRatio, 'best first')
})

t.test('the internal language model is computed once for a list, and again for another language', async (t) => {
  let silences = 0
  const internalLanguageModel = new InternalLanguageModel(async () => {
    silences++
    return model(SILENCE)
  }, SHAPES)
  const first = await internalLanguageModel.ofPhrases(PHRASES.trie, options())
  const again = await internalLanguageModel.ofPhrases(PHRASES.trie, options())
  t.same([first(0), first(1)], [again(0), again(1)])
  t.equal(silences, 1)
  await internalLanguageModel.ofPhrases(
    PHRASES.trie,
    options({ prompt: [START_OF_ANOTHER_LANGUAGE, ...options().prompt] }),
  )
  t.equal(silences, 2)
})
const START_OF_ANOTHER_LANGUAGE = 98

t.test('punctuation at the end does not change the internal language model; without words it is 0', async (t) => {
  const internalLanguageModel = new InternalLanguageModel(async () => model(SILENCE), SHAPES)
  const [plain, marked, other, none] = await internalLanguageModel.ofTranscripts(
    [[2, 1], [2, 1, MARK], [4], []],
    options(),
  )
  t.equal(plain, marked)
  t.not(plain, other)
  t.equal(none, 0)
  t.equal(plain!.toFixed(4), (SCALE * logProbability([2, 1], SILENCE)).toFixed(4))
})

/** Chooses `length` different tokens with probability 1. */
function certain(length: number): BeamStep {
  let chosen = 0
  return async (hypotheses) => {
    const token = chosen === length ? END : 1_000 + chosen++
    return { top: 1, tokens: hypotheses.map(() => token), logProbabilities: new Float32Array(hypotheses.length) }
  }
}

t.test('the phrases of a clip that is far longer than all of them are not scored one by one', async (t) => {
  const phrases = phrasesOf([{ phrase: 0, tokens: [100] }, { phrase: 1, tokens: [100, 101] }])
  for (const [length, silences] of [[1, 2], [22, 2], [23, 0], [40, 0]] as const) {
    const { decoded, started } = await search({ nBest: 1, phrases, strength: 1 }, { budget: 50 }, () => certain(length))
    t.equal(decoded.tokens!.length, length)
    t.equal(started.silence, silences, `${length} tokens`)
  }
})

t.test('of a long list, the phrases among the hypotheses are scored, each by its most probable one', async (t) => {
  // More nodes than are scored one by one; these phrases never occur.
  const many = Array.from({ length: 450 }, (_, index): TokenSequence => ({ phrase: 2 + index, tokens: [100 + index] }))
  const phrases = phrasesOf([{ phrase: 0, tokens: [2, 1] }, { phrase: 1, tokens: [4] }, ...many])
  let compared = 0
  for (const seed of endingSeeds()) {
    const { decoded, started } = await search({ nBest: 4, phrases, strength: 3 }, {}, seed)
    const { phraseScores: scores, hypotheses } = decoded as BeamResult
    t.match(started, { search: 1, silence: 0 })
    t.ok(scores.every(({ phrase }) => phrase < 2))
    // Where greedy decoding was repeated, its result replaces a hypothesis.
    if (scores.length === 0 || started.greedy > 0) continue
    const spelled = [[2, 1], [4]][scores[0]!.phrase]!.join()
    const withPhrase = hypotheses
      .filter(({ tokens }) => tokens.filter((token, index) => index === 0 || token !== MARK).join() === spelled)
      .map(({ logProbabilities }) => totalLogProbability(logProbabilities))
    t.ok(Math.abs(Math.max(...withPhrase) - scores[0]!.logProbability) < 1e-9)
    compared++
  }
  t.ok(compared > 0)
})

t.test('a transcript without a phrase is the greedy one, whatever the other hypotheses', async (t) => {
  const never = phrasesOf([{ phrase: 0, tokens: [2, 1, 100] }])
  for (const seed of endingSeeds()) {
    for (const request of [{ nBest: 5, phrases: undefined, strength: 1 }, { nBest: 1, phrases: never, strength: 30 }]) {
      const { decoded, started } = await search(request, {}, seed)
      t.match(decoded, { tokens: started.greedy === 1 ? GREEDY.tokens : greedyTokens(seed), phrases: [] })
    }
  }
})

t.test('greedy decoding decides where two tokens are nearly as probable and no phrase is found', async (t) => {
  const never = phrasesOf([{ phrase: 0, tokens: [2, 1, 100] }])
  for (const seed of endingSeeds()) {
    const tokens = greedyTokens(seed)
    const gaps = [...tokens, END]
      .map((_, index) => after(tokens.slice(0, index), seed).sort((a, b) => b - a))
      .map(([first, second]) => first! - second!)
    const { decoded, started } = await search({ nBest: 1, phrases: never, strength: 1 }, {}, seed)
    t.equal(started.greedy, Math.min(...gaps) <= 0.2 ? 1 : 0)
    t.same(decoded.tokens, started.greedy === 1 ? GREEDY.tokens : tokens)
  }
})

t.test('a phrase replaces the unbiased transcript only if it is nearly as probable', async (t) => {
  const many = Array.from({ length: 450 }, (_, index): TokenSequence => ({ phrase: 2 + index, tokens: [100 + index] }))
  const phrases = phrasesOf([{ phrase: 0, tokens: [2, 1] }, { phrase: 1, tokens: [4] }, ...many])
  let replaced = 0
  for (const seed of endingSeeds()) {
    for (const strength of [0, 1, 3]) {
      const { decoded } = await search({ nBest: 2, phrases, strength }, {}, seed)
      const { tokens, unbiased, logProbabilities } = decoded as BeamResult
      if (tokens.join() === unbiased.tokens.join()) continue
      replaced++
      t.not(strength, 0, 'a strength of 0 changes nothing')
      t.match(decoded, { phrases: [Number] })
      const behind = totalLogProbability(unbiased.logProbabilities) - totalLogProbability(logProbabilities)
      t.ok(behind <= strength * (8 - 0.8 * Math.log(452)) + 1e-9, `${behind} at strength ${strength}`)
    }
  }
  t.ok(replaced > 0)
})

t.test('at strength 0, a short list is scored and changes nothing', async (t) => {
  for (const seed of endingSeeds()) {
    const { decoded } = await search({ nBest: 2, phrases: PHRASES, strength: 0 }, {}, seed)
    const { tokens, unbiased, phraseScores } = decoded as BeamResult
    t.same(tokens, unbiased.tokens)
    t.ok(phraseScores.length > 0)
  }
})

t.test('a short list replaces the transcript by its most probable phrase, and by no other', async (t) => {
  let said = 0
  for (const seed of endingSeeds()) {
    const { decoded } = await search({ nBest: 2, phrases: PHRASES, strength: 1 }, {}, seed)
    const { tokens, unbiased, phraseScores: [first], wholePhrase } = decoded as BeamResult
    if (first!.probability >= 0.35) said += wholePhrase === first!.phrase ? 1 : 0
    else t.ok(wholePhrase === -1 || tokens.join() === unbiased.tokens.join())
  }
  t.ok(said > 0)
})
