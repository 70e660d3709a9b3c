/**
 * Words where there is no speech, and speech taken for silence. A setting that improves one easily worsens the other,
 * so both stand in one table.
 *
 * Recorded noise (development only) and synthesized noise, hum, tones, clicks and breaths at many levels hold no
 * speech. Target: at least 95 % of them get an answer without words. Missed speech is a clip of speech that gets an
 * answer without words; as it is, and brought down to −40 LUFS. Target: under 1 % of either.
 */
import { measureLevel } from '../../src/audio/level/loudness.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import type { Waveform } from '../../src/domain/audio.js'
import type { NoSpeechReason } from '../../src/domain/report.js'
import type { SpeechClip } from '../harness/clips.js'
import type { Outcome } from '../harness/bench.js'
import { groupBy } from '../../fixtures/kit/statistics.js'
import { fixed, printTable } from '../harness/table.js'
import { transcribeWav, readSpeech, type AudioBench } from './context.js'
import { recordedNoises } from '../../fixtures/kit/noises.js'
import { writeMono } from '../../fixtures/kit/pcm.js'
import { startProgress } from '../harness/progress.js'
import {
  atLevel, breaths, clicks, hum, keypad, noise, NOISE_COLOURS, tones, type Sound,
} from '../../fixtures/kit/synthesis.js'
import { amplified } from './variants.js'

const LEAST_WORDLESS = 0.95
const MOST_MISSED = 0.01
const FAINT_LUFS = -40
const SOUND: Sound = { seconds: 3, sampleRate: 16_000 }
const LEVELS_DBFS = [-70, -60, -50, -40, -30, -20, -10]

interface Wordless { readonly kind: string; readonly name: string; readonly waveform: Waveform }
interface Answer {
  readonly kind: string
  readonly name: string
  readonly text: string
  readonly reason: NoSpeechReason | null
  readonly modelRan: boolean
}
interface Miss {
  readonly source: string
  readonly file: string
  readonly said: string
  readonly level: 'as it is' | 'faint'
  readonly reason: NoSpeechReason | null
}

export async function measure(bench: AudioBench): Promise<Outcome> {
  const answers = await recognizeWithoutSpeech(bench)
  printAnswers(answers)
  const spoken = bench.clips.filter(({ text }) => text !== '')
  const misses = await recognizeSpeech(spoken, bench)
  printMisses(misses, spoken)
  const invented = answers.filter(({ reason }) => reason === null).length
  const share = 1 - invented / answers.length
  const missed = share >= LEAST_WORDLESS ? [] : [
    `there were words in ${invented} of ${answers.length} recordings without speech, ${fixed(100 * share)} % are wordless and 95 % should be`,
  ]
  for (const level of ['as it is', 'faint'] as const) {
    const count = misses.filter((miss) => miss.level === level).length
    if (count / spoken.length >= MOST_MISSED) {
      missed.push(
        `${count} of ${spoken.length} clips, ${level}, were answered without a word: ${fixed(100 * count / spoken.length)} %, and under 1 % should be`,
      )
    }
  }
  return { missed, results: { wordlessShare: share, answers, misses } }
}

async function recognizeWithoutSpeech(bench: AudioBench): Promise<Answer[]> {
  const wordless = [...recorded(), ...synthesized()]
  const counting = countRuns(bench.recognizer)
  const progress = startProgress('silence, without speech', wordless.length)
  const answers: Answer[] = []
  for (const { kind, name, waveform } of wordless) {
    const before = counting.runs()
    const { text, noSpeechReason } = await transcribeWav(writeMono(waveform), {
      ...bench, recognizer: counting.recognizer,
    })
    answers.push({ kind, name, text, reason: noSpeechReason, modelRan: counting.runs() > before })
    progress.step()
  }
  return answers
}

function countRuns(recognizer: Recognizer): { readonly recognizer: Recognizer; readonly runs: () => number } {
  let runs = 0
  return {
    recognizer: { ...recognizer, recognize: (clip, options) => { runs++; return recognizer.recognize(clip, options) } },
    runs: () => runs,
  }
}

function recorded(): Wordless[] {
  const noises = recordedNoises()
  if (noises.length === 0) console.log('no recorded noise is there: synthesized sounds only\n')
  return noises.map(({ name, waveform }) => ({ kind: 'recorded', name, waveform }))
}

export function synthesized(): Wordless[] {
  const sounds: (readonly [kind: string, name: string, samples: Float32Array])[] = [
    ...[0.1, 1, 3].map((seconds) => [
      'digital silence', `${seconds} s`, new Float32Array(seconds * SOUND.sampleRate),
    ] as const),
    ...LEVELS_DBFS.flatMap((level) => [
      ...NOISE_COLOURS.map((colour, index) => [
        `${colour} noise`, `${level} dBFS`, atLevel(noise(colour, SOUND.seconds * SOUND.sampleRate, index + 1), level),
      ] as const),
      ...[50, 60].map((hz) => ['hum', `${hz} Hz, ${level} dBFS`, atLevel(hum(hz, SOUND), level)] as const),
    ]),
    ...[[1, 0.1], [1, 0.5], [5, 0.1], [5, 0.5]].map(([perSecond, peak]) => [
      'clicks', `${perSecond} a second, peak ${peak}`, clicks(perSecond!, peak!, SOUND, 1),
    ] as const),
    ...[-40, -25, -12].flatMap((level) => [
      ['tones', `keypad, ${level} dBFS`, atLevel(keypad(SOUND, 1), level)] as const,
      [
        'tones', `beep, ${level} dBFS`, atLevel(tones([1000], { onSeconds: 0.2, everySeconds: 1 }, SOUND), level),
      ] as const,
      [
        'tones', `dial tone, ${level} dBFS`,
        atLevel(tones([350, 440], { onSeconds: 3, everySeconds: 3 }, SOUND), level),
      ] as const,
    ]),
    ...[-60, -50, -40, -30].map((level) => ['breaths', `${level} dBFS`, atLevel(breaths(SOUND, 1), level)] as const),
  ]
  return sounds.map(([kind, name, samples]) => ({ kind, name, waveform: { samples, sampleRate: SOUND.sampleRate } }))
}

function printAnswers(answers: readonly Answer[]): void {
  console.log('Without speech:')
  printTable(['kind', 'recordings', 'no words', '%', 'model not run', 'reasons'], [...groupBy(answers, ({ kind }) =>
    kind), ['all', answers] as const].map(([kind, own]) => {
    const wordless = own.filter(({ reason }) => reason !== null)
    return [
      kind, own.length, wordless.length, fixed(100 * wordless.length / own.length),
      own.filter(({ modelRan }) => !modelRan).length, countReasons(wordless),
    ]
  }))
  console.log()
  for (const { kind, name, text } of answers.filter(({ reason }) => reason === null)) {
    console.log(`  words in ${kind} ${name}: ${text}`)
  }
  console.log()
}

function countReasons(answers: readonly Answer[]): string {
  return [...groupBy(answers, ({ reason }) => reason!)].map(([reason, own]) => `${reason} ${own.length}`).join(', ')
}

async function recognizeSpeech(clips: readonly SpeechClip[], bench: AudioBench): Promise<Miss[]> {
  const progress = startProgress('silence, speech', clips.length)
  const misses: Miss[] = []
  for (const clip of clips) {
    const speech = await readSpeech(clip)
    for (const [level, waveform] of [['as it is', speech], ['faint', toLoudness(speech, FAINT_LUFS)]] as const) {
      const { noSpeechReason } = await transcribeWav(writeMono(waveform), bench)
      if (noSpeechReason === null) continue
      misses.push({ source: clip.source, file: clip.file, said: clip.text, level, reason: noSpeechReason })
    }
    progress.step()
  }
  return misses
}

function toLoudness(speech: Waveform, lufs: number): Waveform {
  const { loudnessLufs } = measureLevel(speech)
  return loudnessLufs === null ? speech : amplified(speech, lufs - loudnessLufs)
}

function printMisses(misses: readonly Miss[], clips: readonly SpeechClip[]): void {
  console.log('Speech answered without a word:')
  const cell = (source: string | undefined, level: Miss['level']): number =>
    misses.filter((miss) => (source === undefined || miss.source === source) && miss.level === level).length
  printTable(['source', 'clips', 'as it is', `at ${FAINT_LUFS} LUFS`], [
    ...[...groupBy(clips, ({ source }) => source)].map(([source, own]) => [
      source, own.length, cell(source, 'as it is'), cell(source, 'faint'),
    ]),
    ['all', clips.length, cell(undefined, 'as it is'), cell(undefined, 'faint')],
  ])
  console.log()
  for (const { file, said, level, reason } of misses) console.log(`  ${level}, ${reason}: "${said}" in ${file}`)
  console.log()
}
