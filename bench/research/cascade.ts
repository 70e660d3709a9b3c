/**
 * What a cascade gains and costs: every clip through the small model alone, the larger one alone, and the cascade, over
 * the pipeline of a worker. `EARSHOT_CASCADE_BELOW` was chosen with it; run it again for another pair of models.
 *
 * Decoding is deterministic, so each model decodes a clip once (remembering.ts), and the policies are compared
 * afterwards: for every number of decoding passes the service runs with a cascade that asks wherever it may and with
 * one that asks only where it must. A threshold is a choice between these two reports by the certainty of the first.
 * The bench chooses the lowest mean WER at no more than MOST_TIME of the larger model's time. All means are over
 * sources, so that a source with many clips does not decide for the others.
 */
import { readFile } from 'node:fs/promises'
import { groupBy, sum } from '../../fixtures/kit/statistics.js'
import type { Report } from '../../src/domain/report.js'
import { totalErrors } from '../../src/domain/scoring/word-errors.js'
import { certaintyOf } from '../../src/recognition/confidence/cascade-correctness.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import { CASCADE } from '../declarations/research.js'
import { defineBench } from '../harness/bench.js'
import { readClips, type SpeechClip } from '../harness/clips.js'
import { openRecognizer, SERVED } from '../harness/recognizers.js'
import { scoreClip } from '../harness/scoring.js'
import { fixed, printTable, type Cell } from '../harness/table.js'
import { remembering, type RememberingRecognizer } from './remembering.js'
import { requireMeasured } from '../harness/endings.js'
import { startProgress } from '../harness/progress.js'

/** Targets: WER and time as shares of the larger model's. */
const MOST_WER = 1.1
const MOST_TIME = 0.4
const PASSES = [1, 2, 3]
const THRESHOLDS = Array.from({ length: 34 }, (_, index) => index * 0.03)
/** A threshold above every confidence. */
const EVERYTHING = 1.1

/** One clip recognized in one way. */
interface Answer {
  readonly errors: number
  readonly seconds: number
  /** What the cascade compares with its threshold; null when there is no transcript. */
  readonly certainty: number | null
  readonly isEscalated: boolean
}

/** One clip with one number of decoding passes of the small model. */
interface WithPasses {
  readonly small: Answer
  /** A cascade that asks only where it must: no words, or cut off. */
  readonly reluctant: Answer
  /** A cascade that asks about everything. */
  readonly eager: Answer
}

interface Row {
  readonly clip: SpeechClip
  readonly words: number
  readonly larger: Answer
  readonly byPasses: ReadonlyMap<number, WithPasses>
}

/** Which answer of a row a policy leads to. */
type Policy = (row: Row) => Answer

/** Means over sources. */
interface Score { readonly wer: number; readonly seconds: number; readonly escalated: number }

interface Setting extends Score { readonly passes: number; readonly below: number }

export const run = defineBench(CASCADE, async (
  { model, larger: largerModel, manifest, limit, language },
) => {
  const clips = await readClips(manifest, limit)
  const [small, larger] = [await openWarm(model, clips), await openWarm(largerModel, clips)]
  const rows: Row[] = []
  const progress = startProgress('clips', clips.length)
  for (const clip of clips) {
    const row = await recognizeInAllWays(clip, {
      small, larger, language: language === 'detect' ? undefined : language,
    })
    if (row === undefined) console.log(`left out, since it is cut into several clips: ${clip.file}`)
    else rows.push(row)
    progress.step()
  }
  await Promise.all([small.dispose(), larger.dispose()])
  requireMeasured({ 'clips of one piece': rows.length })
  const alone = score(rows, (row) => row.larger)
  const settings = PASSES.flatMap((passes) => THRESHOLDS.map((below): Setting =>
    ({ passes, below, ...score(rows, cascadeOf(passes, below)) })))
  const chosen = choose(settings, alone)
  printSources(rows, chosen)
  printSettings(settings, alone, chosen)
  const [wer, time] = [chosen.wer / alone.wer, chosen.seconds / alone.seconds]
  const missed = wer <= MOST_WER && time <= MOST_TIME ? [] : [`WER ${fixed(wer, 2)} of the larger model's ` +
    `(at most ${MOST_WER} wanted) in ${fixed(time, 2)} of its time (at most ${MOST_TIME} wanted)`]
  const results = rows.map(({ clip, byPasses, ...row }) => ({ file: clip.file, byPasses: [...byPasses], ...row }))
  return { missed, judged: { clips: rows.length }, results: { alone, settings, chosen, rows: results } }
})

/** The first run of a graph allocates and is slow; no clip should pay for it. */
async function openWarm(model: string, clips: readonly SpeechClip[]): Promise<RememberingRecognizer> {
  const recognizer = await openRecognizer(model)
  for (const { file } of clips.slice(0, 1)) await transcribe(await readFile(file), recognizer, SERVED)
  return remembering(recognizer)
}

interface Models {
  readonly small: RememberingRecognizer
  readonly larger: RememberingRecognizer
  readonly language: string | undefined
}

/** Undefined for an upload of several clips, where the cascade decides more than once. */
async function recognizeInAllWays(clip: SpeechClip, { small, larger, language }: Models): Promise<Row | undefined> {
  const bytes = await readFile(clip.file)
  const total = (seconds: (model: RememberingRecognizer) => number): number => seconds(small) + seconds(larger)
  const ask = async (recognizer: Recognizer, maxDecodingPasses: number, below?: number): Promise<[Answer, Report]> => {
    const [decoded, spent] = [total((model) => model.decodeSeconds()), total((model) => model.spentSeconds())]
    const since = performance.now()
    const cascade = below === undefined ? undefined : { recognizer: larger, below, primaryPasses: maxDecodingPasses }
    const report = await transcribe(bytes, recognizer, { ...SERVED, language, maxDecodingPasses, cascade })
    const wallSeconds = (performance.now() - since) / 1000
    const seconds = wallSeconds - (total((model) => model.spentSeconds()) - spent) + total((model) =>
      model.decodeSeconds()) - decoded
    const errors = totalErrors(scoreClip(clip, report.text, report.input.audioSeconds, 0))
    const [segment] = report.segments
    const certainty = segment === undefined ? null : certaintyOf(small.calibration, larger, segment)
    return [{ errors, seconds, certainty, isEscalated: (report.cascade?.escalations ?? 0) > 0 }, report]
  }
  const [alone] = await ask(larger, SERVED.maxDecodingPasses)
  const byPasses = new Map<number, WithPasses>()
  for (const passes of PASSES) {
    const [[first], [reluctant]] = [await ask(small, passes), await ask(small, passes, 0)]
    const [eager, report] = await ask(small, passes, EVERYTHING)
    if ((report.cascade?.reasons.length ?? 0) > 1) return undefined
    byPasses.set(passes, { small: first, reluctant, eager })
  }
  return { clip, words: scoreClip(clip, '', clip.seconds, 0).words, larger: alone, byPasses }
}

/** The service with this many decoding passes and this threshold. A rejected word is escalated in neither way. */
function cascadeOf(passes: number, below: number): Policy {
  return ({ byPasses }) => {
    const { small, eager, reluctant } = byPasses.get(passes)!
    return (small.certainty ?? 1) < below ? eager : reluctant
  }
}

/** The fewest errors within the time; among equals the cheapest. */
function choose(settings: readonly Setting[], larger: Score): Setting {
  const affordable = settings.filter(({ seconds }) => seconds <= MOST_TIME * larger.seconds)
  const [best] = (affordable.length > 0 ? affordable : settings).toSorted((a, b) =>
    a.wer - b.wer || a.seconds - b.seconds)
  return best!
}

function score(rows: readonly Row[], policy: Policy): Score {
  const sources = [...groupBy(rows, ({ clip }) => clip.source).values()].map((own) => scoreOne(own, policy))
  const mean = (value: (source: Score) => number): number => sum(sources.map(value)) / sources.length
  return {
    wer: mean(({ wer }) => wer), seconds: mean(({ seconds }) => seconds), escalated: mean(({ escalated }) => escalated),
  }
}

function scoreOne(rows: readonly Row[], policy: Policy): Score {
  const answers = rows.map(policy)
  return {
    wer: 100 * sum(answers.map(({ errors }) => errors)) / sum(rows.map(({ words }) => words)),
    seconds: sum(answers.map(({ seconds }) => seconds)) / rows.length,
    escalated: answers.filter(({ isEscalated }) => isEscalated).length / rows.length,
  }
}

function printSources(rows: readonly Row[], { passes, below }: Setting): void {
  const line = (source: string, scored: (policy: Policy) => Score, clips: number): Cell[] => {
    const small = scored(({ byPasses }) => byPasses.get(Math.max(...PASSES))!.small)
    const [larger, cascade] = [scored((row) => row.larger), scored(cascadeOf(passes, below))]
    return [
      source, clips, fixed(small.wer), fixed(larger.wer), fixed(cascade.wer), fixed(small.seconds / larger.seconds, 2),
      fixed(cascade.seconds / larger.seconds, 2), fixed(100 * cascade.escalated, 0),
    ]
  }
  console.log(`cascade below ${below}, at most ${passes} decoding passes of the small model; alone it takes up to 3`)
  const head = [
    'source', 'clips', 'WER % small', 'larger', 'cascade', 'time small / larger', 'cascade / larger', 'escalated %',
  ]
  printTable(head, [
    ...[...groupBy(rows, ({ clip }) => clip.source)].map(([source, own]) =>
      line(source, (policy) => scoreOne(own, policy), own.length)),
    line('mean of sources', (policy) => score(rows, policy), rows.length),
  ])
}

function printSettings(settings: readonly Setting[], larger: Score, chosen: Setting): void {
  console.log('\nmeans of sources; shares are of the larger model alone; * the choice')
  const shown = settings.filter(({ below }) => below > 0)
  printTable(['passes', 'below', 'WER %', 'share', 'time', 'escalated %'], shown.map((setting) => [
    `${setting.passes}${setting === chosen ? ' *' : ''}`, setting.below.toFixed(2), fixed(setting.wer, 2),
    fixed(setting.wer / larger.wer, 2), fixed(setting.seconds / larger.seconds, 2), fixed(100 * setting.escalated, 0),
  ]))
}
