/**
 * Words where nobody speaks, and speech that is not recognized, in one table: a rule against one easily causes the
 * other. `npm run bench -- nonspeech`, on sounds of all kinds of fixtures/kit/non-speech.ts and on recorded noise where
 * it is there: with the default model alone, with a catalogue, and with a cascade to the larger model. Another `--seed`
 * makes other sounds. The catalogue has the single words of the clips.
 */
import { readFile } from 'node:fs/promises'
import type { Report } from '../src/domain/report.js'
import type { TranscribeOptions } from '../src/recognition/options.js'
import { transcribe } from '../src/recognition/pipeline.js'
import type { Recognizer } from '../src/recognition/recognizer.js'
import { PROFILE_SETTINGS } from '../src/domain/profiles.js'
import { searchPhrases } from '../src/search/catalogue/inline.js'
import { DEFAULT_THRESHOLD, rank, type Searchable } from '../src/search/ranking/ranking.js'
import { runToCompletion } from '../src/domain/interruptible-work.js'
import { nonSpeechSounds, NON_SPEECH_RATE } from '../fixtures/kit/non-speech.js'
import { recordedNoises } from '../fixtures/kit/noises.js'
import { writeMono } from '../fixtures/kit/pcm.js'
import { groupBy } from '../fixtures/kit/statistics.js'
import { NON_SPEECH_WAYS, NONSPEECH } from './declarations/recognition.js'
import { defineBench, type Outcome } from './harness/bench.js'
import { readClips, requireClips, type SpeechClip } from './harness/clips.js'
import { startProgress } from './harness/progress.js'
import { openRecognizer, SERVED } from './harness/recognizers.js'
import { fixed, printTable } from './harness/table.js'
import { biasedBy } from './search/context.js'

const MOST = { words: 0.02, hits: 0.005, missed: 0.01 }
const ALTERNATIVES = 5
type WayName = (typeof NON_SPEECH_WAYS)[number]

interface Input { readonly kind: string; readonly name: string; read(): Promise<Uint8Array> }
interface Answer {
  readonly kind: string
  readonly name: string
  readonly text: string
  readonly reason: Report['noSpeechReason']
  /** Score of the best entry; 0 without a catalogue. */
  readonly score: number
}

interface Way {
  readonly name: WayName
  readonly options: TranscribeOptions
  readonly searchable: Searchable | undefined
}

export const run = defineBench(NONSPEECH, async (given): Promise<Outcome> => {
  const clips = requireClips((await readClips(given.manifest, given.limit)).filter((clip) => clip.text !== ''),
    'no clip has a text')
  const recognizer = await openRecognizer(given.model)
  const larger = given.ways.some((way) => way.startsWith('cascade')) ? await openRecognizer(given.larger) : undefined
  const ways = given.ways.map((name) => wayOf(name, recognizer, larger, clips))
  const speech = clips.map((clip): Input =>
    ({ kind: clip.source, name: `"${clip.text}"`, read: () => readFile(clip.file) }))
  const missed: string[] = []
  const rows: (string | number)[][] = []
  const results: Record<string, unknown> = {}
  for (const way of ways) {
    const silent = await answerAll(soundsOf(given.each, given.seed), way, recognizer)
    const spoken = await answerAll(speech, way, recognizer)
    results[way.name] = { silent, spoken }
    for (const { name, text: words, score } of silent) {
      if (words !== '') console.log(`  ${way.name}, words in ${name}: ${words}`)
      if (score >= DEFAULT_THRESHOLD) console.log(`  ${way.name}, a hit of ${fixed(score, 2)} in ${name}`)
    }
    for (const { name, reason } of spoken) if (reason !== null) console.log(`  ${way.name}, ${reason}: ${name}`)
    rows.push(...rowsOf(way, silent, spoken))
    missed.push(...targetsMissed(way, silent, spoken))
  }
  console.log()
  printTable(['way', 'kind', 'inputs', 'words', '%', 'hits', '%', 'no words', '%'], rows)
  await recognizer.dispose()
  await larger?.dispose()
  const sounds = soundsOf(given.each, given.seed).length
  const judged = { 'ways': ways.length, 'clips of speech': speech.length, sounds }
  return { missed, judged, results }
})

function wayOf(
  name: WayName, recognizer: Recognizer, larger: Recognizer | undefined, clips: readonly SpeechClip[],
): Way {
  const below = PROFILE_SETTINGS.accurate.EARSHOT_CASCADE_BELOW!
  const cascade = name.startsWith('cascade') ? { recognizer: larger!, below } : undefined
  const options = { ...SERVED, ...cascade && { cascade } }
  if (!name.endsWith('catalogue')) return { name, options, searchable: undefined }
  const words = [...new Set(clips.map((clip) => clip.text).filter((one) => /^\p{Letter}{2,}$/u.test(one)))]
  const others = larger === undefined ? [] : [larger]
  const biased = biasedBy(words, { recognizers: [recognizer, ...others], biasStrength: 1 })
  return { name, options: { ...options, ...biased(ALTERNATIVES) }, searchable: runToCompletion(searchPhrases(words)) }
}

function soundsOf(each: number, seed: number): Input[] {
  const made = nonSpeechSounds(each, seed).map(({ kind, name, samples }): Input =>
    ({ kind, name, read: async () => writeMono({ samples, sampleRate: NON_SPEECH_RATE }) }))
  const recorded = recordedNoises().map(({ name, waveform }): Input =>
    ({ kind: 'recorded', name: `recording ${name}`, read: async () => writeMono(waveform) }))
  return [...made, ...recorded]
}

async function answerAll(inputs: readonly Input[], way: Way, recognizer: Recognizer): Promise<Answer[]> {
  const progress = startProgress(way.name, inputs.length)
  const answers: Answer[] = []
  for (const { kind, name, read } of inputs) {
    const report = await transcribe(await read(), recognizer, way.options)
    answers.push({ kind, name, text: report.text, reason: report.noSpeechReason, score: bestScore(report, way) })
    progress.step()
  }
  return answers
}

function bestScore(report: Report, { searchable }: Way): number {
  if (searchable === undefined) return 0
  const { hits: [best] } = rank(report.alternatives, report.phraseScores, searchable, { limit: 1, threshold: 0 })
  return best?.score ?? 0
}

function rowsOf({ name }: Way, silent: readonly Answer[], spoken: readonly Answer[]): (string | number)[][] {
  const kinds = [...groupBy(silent, ({ kind }) => kind), ['all without speech', silent] as const]
  const sources = [...groupBy(spoken, ({ kind }) => kind), ['all speech', spoken] as const]
  return [...kinds, ...sources].map(([kind, own]) => [
    name, kind, own.length, ...cells(own, ({ text: words }) => words !== ''), ...cells(own, isHit),
    ...cells(own, ({ text: words }) => words === ''),
  ])
}

function isHit({ score }: Answer): boolean {
  return score >= DEFAULT_THRESHOLD
}

function cells(own: readonly Answer[], holds: (answer: Answer) => boolean): (string | number)[] {
  const found = own.filter(holds).length
  return [found, fixed(100 * found / own.length)]
}

function targetsMissed({ name }: Way, silent: readonly Answer[], spoken: readonly Answer[]): string[] {
  const shareOf = (answers: readonly Answer[], holds: (answer: Answer) => boolean): number =>
    answers.filter(holds).length / answers.length
  const shares = {
    words: shareOf(silent, ({ text: words }) => words !== ''),
    hits: shareOf(silent, isHit),
    missed: shareOf(spoken, ({ text: words }) => words === ''),
  }
  return (Object.keys(MOST) as (keyof typeof MOST)[]).filter((one) => shares[one] > MOST[one])
    .map((one) => `${name}: ${one} ${fixed(100 * shares[one])} %, at most ${fixed(100 * MOST[one])} % wanted`)
}
