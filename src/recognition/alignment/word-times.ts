/**
 * A transcript and the attention of its tokens → the times of its words.
 *
 * Tokens and frames are aligned by dynamic time warping, so that words are in order and each frame belongs to one row.
 * Before every word there is a row for a pause, which takes the quiet frames; punctuation and the end token are pauses
 * too. Without these rows a word begins where the one before it ends, and the median error was two to five times as
 * large.
 */
import type { TimeSpan, Waveform } from '../../domain/audio.js'
import type { Word } from '../../domain/words.js'
import type { Attention } from '../../engine/runtime/alignment-graph.js'
import { alignmentCosts } from './attention-costs.js'
import type { FrameClock } from './frame-clock.js'
import { silenceScores } from './silence-scores.js'
import { splitIntoWords, type WordTokens } from './split-words.js'
import { warpingPath, type CostGrid } from './time-warping.js'

/** A finished transcript: for each token the text that it adds and its log-probability. */
export interface TranscriptPieces {
  readonly pieces: readonly string[]
  readonly logProbabilities: readonly number[]
}

/**
 * Cost of a quiet frame for a spoken token, and of a loud frame for a pause, in standard deviations of the attention.
 * The opposite frames lower the cost by as much.
 */
const QUIET_TOKEN_COST = 2
const LOUD_PAUSE_COST = 4

/**
 * `attention` has a row for each token of the prompt and of the transcript. Times are seconds from the start of the
 * waveform.
 */
export function timeWords(
  waveform: Waveform, attention: Attention, { pieces, logProbabilities }: TranscriptPieces, clock: FrameClock,
): Word[] {
  const words = splitIntoWords(pieces)
  if (words.length === 0 || attention.frames === 0) return []
  const rows = rowsOf(words, pieces.length)
  const silence = silenceScores(waveform, clock, attention.frames)
  const { first, last } = warpingPath(costGrid(rows, attention, silence, pieces.length))
  const centre = (frame: number): number => clock.firstSeconds + frame * clock.stepSeconds
  const rowOf = (spoken: number | undefined): number => rows.findIndex(({ token }) => token === spoken)
  const spans = words.map(({ spoken }) => ({
    startSeconds: centre(first[rowOf(spoken[0])]! - 0.5),
    endSeconds: centre(last[rowOf(spoken.at(-1))]! + 0.5),
  }))
  const seconds = waveform.samples.length / waveform.sampleRate
  const separate = separateSpans(spans, seconds)
  return words.map(({ text, spoken }, index) => {
    const logProbability = spoken.reduce((sum, token) => sum + logProbabilities[token]!, 0)
    return { text, ...separate[index]!, confidence: Math.exp(logProbability / spoken.length), logProbability }
  })
}

/** A token by its index in the transcript, the end token at its length; undefined for a pause. */
interface Row { readonly token: number | undefined; readonly isSpoken: boolean }

function rowsOf(words: readonly WordTokens[], tokens: number): Row[] {
  const first = new Set(words.map(({ spoken }) => spoken[0]))
  const spoken = new Set(words.flatMap((word) => word.spoken))
  return Array.from({ length: tokens + 1 }, (_, token): Row[] => {
    const row = { token, isSpoken: spoken.has(token) }
    return first.has(token) ? [{ token: undefined, isSpoken: false }, row] : [row]
  }).flat()
}

function costGrid(rows: readonly Row[], attention: Attention, silence: Float32Array, tokens: number): CostGrid {
  const attentionCosts = alignmentCosts(attention)
  const { frames } = attention
  // A token is chosen in the row of the token before it, so the attention of that row belongs to it. The last row
  // belongs to the end token.
  const begin = attention.tokens - tokens - 1
  const values = new Float32Array(rows.length * frames)
  for (const [index, { token, isSpoken }] of rows.entries()) {
    for (let frame = 0; frame < frames; frame++) {
      const cost = token === undefined ? 0 : attentionCosts[(begin + token) * frames + frame]!
      values[index * frames + frame] = cost + silence[frame]! * (isSpoken ? QUIET_TOKEN_COST : -LOUD_PAUSE_COST)
    }
  }
  return { values, rows: rows.length, columns: frames }
}

/** Words that share a frame meet in its middle, and none extends beyond the audio. */
function separateSpans(spans: readonly TimeSpan[], seconds: number): TimeSpan[] {
  const clamp = (time: number): number => Math.max(0, Math.min(seconds, time))
  const meet = (one: TimeSpan | undefined, next: TimeSpan | undefined): number | undefined =>
    one !== undefined && next !== undefined && one.endSeconds > next.startSeconds
      ? (one.endSeconds + next.startSeconds) / 2
      : undefined
  return spans.map((span, index) => ({
    startSeconds: clamp(meet(spans[index - 1], span) ?? span.startSeconds),
    endSeconds: clamp(meet(span, spans[index + 1]) ?? span.endSeconds),
  }))
}
