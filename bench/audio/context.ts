/** What every table of the audio bench gets, and the steps that they share. */
import { readFile } from 'node:fs/promises'
import { readWavLayout } from '../../src/audio/containers/riff.js'
import type { TranscribeOptions } from '../../src/recognition/options.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import type { Waveform } from '../../src/domain/audio.js'
import type { Report } from '../../src/domain/report.js'
import { requireClips, type SpeechClip } from '../harness/clips.js'
import { UsageError } from '../harness/endings.js'
import { readPcm } from '../../fixtures/kit/pcm.js'

export interface AudioBench {
  readonly clips: readonly SpeechClip[]
  readonly recognizer: Recognizer
  /** Of the service by default. */
  readonly options: TranscribeOptions
  /** Shifted starts that are averaged (shifted-start.ts). */
  readonly shifts: number
  /** Only these rows of a table; undefined: all. */
  readonly rows: readonly string[] | undefined
}

/** Clips that a table can change sample by sample: 16-bit mono, as all development clips. */
export async function plainClips(clips: readonly SpeechClip[]): Promise<SpeechClip[]> {
  const plain = await Promise.all(clips.map(async ({ file }) => {
    const bytes = await readFile(file)
    if (bytes.toString('latin1', 0, 4) !== 'RIFF') return false
    const { codec, channels } = readWavLayout(bytes)
    return codec === 'pcm_s16' && channels === 1
  }))
  return requireClips(clips.filter((_, index) => plain[index]), 'no clip of the manifest is 16-bit mono WAV')
}

export async function readSpeech({ file }: SpeechClip): Promise<Waveform> {
  return readPcm(await readFile(file))
}

/** Through the whole pipeline, as in a worker. */
export function transcribeWav(
  wav: Uint8Array, { recognizer, options }: Pick<AudioBench, 'recognizer' | 'options'>,
): Promise<Report> {
  return transcribe(wav, recognizer, options)
}

/** The rows that were asked for. */
export function pickRows<T extends { readonly name: string }>(
  rows: readonly T[], asked: readonly string[] | undefined,
): readonly T[] {
  const unknown = asked?.filter((name) => !rows.some((row) => row.name === name)) ?? []
  if (unknown.length > 0) throw new UsageError(
    `there is no row "${unknown.join('", "')}"; there are ${rows.map(({ name }) => name).join(', ')}`,
  )
  return asked === undefined ? rows : rows.filter(({ name }) => asked.includes(name))
}

/** A recognizer without a model, whose answer is always one word: shows what reaches the model, in milliseconds. */
export const ONE_WORD: Recognizer = {
  name: 'none',
  sampleRate: 16_000,
  maxSeconds: 30,
  languages: ['en'],
  engine: 'reference',
  timesWords: false,
  provider: { provider: 'cpu', refused: [] },
  padding: { leadingSeconds: [0], trailingSeconds: 0, redecodeBelow: -Infinity },
  recognize: async () => ({ text: 'word', tokens: [1], logProbabilities: [0], stopped: 'end_of_text', language: 'en' }),
  dispose: async () => undefined,
}
