/**
 * What a cascade gains and costs: every clip through the small model alone, the larger one alone, and the cascade,
 * over the pipeline of a worker.
 *
 * Both models are deterministic, so each hears a clip once (remembering.ts), and the policies are compared after the
 * fact: for every number of hearings the service is run with a cascade that asks wherever it may and with one that
 * asks only where it must, and a threshold is a choice between these two reports by the confidence of the first. The
 * choice of the bench is the least mean WER at no more than MOST_TIME of the larger model's time. All means are over
 * sources, so that a source with many clips does not speak for the others.
 */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { transcribe } from '../src/recognition/pipeline.js'
import type { Recognizer } from '../src/recognition/recognizer.js'
import { projectRoot } from '../src/domain/project-root.js'
import type { Report, Warning } from '../src/domain/report.js'
import { drawCurves } from './cascade-picture.js'
import { defaultManifest, limitPerSource, readClips, type SpeechClip } from './clips.js'
import { beginRun } from './machine.js'
import { countOption, parseOptions } from './options.js'
import { DEFAULT_MODEL, openRecognizer } from './recognizers.js'
import { SERVED } from './served.js'
import { remembering, type RememberingRecognizer } from './remembering.js'
import type { RunBench } from './run.js'
import { scoreClip } from './scoring.js'
import { groupBy, sum } from './statistics.js'
import { fixed, printTable, type Cell } from './table.js'
import { totalErrors } from '../src/domain/scoring/word-errors.js'

/** What the project asks of a cascade: WER and time as shares of the larger model's. */
const MOST_WER = 1.1
const MOST_TIME = 0.4
const HEARINGS = [1, 2, 3]
const THRESHOLDS = Array.from({ length: 21 }, (_, index) => index / 20)
/** A threshold above every confidence. */
const EVERYTHING = 1.1
/** Warnings that might be a reason to ask. */
const SIGNAL_WARNINGS: readonly Warning[] = ['noisy', 'narrowband', 'clipped']

interface Heard { readonly report: Report; readonly seconds: number }

/** One clip recognized in one way. */
interface Outcome {
  readonly errors: number
  readonly seconds: number
  /** Of the transcript; null when there is none. */
  readonly confidence: number | null
  readonly isAsked: boolean
}

/** One clip in every way; the arrays are by the number of hearings of the small model. */
interface Row {
  readonly clip: SpeechClip
  readonly words: number
  readonly warnings: readonly Warning[]
  readonly small: readonly Outcome[]
  readonly larger: Outcome
  /** A cascade that asks only where it must: no words, or cut off. */
  readonly reluctant: readonly Outcome[]
  /** A cascade that asks about everything. */
  readonly eager: readonly Outcome[]
}

/** Which of the outcomes of a row a policy leads to. */
type Policy = (row: Row) => Outcome

/** Means over sources. */
export interface Score { readonly wer: number; readonly seconds: number; readonly asked: number }

export interface Alone { readonly small: Score; readonly larger: Score }

export interface Setting extends Score {
  readonly hearings: number
  readonly below: number
  /** Mean WER if of two transcripts the one of the higher confidence stood. */
  readonly werOfLikelier: number
}

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL }, larger: { type: 'string', default: 'whisper-base' },
    language: { type: 'string', default: 'en' }, manifest: { type: 'string', default: defaultManifest() }, limit: { type: 'string' },
    picture: { type: 'string', default: path.join(projectRoot, 'bench/results/cascade.svg') },
  })
  const clips = limitPerSource(await readClips(given.manifest), countOption('limit', given.limit, Number.MAX_SAFE_INTEGER))
  const bench = await beginRun('cascade', { ...given, clips: clips.length })
  const [small, larger] = await Promise.all([openWarm(given.model, clips[0]!), openWarm(given.larger, clips[0]!)])
  const rows = await hearAll(clips, small, larger, given.language === 'detect' ? undefined : given.language)
  await Promise.all([small.dispose(), larger.dispose()])

  const alone = { small: score(rows, ({ small: heard }) => heard.at(-1)!), larger: score(rows, ({ larger: heard }) => heard) }
  const settings = HEARINGS.flatMap((hearings) => THRESHOLDS.map((below) => assess(rows, hearings, below)))
  const chosen = choose(settings, alone.larger)
  printSources(rows, chosen)
  printSettings(settings, alone, chosen)
  printReasons(rows, chosen, alone.larger)
  const isMet = printTarget(chosen, alone.larger)
  await bench.save({ alone, settings, chosen, rows: rows.map(({ clip, ...row }) => ({ file: clip.file, source: clip.source, ...row })) })
  await writeFile(given.picture, drawCurves({ small: given.model, larger: given.larger, alone, settings, chosen, mostTime: MOST_TIME }))
  console.log(`picture written to ${path.relative(process.cwd(), given.picture)}`)
  return isMet
}

/** The first run of a graph allocates and is slow; no clip should pay for it. */
async function openWarm(model: string, { file }: SpeechClip): Promise<RememberingRecognizer> {
  const recognizer = await openRecognizer(model)
  await transcribe(await readFile(file), recognizer, SERVED)
  return remembering(recognizer)
}

async function hearAll(clips: readonly SpeechClip[], small: RememberingRecognizer, larger: RememberingRecognizer, language: string | undefined): Promise<Row[]> {
  const rows: Row[] = []
  for (const clip of clips) {
    const row = await hearInAllWays(clip, small, larger, language)
    if (row === undefined) console.log(`left out, since it is cut into several clips: ${clip.file}`)
    else rows.push(row)
  }
  return rows
}

/** Undefined for an upload of several clips: what becomes of it is more than one decision. */
async function hearInAllWays(clip: SpeechClip, small: RememberingRecognizer, larger: RememberingRecognizer, language: string | undefined): Promise<Row | undefined> {
  const bytes = await readFile(clip.file)
  const hear = async (recognizer: Recognizer, maxDecodingPasses: number, below?: number): Promise<Heard> => {
    const [decoded, spent] = [small.decodeSeconds() + larger.decodeSeconds(), small.spentSeconds() + larger.spentSeconds()]
    const since = performance.now()
    const cascade = below === undefined ? undefined : { recognizer: larger, below, firstHearings: maxDecodingPasses }
    const report = await transcribe(bytes, recognizer, { ...SERVED, language, maxDecodingPasses: maxDecodingPasses, cascade })
    const aroundSeconds = (performance.now() - since) / 1000 - (small.spentSeconds() + larger.spentSeconds() - spent)
    return { report, seconds: aroundSeconds + small.decodeSeconds() + larger.decodeSeconds() - decoded }
  }
  const outcome = ({ report, seconds }: Heard): Outcome => ({
    errors: totalErrors(scoreClip(clip, report.text, report.input.audioSeconds, 0)),
    seconds, confidence: report.confidence, isAsked: (report.cascade?.escalations ?? 0) > 0,
  })
  const alone = await hear(larger, SERVED.maxDecodingPasses)
  const ways = { small: [] as Heard[], reluctant: [] as Heard[], eager: [] as Heard[] }
  for (const hearings of HEARINGS) {
    ways.small.push(await hear(small, hearings))
    ways.reluctant.push(await hear(small, hearings, 0))
    ways.eager.push(await hear(small, hearings, EVERYTHING))
  }
  if (ways.eager.some(({ report }) => report.cascade!.reasons.length > 1)) return undefined
  return {
    clip, words: scoreClip(clip, '', clip.seconds, 0).words, warnings: ways.small[0]!.report.warnings,
    larger: outcome(alone), small: ways.small.map(outcome), reluctant: ways.reluctant.map(outcome), eager: ways.eager.map(outcome),
  }
}

/** The service with so many hearings and this threshold. A word that was taken back is asked about in neither way. */
function cascadeOf(hearings: number, below: number): Policy {
  return ({ small, reluctant, eager }) => {
    const index = hearings - 1
    return (small[index]!.confidence ?? 1) < below ? eager[index]! : reluctant[index]!
  }
}

function assess(rows: readonly Row[], hearings: number, below: number): Setting {
  const policy = cascadeOf(hearings, below)
  const likelier: Policy = (row) => {
    const [outcome, first] = [policy(row), row.small[hearings - 1]!]
    return outcome.isAsked && (first.confidence ?? 0) > (outcome.confidence ?? 0) ? first : outcome
  }
  return { hearings, below, ...score(rows, policy), werOfLikelier: score(rows, likelier).wer }
}

/** The fewest errors within the time; among equals the cheapest. */
function choose(settings: readonly Setting[], larger: Score): Setting {
  const affordable = settings.filter(({ seconds }) => seconds <= MOST_TIME * larger.seconds)
  return (affordable.length > 0 ? affordable : settings).toSorted((a, b) => a.wer - b.wer || a.seconds - b.seconds)[0]!
}

function score(rows: readonly Row[], policy: Policy): Score {
  const sources = [...groupBy(rows, ({ clip }) => clip.source).values()].map((own) => scoreOne(own, policy))
  const mean = (value: (source: Score) => number): number => sum(sources.map(value)) / sources.length
  return { wer: mean(({ wer }) => wer), seconds: mean(({ seconds }) => seconds), asked: mean(({ asked }) => asked) }
}

function scoreOne(rows: readonly Row[], policy: Policy): Score {
  const outcomes = rows.map(policy)
  return {
    wer: 100 * sum(outcomes.map(({ errors }) => errors)) / sum(rows.map(({ words }) => words)),
    seconds: sum(outcomes.map(({ seconds }) => seconds)) / rows.length,
    asked: outcomes.filter(({ isAsked }) => isAsked).length / rows.length,
  }
}

function printSources(rows: readonly Row[], { hearings, below }: Setting): void {
  const line = (source: string, scored: (policy: Policy) => Score, clips: number): Cell[] => {
    const [small, larger, cascade] = [scored((row) => row.small.at(-1)!), scored((row) => row.larger), scored(cascadeOf(hearings, below))]
    return [source, clips, fixed(small.wer), fixed(larger.wer), fixed(cascade.wer), fixed(small.seconds / larger.seconds, 2), fixed(cascade.seconds / larger.seconds, 2), percent(cascade.asked)]
  }
  console.log(`cascade below ${below}, small model heard at most ${hearings} times; alone it is heard up to ${HEARINGS.at(-1)}`)
  printTable(['source', 'clips', 'WER % small', 'larger', 'cascade', 'time small / larger', 'cascade / larger', 'asked'], [
    ...[...groupBy(rows, ({ clip }) => clip.source)].map(([source, own]) => line(source, (policy) => scoreOne(own, policy), own.length)),
    line('mean of sources', (policy) => score(rows, policy), rows.length),
  ])
}

function printSettings(settings: readonly Setting[], { larger }: Alone, chosen: Setting): void {
  console.log('\nmeans of sources; shares are of the larger model alone; "likelier": if the transcript of the higher confidence stood')
  printTable(['hearings', 'below', 'WER %', 'share', 'likelier', 'time', 'asked'], settings.filter(({ below }) => below > 0).map((setting) => [
    `${setting.hearings}${setting === chosen ? ' *' : ''}`, setting.below.toFixed(2), fixed(setting.wer, 2), fixed(setting.wer / larger.wer, 2),
    fixed(setting.werOfLikelier, 2), fixed(setting.seconds / larger.seconds, 2), percent(setting.asked),
  ]))
}

/** Whether it would pay to ask about a warning too, at the chosen setting. */
function printReasons(rows: readonly Row[], { hearings, below }: Setting, larger: Score): void {
  const base = cascadeOf(hearings, below)
  const policies: [string, Policy][] = [['as chosen', base], ...SIGNAL_WARNINGS.map((warning): [string, Policy] =>
    [`and ${warning}`, (row) => row.warnings.includes(warning) && row.small[0]!.confidence !== null ? row.eager[hearings - 1]! : base(row)])]
  console.log()
  printTable(['asked where in doubt', 'WER %', 'time', 'asked'], policies.map(([name, policy]) => {
    const { wer, seconds, asked } = score(rows, policy)
    return [name, fixed(wer, 2), fixed(seconds / larger.seconds, 2), percent(asked)]
  }))
}

function printTarget(chosen: Setting, larger: Score): boolean {
  const [wer, time] = [chosen.wer / larger.wer, chosen.seconds / larger.seconds]
  const isMet = wer <= MOST_WER && time <= MOST_TIME
  console.log(`\n${isMet ? 'met' : 'MISSED'}: WER ${fixed(wer, 2)} of the larger model's (at most ${MOST_WER}) in ${fixed(time, 2)} of its time (at most ${MOST_TIME})`)
  return isMet
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`
}
