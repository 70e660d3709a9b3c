/**
 * More context for a single word: the word said twice, or after other words. What belongs to the context is taken out
 * of the transcript again.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { totalLogProbability } from '../../../src/domain/log-probability.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import type { Hypothesis } from '../../../src/domain/transcript.js'
import { comparableText } from '../../../src/domain/words.js'
import { llamaTokenizer } from '../../../src/engine/tokenizer.js'
import { splitIntoWords, type WordTokens } from '../../../src/recognition/alignment/split-words.js'
import type { PaddedClip } from '../../../src/recognition/segmentation/cut-clips.js'
import type { RememberingRecognizer } from '../remembering.js'
import { hear, type HeardClip } from './heard.js'

const tokenizer = llamaTokenizer()

export function wordsOf({ tokens }: Hypothesis): WordTokens[] {
  return splitIntoWords(tokenizer.pieces(tokens))
}

/** The clip, a pause, and the clip again. */
export function saidTwice({ clip, pad, leadingSeconds: [leading = 0] }: HeardClip, pauseSeconds: number): PaddedClip {
  return joined(pad(clip, leading, pauseSeconds / 2), pad(clip, pauseSeconds / 2))
}

/** One half of a transcript that says the same twice; undefined for any other. */
export function halfOf(hypothesis: Hypothesis): Hypothesis | undefined {
  const words = wordsOf(hypothesis).map(({ text }) => text)
  const first = words.slice(0, words.length / 2).join(' ')
  const second = words.slice(words.length / 2).join(' ')
  if (first === '' || comparableText(first) !== comparableText(second)) return undefined
  const { logProbabilities } = hypothesis
  const tokens = Math.ceil(logProbabilities.length / 2)
  const each = totalLogProbability(logProbabilities) / 2 / tokens
  return { ...hypothesis, text: first, logProbabilities: new Array<number>(tokens).fill(each) }
}

/** The first words of a recording, with silence before them. */
export interface Carrier { readonly text: string; readonly start: PaddedClip }

/** The synthetic clips of the project. */
const CARRIERS = [
  { file: 'search-for-cheap-flights-to-paris.wav', text: 'search for' },
  { file: 'play-the-latest-news.wav', text: 'play the' },
]

export async function openCarriers(recognizer: RememberingRecognizer): Promise<Carrier[]> {
  const carriers: Carrier[] = []
  for (const { file, text } of CARRIERS) {
    const heard = await hear(await readFile(path.join(projectRoot, 'fixtures/clips', file)), recognizer)
    const [only] = heard.clips
    if (only === undefined) throw new Error(`no speech was found in ${file}`)
    const padded = only.pad(only.clip, only.leadingSeconds[0]!)
    const { hypothesis: { words = [] } } = await only.decode(padded, { words: true })
    const said = text.split(' ')
    const last = words[said.length - 1]
    if (last === undefined || comparableText(words.slice(0, said.length).map((word) => word.text).join(' ')) !== text) {
      throw new Error(`${file} does not begin with "${text}" for this model`)
    }
    const { samples, sampleRate } = padded.waveform
    carriers.push({ text, start: {
      ...padded, waveform: { samples: samples.slice(0, Math.round(last.endSeconds * sampleRate)), sampleRate },
    } })
  }
  return carriers
}

export function saidAfter({ start }: Carrier, { clip, pad }: HeardClip): PaddedClip {
  return joined(start, pad(clip, 0))
}

/** A transcript without the words of the carrier; undefined where it does not begin with them, or says no more. */
export function withoutCarrier(hypothesis: Hypothesis, { text }: Carrier): Hypothesis | undefined {
  const words = wordsOf(hypothesis)
  const many = text.split(' ').length
  const [rest] = words.slice(many)
  if (rest === undefined || comparableText(words.slice(0, many).map((word) => word.text).join(' ')) !== text) {
    return undefined
  }
  const from = rest.spoken[0]!
  return {
    ...hypothesis, text: words.slice(many).map((word) => word.text).join(' '), tokens: hypothesis.tokens.slice(from),
    logProbabilities: hypothesis.logProbabilities.slice(from),
  }
}

function joined(first: PaddedClip, second: PaddedClip): PaddedClip {
  const { samples, sampleRate } = first.waveform
  const both = new Float32Array(samples.length + second.waveform.samples.length)
  both.set(samples)
  both.set(second.waveform.samples, samples.length)
  return { ...first, waveform: { samples: both, sampleRate } }
}
