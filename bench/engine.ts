/**
 * Two engines on the same clips, in turns: the published graphs stepped through from outside (reference) and the graph
 * that was compiled for this machine. Words through the whole pipeline, time of the bare recognizer on the whole clip.
 *
 * Times are paired clip by clip, so a slow minute hits both; the ratio is their median, with what half of the clips lie
 * within. `--language` is told to models that ask (`detect`: they find out). `--matrices` forces how the compiled graph multiplies, `--curve` adds clips of 1 to 60 s through the whole
 * pipeline, `--floor` holds encoder and single tokens against the least time that this machine needs (see floor.ts).
 */
import { readFile } from 'node:fs/promises'
import { decodeAudio } from '../src/audio/decode.js'
import { resample } from '../src/audio/signal/resample.js'
import { transcribe } from '../src/recognition/pipeline.js'
import type { Recognizer } from '../src/recognition/recognizer.js'
import { MATRIX_CHOICES, type Engine, type MatrixChoice } from '../src/domain/choices.js'
import { defaultManifest, limitPerSource, readClips, type SpeechClip } from './clips.js'
import { compareToFloor } from './engine-floor.js'
import { beginRun } from './machine.js'
import { countOption, parseOptions, UsageError } from './options.js'
import { DEFAULT_MODEL, openRecognizer, recognizeBare } from './recognizers.js'
import type { RunBench } from './run.js'
import { repeatsItself } from './rivals/ratios.js'
import { compareSource, scoreSource, type ScoredClip } from './scoring.js'
import { SERVED } from './served.js'
import { recordTape } from './speech-tape.js'
import { groupBy, median, percentile, sum } from './statistics.js'
import { fixed, printTable } from './table.js'
import { bySource, recognizeAll } from './ways.js'

/** Seconds: up to here a clip is a command or a query, beyond it a sentence. */
const SHORT_SECONDS = 5

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL }, manifest: { type: 'string', default: defaultManifest() },
    limit: { type: 'string' }, repeats: { type: 'string' }, matrices: { type: 'string', default: 'auto' }, threads: { type: 'string' }, language: { type: 'string', default: 'en' },
    'no-words': { type: 'boolean', default: false }, curve: { type: 'boolean', default: false }, floor: { type: 'boolean', default: false },
  })
  const limit = countOption('limit', given.limit, Number.MAX_SAFE_INTEGER)
  const repeats = countOption('repeats', given.repeats, 3)
  const threads = countOption('threads', given.threads, 1)
  const clips = limitPerSource(await readClips(given.manifest), limit)
  const bench = await beginRun('engine', { ...given, clips: clips.length })
  const open = (engine: Engine): Promise<Recognizer> => openRecognizer(given.model, { engine, matrices: matricesOf(given.matrices), threads })
  const [reference, compiled] = [await open('reference'), await open('compiled')]
  if (compiled.engine !== 'compiled') throw new UsageError(`${given.model} cannot be compiled`)

  const times = await timeBoth(clips, [reference, compiled], repeats)
  printTimes(times)
  const words = given['no-words'] ? [] : await compareWords(clips, reference, compiled, given.language === 'detect' ? undefined : given.language)
  const curve = given.curve ? await timeLengths(clips, compiled, repeats) : []
  await Promise.all([reference.dispose(), compiled.dispose()])
  const floor = given.floor ? await compareToFloor(given.model, matricesOf(given.matrices)) : []
  await bench.save({ times, words, curve, floor })
  return true
}

function matricesOf(given: string): MatrixChoice {
  const choice = MATRIX_CHOICES.find((one) => one === given)
  if (choice === undefined) throw new UsageError(`--matrices expects ${MATRIX_CHOICES.join(', ')}, not "${given}"`)
  return choice
}

interface Timed { readonly source: string; readonly seconds: number; readonly milliseconds: readonly number[]; readonly tokens: readonly number[]; readonly sameTokens: boolean }

/** The best of some repeats: what others do on the machine only ever adds. */
async function timeBoth(clips: readonly SpeechClip[], recognizers: readonly Recognizer[], repeats: number): Promise<Timed[]> {
  const timed: Timed[] = []
  for (const clip of clips) timed.push({ source: clip.source, ...await timeOne(await samplesOf(clip, recognizers[0]!.sampleRate), recognizers, repeats) })
  return timed
}

async function timeOne(samples: Float32Array, recognizers: readonly Recognizer[], repeats: number): Promise<Omit<Timed, 'source'>> {
  const { sampleRate, maxSeconds } = recognizers[0]!
  const heard = samples.subarray(0, maxSeconds * sampleRate)
  const seconds = heard.length / sampleRate
  const best = recognizers.map(() => Infinity)
  const said: string[] = []
  const counts: number[] = []
  for (let turn = 0; turn < repeats; turn++) {
    const order = [...recognizers.keys()]
    for (const index of turn % 2 === 0 ? order : order.reverse()) {
      const since = performance.now()
      const { tokens } = await recognizeBare(recognizers[index]!, { samples: heard, sampleRate }, { language: 'en', expectSpeech: true })
      best[index] = Math.min(best[index]!, performance.now() - since)
      said[index] = tokens.join()
      counts[index] = tokens.length
    }
  }
  return { seconds, milliseconds: best, tokens: counts, sameTokens: said.every((one) => one === said[0]) }
}

async function samplesOf(clip: SpeechClip, sampleRate: number): Promise<Float32Array> {
  const { waveform } = await decodeAudio(await readFile(clip.file), { maxSeconds: 300 })
  return resample(waveform, sampleRate).samples
}

function printTimes(times: readonly Timed[]): void {
  const classes = groupBy(times, ({ seconds }) => seconds <= SHORT_SECONDS ? `up to ${SHORT_SECONDS} s` : `longer than ${SHORT_SECONDS} s`)
  printTable(['clips of', 'clips', 'reference ms', 'compiled ms', 'ratio', 'half of them', 'RTF compiled', 'same tokens %'], [...classes].map(([name, own]) => {
    const ratios = own.map(({ milliseconds: [before, after] }) => after! / before!)
    return [
      name, own.length, fixed(median(own.map(({ milliseconds }) => milliseconds[0]!))), fixed(median(own.map(({ milliseconds }) => milliseconds[1]!))),
      fixed(median(ratios), 3), `${fixed(percentile(ratios, 0.25), 3)} to ${fixed(percentile(ratios, 0.75), 3)}`,
      fixed(median(own.map(({ milliseconds, seconds }) => milliseconds[1]! / 1000 / seconds)), 4),
      fixed(100 * own.filter(({ sameTokens }) => sameTokens).length / own.length, 0),
    ]
  }))
  console.log()
}

async function compareWords(clips: readonly SpeechClip[], reference: Recognizer, compiled: Recognizer, language: string | undefined): Promise<object[]> {
  const options = { ...SERVED, language }
  const scores = await recognizeAll(clips, [{ name: 'reference', recognizer: reference, options }, { name: 'compiled', recognizer: compiled, options }], 1)
  const after = new Map(bySource(scores.compiled!))
  const rows = bySource(scores.reference!).map(([source, own]) => describeSource(source, own, after.get(source)!))
  printTable(['source', 'clips', 'words', 'WER reference', 'WER compiled', 'points', '95 % interval', 'repeating'], rows.map((row) => [
    row.source, row.clips, row.words, fixed(row.reference), fixed(row.compiled), fixed(row.points), `${fixed(row.interval.low)} to ${fixed(row.interval.high)}`, row.repeating,
  ]))
  return rows
}

function describeSource(source: string, before: readonly ScoredClip[], after: readonly ScoredClip[]) {
  const { points, interval } = compareSource(source, before, after)
  const { clips, words, wer } = scoreSource(source, before)
  return { source, clips, words, reference: wer, compiled: scoreSource(source, after).wer, points, interval, repeating: after.filter(repeatsItself).length }
}

const CURVE_SECONDS = [1, 2, 3, 5, 8, 12, 20, 30, 45, 60]

/** Speech of one speaker after the other, cut to length and heard by the pipeline, which cuts at pauses what is too long for the model: time for a second of audio. */
async function timeLengths(clips: readonly SpeechClip[], recognizer: Recognizer, repeats: number): Promise<object[]> {
  const tape = await recordTape(clips)
  const rows: { seconds: number; segments: number; tokens: number; milliseconds: number }[] = []
  for (const seconds of CURVE_SECONDS) {
    const { body } = tape.cut(seconds, 0)
    const runs = []
    for (let run = 0; run < repeats; run++) {
      const report = await transcribe(body, recognizer, { ...SERVED, maxDecodingPasses: 1 })
      const { model_features: features = 0, model = 0, postprocess = 0 } = report.seconds
      runs.push({ segments: report.segments.length, tokens: sum(report.segments.map((segment) => segment.tokens.length)), milliseconds: 1000 * (features + model + postprocess) })
    }
    rows.push({ seconds, ...runs.reduce((best, one) => one.milliseconds < best.milliseconds ? one : best) })
  }
  const least = Math.min(...rows.map(({ milliseconds, seconds }) => milliseconds / seconds))
  console.log()
  printTable(['seconds', 'segments', 'tokens', 'model ms/s', 'of the best'], rows.map(({ seconds, segments, tokens, milliseconds }) => [
    seconds, segments, tokens, fixed(milliseconds / seconds), fixed(milliseconds / seconds / least, 2),
  ]))
  return rows
}
