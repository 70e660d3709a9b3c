/**
 * What the front end takes of a query, in every common format: all stages of a worker but the model, from the bytes of
 * the upload to the clip that the model gets. Formats take turns on every clip.
 *
 * Of every stage the fastest of ROUNDS runs of a clip counts, since whatever else a machine does only adds time; then
 * the median over the clips. The share is that of the sum of all stages of a worker. The clips are those of every run:
 * figures of two revisions can be compared, if both run in turns.
 */
import { median } from '../../fixtures/kit/statistics.js'
import { STAGES, type Stage } from '../../src/domain/report.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import type { Outcome } from '../harness/bench.js'
import { Skipped } from '../harness/endings.js'
import { convert, hasFfmpeg } from '../harness/ffmpeg.js'
import { SERVED } from '../harness/recognizers.js'
import { startProgress } from '../harness/progress.js'
import { fixed, printTable } from '../harness/table.js'
import type { LatencyBench } from './context.js'

const QUERY_SECONDS = 3
/** Of all stages, in every format. */
const MOST_SHARE = 0.08
const ROUNDS = 5
/** Clips that are not measured: V8 optimizes what ran some dozens of times. */
const WARM_UP_ROUNDS = 2
const FRONT_END_STAGES: readonly Stage[] = [
  'audio_decode', 'measure', 'resample', 'features', 'detect', 'trim', 'normalize',
]

interface Format { readonly name: string; readonly args: readonly string[]; readonly ending: string }

const FORMATS: readonly Format[] = [
  { name: 'WAV, 16 kHz', args: ['-c:a', 'pcm_s16le'], ending: 'wav' },
  { name: 'WAV, 44.1 kHz, stereo', args: ['-ar', '44100', '-ac', '2', '-c:a', 'pcm_s16le'], ending: 'wav' },
  { name: 'WAV, 8 kHz, µ-law', args: ['-ar', '8000', '-c:a', 'pcm_mulaw'], ending: 'wav' },
  { name: 'FLAC, 16 kHz', args: ['-c:a', 'flac'], ending: 'flac' },
  { name: 'MP3, 44.1 kHz', args: ['-ar', '44100', '-c:a', 'libmp3lame', '-b:a', '64k'], ending: 'mp3' },
  { name: 'Ogg, Opus', args: ['-ar', '48000', '-c:a', 'libopus', '-b:a', '32k'], ending: 'ogg' },
  { name: 'WebM, Opus', args: ['-ar', '48000', '-c:a', 'libopus', '-b:a', '32k'], ending: 'webm' },
  { name: 'M4A, AAC', args: ['-ar', '44100', '-c:a', 'aac', '-b:a', '64k'], ending: 'm4a' },
]

type StagesMs = Readonly<Partial<Record<Stage, number>>>

/** Of one format: the fastest times of each clip. */
interface Row { readonly format: string; readonly clips: readonly StagesMs[] }

export async function measure({ recognizer, tape, repeat }: LatencyBench): Promise<Outcome> {
  if (!hasFfmpeg()) throw new Skipped('ffmpeg, which writes the formats, is not here')
  const wavs = Array.from({ length: repeat }, (_, index) => tape.cut(QUERY_SECONDS, index).body)
  const uploads = FORMATS.map(({ name, args, ending }) =>
    ({ name, bodies: wavs.map((wav) => convert(wav, args, ending)) }))
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    for (const { bodies } of uploads) for (const body of bodies) await stagesOf(body, recognizer)
  }
  const fastest = FORMATS.map(() => wavs.map((): StagesMs => ({})))
  const progress = startProgress('clips', ROUNDS * repeat)
  for (let round = 0; round < ROUNDS; round++) {
    for (let clip = 0; clip < repeat; clip++) {
      for (const [index, { bodies }] of uploads.entries()) {
        const stages = await stagesOf(bodies[clip]!, recognizer)
        fastest[index]![clip] = fasterOf(fastest[index]![clip]!, stages)
      }
      progress.step()
    }
  }
  const rows = uploads.map(({ name }, index): Row => ({ format: name, clips: fastest[index]! }))
  print(rows)
  const shares = Object.fromEntries(rows.map(({ format, clips }) => [format, median(clips.map(shareOf))]))
  return { missed: missedBy(shares), judged: { clips: repeat * FORMATS.length }, results: { shares, rows } }
}

async function stagesOf(body: Uint8Array, recognizer: Recognizer): Promise<StagesMs> {
  const { seconds } = await transcribe(body, recognizer, SERVED)
  return Object.fromEntries(Object.entries(seconds).map(([stage, value]) => [stage, value * 1000]))
}

function fasterOf(one: StagesMs, other: StagesMs): StagesMs {
  return Object.fromEntries(STAGES.flatMap((stage) => {
    const [a, b] = [one[stage], other[stage]]
    return a === undefined && b === undefined ? [] : [[stage, Math.min(a ?? Infinity, b ?? Infinity)]]
  }))
}

function frontEndMs(stages: StagesMs): number {
  return FRONT_END_STAGES.reduce((sum, stage) => sum + (stages[stage] ?? 0), 0)
}

function shareOf(stages: StagesMs): number {
  return frontEndMs(stages) / STAGES.reduce((sum, stage) => sum + (stages[stage] ?? 0), 0)
}

function print(rows: readonly Row[]): void {
  const total = (stages: StagesMs): number => STAGES.reduce((sum, stage) => sum + (stages[stage] ?? 0), 0)
  const cell = (clips: readonly StagesMs[], value: (stages: StagesMs) => number, decimals = 2): string =>
    fixed(median(clips.map(value)), decimals)
  console.log(`ms of a clip of ${QUERY_SECONDS} s (target: at most ${100 * MOST_SHARE} % of all stages):`)
  printTable(['format', ...FRONT_END_STAGES, 'front end', 'all stages', 'share %'], rows.map(({ format, clips }) => [
    format, ...FRONT_END_STAGES.map((stage) => cell(clips, (stages) => stages[stage] ?? 0)),
    cell(clips, frontEndMs), cell(clips, total), cell(clips, (stages) => 100 * shareOf(stages), 1),
  ]))
}

function missedBy(shares: Readonly<Record<string, number>>): string[] {
  return Object.entries(shares).filter(([, share]) => share > MOST_SHARE).map(([format, share]) =>
    `${format}: the front end has ${fixed(100 * share)} % of a query, at most ${100 * MOST_SHARE} % wanted`)
}
