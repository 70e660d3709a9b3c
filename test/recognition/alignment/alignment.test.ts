/** Word times: the warping path against all paths, words of both vocabularies, and the order of times for any input. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import llama from 'llama-tokenizer-js'
import t from 'tap'
import { splitIntoWords } from '../../../src/recognition/alignment/split-words.js'
import { silenceScores } from '../../../src/recognition/alignment/silence-scores.js'
import { warpingPath, type CostGrid } from '../../../src/recognition/alignment/time-warping.js'
import { timeWords } from '../../../src/recognition/alignment/word-times.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import type { Attention } from '../../../src/engine/runtime/alignment-graph.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { huggingFaceTokenizer, llamaTokenizer } from '../../../src/engine/tokenizer.js'
import type { Waveform } from '../../../src/domain/audio.js'

const CLOCK = { firstSeconds: 0.03, stepSeconds: 0.02 }

/** The least cost of a path from the first cell to this one, by the definition. */
function leastCost(
  { values, columns }: CostGrid,
  row: number,
  column: number,
  known = new Map<number, number>(),
): number {
  const at = row * columns + column
  const before = known.get(at)
  if (before !== undefined) return before
  const cells = [[row - 1, column - 1], [row - 1, column], [row, column - 1]] as const
  const costs = cells
    .filter(([r, c]) => r >= 0 && c >= 0)
    .map(([r, c]) => leastCost({ values, rows: 0, columns }, r, c, known))
  const least = values[at]! + (costs.length === 0 ? 0 : Math.min(...costs))
  known.set(at, least)
  return least
}

t.test('the warping path is the cheapest of all paths from the first cell to the last, without a gap', async (t) => {
  const random = seededRandom(3)
  for (const [rows, columns] of [[1, 1], [1, 9], [9, 1], [4, 4], [7, 30], [30, 7], [25, 60]] as const) {
    const values = Float32Array.from({ length: rows * columns }, () => random() - 0.5)
    const { first, last } = warpingPath({ values, rows, columns })
    t.equal(first[0], 0)
    t.equal(last[rows - 1], columns - 1)
    let cost = 0
    for (let row = 0; row < rows; row++) {
      t.ok(first[row]! <= last[row]!)
      if (row > 0) {
        t.ok(
          first[row]! - last[row - 1]! === 0 || first[row]! - last[row - 1]! === 1,
          'no frame is left out, and none occurs twice except where two rows meet',
        )
      }
      for (let column = first[row]!; column <= last[row]!; column++) cost += values[row * columns + column]!
    }
    t.ok(
      Math.abs(cost - leastCost({ values, rows, columns }, rows - 1, columns - 1)) < 1e-4,
      `${rows} rows, ${columns} columns`,
    )
  }
})

const TEXTS = [
  'hello', 'And so, my fellow Americans: ask not!', "it's 5 o'clock", 'Zürich, São Paulo', 'naïve café — 50 %',
  'ok 👍🏽 then', '(well) "quoted" words', 'ice-cream and 1,455.20', '¿Qué tal?',
]

t.test('words of either vocabulary are the text between spaces, and together they are the whole text', async (t) => {
  const tokenizers = {
    llama: { tokenizer: llamaTokenizer(), encode: (text: string) => llama.encode(text, false) },
    ...(await whisperTokenizer()),
  }
  for (const [name, { tokenizer, encode }] of Object.entries(tokenizers)) {
    for (const text of TEXTS) {
      const tokens = encode(text)
      const pieces = tokenizer.pieces(tokens)
      t.equal(pieces.length, tokens.length)
      const words = splitIntoWords(pieces)
      t.equal(words.map((word) => word.text).join(' '), text, `${name}: ${text}`)
      t.same(
        words.map((word) => word.text.replace(/ .*/u, '')),
        text.split(' ').filter((word) => /[\p{L}\p{N}]/u.test(word)),
        'one for each word with a letter or a number',
      )
      t.ok(words.flatMap(({ spoken }) => spoken).every((token, index, all) => index === 0 || token > all[index - 1]!))
    }
  }
})

t.test('in scripts without spaces, each piece is a word', async (t) => {
  t.same(splitIntoWords(['今日', 'は', '、', '東京', '。']).map(({ text }) => text), ['今日', 'は、', '東京。'])
  t.same(
    splitIntoWords(['', '', ' 日', '本']).map(({ text, spoken }) => [text, ...spoken]),
    [['日', 2], ['本', 3]],
    'tokens without text are part of no word',
  )
  t.same(splitIntoWords([' -', ' ...']), [], 'punctuation alone is no word')
})

t.test('words are in order, lie inside the audio and do not overlap, whatever the attention', async (t) => {
  const random = seededRandom(5)
  for (let turn = 0; turn < 60; turn++) {
    const seconds = 0.05 + 3 * random()
    const frames = Math.max(1, Math.round(seconds / CLOCK.stepSeconds) + Math.round(4 * random() - 2))
    const pieces = Array.from({ length: 1 + Math.floor(40 * random()) }, (_, index) =>
      random() < 0.2 ? ',' : `${random() < 0.7 ? ' ' : ''}w${index}`,
    )
    const attention = attentionOf(3, pieces.length + 2, frames, () => random() < 0.5 ? 0 : random() ** 4)
    const waveform = noisy(seconds, random)
    const words = timeWords(waveform, attention, { pieces, logProbabilities: pieces.map(() => -random()) }, CLOCK)
    t.equal(words.length, splitIntoWords(pieces).length)
    let before = 0
    for (const { startSeconds, endSeconds, confidence } of words) {
      t.ok(startSeconds >= before && endSeconds >= startSeconds && confidence > 0 && confidence <= 1)
      before = endSeconds
    }
    t.ok(before <= waveform.samples.length / waveform.sampleRate)
  }
  t.same(
    timeWords(noisy(1, random), attentionOf(1, 3, 0, random), { pieces: [' a'], logProbabilities: [-1] }, CLOCK),
    [],
    'no frames, no times',
  )
})

t.test('a word has the time of its attention, and the pause before it is part of no word', async (t) => {
  const [seconds, step] = [2, CLOCK.stepSeconds]
  const spans = [[0.3, 0.7], [1.2, 1.6]] as const
  const isLoud = (second: number): boolean => spans.some(([from, to]) => second >= from && second < to)
  const waveform: Waveform = {
    samples: Float32Array.from({ length: seconds * 16_000 }, (_, n) =>
      isLoud(n / 16_000) ? 0.3 * Math.sin(0.3 * n) : 0.0003 * Math.sin(0.7 * n),
    ),
    sampleRate: 16_000,
  }
  const centre = (frame: number): number => CLOCK.firstSeconds + frame * step
  // A prompt of two tokens. A row attends to the next token, the last to all frames. Attention extends into the pauses.
  const attention = attentionOf(2, 2 + spans.length, Math.round(seconds / step), (row, frame) => {
    const span = spans[row - 1]
    return span !== undefined && centre(frame) > span[0] - 0.2 && centre(frame) < span[1] + 0.05 ? 1 : 0.01
  })
  const words = timeWords(
    waveform,
    attention,
    {
      pieces: ['▁one', ' two'].map((piece) => piece.replace('▁', ' ')),
      logProbabilities: [Math.log(0.5), Math.log(0.25)],
    },
    CLOCK,
  )
  t.same(words.map(({ text }) => text), ['one', 'two'])
  for (const [index, { startSeconds, endSeconds, confidence, logProbability }] of words.entries()) {
    t.ok(Math.abs(startSeconds - spans[index]![0]) <= 1.5 * step, `starts at ${startSeconds.toFixed(3)}`)
    t.ok(Math.abs(endSeconds - spans[index]![1]) <= 1.5 * step, `ends at ${endSeconds.toFixed(3)}`)
    t.ok(Math.abs(confidence - [0.5, 0.25][index]!) < 1e-9)
    t.ok(Math.abs(Math.exp(logProbability) - [0.5, 0.25][index]!) < 1e-9)
  }
})

t.test('quiet and loud frames are distinguished at any level, and digital silence is not noise', async (t) => {
  const [random, step] = [seededRandom(9), 0.05]
  for (const gain of [1, 0.01]) {
    const samples = Float32Array.from(
      { length: 16_000 },
      (_, n) => gain * (random() - 0.5) * (n >= 8_000 && n < 12_000 ? 0.5 : 0.05),
    )
    const padded = new Float32Array(32_000)
    padded.set(samples, 8_000)
    for (const [waveform, offset] of [[samples, 0], [padded, 10]] as const) {
      const quiet = silenceScores(
        { samples: waveform, sampleRate: 16_000 },
        { firstSeconds: step / 2, stepSeconds: step },
        waveform.length / 16_000 / step,
      )
      t.equal(quiet[offset + 4], 1, 'noise, 20 dB below')
      t.equal(quiet[offset + 12], -1)
      t.ok(quiet.every((value) => value >= -1 && value <= 1))
    }
  }
  t.ok(
    silenceScores({ samples: new Float32Array(1_600), sampleRate: 16_000 }, CLOCK, 5).every((value) => value === 1),
    'silence is quiet',
  )
})

function attentionOf(
  heads: number,
  tokens: number,
  frames: number,
  weightAt: (token: number, frame: number) => number,
): Attention {
  const weights = Float32Array.from({ length: heads * tokens * frames }, (_, index) =>
    weightAt(Math.floor(index / frames) % tokens, index % frames),
  )
  return { weights, heads, tokens, frames }
}

function noisy(seconds: number, random: () => number): Waveform {
  return {
    samples: Float32Array.from(
      { length: Math.round(seconds * 16_000) },
      (_, n) => (random() - 0.5) * (Math.sin(n / 3_000) > 0 ? 0.3 : 0.001),
    ),
    sampleRate: 16_000,
  }
}

/** The tokenizer of the real model, if its files exist; the library encodes too. */
async function whisperTokenizer() {
  const folder = path.join(projectRoot, 'models/whisper-base/weights')
  if (!existsSync(path.join(folder, 'tokenizer.json'))) return {}
  const [json, config] = (await Promise.all(
    ['tokenizer.json', 'tokenizer_config.json'].map((file) => readFile(path.join(folder, file))),
  )) as [Buffer, Buffer]
  const { Tokenizer } = await import('@huggingface/tokenizers')
  const library = new Tokenizer(JSON.parse(json.toString()) as object, JSON.parse(config.toString()) as object)
  return {
    whisper: {
      tokenizer: huggingFaceTokenizer(json, config),
      encode: (text: string): number[] => library.encode(` ${text}`, { add_special_tokens: false }).ids,
    },
  }
}
