/**
 * Two engines on the same clips, in turns: the published graphs stepped through from outside (reference) and the graph
 * that was compiled for this machine. Words through the whole pipeline, time of the bare recognizer on the whole clip.
 *
 * Times are paired clip by clip, so a slow minute affects both; the ratio is the median of the pairs, with its
 * quartiles. `--language` is told to models that ask (`detect`: they find out). `--matrices` forces how the compiled
 * graph multiplies. `--floor` compares encoder and single tokens with the least time that this machine needs
 * (engine/floor.ts). `--together` recognizes clips alone and in company instead (engine/together.ts).
 */
import { readFile } from 'node:fs/promises'
import { groupBy, median, percentile } from '../fixtures/kit/statistics.js'
import { decodeAudio } from '../src/audio/decode.js'
import { resample } from '../src/audio/signal/resample.js'
import type { Engine } from '../src/domain/choices.js'
import type { Recognizer } from '../src/recognition/recognizer.js'
import { compareToFloor } from './engine/floor.js'
import { compareCompany } from './engine/together.js'
import { ENGINE } from './declarations/recognition.js'
import { defineBench, type Outcome } from './harness/bench.js'
import { readClips, type SpeechClip } from './harness/clips.js'
import { UsageError } from './harness/endings.js'
import { openRecognizer, recognizeBare, SERVED } from './harness/recognizers.js'
import { compareSource, intervalCell, scoreSource } from './harness/scoring.js'
import { fixed, printTable } from './harness/table.js'
import { bySource, recognizeAll } from './harness/ways.js'
import { repeatsItself } from './rivals/ratios.js'
import { startProgress } from './harness/progress.js'

/** Up to here a clip is a command or a query, beyond it a sentence. */
const SHORT_SECONDS = 5

export const run = defineBench(ENGINE, async ({ model, matrices, threads, ...given }) => {
  const clips = await readClips(given.manifest, given.limit)
  const open = (engine: Engine): Promise<Recognizer> => openRecognizer(model, { engine, matrices, threads })
  if (given.together !== undefined) return judgeCompany(clips, await open('compiled'), given.together)
  const both: Both = { reference: await open('reference'), compiled: await open('compiled') }
  if (both.compiled.engine !== 'compiled') throw new UsageError(`${model} cannot be compiled`)
  const times = await timeAll(clips, both, given.repeats)
  printTimes(times)
  const language = given.language === 'detect' ? undefined : given.language
  const words = given['no-words'] ? [] : await compareWords(clips, both, language)
  await Promise.all([both.reference.dispose(), both.compiled.dispose()])
  const floor = given.floor ? await compareToFloor(model, matrices) : undefined
  return { missed: [], judged: { clips: times.length }, results: { times, words, floor } }
})

async function judgeCompany(clips: readonly SpeechClip[], recognizer: Recognizer, size: number): Promise<Outcome> {
  const company = await compareCompany(clips, recognizer, size)
  await recognizer.dispose()
  const { otherTokens, otherLogProbabilities } = company
  const missed = otherTokens + otherLogProbabilities === 0 ? []
    : [`${otherTokens} clips have other tokens in company, ${otherLogProbabilities} other log-probabilities`]
  return { missed, judged: { clips: company.clips }, results: company }
}

interface Both { readonly reference: Recognizer; readonly compiled: Recognizer }

interface Timed {
  readonly seconds: number
  readonly referenceMs: number
  readonly compiledMs: number
  readonly sameTokens: boolean
}

async function timeAll(clips: readonly SpeechClip[], both: Both, repeats: number): Promise<Timed[]> {
  const timed: Timed[] = []
  const progress = startProgress('timed clips', clips.length)
  for (const { file } of clips) {
    const { waveform } = await decodeAudio(await readFile(file), { maxSeconds: 300 })
    timed.push(await timeOne(resample(waveform, both.reference.sampleRate).samples, both, repeats))
    progress.step()
  }
  return timed
}

/** The fastest of the repeats: other work on the machine only ever adds. */
async function timeOne(samples: Float32Array, { reference, compiled }: Both, repeats: number): Promise<Timed> {
  const { sampleRate, maxSeconds } = reference
  const whole = samples.subarray(0, maxSeconds * sampleRate)
  const runs = [reference, compiled].map((recognizer) =>
    ({ recognizer, fastestMs: Infinity, tokens: '' })) as [Run, Run]
  for (let turn = 0; turn < repeats; turn++) {
    for (const one of turn % 2 === 0 ? runs : runs.toReversed()) {
      const since = performance.now()
      const options = { language: 'en', expectSpeech: true }
      const { tokens } = await recognizeBare(one.recognizer, { samples: whole, sampleRate }, options)
      one.fastestMs = Math.min(one.fastestMs, performance.now() - since)
      one.tokens = tokens.join()
    }
  }
  const [before, after] = runs
  return {
    seconds: whole.length / sampleRate, referenceMs: before.fastestMs, compiledMs: after.fastestMs,
    sameTokens: before.tokens === after.tokens,
  }
}

interface Run { readonly recognizer: Recognizer; fastestMs: number; tokens: string }

function printTimes(times: readonly Timed[]): void {
  const lengths = groupBy(times, ({ seconds }) =>
    `${seconds <= SHORT_SECONDS ? 'up to' : 'longer than'} ${SHORT_SECONDS} s`)
  const head = [
    'clips of', 'clips', 'reference ms', 'compiled ms', 'ratio', 'half of them', 'RTF compiled', 'same tokens %',
  ]
  printTable(head, [...lengths].map(([name, own]) => {
    const ratios = own.map(({ referenceMs, compiledMs }) => compiledMs / referenceMs)
    const quartiles = [0.25, 0.75].map((share) => fixed(percentile(ratios, share), 3))
    return [
      name, own.length, fixed(median(own.map(({ referenceMs }) => referenceMs))),
      fixed(median(own.map(({ compiledMs }) => compiledMs))), fixed(median(ratios), 3), quartiles.join(' to '),
      fixed(median(own.map(({ compiledMs, seconds }) => compiledMs / 1000 / seconds)), 4),
      fixed(100 * own.filter(({ sameTokens }) => sameTokens).length / own.length, 0),
    ]
  }))
  console.log()
}

async function compareWords(clips: readonly SpeechClip[], both: Both, language: string | undefined): Promise<object[]> {
  const options = { ...SERVED, language }
  const ways = Object.entries(both as object).map(([name, recognizer]) => ({
    name, recognizer: recognizer as Recognizer, options,
  }))
  const [reference = [], compiled = []] = await recognizeAll(clips, ways, 1)
  const after = new Map(bySource(compiled))
  const rows = bySource(reference).map(([source, before]) => {
    const own = after.get(source) ?? []
    const scored = scoreSource(source, before)
    return {
      ...compareSource(source, before, own), clips: scored.clips, words: scored.words, reference: scored.wer,
      compiled: scoreSource(source, own).wer, repeating: own.filter(repeatsItself).length,
    }
  })
  const head = ['source', 'clips', 'words', 'WER reference', 'WER compiled', 'points', '95 % interval', 'repeating']
  printTable(head, rows.map((row) => [
    row.source, row.clips, row.words, fixed(row.reference), fixed(row.compiled), fixed(row.points), intervalCell(row),
    row.repeating,
  ]))
  return rows
}
