/**
 * Whether clips that are recognized at the same time change each other: every clip alone, then several at a time in
 * random order. Tokens and log-probabilities have to be the same, bit for bit.
 */
import { readFile } from 'node:fs/promises'
import { seededRandom } from '../../fixtures/kit/statistics.js'
import { decodeAudio } from '../../src/audio/decode.js'
import { resample } from '../../src/audio/signal/resample.js'
import type { Waveform } from '../../src/domain/audio.js'
import type { Hypothesis } from '../../src/domain/transcript.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import type { SpeechClip } from '../harness/clips.js'
import { startProgress } from '../harness/progress.js'
import { recognizeBare } from '../harness/recognizers.js'
import { fixed, printTable } from '../harness/table.js'

export interface Company {
  readonly clips: number
  /** Clips with other tokens than alone, and with other log-probabilities. */
  readonly otherTokens: number
  readonly otherLogProbabilities: number
  readonly aloneCpuMs: number
  readonly togetherCpuMs: number
}

/** `size` clips at a time; `recognizer` runs the compiled graphs. */
export async function compareCompany(
  clips: readonly SpeechClip[], recognizer: Recognizer, size: number,
): Promise<Company> {
  const progress = startProgress('clips alone and together', 2 * clips.length)
  const recognize = async (waveform: Waveform): Promise<Hypothesis> => {
    const hypothesis = await recognizeBare(recognizer, waveform, { language: 'en', expectSpeech: true })
    progress.step()
    return hypothesis
  }
  const waveforms = await Promise.all(clips.map(({ file }) => readWaveform(file, recognizer)))
  const alone: Hypothesis[] = []
  const aloneCpuMs = await cpuMsOf(async () => {
    for (const waveform of waveforms) alone.push(await recognize(waveform))
  })
  const together: Hypothesis[] = []
  const waiting = shuffled(waveforms.map((_, index) => index))
  const togetherCpuMs = await cpuMsOf(async () => {
    await Promise.all(Array.from({ length: size }, async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        together[next] = await recognize(waveforms[next]!)
      }
    }))
  })
  const differing = (read: (hypothesis: Hypothesis) => readonly number[]): number =>
    alone.filter((one, index) => read(one).join() !== read(together[index]!).join()).length
  const company = {
    clips: clips.length, otherTokens: differing(({ tokens }) => tokens),
    otherLogProbabilities: differing(({ logProbabilities }) => logProbabilities), aloneCpuMs, togetherCpuMs,
  }
  printCompany(company, size)
  return company
}

function printCompany(company: Company, size: number): void {
  console.log(`\n${size} clips at a time\n`)
  printTable(['clips', 'other tokens', 'other log-probabilities', 'CPU s alone', 'CPU s together', 'ratio'], [[
    company.clips, company.otherTokens, company.otherLogProbabilities, fixed(company.aloneCpuMs / 1000),
    fixed(company.togetherCpuMs / 1000), fixed(company.togetherCpuMs / company.aloneCpuMs, 2),
  ]])
}

async function readWaveform(file: string, { sampleRate, maxSeconds }: Recognizer): Promise<Waveform> {
  const { waveform } = await decodeAudio(await readFile(file), { maxSeconds: 300 })
  return { samples: resample(waveform, sampleRate).samples.subarray(0, maxSeconds * sampleRate), sampleRate }
}

async function cpuMsOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

function shuffled(values: readonly number[]): number[] {
  const random = seededRandom(5)
  return values.map((value) => ({ value, place: random() })).sort((one, other) => one.place - other.place)
    .map(({ value }) => value)
}
