/**
 * What the front end costs: its stages for a 3-second query against the time that recognition itself takes on one
 * core, and whether that grows in proportion to the length of a recording.
 *
 * Targets: all stages before the model together take less than 10 % of the model's time, in every format; time per
 * second of audio from 1 s to 10 minutes differs at most by half between the best and the worst length. The highest
 * resident memory for 10 minutes is that of a process without a model.
 */
import { SpeechError } from '../../src/domain/errors.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import { STAGES, type Report, type Stage } from '../../src/domain/report.js'
import type { Upload } from '../clips.js'
import type { Outcome } from '../named-tables.js'
import { recordTape, type SpeechTape } from '../speech-tape.js'
import { median } from '../statistics.js'
import { fixed, megabytes, printTable } from '../table.js'
import { hear, HEARS_A_WORD, type AudioBench } from './context.js'
import { convert, hasFfmpeg } from './ffmpeg.js'
import { startFrontEnd } from './front-end-process.js'

const QUERY_SECONDS = 3
const REPEAT = 30
const WARM_UPS = 5
const MOST_SHARE = 0.1
const LENGTHS_SECONDS = [1, 3, 10, 30, 60, 180, 600]
/** Audio seconds measured for each length, at least three runs. */
const SECONDS_PER_LENGTH = 60
const MOST_RATIO = 1.5
const LONGEST_SECONDS = 601

/** Stages of ours before the model, and the model's own. */
const FRONT_END = STAGES.slice(STAGES.indexOf('audio_decode'), STAGES.indexOf('model_features'))
const RECOGNITION = STAGES.slice(STAGES.indexOf('model_features'))

interface Format { readonly name: string; encode(wav: Buffer): Buffer }
interface QueryCost { readonly format: string; readonly stagesMs: Readonly<Record<string, number>>; readonly frontEndMs: number; readonly recognitionMs: number; readonly share: number }
interface LengthCost { readonly format: string; readonly seconds: number; readonly msPerSecond: number }
interface Peak { readonly format: string; readonly outcome: string; readonly milliseconds: number; readonly peakBytes: number }

export async function measure(bench: AudioBench): Promise<Outcome> {
  if (!hasFfmpeg()) console.log('ffmpeg is not there: 16 kHz WAV files only\n')
  const tape = await recordTape(bench.clips)
  const queries: QueryCost[] = []
  const lengths: LengthCost[] = []
  const peaks: Peak[] = []
  for (const format of formats()) {
    if (!await isRead(format, tape, bench)) continue
    queries.push(await costOfQuery(format, tape, bench))
    lengths.push(...await costOfLengths(format, tape, bench))
    peaks.push(await peakOfLongest(format, tape))
  }
  printQueries(queries)
  printLengths(lengths)
  printPeaks(peaks)
  return { missed: [...missedQueries(queries), ...missedLengths(lengths)], results: { queries, lengths, peaks } }
}

function formats(): Format[] {
  return [
    { name: 'wav 16 kHz', encode: (wav) => wav },
    ...hasFfmpeg() ? [
      { name: 'wav 48 kHz stereo', encode: (wav: Buffer) => convert(wav, ['-ar', '48000', '-ac', '2', '-c:a', 'pcm_s16le'], 'wav') },
      { name: 'webm/opus', encode: (wav: Buffer) => convert(wav, ['-c:a', 'libopus', '-b:a', '32k'], 'webm') },
    ] : [],
  ]
}

async function isRead({ name, encode }: Format, tape: SpeechTape, bench: AudioBench): Promise<boolean> {
  return hear(encode(tape.cut(1, 0).body), bench).then(() => true, (failure: unknown) => {
    if (!(failure instanceof SpeechError)) throw failure
    console.log(`${name} is left out: ${failure.message}\n`)
    return false
  })
}

async function costOfQuery({ name, encode }: Format, tape: SpeechTape, bench: AudioBench): Promise<QueryCost> {
  const uploads = cutUploads(tape, QUERY_SECONDS, REPEAT + WARM_UPS, encode)
  const reports: Report[] = []
  for (const { body } of uploads) reports.push(await hear(body, bench))
  const measured = reports.slice(WARM_UPS)
  const frontEndMs = median(measured.map((report) => sumMs(report, FRONT_END)))
  const recognitionMs = median(measured.map((report) => sumMs(report, RECOGNITION)))
  return {
    format: name, frontEndMs, recognitionMs, share: frontEndMs / recognitionMs,
    stagesMs: Object.fromEntries(FRONT_END.map((stage) => [stage, median(measured.map((report) => sumMs(report, [stage])))])),
  }
}

async function costOfLengths({ name, encode }: Format, tape: SpeechTape, { options }: AudioBench): Promise<LengthCost[]> {
  const costs: LengthCost[] = []
  for (const seconds of LENGTHS_SECONDS) {
    const runs: number[] = []
    for (const { body } of cutUploads(tape, seconds, Math.max(3, Math.ceil(SECONDS_PER_LENGTH / seconds)), encode)) {
      runs.push(sumMs(await transcribe(body, HEARS_A_WORD, { ...options, maxAudioSeconds: LONGEST_SECONDS }), FRONT_END))
    }
    // The fastest run: what else the machine does can only add.
    costs.push({ format: name, seconds, msPerSecond: Math.min(...runs) / seconds })
  }
  return costs
}

async function peakOfLongest({ name, encode }: Format, tape: SpeechTape): Promise<Peak> {
  const frontEnd = startFrontEnd()
  const result = await frontEnd.work({ bytes: encode(tape.cut(LENGTHS_SECONDS.at(-1)!, 0).body), maxAudioSeconds: LONGEST_SECONDS })
  frontEnd.stop()
  return { format: name, ...result }
}

function cutUploads(tape: SpeechTape, seconds: number, count: number, encode: (wav: Buffer) => Buffer): Upload[] {
  return Array.from({ length: count }, (_, index) => ({ seconds, body: encode(tape.cut(seconds, index).body) }))
}

function sumMs({ seconds }: Pick<Report, 'seconds'>, stages: readonly Stage[]): number {
  return 1000 * stages.reduce((sum, stage) => sum + (seconds[stage] ?? 0), 0)
}

function printQueries(queries: readonly QueryCost[]): void {
  console.log(`A ${QUERY_SECONDS}-second clip, ms, medians of ${REPEAT}:`)
  printTable(['format', ...FRONT_END, 'front end', 'recognition', 'share %'], queries.map(({ format, stagesMs, frontEndMs, recognitionMs, share }) => [
    format, ...FRONT_END.map((stage) => fixed(stagesMs[stage], 2)), fixed(frontEndMs, 2), fixed(recognitionMs), fixed(100 * share),
  ]))
}

function printLengths(lengths: readonly LengthCost[]): void {
  console.log('\nFront end, ms per second of audio, fastest run, by length:')
  const names = [...new Set(lengths.map(({ format }) => format))]
  printTable(['format', ...LENGTHS_SECONDS.map((seconds) => `${seconds} s`), 'worst to best'], names.map((name) => {
    const own = lengths.filter(({ format }) => format === name)
    return [name, ...own.map(({ msPerSecond }) => fixed(msPerSecond, 2)), fixed(ratioOf(own), 2)]
  }))
}

function printPeaks(peaks: readonly Peak[]): void {
  console.log(`\n${LENGTHS_SECONDS.at(-1)} s in a process without a model:`)
  printTable(['format', 'outcome', 'ms', 'highest resident MB'], peaks.map(({ format, outcome, milliseconds, peakBytes }) => [format, outcome, fixed(milliseconds, 0), megabytes(peakBytes)]))
}

function ratioOf(lengths: readonly LengthCost[]): number {
  const costs = lengths.map(({ msPerSecond }) => msPerSecond)
  return Math.max(...costs) / Math.min(...costs)
}

function missedQueries(queries: readonly QueryCost[]): string[] {
  return queries.filter(({ share }) => share >= MOST_SHARE).map(({ format, share }) => `${format}: the front end takes ${fixed(100 * share)} % of the model's time, and under 10 % is wanted`)
}

function missedLengths(lengths: readonly LengthCost[]): string[] {
  return [...new Set(lengths.map(({ format }) => format))].flatMap((name) => {
    const ratio = ratioOf(lengths.filter(({ format }) => format === name))
    return ratio > MOST_RATIO ? [`${name}: a second of audio costs ${fixed(ratio, 2)} times as much at the worst length as at the best, and ${MOST_RATIO} is wanted`] : []
  })
}
