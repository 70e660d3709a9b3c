/**
 * Whether the figures and warnings of a report are true.
 *
 * Signal-to-noise ratio and bandwidth against clips that were made worse by a known amount; warnings against the words
 * that are then wrong: a warning is worth its place where its clips are worse understood than others. Everything goes
 * through the pipeline as an upload does. The ratio is also measured with the true times of the voice, so that the error of
 * the estimate and that of the detector are seen apart. `--clips` clean clips a source are mixed; `--mute` skips the recognition.
 */
import { readFile } from 'node:fs/promises'
import { decodeAudio } from '../src/audio/decode.js'
import { measureLevel } from '../src/audio/level/loudness.js'
import { measureQuality } from '../src/audio/level/quality.js'
import { describeFrames } from '../src/recognition/features/acoustics.js'
import { transcribe } from '../src/recognition/pipeline.js'
import type { Recognizer } from '../src/recognition/recognizer.js'
import type { AudioFormat, SpeechActivity, TimeSpan, Waveform } from '../src/domain/audio.js'
import { WARNINGS, type Report } from '../src/domain/report.js'
import { defaultManifest, limitPerSource, readClips, type SpeechClip } from './clips.js'
import { beginRun } from './machine.js'
import { writeMono } from './audio/pcm.js'
import { lowPass, mix, noises, throughTelephone, voiceSpans } from './mixtures.js'
import { countOption, parseOptions } from './options.js'
import { DEFAULT_MODEL, openRecognizer } from './recognizers.js'
import type { RunBench } from './run.js'
import { scoreClip } from './scoring.js'
import { SERVED } from './served.js'
import { groupBy, percentile, sum } from './statistics.js'
import { fixed, printTable, type Cell } from './table.js'
import { totalErrors } from '../src/domain/scoring/word-errors.js'

/** A clip as it was recognized. */
interface Judged { readonly clip: SpeechClip; readonly report: Report; readonly errors: number; readonly words: number }
interface Table { readonly head: readonly string[]; readonly rows: readonly (readonly Cell[])[] }

const TRUE_SNR_DB = [0, 5, 10, 15, 20, 25, 30]
const CUT_OFF_HZ = [2_000, 3_400, 4_000, 6_000]
/** A clip with noise of its own has no known ratio, dB. */
const CLEAN_SNR_DB = 35
/** Hz; what is to be cut off has to be there. */
const FULL_BAND_HZ = 7_000
const CONFIDENCES = [0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL },
    manifest: { type: 'string', default: defaultManifest() },
    clips: { type: 'string' }, mute: { type: 'boolean', default: false },
  })
  const mixedPerSource = countOption('clips', given.clips, 12)
  const clips = await readClips(given.manifest)
  const bench = await beginRun('quality', { ...given, clips: clips.length, 'mixed per source': mixedPerSource })
  const recognizer = given.mute ? await muted(given.model) : await openRecognizer(given.model)
  const judged: Judged[] = []
  for (const clip of clips) judged.push(await judge(clip, await readFile(clip.file), recognizer))
  const clean = limitPerSource(judged.filter(({ report }) => (report.input.snrDb ?? 0) >= CLEAN_SNR_DB || isSynthetic(report)).map(({ clip }) => clip), mixedPerSource)
  const whole = limitPerSource(judged.filter(({ report }) => (report.input.bandwidthHz ?? 0) >= FULL_BAND_HZ).map(({ clip }) => clip), mixedPerSource)
  const tables = {
    warnings: tableOfWarnings(judged),
    confidence: tableOfConfidence(judged),
    bandwidth: await tableOfBandwidth(whole, recognizer),
    snr: await tableOfSnr(clean, recognizer),
  }
  for (const { head, rows } of Object.values<Table>(tables)) {
    printTable(head, rows)
    console.log()
  }
  await recognizer.dispose()
  await bench.save(tables)
  return true
}

/** Clips without any noise have no figure: their pauses are digital silence. */
function isSynthetic({ input }: Report): boolean {
  return input.snrDb === null && input.noiseFloorDbfs === null && input.speechRatio > 0
}

/** The front end alone. */
async function muted(model: string): Promise<Recognizer> {
  const recognizer = await openRecognizer(model)
  return { ...recognizer, recognize: async () => ({ text: '', tokens: [], logProbabilities: [], stopped: 'end_of_text', language: 'en' }) }
}

async function judge(clip: SpeechClip, bytes: Uint8Array, recognizer: Recognizer): Promise<Judged> {
  const report = await transcribe(bytes, recognizer, SERVED)
  const scored = scoreClip(clip, report.text, report.input.audioSeconds, 0)
  return { clip, report, errors: totalErrors(scored), words: scored.words }
}

/** Share of the clips of each source that are warned of, and how often a warned answer, and one without, is wrong. */
function tableOfWarnings(judged: readonly Judged[]): Table {
  const sources = [...groupBy(judged, ({ clip }) => clip.source)]
  const rows = WARNINGS.map((warning): Cell[] => {
    const isWarned = ({ report }: Judged): boolean => report.warnings.includes(warning)
    const [warned, others] = [judged.filter(isWarned), judged.filter((one) => !isWarned(one))]
    return [warning, ...sources.map(([, own]) => percent(own.filter(isWarned).length / own.length)), warned.length, wrong(warned), wer(warned), wrong(others), wer(others)]
  })
  return { head: ['warned %', ...sources.map(([source]) => source), 'clips', 'wrong %', 'WER %', 'others wrong %', 'WER %'], rows }
}

function tableOfConfidence(judged: readonly Judged[]): Table {
  const rows = CONFIDENCES.slice(0, -1).map((from, index): Cell[] => {
    const to = CONFIDENCES[index + 1]!
    const own = judged.filter(({ report: { confidence } }) => confidence !== null && confidence >= from && confidence < to)
    return [`${from} to ${to}`, own.length, wrong(own), wer(own)]
  })
  return { head: ['confidence', 'clips', 'wrong %', 'WER %'], rows }
}

async function tableOfBandwidth(clips: readonly SpeechClip[], recognizer: Recognizer): Promise<Table> {
  const ways: [string, (waveform: Waveform) => Waveform][] = [
    ['as it is', (waveform) => waveform],
    ...CUT_OFF_HZ.map((hertz): [string, (waveform: Waveform) => Waveform] => [`low pass ${hertz} Hz`, (waveform) => lowPass(waveform, hertz)]),
    ['8 kHz and back', throughTelephone],
  ]
  const rows: Cell[][] = []
  for (const [name, change] of ways) {
    const judged = await judgeAll(clips, recognizer, change)
    const hertz = judged.map(({ report }) => report.input.bandwidthHz ?? NaN)
    rows.push([name, clips.length, ...spread(hertz, 0), percent(judged.filter(({ report }) => report.warnings.includes('narrowband')).length / judged.length), wer(judged)])
  }
  return { head: ['bandwidth, Hz', 'clips', 'median', '10 %', '90 %', 'narrowband %', 'WER %'], rows }
}

async function tableOfSnr(clips: readonly SpeechClip[], recognizer: Recognizer): Promise<Table> {
  const voices = await Promise.all(clips.map(async (clip) => (await readWaveform(clip)).samples))
  const rows: Cell[][] = []
  for (const [kind, noise] of Object.entries(noises(voices))) {
    for (const snrDb of TRUE_SNR_DB) {
      const withTrueSpans: number[] = []
      const judged = await judgeAll(clips, recognizer, (waveform, index) => {
        const mixed = mix(waveform, noise(waveform.samples.length, index), snrDb)
        withTrueSpans.push(snrWithin(voiceSpans(waveform), mixed) ?? NaN)
        return mixed
      })
      const known = judged.filter(({ report }) => report.input.snrDb !== null)
      const errors = known.map(({ report }) => report.input.snrDb! - snrDb)
      const within = errors.filter((error) => Math.abs(error) <= 3).length / known.length
      const warned = judged.filter(({ report }) => report.warnings.includes('noisy')).length / judged.length
      rows.push([`${kind}, ${snrDb} dB`, judged.length, known.length, ...spread(errors.map((error) => error + snrDb), 1), percent(within), ...spread(withTrueSpans.filter(Number.isFinite), 1), percent(warned), wer(judged)])
    }
  }
  return { head: ['true ratio', 'clips', 'with a figure', 'median', '10 %', '90 %', 'within 3 dB %', 'true spans: median', '10 %', '90 %', 'noisy %', 'WER %'], rows }
}

/** The estimate alone, without what a detector adds to its error. */
function snrWithin(spans: readonly TimeSpan[], waveform: Waveform): number | null {
  const frames = describeFrames(waveform)
  const activity: SpeechActivity = { startSeconds: frames.energyStartSeconds, hopSeconds: frames.energyHopSeconds, speech: new Float32Array(0), spans, verdict: 'speech', visibleRangeDb: 0 }
  const format: AudioFormat = { container: 'wav', codec: 'pcm_s16', sampleRate: waveform.sampleRate, channels: 1, mixing: 'mono', truncated: false }
  return measureQuality({ level: measureLevel(waveform), frames, activity, format, audioSeconds: waveform.samples.length / waveform.sampleRate }).snrDb
}

async function judgeAll(clips: readonly SpeechClip[], recognizer: Recognizer, change: (waveform: Waveform, index: number) => Waveform): Promise<Judged[]> {
  const judged: Judged[] = []
  for (const [index, clip] of clips.entries()) judged.push(await judge(clip, writeMono(change(await readWaveform(clip), index)), recognizer))
  return judged
}

async function readWaveform(clip: SpeechClip): Promise<Waveform> {
  return (await decodeAudio(await readFile(clip.file), { maxSeconds: SERVED.maxAudioSeconds })).waveform
}

function spread(values: readonly number[], decimals: number): Cell[] {
  return [0.5, 0.1, 0.9].map((share) => fixed(percentile(values, share), decimals))
}

function wrong(judged: readonly Judged[]): string {
  return percent(judged.filter(({ errors }) => errors > 0).length / judged.length)
}

function wer(judged: readonly Judged[]): string {
  return percent(sum(judged.map(({ errors }) => errors)) / sum(judged.map(({ words }) => words)))
}

function percent(share: number): string {
  return fixed(100 * share, 0)
}
