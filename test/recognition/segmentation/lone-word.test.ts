/** One word among people who talk: what is cut out, and what is left alone. */
import t from 'tap'
import type { Waveform } from '../../../src/domain/audio.js'
import { describeFrames } from '../../../src/recognition/features/acoustics.js'
import { findLoneWord, type LoneWord } from '../../../src/recognition/segmentation/lone-word.js'
import { decibels, joined, noise, rmsOf, scaled, silence, tone } from '../../audio/tones.js'

const RATE = 16_000

/** A sound at a constant level. */
const voice = (seconds: number, db: number): Waveform => tone(300, seconds, RATE, 0.5 * 10 ** (db / 20))

/** Quiet syllables without a pause between them: 40 ms at this level, 40 ms 8 dB below. */
const talk = (seconds: number, db: number): Waveform => joined(
  ...Array.from({ length: Math.round(seconds / 0.08) }, () => [voice(0.04, db), voice(0.04, db - 8)]).flat())

const find = (...parts: readonly Waveform[]): LoneWord | null => {
  const waveform = joined(...parts)
  return findLoneWord(() => waveform, describeFrames(waveform))
}

/** From and to these seconds. */
const between = ({ samples }: Waveform, from: number, to: number): Waveform =>
  ({ samples: samples.subarray(Math.round(from * RATE), Math.round(to * RATE)), sampleRate: RATE })

t.test('a word inside an unbroken sound is cut out where it is, with silence around it', (t) => {
  for (const db of [-16, -20, -24]) {
    const word = find(talk(0.8, db), voice(0.4, 0), talk(0.8, db))!
    t.ok(Math.abs(word.span.startSeconds - 0.75) < 0.03, `${db} dB: starts at ${word.span.startSeconds}`)
    t.ok(Math.abs(word.span.endSeconds - 1.4) < 0.03, `${db} dB: ends at ${word.span.endSeconds}`)
    t.equal(word.waveform.samples.length, 2 * RATE)
    t.equal(rmsOf(between(word.waveform, 0, 0.65)), 0)
    t.equal(rmsOf(between(word.waveform, 1.5, 2)), 0)
  }
  t.end()
})

t.test('the loud part keeps its level; what is 15 dB below it loses another 5 dB', (t) => {
  const given = joined(talk(0.8, -20), voice(0.3, 0), voice(0.15, -15), talk(0.8, -20))
  const { waveform } = find(given)!
  const changeDb = (from: number, to: number): number =>
    decibels(rmsOf(between(waveform, from, to)) / rmsOf(between(given, from, to)))
  t.ok(Math.abs(changeDb(0.85, 1.05)) < 0.1, `loud: ${changeDb(0.85, 1.05)} dB`)
  t.ok(Math.abs(changeDb(1.15, 1.2) + 5) < 1, `faint: ${changeDb(1.15, 1.2)} dB`)
  t.end()
})

t.test('without talk on both sides nothing is cut out', (t) => {
  const [word, quiet] = [voice(0.4, 0), silence(0.8, RATE)]
  const steady = scaled(noise(0.8, RATE), 0.05)
  t.equal(find(quiet, word, quiet), null, 'silence')
  t.equal(find(steady, word, steady), null, 'steady noise')
  t.equal(find(talk(0.8, -45), word, talk(0.8, -45)), null, 'far too quiet')
  t.equal(find(quiet, word, talk(0.8, -20)), null, 'only after it: a soft second word')
  t.equal(find(talk(0.8, -20), word, quiet), null, 'only before it')
  t.equal(find(talk(0.2, -20), word, talk(0.2, -20)), null, 'its own beginning and end')
  t.end()
})

t.test('other words at about the same level, sentences and long uploads stay whole', (t) => {
  t.equal(find(talk(0.8, -6), voice(0.4, 0), talk(0.8, -6)), null, 'a little quieter')
  t.equal(find(talk(0.8, -28), voice(0.3, -11), voice(0.4, 0), talk(0.8, -28)), null, 'a soft word before it')
  t.equal(find(talk(0.8, -20), voice(0.8, 0), talk(0.8, -20)), null, 'a sentence')
  t.equal(find(talk(15, -20), voice(0.4, 0), talk(15, -20)), null, 'long')
  t.equal(find(talk(0.8, -20), voice(0.03, 0), talk(0.8, -20)), null, 'a click')
  t.equal(find(silence(0, RATE)), null)
  t.end()
})
