/**
 * Word error rate of recordings with several channels (scenes.ts), beside the same utterances in one channel, and how
 * the channels were mixed. The utterances are sentences of different talkers.
 */
import { writePcm } from '../../fixtures/kit/pcm.js'
import { groupBy } from '../../fixtures/kit/statistics.js'
import type { Outcome } from '../harness/bench.js'
import type { SpeechClip } from '../harness/clips.js'
import { Skipped } from '../harness/endings.js'
import { startProgress } from '../harness/progress.js'
import { scoreClip, scoreSource, type ScoredClip } from '../harness/scoring.js'
import { fixed, printTable } from '../harness/table.js'
import { pickRows, readSpeech, transcribeWav, type AudioBench } from './context.js'
import { ONE_CHANNEL, SCENE_RATE, SCENES, type Scene } from './scenes.js'

const LEAST_WORDS = 3
const MOST_SECONDS = 6
const TRIPLES = 20
/** Points of word error rate over one channel. */
const TOLERATED_POINTS = 5

export async function measure(bench: AudioBench): Promise<Outcome> {
  const triples = triplesOf(bench.clips)
  if (triples.length === 0) {
    throw new Skipped(`fewer than three clips of at most ${MOST_SECONDS} s with ${LEAST_WORDS} words or more`)
  }
  const rows: (string | number)[][] = []
  const missed: string[] = []
  const results: Record<string, number> = {}
  const scenes = [ONE_CHANNEL, ...pickRows(SCENES, bench.rows)]
  const progress = startProgress('channels', scenes.length * triples.length)
  const said = await Promise.all(triples.map((clips) =>
    Promise.all(clips.map(async (clip) => (await readSpeech(clip)).samples))))
  const single = new Map<number, number>()
  for (const scene of scenes) {
    const { scores, mixings, warned } = await heard(scene, triples, said, bench, progress.step)
    const { wer } = scoreSource(scene.name, scores)
    const least = await leastErrors(scene.utterances, single, triples, said, bench)
    results[scene.name] = wer
    rows.push([scene.name, fixed(least), fixed(wer), [...mixings].join(', '), warned])
    if (wer - least > TOLERATED_POINTS) missed.push(`${scene.name}: ${fixed(wer - least)} points over one channel`)
  }
  printTable(['scene', 'WER % in one channel', 'as recorded', 'mixing', 'warned'], rows)
  return { missed, judged: { recordings: scenes.length * triples.length }, results }
}

/** Word error rate of so many utterances in one channel. */
async function leastErrors(
  utterances: number, known: Map<number, number>, triples: readonly SpeechClip[][],
  said: readonly Float32Array[][], bench: AudioBench,
): Promise<number> {
  const scene = { ...ONE_CHANNEL, utterances, make: (parts: readonly Float32Array[], seed: number) =>
    ONE_CHANNEL.make(parts.slice(0, utterances), seed) }
  const found = known.get(utterances)
    ?? scoreSource(scene.name, (await heard(scene, triples, said, bench, () => undefined)).scores).wer
  known.set(utterances, found)
  return found
}

async function heard(
  scene: Scene, triples: readonly SpeechClip[][], said: readonly Float32Array[][], bench: AudioBench,
  step: () => void,
): Promise<{ scores: ScoredClip[]; mixings: Map<string, number>; warned: number }> {
  const scores: ScoredClip[] = []
  const mixings = new Map<string, number>()
  let warned = 0
  for (const [index, clips] of triples.entries()) {
    const wav = writePcm(scene.make(said[index]!, index + 1), SCENE_RATE)
    const { text, input, warnings } = await transcribeWav(wav, bench)
    const reference = clips.slice(0, scene.utterances).map((clip) => clip.text).join(' ')
    scores.push(scoreClip({ ...clips[0]!, text: reference }, text, input.audioSeconds, 0))
    mixings.set(input.mixing, (mixings.get(input.mixing) ?? 0) + 1)
    if ((warnings as readonly string[]).includes('unused_speech')) warned++
    step()
  }
  return { scores, mixings, warned }
}

/** Of three talkers each, from as many sources as there are. */
function triplesOf(clips: readonly SpeechClip[]): SpeechClip[][] {
  const sentences = clips.filter(({ text, seconds }) =>
    text.split(' ').length >= LEAST_WORDS && seconds <= MOST_SECONDS)
  const queues = [...groupBy(sentences, ({ source }) => source).values()].map((own) => [...own])
  const triples: SpeechClip[][] = []
  for (let turn = 0; triples.length < TRIPLES; turn++) {
    const filled = queues.filter((queue) => queue.length > 0)
    const triple = [0, 1, 2].flatMap((place) => filled[(turn + place) % filled.length]?.shift() ?? [])
    if (triple.length < 3) break
    triples.push(triple)
  }
  return triples
}
