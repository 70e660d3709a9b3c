/**
 * Two engines on the same clips, in turns: the published graphs stepped through from outside (reference) and the graph
 * that was compiled for this machine. Words through the whole pipeline, time of the bare recognizer on the whole clip.
 *
 * Times are paired clip by clip, so a slow minute hits both; the ratio is their median, with what half of the clips lie
 * within. `--matrices` forces how the compiled graph multiplies, `--curve` adds clips of 1 to 60 s.
 */
import { readFile } from 'node:fs/promises'
import { decodeAudio } from '../src/audio/decode.js'
import { resample } from '../src/audio/resample.js'
import type { Recognizer } from '../src/recognizer.js'
import { startStopwatch } from '../src/stopwatch.js'
import { MATRIX_CHOICES, type Engine, type MatrixChoice } from '../src/types.js'
import { defaultManifest, limitPerSource, readClips, type SpeechClip } from './clips.js'
import { beginRun } from './machine.js'
import { countOption, parseOptions, UsageError } from './options.js'
import { DEFAULT_MODEL, openRecognizer, SERVED } from './recognizers.js'
import type { RunBench } from './run.js'
import { compareSource, scoreSource, type ScoredClip } from './scoring.js'
import { groupBy, median, percentile } from './statistics.js'
import { fixed, printTable } from './table.js'
import { bySource, recognizeAll } from './ways.js'

/** Seconds: up to here a clip is a command or a query, beyond it a sentence. */
const SHORT_SECONDS = 5

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL }, manifest: { type: 'string', default: defaultManifest() },
    limit: { type: 'string' }, repeats: { type: 'string' }, matrices: { type: 'string', default: 'auto' }, threads: { type: 'string' },
    'no-words': { type: 'boolean', default: false }, curve: { type: 'boolean', default: false },
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
  const words = given['no-words'] ? [] : await compareWords(clips, reference, compiled)
  const curve = given.curve ? await timeLengths(clips, [reference, compiled], repeats) : []
  await Promise.all([reference.dispose(), compiled.dispose()])
  await bench.save({ times, words, curve })
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
  const clip = { waveform: { samples: heard, sampleRate }, startSeconds: 0, endSeconds: seconds }
  const best = recognizers.map(() => Infinity)
  const said: string[] = []
  const counts: number[] = []
  for (let turn = 0; turn < repeats; turn++) {
    const order = [...recognizers.keys()]
    for (const index of turn % 2 === 0 ? order : order.reverse()) {
      const since = performance.now()
      const { tokens } = await recognizers[index]!.recognize(clip, { language: 'en', mustSpeak: true, interrupt: () => undefined, stopwatch: startStopwatch() })
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

async function compareWords(clips: readonly SpeechClip[], reference: Recognizer, compiled: Recognizer): Promise<object[]> {
  const scores = await recognizeAll(clips, [{ name: 'reference', recognizer: reference, options: SERVED }, { name: 'compiled', recognizer: compiled, options: SERVED }], 1)
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
  return { source, clips, words, reference: wer, compiled: scoreSource(source, after).wer, points, interval, repeating: after.filter(({ hypothesis }) => repeats(hypothesis)).length }
}

/** The same four words twice in a row. */
function repeats(text: string): boolean {
  const words = text.split(' ')
  return words.some((_, from) => from + 8 <= words.length && words.slice(from, from + 4).join(' ') === words.slice(from + 4, from + 8).join(' '))
}

const CURVE_SECONDS = [1, 2, 3, 5, 8, 12, 20, 30]

/** Speech of one speaker after the other, cut to length: time for a second of audio. */
async function timeLengths(clips: readonly SpeechClip[], recognizers: readonly Recognizer[], repeats: number): Promise<object[]> {
  const { sampleRate } = recognizers[0]!
  const tape = await speechTape(clips, Math.max(...CURVE_SECONDS), sampleRate)
  const rows = []
  for (const seconds of CURVE_SECONDS) rows.push(await timeOne(tape.subarray(0, seconds * sampleRate), recognizers, repeats))
  const perSecond = rows.map(({ milliseconds, seconds }) => milliseconds.map((one) => one / seconds))
  const least = Math.min(...perSecond.map((row) => row[1]!))
  console.log()
  printTable(['seconds', 'tokens', 'reference ms/s', 'compiled ms/s', 'of the best'], rows.map((row, index) => [
    row.seconds, row.tokens[1]!, fixed(perSecond[index]![0]!), fixed(perSecond[index]![1]!), fixed(perSecond[index]![1]! / least, 2),
  ]))
  return rows
}

async function speechTape(clips: readonly SpeechClip[], seconds: number, sampleRate: number): Promise<Float32Array> {
  const tape = new Float32Array(seconds * sampleRate)
  let filled = 0
  for (const clip of clips.filter((one) => one.seconds > 2)) {
    if (filled === tape.length) break
    const samples = await samplesOf(clip, sampleRate)
    tape.set(samples.subarray(0, tape.length - filled), filled)
    filled = Math.min(tape.length, filled + samples.length)
  }
  return tape
}
