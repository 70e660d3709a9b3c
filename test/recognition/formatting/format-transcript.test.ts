/** The text of a transcript, its words with times and its alternatives are rewritten together. */
import t from 'tap'
import { candidateOf } from '../candidates.js'
import { formatTranscript } from '../../../src/recognition/formatting/format-transcript.js'
import { piecesOf, rewriteWords } from '../../../src/recognition/formatting/pieces.js'
import type { ClipTranscript } from '../../../src/recognition/stages.js'
import type { Word } from '../../../src/domain/words.js'

const MODERN = { format: 'modern', numbers: 'as_heard' } as const
const DIGITS = { format: 'modern', numbers: 'digits' } as const

/** Each word half a second long, of one token. */
function word(text: string, index: number, confidence = 0.5): Word {
  return {
    text, startSeconds: index / 2, endSeconds: (index + 1) / 2, confidence, logProbability: Math.log(confidence),
  }
}

function transcript(text: string, others: readonly string[] = []): ClipTranscript {
  const hypothesis = {
    text, tokens: [1], logProbabilities: [-1], stopped: 'end_of_text', language: 'en',
    alternatives: [text, ...others].map((one) => candidateOf(one)),
  } as const
  const waveform = { samples: new Float32Array(0), sampleRate: 16_000 }
  const clip = { waveform, startSeconds: 0, endSeconds: 9, speech: [] } as unknown as ClipTranscript['clip']
  return {
    clip, hypothesis, words: text.split(' ').map((one, index) => word(one, index)), model: 'm', decodingPasses: 1,
    seconds: 0, agreement: 1, escalation: null,
  }
}

t.test('words that are joined have the time, and the log-probability, of all of them', async (t) => {
  const { hypothesis, words } = formatTranscript(transcript('Meet any one at ten p M.. to-morrow'), MODERN)
  t.equal(hypothesis.text, 'Meet anyone at ten p.m. tomorrow')
  t.same(words!.map(({ text }) => text), ['Meet', 'anyone', 'at', 'ten', 'p.m.', 'tomorrow'])
  t.match(words![1], { startSeconds: 0.5, endSeconds: 1.5, logProbability: 2 * Math.log(0.5) })
  t.ok(Math.abs(words![1]!.confidence - 0.5) < 1e-9, 'the confidence stays the mean of the tokens')
  t.match(words![5], { startSeconds: 3.5, endSeconds: 4 })
})

t.test('words joined with spaces are always the text', async (t) => {
  const texts = ['- Hello any one', 'Set it for twenty five dollars and fifty cents, please.', 'U. S. A..', 'D..', 'x']
  for (const text of texts) {
    for (const format of [MODERN, DIGITS, { format: 'modern', numbers: 'words' } as const]) {
      const { hypothesis, words } = formatTranscript(transcript(text), format)
      t.equal(words!.map((one) => one.text).join(' '), hypothesis.text)
      t.ok(words!.every(({ startSeconds, endSeconds }, index) =>
        endSeconds > startSeconds && startSeconds >= (words![index - 1]?.endSeconds ?? 0)), 'in order')
    }
  }
})

t.test('a word of the model that begins with a mark apart follows its text', async (t) => {
  const words = [word('- Hello', 0), word('to-day.', 1)]
  const pieces = [{ text: 'Hello', from: 0, to: 2 }, { text: 'today.', from: 2, to: 3 }]
  t.same(rewriteWords(words, '- Hello to-day.', pieces).map(({ text }) => text), ['Hello', 'today.'])
})

t.test('words of scripts without spaces stay as they are', async (t) => {
  const words = ['今日', 'は', '東京。'].map((text, index) => word(text, index))
  t.same(rewriteWords(words, '今日は 東京。', piecesOf('今日は 東京。')), words)
})

t.test('alternatives that become equal are one', async (t) => {
  const { hypothesis } = formatTranscript(transcript('any one', ['anyone', 'any won']), MODERN)
  t.same(hypothesis.alternatives!.map(({ text }) => text), ['anyone', 'any won'])
})

t.test('raw changes nothing', async (t) => {
  const given = transcript('any one..', ['anyone'])
  t.equal(formatTranscript(given, { format: 'raw', numbers: 'as_heard' }), given)
})
