/** Background talk is no speech of the upload. */
import t from 'tap'
import type { FrameFeatures, SpeechActivity } from '../../../src/domain/audio.js'
import { inForeground } from '../../../src/recognition/segmentation/foreground.js'

type Sound = readonly [startSeconds: number, endSeconds: number, levelDb: number]

/** Frames of 10 ms at these levels, and the spans of the sounds. */
function upload(seconds: number, ...sounds: readonly Sound[]): { activity: SpeechActivity; frames: FrameFeatures } {
  const energyDb = new Float32Array(Math.round(seconds * 100)).fill(-90)
  for (const [start, end, level] of sounds) energyDb.fill(level, Math.round(start * 100), Math.round(end * 100))
  const spans = sounds.map(([startSeconds, endSeconds]) => ({ startSeconds, endSeconds }))
  return {
    activity: {
      startSeconds: 0, hopSeconds: 0.01, speech: new Float32Array(0), spans, verdict: 'speech', visibleRangeDb: 30,
    },
    frames: { energyDb, energyHopSeconds: 0.01, energyStartSeconds: 0 } as unknown as FrameFeatures,
  }
}

const kept = (seconds: number, ...sounds: readonly Sound[]): number[] => {
  const { activity, frames } = upload(seconds, ...sounds)
  return inForeground(activity, frames).spans.map(({ startSeconds }) => startSeconds)
}

t.test('quiet spans before and after the main speaker are left out, those between stay', (t) => {
  t.same(kept(5, [0.2, 0.6, -45], [1, 2, -20], [2.5, 2.7, -45], [3, 3.5, -22], [4.2, 4.8, -40]), [1, 2.5, 3])
  t.same(kept(3, [0.2, 0.3, -38], [0.5, 0.6, -39], [1, 2, -20]), [1])
  t.end()
})

t.test('a person who is a little quieter, the only span, and long uploads keep everything', (t) => {
  t.same(kept(3, [0.2, 0.6, -34], [1, 2, -20]), [0.2, 1])
  t.same(kept(3, [1, 2, -60]), [1])
  t.same(kept(31, [0.2, 0.6, -60], [1, 2, -20]), [0.2, 1])
  const { activity, frames } = upload(3, [0.2, 0.6, -30], [1, 2, -20])
  t.equal(inForeground(activity, frames), activity)
  t.end()
})

t.test('a loud sound that is no speech makes nobody quiet', (t) => {
  const { activity, frames } = upload(3, [0.2, 0.6, -36], [1, 1.3, -20], [1.6, 2, -34])
  const speech = { ...activity, spans: activity.spans.filter(({ startSeconds }) => startSeconds !== 1) }
  t.equal(inForeground(speech, frames), speech)
  t.end()
})

t.test('one loud click between quiet words does not make them background', (t) => {
  t.same(kept(3, [0.2, 0.6, -45], [1, 1.02, -10], [1.5, 2, -45]), [0.2, 1, 1.5])
  t.end()
})
