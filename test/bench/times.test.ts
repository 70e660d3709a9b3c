/** The bench `times` counts what it says: boundaries of recognized words alone, and recordings whose cuts are known. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { framePowersDb } from '../../bench/audio/frames.js'
import { writeMono } from '../../fixtures/kit/pcm.js'
import { joinSentences, joinWords } from '../../bench/times/joined.js'
import { compareBoundaries, scoreBoundaries } from '../../bench/times/boundaries.js'

const said = (text: string, startSeconds: number, endSeconds: number) => ({
  text, startSeconds, endSeconds, confidence: 1, logProbability: 0,
})

t.test('boundaries of recognized words are compared, and of no others', async (t) => {
  const known = [
    { text: 'Play', startSeconds: 1, endSeconds: 1.5 }, { text: 'jazz', startSeconds: null, endSeconds: 2 },
    { text: 'now', startSeconds: 3, endSeconds: null },
  ]
  const errors = compareBoundaries(known, [said('play,', 1.1, 1.4), said('chess', 0, 9), said('now.', 2.95, 9)])
  t.match(errors, { recognized: 2, words: 3 })
  t.same([errors.starts.map((one) => one.toFixed(2)), errors.ends.map((one) => one.toFixed(2))], [
    ['0.10', '-0.05'], ['-0.10'],
  ])
  t.match(scoreBoundaries([errors, { starts: [0.5], ends: [], recognized: 1, words: 1 }]), {
    boundaries: 4, words: 4, recognized: 3, within200Share: 0.75,
  })
})

t.test('joined recordings are loud exactly between their cuts', async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'earshot-joined-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const clips = await Promise.all(['one two', 'three four', 'five', 'six'].map(async (text, index) => {
    const file = path.join(folder, `${index}.wav`)
    const samples = Float32Array.from({ length: 16_000 }, (_, n) =>
      n > 4_000 && n < 8_000 + 1_000 * index ? 0.1 * Math.sin(0.2 * n) : 0)
    await writeFile(file, writeMono({ samples, sampleRate: 16_000 }))
    return { file, text, seconds: 1, speaker: 's', source: 's' }
  }))
  const [words] = await joinWords('words', clips)
  t.equal(words!.words.length, 4)
  const powers = framePowersDb(words!.waveform)
  for (const [frame, power] of powers.entries()) {
    const isInside = words!.words.some(({ startSeconds, endSeconds }) =>
      frame * 0.01 >= startSeconds! - 1e-9 && (frame + 1) * 0.01 <= endSeconds! + 1e-9)
    const isOutside = words!.words.every(({ startSeconds, endSeconds }) =>
      (frame + 1) * 0.01 <= startSeconds! + 1e-9 || frame * 0.01 >= endSeconds! - 1e-9)
    if (isInside) t.ok(power > -40)
    if (isOutside) t.ok(power < -60)
  }
  const [sentences] = await joinSentences('sentences', clips)
  t.same(sentences!.words.map(({ startSeconds, endSeconds }) => [startSeconds !== null, endSeconds !== null]), [
    [true, false], [false, true], [true, false], [false, true],
  ])
})
