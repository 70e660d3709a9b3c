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
import { requireClips } from '../harness/clips.js'

const LEAST_WORDLESS = 0.95
const MOST_MISSED = 0.01
const FAINT_LUFS = -40
const SOUND: Sound = { seconds: 3, sampleRate: 16_000 }
const LEVELS_DBFS = [-70, -60, -50, -40, -30, -20, -10]

interface Sample { readonly kind: string; readonly name: string; readonly waveform: Waveform }
interface Answer extends Omit<Sample, 'waveform'> {
  readonly text: string
  readonly reason: NoSpeechReason | null
  readonly modelRan: boolean
}

export async function measure(bench: AudioBench): Promise<Outcome> {
  const wordless = await transcribeAll('silence, without speech', [...recorded(), ...synthesized()], bench)
  const speech: Sample[] = []
  for (const clip of bench.clips.filter(({ text }) => text !== '')) {
    const waveform = await readSpeech(clip)
    speech.push({ kind: clip.source, name: `"${clip.text}" in ${clip.file}`, waveform })
  }
  requireClips(speech, 'no clip has a text')
  const asTheyAre = await transcribeAll('silence, speech', speech, bench)
  const faint = await transcribeAll('silence, faint speech', speech.map((sample) =>
    ({ ...sample, waveform: toLoudness(sample.waveform, FAINT_LUFS) })), bench)
  printAnswers('without speech', wordless)
  printAnswers('speech as it is', asTheyAre)
  printAnswers(`speech at ${FAINT_LUFS} LUFS`, faint)
  const withWords = wordless.filter(({ reason }) => reason === null)
  for (const { kind, name, text } of withWords) console.log(`  words in ${kind} ${name}: ${text}`)
  const missed = 1 - withWords.length / wordless.length >= LEAST_WORDLESS
    ? [] : [`words in ${withWords.length} of ${wordless.length} recordings without speech, at most 5 % wanted`]
  for (const [level, answers] of [['as it is', asTheyAre], ['faint', faint]] as const) {
    const lost = answers.filter(({ reason }) => reason !== null)
    for (const { name, reason } of lost) console.log(`  ${level}, ${reason}: ${name}`)
    if (lost.length / answers.length >= MOST_MISSED) {
      missed.push(`no words in ${lost.length} of ${answers.length} clips of speech, ${level}; under 1 % wanted`)
    }
  }
  const judged = { 'sounds without speech': wordless.length, 'clips of speech': asTheyAre.length }
  return { missed, judged, results: { wordless, asTheyAre, faint } }
}

async function transcribeAll(label: string, samples: readonly Sample[], bench: AudioBench): Promise<Answer[]> {
  const counting = countRuns(bench.recognizer)
  const progress = startProgress(label, samples.length)
  const answers: Answer[] = []
  for (const { kind, name, waveform } of samples) {
    const before = counting.runs()
    const report = await transcribeWav(writeMono(waveform), { ...bench, recognizer: counting.recognizer })
    const { text, noSpeechReason: reason } = report
    answers.push({ kind, name, text, reason, modelRan: counting.runs() > before })
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

function recorded(): Sample[] {
  const noises = recordedNoises()
  if (noises.length === 0) console.log('no recorded noise is there: synthesized sounds only\n')
  return noises.map((noise) => ({ kind: 'recorded', ...noise }))
}

export function synthesized(): Sample[] {
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

function printAnswers(title: string, answers: readonly Answer[]): void {
  const kinds = [...groupBy(answers, ({ kind }) => kind), ['all', answers] as const]
  printTable([title, 'recordings', 'no words', '%', 'model not run', 'reasons'], kinds.map(([kind, own]) => {
    const reasons = groupBy(own.flatMap(({ reason }) => reason ?? []), (reason) => reason)
    const without = own.filter(({ reason }) => reason !== null).length
    return [
      kind, own.length, without, fixed(100 * without / own.length), own.filter(({ modelRan }) => !modelRan).length,
      [...reasons].map(([reason, found]) => `${reason} ${found.length}`).join(', '),
    ]
  }))
  console.log()
}

function toLoudness(speech: Waveform, lufs: number): Waveform {
  const { loudnessLufs } = measureLevel(speech)
  return loudnessLufs === null ? speech : amplified(speech, lufs - loudnessLufs)
}
