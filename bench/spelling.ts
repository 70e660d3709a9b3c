/**
 * The share of answers that are written as people type: twice sixty phrases of voice search, as text and spoken by two
 * synthesizers, and recordings whose references are in ordinary spelling. Raw text, the default format, and numbers as
 * digits, from one recognition. Clips whose words are wrong in every spelling tell nothing about spelling and are
 * counted apart. The rules were written with the first sixty phrases in mind; the others were written afterwards.
 */
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { groupBy } from '../fixtures/kit/statistics.js'
import { normalizeEnglish, withoutRemarks } from '../src/domain/scoring/normalize-english.js'
import { alignWords, countErrors, totalErrors } from '../src/domain/scoring/word-errors.js'
import { formatText, type TextFormat } from '../src/recognition/formatting/format-transcript.js'
import { transcribe } from '../src/recognition/pipeline.js'
import type { Recognizer } from '../src/recognition/recognizer.js'
import { SPELLING } from './declarations/recognition.js'
import { defineBench } from './harness/bench.js'
import { readClips } from './harness/clips.js'
import { openRecognizer, SERVED } from './harness/recognizers.js'
import { fixed, printTable } from './harness/table.js'
import { isAsTyped } from './spelling/as-typed.js'
import { PHRASES, type VoicePhrase } from './spelling/phrases.js'
import { UNSEEN_PHRASES } from './spelling/unseen-phrases.js'
import { startProgress } from './harness/progress.js'

const FORMATS = {
  raw: { format: 'raw', numbers: 'as_heard' },
  modern: { format: 'modern', numbers: 'as_heard' },
  digits: { format: 'modern', numbers: 'digits' },
  words: { format: 'modern', numbers: 'words' },
} as const satisfies Readonly<Record<string, TextFormat>>
type FormatName = keyof typeof FORMATS
const NAMES = Object.keys(FORMATS) as FormatName[]

/** Debian packages have the same names. */
const VOICES = {
  'flite': (said: string, file: string) => ['-voice', 'slt', '-t', said, '-o', file],
  'espeak-ng': (said: string, file: string) => ['-v', 'en-us', '-s', '150', '-w', file, said],
}

const PHRASE_SETS = { '': PHRASES, ', unseen': UNSEEN_PHRASES }

interface Clip {
  readonly source: string
  /** Undefined: the text said is formatted as it is. */
  readonly file: string | undefined
  readonly said: string
  readonly typed: string
}

interface Row {
  readonly source: string
  readonly clips: number
  /** Clips whose words are right. */
  readonly right: number
  /** Clips written as typed, of all. */
  readonly asTyped: Readonly<Record<FormatName, number>>
  readonly wer: Readonly<Record<FormatName, number>>
}

export const run = defineBench(SPELLING, async ({ model, manifest, limit }) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'earshot-spelling-'))
  try {
    const phrases = Object.entries(PHRASE_SETS).flatMap(([suffix, set]) => [
      ...set.map((phrase): Clip => ({ ...phrase, source: `text${suffix}`, file: undefined })),
      ...speakPhrases(set, suffix, folder),
    ])
    const clips = [...phrases, ...await recordings(manifest, limit)]
    const recognizer = await openRecognizer(model)
    const rows = await measure(clips, recognizer)
    await recognizer.dispose()
    print(rows)
    return { missed: rows.flatMap(missedBy), judged: { clips: clips.length }, results: rows }
  } finally {
    await rm(folder, { recursive: true })
  }
})

function speakPhrases(phrases: readonly VoicePhrase[], suffix: string, folder: string): Clip[] {
  return Object.entries(VOICES).flatMap(([program, argumentsFor]) => phrases.map(({ said, typed }, index) => {
    const file = path.join(folder, `${index}-${program}${suffix}.wav`)
    execFileSync(program, argumentsFor(said, file), { stdio: ['ignore', 'ignore', 'inherit'] })
    return { source: `${program}${suffix}`, file, said, typed }
  }))
}

/** Those with lower case: a reference in capitals does not say how people type. */
async function recordings(manifest: string, limit: number): Promise<Clip[]> {
  const clips = await readClips(manifest, limit)
  return clips.filter(({ text }) => /[a-z]/.test(text) && !/[[\]<>{}|]|\.\.\./.test(text))
    .map(({ source, file, text }) => ({ source, file, said: text, typed: text }))
}

async function measure(clips: readonly Clip[], recognizer: Recognizer): Promise<Row[]> {
  const rows: Row[] = []
  const progress = startProgress('clips', clips.length)
  for (const [source, own] of groupBy(clips, (clip) => clip.source)) {
    const raw: string[] = []
    for (const { file, said } of own) {
      progress.step()
      if (file === undefined) raw.push(said)
      else raw.push((await transcribe(await readFile(file), recognizer, { ...SERVED, ...FORMATS.raw })).text)
    }
    rows.push(rowOf(source, own, raw))
  }
  return rows
}

function rowOf(source: string, clips: readonly Clip[], raw: readonly string[]): Row {
  const each = <V>(value: (name: FormatName) => V): Record<FormatName, V> =>
    Object.fromEntries(NAMES.map((name) => [name, value(name)])) as Record<FormatName, V>
  const texts = each((name) => raw.map((text) => formatText(text, 'en', FORMATS[name])))
  const errors = each((name) => clips.map(({ said }, index) => errorsIn(said, texts[name][index]!)))
  const words = clips.reduce((sum, { said }) => sum + normalizeEnglish(withoutRemarks(said)).length, 0)
  return {
    source, clips: clips.length,
    right: clips.filter((_, index) => NAMES.some((name) => errors[name][index] === 0)).length,
    asTyped: each((name) => clips.filter(({ typed }, index) => isAsTyped(texts[name][index]!, typed)).length),
    wer: each((name) => 100 * errors[name].reduce((sum, count) => sum + count, 0) / words),
  }
}

function errorsIn(said: string, text: string): number {
  return totalErrors(countErrors(alignWords(normalizeEnglish(withoutRemarks(said)), normalizeEnglish(text))))
}

function print(rows: readonly Row[]): void {
  printTable(['as typed, % of clips', 'clips', 'words right', ...NAMES], rows.map(({ source, clips, right, asTyped }) =>
    [source, clips, right, ...NAMES.map((name) => fixed(100 * asTyped[name] / clips))]))
  console.log()
  printTable(['as typed, % of clips with right words', ...NAMES], rows.map(({ source, right, asTyped }) =>
    [source, ...NAMES.map((name) => fixed(100 * asTyped[name] / right))]))
  console.log()
  printTable(['WER %', ...NAMES], rows.map(({ source, wer }) => [source, ...NAMES.map((name) => fixed(wer[name], 2))]))
}

function missedBy({ source, asTyped, wer }: Row): string[] {
  return [
    ...asTyped.modern < asTyped.raw ? [`${source}: the default format is as typed less often than raw text`] : [],
    ...wer.modern > wer.raw + 1e-9 ? [`${source}: the default format has more word errors than raw text`] : [],
  ]
}
