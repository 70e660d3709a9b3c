/**
 * Two models, two n-best lists: what it gains and costs to score the first transcripts, the list of the small model, or
 * both lists with both models (forced decoding). Every clip is decoded by both models, so the figures are those of
 * escalated clips. `npm run bench -- lists`.
 */
import { readFile } from 'node:fs/promises'
import { sum } from '../../fixtures/kit/statistics.js'
import type { Clip } from '../../src/domain/audio.js'
import { totalLogProbability } from '../../src/domain/log-probability.js'
import { startStageTimer } from '../../src/domain/stage-timer.js'
import type { Hypothesis } from '../../src/domain/transcript.js'
import { comparableText } from '../../src/domain/words.js'
import { endsEarly, jointScore } from '../../src/recognition/joint-scores.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import { LISTS } from '../declarations/research.js'
import { defineBench } from '../harness/bench.js'
import { readClips, type SpeechClip } from '../harness/clips.js'
import { startProgress } from '../harness/progress.js'
import { openRecognizer, SERVED } from '../harness/recognizers.js'
import { scoreClip, scoreSource, type ScoredClip } from '../harness/scoring.js'
import { fixed, printTable } from '../harness/table.js'
import { bySource } from '../harness/ways.js'
import { requireMeasured } from '../harness/endings.js'

const WAYS = ['larger alone', 'first of each', 'list of small', 'both lists'] as const
type Way = (typeof WAYS)[number]

interface Judged {
  readonly texts: Readonly<Record<Way, string>>
  readonly seconds: Readonly<Record<Way, number>>
}

export const run = defineBench(LISTS, async ({ model, larger: largerName, ...given }) => {
  const clips = await readClips(given.manifest, given.limit)
  const [small, larger] = [await openRecognizer(model), await openRecognizer(largerName)]
  const scores: Record<string, ScoredClip[]> = Object.fromEntries(WAYS.map((way) => [way, []]))
  const judged: Judged[] = []
  const progress = startProgress('lists', clips.length)
  for (const clip of clips) {
    const one = await judge(clip, small, larger, given.alternatives)
    progress.step()
    if (one === undefined) continue
    judged.push(one)
    for (const way of WAYS) scores[way]!.push(scoreClip(clip, one.texts[way], clip.seconds, 0))
  }
  await small.dispose()
  await larger.dispose()
  requireMeasured({ 'clips of one piece': judged.length })
  const wers = WAYS.map((way) => new Map(bySource(scores[way]!).map(([source, own]) =>
    [source, scoreSource(source, own).wer])))
  const rows = [...(wers[0]?.keys() ?? [])].map((source) =>
    [source, ...wers.map((own) => fixed(own.get(source) ?? NaN))])
  const means = wers.map((own) => sum([...own.values()]) / own.size)
  printTable(['WER %', ...WAYS], [...rows, ['mean', ...means.map((mean) => fixed(mean, 2))]])
  const seconds = WAYS.map((way) => sum(judged.map((one) => one.seconds[way])))
  printTable(['', ...WAYS], [['time', ...seconds.map((one) => fixed(one / seconds[0]!, 2))]])
  console.log(`\n${judged.length} clips of one piece`)
  return { missed: [], judged: { 'clips of one piece': judged.length }, results: { rows, means, seconds } }
})

/** Undefined for an upload that is no single clip for both models. */
async function judge(
  clip: SpeechClip, small: Recognizer, larger: Recognizer, nBest: number,
): Promise<Judged | undefined> {
  const bytes = await readFile(clip.file)
  const [ofSmall, ofLarger] = [await paddedClip(bytes, small), await paddedClip(bytes, larger)]
  if (ofSmall === undefined || ofLarger === undefined) return undefined
  const [alone, aloneSeconds] = await timed(() => decode(ofLarger, larger, 1, false))
  const judgeWith = async (ofSmallList: number, ofLargerList: number): Promise<[text: string, seconds: number]> => {
    return timed(async () => {
      const smallList = await decode(ofSmall, small, ofSmallList)
      const largerList = await decode(ofLarger, larger, ofLargerList)
      const firsts = [textsOf(largerList)[0]!, textsOf(smallList)[0]!] as const
      if (comparableText(firsts[0]) === comparableText(firsts[1])) return firsts[0]
      const candidates = [
        ...zip(textsOf(largerList), await smallList.rescore!(textsOf(largerList)), ownScores(largerList)),
        ...zip(textsOf(smallList), ownScores(smallList), await largerList.rescore!(textsOf(smallList))),
      ]
      return bestOf(candidates, firsts)
    })
  }
  const firsts = await judgeWith(1, 1)
  const ofSmallAlone = await judgeWith(nBest, 1)
  const both = await judgeWith(nBest, nBest)
  return {
    texts: {
      'larger alone': alone.text, 'first of each': firsts[0], 'list of small': ofSmallAlone[0], 'both lists': both[0],
    },
    seconds: {
      'larger alone': aloneSeconds, 'first of each': firsts[1], 'list of small': ofSmallAlone[1], 'both lists': both[1],
    },
  }
}

async function timed<Result>(work: () => Promise<Result>): Promise<[result: Result, seconds: number]> {
  const since = performance.now()
  return [await work(), (performance.now() - since) / 1000]
}

function textsOf({ alternatives, text: own }: Hypothesis): string[] {
  return alternatives === undefined || alternatives.length === 0 ? [own] : alternatives.map((one) => one.text)
}

function ownScores({ alternatives, logProbabilities }: Hypothesis): number[] {
  return alternatives?.map(({ logProbability }) => logProbability) ?? [totalLogProbability(logProbabilities)]
}

interface Candidate { readonly text: string; readonly score: number }

function zip(texts: readonly string[], bySmall: readonly number[], byLarger: readonly number[]): Candidate[] {
  return texts.map((words, index) => ({ text: words, score: jointScore(bySmall[index]!, byLarger[index]!) }))
}

/** Of candidates with the same words, the first one stands for all. One that ends early has to be among `firsts`. */
function bestOf(candidates: readonly Candidate[], firsts: readonly string[]): string {
  const all = candidates.map((one) => one.text)
  const best = candidates.filter((one) => firsts.includes(one.text) || !endsEarly(one.text, all))
    .reduce((one, other) => other.score > one.score ? other : one)
  return candidates.find((one) => comparableText(one.text) === comparableText(best.text))!.text
}

function decode(
  clip: Clip, recognizer: Recognizer, nBest: number, rescorable = true,
): Promise<Hypothesis> {
  const beam = nBest > 1 ? { nBest, phrases: undefined, strength: 0 } : undefined
  return recognizer.recognize(clip, {
    language: 'en', languages: [], expectSpeech: true, beam, rescorable, interrupt: () => undefined,
    timer: startStageTimer(),
  })
}

/** What the recognizer is given of an upload that is one clip. */
async function paddedClip(bytes: Uint8Array, recognizer: Recognizer): Promise<Clip | undefined> {
  const given: Clip[] = []
  const noting: Recognizer = {
    ...recognizer,
    recognize: async (clip, { language }) => {
      given.push(clip)
      return { text: 'x', tokens: [1], logProbabilities: [0, 0], stopped: 'end_of_text', language: language ?? 'en' }
    },
  }
  await transcribe(bytes, noting, { ...SERVED, language: 'en', maxDecodingPasses: 1 })
  return given.length === 1 ? given[0] : undefined
}
