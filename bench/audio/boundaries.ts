/**
 * How much speech the front end cuts off, and how much silence it leaves, around words whose place is known.
 *
 * Clean clips (the synthetic ones of the project, and development clips of ljspeech and small_samples that pass the
 * rule of frames.ts) are embedded as embedding.ts says. What was kept is read from the report, from the start of its
 * first segment to the end of its last. The recognizer is a stub that always answers with a word, so the table takes
 * seconds and says nothing about a model; an answer without speech counts as all of it lost.
 *
 * Target: at 10 dB and more no case loses more than 30 ms at either end. 5 dB and the silence kept are reported.
 */
import { transcribe } from '../../src/recognition/pipeline.js'
import { projectRoot } from '../../src/domain/project-root.js'
import type { TimeSpan, Waveform } from '../../src/domain/audio.js'
import type { Report } from '../../src/domain/report.js'
import path from 'node:path'
import { readClips, type SpeechClip } from '../harness/clips.js'
import type { Outcome } from '../harness/bench.js'
import { groupBy, median, percentile } from '../../fixtures/kit/statistics.js'
import { fixed, printTable } from '../harness/table.js'
import { ONE_WORD, plainClips, readSpeech, type AudioBench } from './context.js'
import { embed, type Surroundings } from './embedding.js'
import { knownBoundaries } from './frames.js'
import { lengthOf, recordedNoises } from '../../fixtures/kit/noises.js'
import { writeMono } from '../../fixtures/kit/pcm.js'
import { startProgress } from '../harness/progress.js'

const LOST_SECONDS = 0.03
const TARGET_SNR_DB = 10
const SNRS_DB = [20, 10, 5]
/** Recordings at least this long, else the same moment would come back too often. */
const NOISE_SECONDS = 3
const SOURCES = ['ljspeech', 'small_samples', 'clips']

interface KnownClip { readonly clip: SpeechClip; readonly speech: Waveform; readonly words: TimeSpan }

interface Case {
  readonly file: string
  readonly background: string
  readonly snrDb: number | undefined
  /** Seconds of speech cut off; 0 when none. */
  readonly lostBefore: number
  readonly lostAfter: number
  /** Seconds of silence kept at the ends; null where nothing was kept. */
  readonly keptBefore: number | null
  readonly keptAfter: number | null
}

export async function measure(bench: AudioBench): Promise<Outcome> {
  const known = await clipsOfKnownPlace(bench)
  const backgrounds = backgroundsOf()
  const cases: Case[] = []
  const progress = startProgress('boundaries', known.length * backgrounds.length)
  for (const [index, { clip, speech, words }] of known.entries()) {
    for (const [row, pick] of backgrounds.entries()) {
      const surroundings = pick(index, 1 + index * backgrounds.length + row)
      const embedded = embed(speech, words, surroundings)
      const report = await transcribe(writeMono(embedded.waveform), ONE_WORD, bench.options)
      cases.push({
        file: path.basename(clip.file), background: surroundings.background, snrDb: surroundings.snrDb,
        ...compareSpans(embedded.speech, report),
      })
      progress.step()
    }
  }
  printCases(cases, known.length)
  const lost = cases.filter((one) => (one.snrDb ?? Infinity) >= TARGET_SNR_DB && mostLost(one) > LOST_SECONDS)
  return { missed: lost.map(describe), judged: { clips: known.length, cases: cases.length }, results: {
    clips: known.map(({ clip, words }) => ({ file: path.basename(clip.file), ...words })), cases,
  } }
}

/** Of the manifest and of the project, each once. */
async function clipsOfKnownPlace(bench: AudioBench): Promise<KnownClip[]> {
  const own = await plainClips(await readClips(path.join(projectRoot, 'fixtures/clips')))
  const clips = [...new Map([...own, ...bench.clips].map((clip) => [clip.file, clip])).values()].filter(({ source }) =>
    SOURCES.includes(source))
  const known = await Promise.all(clips.map(async (clip) => {
    const speech = await readSpeech(clip)
    const words = clip.text === '' ? undefined : knownBoundaries(speech)
    return words === undefined ? [] : [{ clip, speech, words }]
  }))
  return known.flat()
}

type PickSurroundings = (clip: number, seed: number) => Surroundings

function backgroundsOf(): PickSurroundings[] {
  const recorded = recordedNoises().filter(({ waveform }) => lengthOf(waveform) >= NOISE_SECONDS)
  if (recorded.length === 0) console.log('no recorded noise is there: white and pink only\n')
  return [
    (_, seed) => ({ background: 'clean', snrDb: undefined, seed }),
    ...SNRS_DB.flatMap((snrDb): PickSurroundings[] => [
      (_, seed) => ({ background: 'white', snrDb, seed }),
      (_, seed) => ({ background: 'pink', snrDb, seed }),
      ...recorded.length === 0 ? [] : [(clip: number, seed: number) => {
        const { name, waveform } = recorded[clip % recorded.length]!
        return { background: name, snrDb, recorded: waveform.samples, seed }
      }],
    ]),
  ]
}

function compareSpans(
  speech: TimeSpan, { segments }: Report,
): Pick<Case, 'lostBefore' | 'lostAfter' | 'keptBefore' | 'keptAfter'> {
  const [first, last] = [segments[0], segments.at(-1)]
  if (first === undefined || last === undefined) {
    const all = speech.endSeconds - speech.startSeconds
    return { lostBefore: all, lostAfter: all, keptBefore: null, keptAfter: null }
  }
  return {
    lostBefore: Math.max(0, first.startSeconds - speech.startSeconds),
    lostAfter: Math.max(0, speech.endSeconds - last.endSeconds),
    keptBefore: Math.max(0, speech.startSeconds - first.startSeconds),
    keptAfter: Math.max(0, last.endSeconds - speech.endSeconds),
  }
}

function mostLost({ lostBefore, lostAfter }: Case): number {
  return Math.max(lostBefore, lostAfter)
}

/** Recorded noises are one row: each clip has another. */
function rowOf({ background, snrDb }: Case): string {
  const kind = ['clean', 'white', 'pink'].includes(background) ? background : 'recorded'
  return snrDb === undefined ? kind : `${kind}, ${snrDb} dB`
}

function printCases(cases: readonly Case[], clips: number): void {
  console.log(`${cases.length} cases of ${clips} clips; seconds, median / 90th percentile:`)
  const seconds = (values: readonly (number | null)[]): string => {
    const given = values.filter((value) => value !== null)
    return `${fixed(median(given), 2)} / ${fixed(percentile(given, 0.9), 2)}`
  }
  printTable([
    'row', 'cases', 'over 30 ms lost', 'at the start', 'at the end', 'most lost s', 'kept before', 'kept after',
    'nothing kept',
  ], [...groupBy(cases, rowOf)].map(([row, own]) => [
    row, own.length, own.filter((one) => mostLost(one) > LOST_SECONDS).length,
    own.filter(({ lostBefore }) => lostBefore > LOST_SECONDS).length,
    own.filter(({ lostAfter }) => lostAfter > LOST_SECONDS).length, fixed(Math.max(...own.map(mostLost)), 2),
    seconds(own.map(({ keptBefore }) => keptBefore)), seconds(own.map(({ keptAfter }) => keptAfter)),
    own.filter(({ keptBefore }) => keptBefore === null).length,
  ]))
}

function describe({ file, background, snrDb, lostBefore, lostAfter, keptBefore }: Case): string {
  const where = `${file} in ${background}${snrDb === undefined ? '' : ` at ${snrDb} dB`}`
  return keptBefore === null ? `${where}: no speech found`
    : `${where}: ${fixed(1000 * lostBefore, 0)} ms lost at the start, ${fixed(1000 * lostAfter, 0)} ms at the end`
}
