/**
 * The hypotheses of a beam search and of all passes, ranked anew with a language model: the log-probability of a text
 * plus a share of its log-probability as text, without and with the internal language model of the decoder taken out
 * (Ostendorf et al. 1991, "Integration of diverse recognition methodologies through reevaluation of N-best sentence
 * hypotheses"; McDermott, Sak & Variani 2019, arXiv:2002.11268).
 */
import { totalLogProbability } from '../../../src/domain/log-probability.js'
import type { Alternative } from '../../../src/domain/phrases.js'
import type { Hypothesis } from '../../../src/domain/transcript.js'
import { comparableText } from '../../../src/domain/words.js'
import { whenDoubtful, type Attempt } from './attempt.js'
import type { HeardClip } from './heard.js'
import type { TextScores } from './text-scores.js'

export interface LanguageModels {
  /** By their names. */
  readonly languageModels: ReadonlyMap<string, TextScores>
  /** The internal language model of the recognizer. */
  readonly internal: TextScores
}

const N_BEST = 8

export function rescorings({ languageModels, internal }: LanguageModels): Attempt[] {
  const kind = 'n-best rescoring'
  const rescored = (name: string, add: (texts: readonly string[]) => Promise<{ scores: number[]; seconds: number }>) =>
    ({ kind, name, attempt: whenDoubtful(async (clip) => {
      const { texts, logProbabilities, seconds } = await candidatesOf(clip)
      const added = await add(texts)
      const totals = texts.map((_, index) => logProbabilities[index]! + added.scores[index]!)
      const chosen = totals.indexOf(Math.max(...totals))
      return {
        hypothesis: retold(clip.best, texts[chosen]!, logProbabilities[chosen]!), seconds: seconds + added.seconds,
      }
    }) })
  const weighted = async (texts: readonly string[], scores: TextScores, weight: number, less = 0) => {
    const [own, subtracted] = [await scores(texts), less === 0 ? undefined : await internal(texts)]
    return {
      scores: texts.map((_, index) => weight * own.scores[index]! - less * (subtracted?.scores[index] ?? 0)),
      seconds: own.seconds + (subtracted?.seconds ?? 0),
    }
  }
  return [
    rescored('no language model', async (texts) => ({ scores: texts.map(() => 0), seconds: 0 })),
    ...[...languageModels].flatMap(([name, scores]) => [
      ...[0.1, 0.3].map((weight) => rescored(`${name}, ${weight}`, (texts) => weighted(texts, scores, weight))),
      rescored(`${name}, 0.3, less 0.3 internal`, (texts) => weighted(texts, scores, 0.3, 0.3)),
    ]),
  ]
}

interface Candidates {
  readonly texts: readonly string[]
  readonly logProbabilities: readonly number[]
  readonly seconds: number
}

/** The texts of all passes and of a beam search, each with its highest log-probability. */
async function candidatesOf(clip: HeardClip): Promise<Candidates> {
  const beam = { nBest: N_BEST, phrases: undefined, strength: 0 }
  const { hypothesis, seconds } = await clip.decode(clip.pad(clip.clip, clip.leadingSeconds[0]!), { beam })
  const all = [
    ...clip.passes.map(scoredText), ...hypothesis.alternatives ?? [],
  ].filter(({ text }) => comparableText(text) !== '')
  const best = new Map<string, Pick<Alternative, 'text' | 'logProbability'>>()
  // The transcript of the service is there in any case.
  for (const one of [scoredText(clip.best), ...all]) {
    const known = best.get(comparableText(one.text))
    if (known === undefined || one.logProbability > known.logProbability) best.set(comparableText(one.text), one)
  }
  const candidates = [...best.values()]
  return {
    texts: candidates.map(({ text }) => text),
    logProbabilities: candidates.map(({ logProbability }) => logProbability), seconds,
  }
}

function scoredText({ text, logProbabilities }: Hypothesis): Pick<Alternative, 'text' | 'logProbability'> {
  return { text, logProbability: totalLogProbability(logProbabilities) }
}

/** A hypothesis with another text, whose tokens are not known. */
function retold(best: Hypothesis, text: string, logProbability: number): Hypothesis {
  if (comparableText(text) === comparableText(best.text)) return best
  const { length } = best.logProbabilities
  return { ...best, text, logProbabilities: new Array<number>(length).fill(logProbability / length) }
}
