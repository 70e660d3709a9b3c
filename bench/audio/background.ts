/**
 * Background talk: six other voices from a second before each clip to a second after it, 20 and 10 dB below its voice,
 * beside the same with silence. The talkers are clips of sentences.
 */
import { babbleOf, mix } from '../../fixtures/kit/mixtures.js'
import { writeMono } from '../../fixtures/kit/pcm.js'
import type { Waveform } from '../../src/domain/audio.js'
import type { Outcome } from '../harness/bench.js'
import type { SpeechClip } from '../harness/clips.js'
import { startProgress } from '../harness/progress.js'
import { scoreClip, scoreSource, type ScoredClip } from '../harness/scoring.js'
import { fixed, printTable } from '../harness/table.js'
import { bySource } from '../harness/ways.js'
import { readSpeech, transcribeWav, type AudioBench } from './context.js'

const RATIOS_DB = [20, 10]
const PADDING_SECONDS = 1
const LEAST_WORDS_OF_A_TALKER = 5
const MOST_TALKERS = 30
/** Points of word error rate that talk 20 dB below may cost. */
const TOLERATED_POINTS = 5

export async function measure(bench: AudioBench): Promise<Outcome> {
  const { clips } = bench
  const talkers = clips.filter(({ text }) => text.split(' ').length >= LEAST_WORDS_OF_A_TALKER).slice(0, MOST_TALKERS)
  const babble = babbleOf((await Promise.all(talkers.map(readSpeech))).map(({ samples }) => samples))
  const ways = [Infinity, ...RATIOS_DB]
  const scores: ScoredClip[][] = ways.map(() => [])
  const progress = startProgress('background', clips.length)
  for (const [index, clip] of clips.entries()) {
    const padded = withSilence(await readSpeech(clip))
    for (const [way, ratio] of ways.entries()) {
      const heard = ratio === Infinity ? padded : mix(padded, babble(padded.samples.length, index), ratio)
      scores[way]!.push(await score(clip, heard, bench))
    }
    progress.step()
  }
  const rows = scores.map((own) => new Map(bySource(own).map(([source, scored]) =>
    [source, scoreSource(source, scored).wer])))
  const [quiet, faint] = rows as [Map<string, number>, Map<string, number>]
  printTable(['source', 'WER % without talk', ...RATIOS_DB.map((ratio) => `${ratio} dB below`)], [...quiet.keys()].map(
    (source) => [source, ...rows.map((row) => fixed(row.get(source) ?? NaN))]))
  const missed = [...quiet].filter(([source, wer]) => faint.get(source)! - wer > TOLERATED_POINTS)
    .map(([source, wer]) => `${source}: talk 20 dB below costs ${fixed(faint.get(source)! - wer)} points`)
  return { missed, judged: { clips: clips.length }, results: rows.map((row) => Object.fromEntries(row)) }
}

function withSilence({ samples, sampleRate }: Waveform): Waveform {
  const padding = PADDING_SECONDS * sampleRate
  const padded = new Float32Array(samples.length + 2 * padding)
  padded.set(samples, padding)
  return { samples: padded, sampleRate }
}

async function score(clip: SpeechClip, heard: Waveform, bench: AudioBench): Promise<ScoredClip> {
  const { text, input } = await transcribeWav(writeMono(heard), bench)
  return scoreClip(clip, text, input.audioSeconds, 0)
}
