/**
 * Whether a recognizer finds wrong labels: in the label of each clip, one content word is replaced by another one, or
 * left out, and every word and every gap of the labels is ranked by the log-likelihood ratio of what the recognizer
 * heard there (recognition/label-scores.ts). Printed: the area under the ROC curve of planted places against those of
 * the labels as they are, some of which are wrong themselves; the most contradicted of these are printed too.
 * `npm run bench -- contradictions`.
 */
import { readFile } from 'node:fs/promises'
import { seededRandom } from '../fixtures/kit/statistics.js'
import type { LabelDifference } from '../src/domain/label-difference.js'
import { auroc, type Outcome } from '../src/data/statistics/calibration.js'
import { PROFILE_SETTINGS } from '../src/domain/profiles.js'
import { comparableText } from '../src/domain/words.js'
import type { TranscribeOptions } from '../src/recognition/options.js'
import { transcribe } from '../src/recognition/pipeline.js'
import type { Recognizer } from '../src/recognition/recognizer.js'
import { CONTRADICTIONS } from './declarations/data.js'
import { defineBench } from './harness/bench.js'
import { readClips, requireClips, type SpeechClip } from './harness/clips.js'
import { startProgress } from './harness/progress.js'
import { openRecognizer, SERVED } from './harness/recognizers.js'
import { fixed, printTable } from './harness/table.js'
import { remembering, type RememberingRecognizer } from './research/remembering.js'
import { requireMeasured } from './harness/endings.js'

const LEAST_AREA = 0.9
const MOST_PRINTED = 15
/** A shorter word is mostly a function word, and one clip in two has no other. */
const CONTENT_LETTERS = 4
/** Score of a place in which label and transcript agree. */
const AGREED = -1e3

/** Scores of places, planted ones and those of labels as they are. */
interface Places { readonly planted: number[]; readonly original: number[] }
interface Doubt { readonly clip: SpeechClip; readonly difference: LabelDifference }

export const run = defineBench(CONTRADICTIONS, async (given) => {
  const clips = requireClips((await readClips(given.manifest, given.limit)).filter(({ text }) =>
    contentWords(text).length > 0), `no clip has a word of ${CONTENT_LETTERS} letters`)
  const recognizer = remembering(await openRecognizer(given.model))
  const larger = given.larger === undefined ? undefined : remembering(await openRecognizer(given.larger))
  const options = { ...SERVED, language: 'en', ...larger && { cascade: cascadeOf(larger) } }
  const random = seededRandom(given.seed)
  const vocabulary = [...new Set(clips.flatMap(({ text }) => contentWords(text)))]
  const found = { substituted: newPlaces(), deleted: newPlaces() }
  const doubts: Doubt[] = []
  let unscored = 0
  const progress = startProgress('contradictions', clips.length)
  for (const clip of clips) {
    const bytes = await readFile(clip.file)
    const words = comparableText(clip.text).split(' ')
    const differencesOf = (label: string): Promise<readonly LabelDifference[] | undefined> =>
      differences(bytes, recognizer, { ...options, label })
    const chosen = pick(contentWords(clip.text), random)
    const at = words.indexOf(chosen)
    const other = pick(vocabulary.filter((word) => !words.includes(word)), random)
    const original = await differencesOf(clip.text)
    const substituted = await differencesOf(words.with(at, other).join(' '))
    const deleted = await differencesOf(words.toSpliced(at, 1).join(' '))
    progress.step()
    if (original === undefined || substituted === undefined || deleted === undefined) {
      unscored++
      continue
    }
    found.substituted.planted.push(scoreOfWord(at, substituted))
    found.substituted.original.push(...words.map((_, index) => scoreOfWord(index, original)))
    if (words.length > 1) found.deleted.planted.push(scoreOfGap(at, deleted))
    found.deleted.original.push(...[...words, ''].map((_, index) => scoreOfGap(index, original)))
    doubts.push(...original.map((difference) => ({ clip, difference })))
  }
  for (const one of [recognizer, larger]) await one?.dispose()
  requireMeasured({ 'clips that could be scored': clips.length - unscored })
  const areas = Object.entries(found).map(([kind, places]) => ({ kind, places, area: areaUnderCurve(places) }))
  printTable(['planted', 'places', 'original places', 'AUROC'], areas.map(({ kind, places, area }) =>
    [kind, places.planted.length, places.original.length, fixed(area, 3)]))
  console.log(`${unscored} clips could not be scored: no words, or several clips in one upload`)
  if (doubts.length > 0) printDoubts(doubts)
  const missed = areas.filter(({ area }) => area < LEAST_AREA)
    .map(({ kind, area }) => `${kind}: AUROC ${fixed(area, 3)}, wanted ${LEAST_AREA}`)
  const judged = { 'scored clips': clips.length - unscored }
  return { missed, judged, results: { areas: areas.map(({ kind, area }) => ({ kind, area })), unscored } }
})

function newPlaces(): Places {
  return { planted: [], original: [] }
}

function cascadeOf(recognizer: Recognizer): NonNullable<TranscribeOptions['cascade']> {
  return { recognizer, below: PROFILE_SETTINGS.accurate.EARSHOT_CASCADE_BELOW! }
}

async function differences(
  bytes: Uint8Array, recognizer: RememberingRecognizer, options: TranscribeOptions,
): Promise<readonly LabelDifference[] | undefined> {
  return (await transcribe(bytes, recognizer, options)).labelDifferences
}

/** The highest ratio of the places that cover this word of the label. */
function scoreOfWord(index: number, found: readonly LabelDifference[]): number {
  const covering = found.filter(({ at, label }) => index >= at && index < at + label.length)
  return Math.max(AGREED, ...covering.map(({ logLikelihoodRatio }) => logLikelihoodRatio))
}

/** The highest ratio of the places in which more was heard than the label has, before this word or around it. */
function scoreOfGap(index: number, found: readonly LabelDifference[]): number {
  const covering = found.filter(({ at, label, heard }) =>
    heard.length > label.length && index >= at && index <= at + label.length)
  return Math.max(AGREED, ...covering.map(({ logLikelihoodRatio }) => logLikelihoodRatio))
}

/** Probability that a planted place has a higher score than another one; equal scores count half. */
function areaUnderCurve({ planted, original }: Places): number {
  const outcomes = (scores: readonly number[], isRight: boolean): Outcome[] =>
    scores.map((probability) => ({ probability, isRight }))
  return auroc([...outcomes(planted, true), ...outcomes(original, false)]) ?? NaN
}

function printDoubts(doubts: readonly Doubt[]): void {
  const sorted = doubts.toSorted((a, b) => b.difference.logLikelihoodRatio - a.difference.logLikelihoodRatio)
  console.log('\nlabels as they are, the most contradicted first')
  printTable(['ratio', 'label', 'heard', 'clip'], sorted.slice(0, MOST_PRINTED).map(({ clip, difference }) => [
    fixed(difference.logLikelihoodRatio), difference.label.join(' '), difference.heard.join(' '), clip.text,
  ]))
}

function contentWords(text: string): string[] {
  return comparableText(text).split(' ').filter((word) => word.length >= CONTENT_LETTERS)
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  return items[Math.floor(random() * items.length)]!
}
