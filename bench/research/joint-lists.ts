/**
 * Two models, two n-best lists: whether scoring every candidate of both lists with both models (forced decoding)
 * chooses better than scoring the first of each, and what it costs. Every clip is decoded by both models, once, so the
 * figures are those of escalated clips. `npm run bench -- lists`.
 */
import { readFile } from 'node:fs/promises'
import { sum } from '../../fixtures/kit/statistics.js'
import type { Clip } from '../../src/domain/audio.js'
import { totalLogProbability } from '../../src/domain/log-probability.js'
import { startStageTimer } from '../../src/domain/stage-timer.js'
import type { Hypothesis } from '../../src/domain/transcript.js'
import { comparableText } from '../../src/domain/words.js'
import { jointScore } from '../../src/recognition/joint-scores.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import { defineBench } from '../harness/bench.js'
import { LIMIT, MANIFEST, readClips, type SpeechClip } from '../harness/clips.js'
import { count, text } from '../harness/options.js'
import { startProgress } from '../harness/progress.js'
import { MODEL, openRecognizer, SERVED } from '../harness/recognizers.js'
import { scoreClip, scoreSource, type ScoredClip } from '../harness/scoring.js'
import { fixed, printTable } from '../harness/table.js'
import { bySource } from '../harness/ways.js'

const OPTIONS = {
  model: MODEL, larger: text('whisper-small'), alternatives: count(5), manifest: MANIFEST, limit: LIMIT,
}
const WAYS = ['larger alone', 'first of each', 'both lists'] as const

interface Candidate { readonly text: string; readonly score: number }
interface Judged {
  readonly texts: Readonly<Record<(typeof WAYS)[number], string>>
  /** Forced passes of the larger model beside the one that both ways need. */
  readonly furtherPasses: number
  readonly seconds: { readonly decoding: number; readonly further: number }
}

export const run = defineBench('lists', OPTIONS, async ({ model, larger: largerName, ...given }) => {
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
  const wers = WAYS.map((way) => new Map(bySource(scores[way]!).map(([source, own]) =>
    [source, scoreSource(source, own).wer])))
  const rows = [...(wers[0]?.keys() ?? [])].map((source) =>
    [source, ...wers.map((own) => fixed(own.get(source) ?? NaN))])
  const means = wers.map((own) => sum([...own.values()]) / own.size)
  printTable(['WER %', ...WAYS], [...rows, ['mean', ...means.map((mean) => fixed(mean, 2))]])
  const decoding = sum(judged.map(({ seconds }) => seconds.decoding))
  const further = sum(judged.map(({ seconds }) => seconds.further))
  console.log(`\n${judged.length} clips of one piece; the lists need ${fixed(sum(judged.map((one) =>
    one.furtherPasses)) / judged.length)} further forced passes a clip, ${fixed(100 * further / decoding)} % more time`)
  return { missed: [], results: { rows, means, further: further / decoding } }
})

/** Undefined for an upload that is no single clip for both models. */
async function judge(
  clip: SpeechClip, small: Recognizer, larger: Recognizer, nBest: number,
): Promise<Judged | undefined> {
  const bytes = await readFile(clip.file)
  const [ofSmall, ofLarger] = [await paddedClip(bytes, small), await paddedClip(bytes, larger)]
  if (ofSmall === undefined || ofLarger === undefined) return undefined
  const since = performance.now()
  const smallList = await decode(ofSmall, small, nBest, [])
  const smallTexts = textsOf(smallList)
  const largerFirst = await decode(ofLarger, larger, nBest, smallTexts.slice(0, 1))
  const largerTexts = textsOf(largerFirst)
  const smallFirst = await decode(ofSmall, small, 1, largerTexts.slice(0, 1))
  const decoding = (performance.now() - since) / 1000
  const sinceLists = performance.now()
  const largerOfSmall = await decode(ofLarger, larger, 1, smallTexts.slice(1))
  const smallOfLarger = await decode(ofSmall, small, 1, largerTexts.slice(1))
  const further = (performance.now() - sinceLists) / 1000
  const own = (list: Hypothesis): number[] => list.alternatives?.map(({ logProbability }) => logProbability)
    ?? [totalLogProbability(list.logProbabilities)]
  const scored = (first: Hypothesis, others: Hypothesis): number[] =>
    [...first.textLogProbabilities ?? [], ...others.textLogProbabilities ?? []]
  const candidates = [
    ...zip(largerTexts, scored(smallFirst, smallOfLarger), own(largerFirst)),
    ...zip(smallTexts, own(smallList), scored(largerFirst, largerOfSmall)),
  ]
  const firsts = [candidates[0]!, candidates[largerTexts.length]!]
  return {
    texts: { 'larger alone': largerTexts[0]!, 'first of each': bestOf(firsts), 'both lists': bestOf(candidates) },
    furtherPasses: smallTexts.slice(1).length,
    seconds: { decoding, further },
  }
}

function textsOf({ alternatives, text: own }: Hypothesis): string[] {
  return alternatives === undefined || alternatives.length === 0 ? [own] : alternatives.map((one) => one.text)
}

function zip(texts: readonly string[], bySmall: readonly number[], byLarger: readonly number[]): Candidate[] {
  return texts.map((words, index) => ({ text: words, score: jointScore(bySmall[index]!, byLarger[index]!) }))
}

/** Of candidates with the same words, the first one stands for all. */
function bestOf(candidates: readonly Candidate[]): string {
  const best = candidates.reduce((one, other) => other.score > one.score ? other : one)
  return candidates.find((one) => comparableText(one.text) === comparableText(best.text))!.text
}

function decode(
  clip: Clip, recognizer: Recognizer, nBest: number, scoreTexts: readonly string[],
): Promise<Hypothesis> {
  const beam = nBest > 1 ? { nBest, phrases: undefined, strength: 0 } : undefined
  return recognizer.recognize(clip, {
    language: 'en', languages: [], expectSpeech: true, beam, scoreTexts, interrupt: () => undefined,
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
