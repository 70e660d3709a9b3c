/**
 * Attempts to recognize words better where the service doubts them, on clean clips and on clips with echo, clipping
 * and noise: noise suppression, equalization, dereverberation, other combinations of passes, rescoring, more context.
 *
 * Every attempt starts from the same passes over the same clips (remembering.ts), so differences are those of the
 * attempts alone. An attempt is worth keeping if it helps at least two sources and harms none, on `speech` and on
 * `speech-more`; docs/benchmarks/attempts.md has the results. A row "one more pass" says what any further pass of the
 * usual kind gains.
 */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { sum } from '../../fixtures/kit/statistics.js'
import { writeMono } from '../../fixtures/kit/pcm.js'
import { totalErrors } from '../../src/domain/scoring/word-errors.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import { plainClips, readSpeech } from '../audio/context.js'
import { ROBUSTNESS, SILENT_DECODER } from '../declarations/research.js'
import { defineBench } from '../harness/bench.js'
import { readClips, type SpeechClip } from '../harness/clips.js'
import { startProgress } from '../harness/progress.js'
import { DEFAULT_MODEL } from '../declarations/shared.js'
import { openRecognizer, SERVED } from '../harness/recognizers.js'
import { compareSource, scoreClip, scoreSource, type ScoredClip } from '../harness/scoring.js'
import { fixed, printTable } from '../harness/table.js'
import { bySource } from '../harness/ways.js'
import { remembering, type Remembered, type RememberingRecognizer } from './remembering.js'
import type { Attempt } from './robustness/attempt.js'
import { allAttempts } from './robustness/attempts.js'
import { CONDITIONS, type ConditionName } from './robustness/conditions.js'
import { hear } from './robustness/heard.js'
import { readLanguageModel } from './robustness/language-model.js'
import { openCarriers } from './robustness/more-context.js'
import { scoresOf, scoresOverSilence, type TextScores } from './robustness/text-scores.js'

export const run = defineBench(ROBUSTNESS, async ({ manifest, limit, condition, texts, rows, ...files }) => {
  const clips = await plainClips(await readClips(manifest, limit))
  const known = await readPasses(files['passes-file'])
  const recognizer = remembering(await openRecognizer(DEFAULT_MODEL), known.small)
  const larger = remembering(await openRecognizer(SILENT_DECODER), known.larger)
  await recognizer.openBeamSearch?.()
  const languageModels = new Map<string, TextScores>()
  const words = texts === undefined ? undefined : await readLanguageModel(texts)
  if (words === undefined) console.log('no trigrams: --texts names no folder with their packages (language-model.ts)\n')
  else languageModels.set('trigrams', scoresOf(words))
  languageModels.set('Whisper base', scoresOverSilence(larger))
  const attempts = allAttempts({
    languageModels, internal: scoresOverSilence(recognizer), carriers: await openCarriers(recognizer),
  }).filter((attempt) => rows === undefined || rows.some((row) => labelOf(attempt).startsWith(row)))
  const progress = startProgress('robustness', condition.length * clips.length)
  const tables: Table[] = []
  for (const name of condition) {
    const scores: ScoredClip[][] = []
    for (const [index, clip] of clips.entries()) {
      scores.push(await scoreAttempts(clip, name, index, { attempts, recognizer }))
      progress.step()
    }
    tables.push({ condition: name, rows: rowsOf(attempts, scores) })
  }
  await writePasses(files['passes-file'], known)
  await Promise.all([recognizer.dispose(), larger.dispose()])
  for (const table of tables) printCondition(table)
  printAll(tables)
  return { missed: [], judged: { clips: clips.length, attempts: attempts.length }, results: tables }
})

interface Bench { readonly attempts: readonly Attempt[]; readonly recognizer: RememberingRecognizer }

/** The service first, then each attempt; the milliseconds of an attempt include those of the service. */
async function scoreAttempts(
  clip: SpeechClip, condition: ConditionName, index: number, { attempts, recognizer }: Bench,
): Promise<ScoredClip[]> {
  const wav = writeMono(CONDITIONS[condition](await readSpeech(clip), index))
  const heard = await hear(wav, recognizer)
  const text = await heard.textOf(heard.clips.map(({ best }) => best))
  const { text: served } = await transcribe(wav, recognizer, SERVED)
  if (text !== served) throw new Error(`${clip.file}: the service says "${served}", and this bench "${text}"`)
  const scores = [scoreClip(clip, text, heard.audioSeconds, 1000 * heard.seconds)]
  for (const { attempt } of attempts) {
    const tried = []
    for (const one of heard.clips) tried.push(await attempt(one))
    const seconds = heard.seconds + sum(tried.map((one) => one.seconds))
    const found = await heard.textOf(tried.map(({ hypothesis }) => hypothesis))
    scores.push(scoreClip(clip, found, heard.audioSeconds, 1000 * seconds))
  }
  return scores
}

interface Cell {
  readonly source: string
  readonly words: number
  readonly errors: number
  readonly wer: number
  /** Against the service; 0 for the service itself. */
  readonly moreErrors: number
  readonly points: number
  readonly interval: { readonly low: number; readonly high: number }
}

interface Row {
  readonly kind: string
  readonly name: string
  readonly cells: readonly Cell[]
  /** Clips with other words than the service has. */
  readonly changed: number
  /** Time of all clips, of the service's. */
  readonly time: number
}

interface Table { readonly condition: ConditionName; readonly rows: readonly Row[] }

function rowsOf(attempts: readonly Attempt[], scores: readonly (readonly ScoredClip[])[]): Row[] {
  const service = scores.map(([first]) => first!)
  return [{ kind: 'service', name: '' }, ...attempts].map(({ kind, name }, column) => {
    const own = scores.map((row) => row[column]!)
    const before = new Map(bySource(service))
    return {
      kind, name, cells: bySource(own).map(([source, scored]) => cellOf(source, before.get(source)!, scored)),
      changed: own.filter(({ hypothesis }, index) => hypothesis !== service[index]!.hypothesis).length,
      time: sum(own.map(({ latencyMs }) => latencyMs)) / sum(service.map(({ latencyMs }) => latencyMs)),
    }
  })
}

function cellOf(source: string, service: readonly ScoredClip[], own: readonly ScoredClip[]): Cell {
  const { wer, words } = scoreSource(source, own)
  const { points, interval } = compareSource(source, service, own)
  const errors = sum(own.map(totalErrors))
  return { source, words, errors, wer, moreErrors: errors - sum(service.map(totalErrors)), points, interval }
}

function printCondition({ condition, rows }: Table): void {
  const [service] = rows
  console.log(`${condition}: WER % (more or fewer errors; ! the paired 95 % interval excludes zero)`)
  const sources = service!.cells.map(({ source, words }) => `${source} (${words})`)
  printTable(['attempt', ...sources, 'changed', 'time'], rows.map((row) => [
    labelOf(row),
    ...row.cells.map((cell) => row === service ? fixed(cell.wer) : `${fixed(cell.wer)} (${signed(cell)})`),
    row.changed, fixed(row.time, 2),
  ]))
  console.log()
}

function labelOf({ kind, name }: Pick<Attempt, 'kind' | 'name'>): string {
  return name === '' ? kind : `${kind}: ${name}`
}

function signed({ moreErrors, interval: { low, high } }: Cell): string {
  const mark = low > 0 || high < 0 ? '!' : ''
  return `${moreErrors > 0 ? '+' : ''}${moreErrors}${mark}`
}

/** Over all conditions together. */
function printAll(tables: readonly Table[]): void {
  const [{ rows: first } = { rows: [] }] = tables
  console.log('more or fewer errors over all conditions, and the sources with fewer and with more')
  const sources = first[0]?.cells.map(({ source }) => source) ?? []
  printTable(['attempt', ...sources, 'fewer', 'more', 'time'], first.map(({ kind, name }, index) => {
    const totals = sources.map((_, column) => sum(tables.map(({ rows }) => rows[index]!.cells[column]!.moreErrors)))
    const time = sum(tables.map(({ rows }) => rows[index]!.time)) / tables.length
    return [
      labelOf({ kind, name }), ...totals.map((total) => total > 0 ? `+${total}` : total),
      totals.filter((total) => total < 0).length, totals.filter((total) => total > 0).length, fixed(time, 2),
    ]
  }))
}

interface Passes { readonly small: Map<string, Remembered>; readonly larger: Map<string, Remembered> }

async function readPasses(file: string | undefined): Promise<Passes> {
  const stored = file === undefined || !existsSync(file) ? { small: [], larger: [] }
    : JSON.parse(await readFile(file, 'utf8'), (_, value: unknown) => value === NEVER ? -Infinity : value) as
      { small: [string, Remembered][]; larger: [string, Remembered][] }
  return { small: new Map(stored.small), larger: new Map(stored.larger) }
}

/** JSON has no infinity. */
const NEVER = '-Infinity'

async function writePasses(file: string | undefined, { small, larger }: Passes): Promise<void> {
  if (file === undefined) return
  await writeFile(file, JSON.stringify({ small: [...small], larger: [...larger] }, (_, value: unknown) =>
    value === -Infinity ? NEVER : value))
}
