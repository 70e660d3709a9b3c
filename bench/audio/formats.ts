/**
 * The same clip in every format (encodings.ts, and what MediaRecorder of a real browser makes of it): does it get the
 * words that its WAV file gets?
 *
 * Clips are taken from all sources in turn, those that the model is unbiasedMeanLogProbability of: where it wavers between two words, any
 * change of a sample decides, and the table would show that instead of the decoder. Target: 98 % of all cells have the
 * words of the WAV file, and every cell of a lossless format.
 */
import { SpeechError } from '../../src/domain/errors.js'
import type { Waveform } from '../../src/domain/audio.js'
import type { SpeechClip } from '../clips.js'
import { normalizeEnglish } from '../../src/domain/scoring/normalize-english.js'
import type { Outcome } from '../named-tables.js'
import { groupBy } from '../statistics.js'
import { fixed, printTable } from '../table.js'
import { hear, pickRows, readSpeech, type AudioBench } from './context.js'
import { encodings } from './encodings.js'
import { findChromium, recordInPage } from './media-recorder.js'
import { writeMono } from './pcm.js'
import { startProgress } from './progress.js'

const CLIPS = 20
/** Of each source, those among which the unbiasedMeanLogProbability are looked for. */
const CANDIDATES_PER_SOURCE = 30
const LEAST_EQUAL = 0.98
const RECORDER_TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/webm;codecs=pcm']

interface Chosen { readonly clip: SpeechClip; readonly speech: Waveform; readonly words: string; readonly confidence: number }
interface Cell { readonly format: string; readonly lossless: boolean; readonly file: string; readonly wav: string; readonly heard: string; readonly bytes: number }

export async function measure(bench: AudioBench): Promise<Outcome> {
  const rows = pickRows(encodings(), bench.rows)
  if (rows.length === 0) console.log('ffmpeg is not there: no encoded files\n')
  const chosen = await chooseClips(bench)
  const progress = startProgress('formats', chosen.length)
  const cells: Cell[] = []
  for (const one of chosen) {
    const wav = writeMono(one.speech)
    for (const { name, lossless, encode } of rows) cells.push(await compare(one, { name, lossless, file: encode(wav) }, bench))
    if (bench.rows === undefined) for (const [name, file] of await recorded(one)) cells.push(await compare(one, { name, lossless: false, file }, bench))
    progress.step()
  }
  printCells(cells, chosen)
  return { missed: missedOf(cells), results: { clips: chosen.map(({ clip: { file }, words, confidence }) => ({ file, words, confidence })), cells } }
}

/** The unbiasedMeanLogProbability of each source, one source after the other. */
async function chooseClips(bench: AudioBench): Promise<Chosen[]> {
  const ranked = await Promise.all([...groupBy(bench.clips, ({ source }) => source).values()].map(async (own) => {
    const heard: Chosen[] = []
    for (const clip of own.slice(0, CANDIDATES_PER_SOURCE)) {
      const speech = await readSpeech(clip)
      const { text, confidence } = await hear(writeMono(speech), bench)
      if (confidence !== null) heard.push({ clip, speech, confidence, words: normalizeEnglish(text).join(' ') })
    }
    return heard.sort((a, b) => b.confidence - a.confidence)
  }))
  const inTurn = Array.from({ length: CANDIDATES_PER_SOURCE }, (_, index) => ranked.flatMap((own) => own[index] ?? [])).flat()
  return inTurn.slice(0, CLIPS)
}

async function recorded({ speech }: Chosen): Promise<[string, Buffer][]> {
  if (findChromium() === undefined) return []
  return [...await recordInPage(speech, RECORDER_TYPES)].map(([type, file]) => [`recorder ${type}`, file])
}

async function compare({ clip, words }: Chosen, { name, lossless, file }: { name: string; lossless: boolean; file: Buffer }, bench: AudioBench): Promise<Cell> {
  const heard = await hear(file, bench).then(({ text }) => normalizeEnglish(text).join(' '), (failure: unknown) => {
    if (failure instanceof SpeechError) return failure.message
    throw failure
  })
  return { format: name, lossless, file: clip.file, wav: words, heard, bytes: file.length }
}

function isEqual({ wav, heard }: Cell): boolean {
  return wav === heard
}

function printCells(cells: readonly Cell[], chosen: readonly Chosen[]): void {
  const sources = [...groupBy(chosen, ({ clip }) => clip.source)].map(([source, own]) => `${own.length} of ${source}`)
  console.log(`${chosen.length} clips (${sources.join(', ')}), confidence ${fixed(Math.min(...chosen.map(({ confidence }) => confidence)), 2)} and more:`)
  printTable(['format', '', 'cells', 'as the WAV file', 'other words', 'kB, mean'], [...groupBy(cells, ({ format }) => format)].map(([format, own]) => {
    const equal = own.filter(isEqual).length
    return [format, own[0]!.lossless ? 'lossless' : 'lossy', own.length, equal, own.length - equal, fixed(own.reduce((sum, { bytes }) => sum + bytes, 0) / own.length / 1000)]
  }))
  for (const lossless of [true, false]) {
    const own = cells.filter((cell) => cell.lossless === lossless)
    console.log(`${lossless ? 'lossless' : 'lossy'}: ${own.filter((cell) => !isEqual(cell)).length} of ${own.length} cells have other words`)
  }
  console.log(`all: ${fixed(100 * cells.filter(isEqual).length / cells.length, 2)} % as the WAV file\n`)
  for (const { format, file, wav, heard } of cells.filter((cell) => !isEqual(cell))) console.log(`  ${format}, ${file}\n    wav    ${wav}\n    heard  ${heard}`)
  if (findChromium() === undefined) console.log('  no Chromium is there: nothing was recorded by MediaRecorder')
}

function missedOf(cells: readonly Cell[]): string[] {
  if (cells.length === 0) return []
  const share = cells.filter(isEqual).length / cells.length
  const lossless = cells.filter((cell) => cell.lossless && !isEqual(cell))
  return [
    ...share < LEAST_EQUAL ? [`${fixed(100 * share, 2)} % of the cells have the words of the WAV file, and 98 % should`] : [],
    ...lossless.length > 0 ? [`${lossless.length} cells of lossless formats have other words, and none should`] : [],
  ]
}
