/**
 * Recordings with four channels over HTTP, on the real default model: clips of fixtures/clips on the channels of a
 * recorder, one after the other and at the same time.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { readPcm, writePcm } from '../../fixtures/kit/pcm.js'
import { withServer } from '../../fixtures/kit/server.js'
import { noise } from '../../fixtures/kit/synthesis.js'
import { projectRoot } from '../../src/domain/project-root.js'
import type { Report } from '../../src/domain/report.js'

const ENTRY = path.join(projectRoot, 'dist/src/main.js')
const WEIGHTS = path.join(projectRoot, 'models/moonshine-tiny-en/weights/encoder_model.onnx')
const missing = [ENTRY, WEIGHTS].find((file) => !existsSync(file))
const RATE = 16_000
const [JAZZ, SISTER, NEWS] = ['play-some-jazz-music', 'call-my-sister', 'play-the-latest-news'].map((name) =>
  readPcm(readFileSync(path.join(projectRoot, `fixtures/clips/${name}.wav`))).samples) as [Float32Array, Float32Array,
  Float32Array]

/** A channel of so many seconds with hiss of its own, and with clips at a level from given seconds on. */
function channelOf(seconds: number, seed: number, ...said: [Float32Array, number, number][]): Float32Array {
  const channel = noise('white', seconds * RATE, seed).map((sample) => sample * 0.0003)
  for (const [samples, from, level] of said) {
    samples.forEach((sample, n) => { channel[Math.round(from * RATE) + n]! += level * sample })
  }
  return channel
}

void t.test('four channels over HTTP', {
  skip: missing === undefined ? false : `${missing} is not there`, timeout: 120_000,
}, async (t) => {
  await withServer({ model: 'moonshine-tiny-en', workers: 1, entry: ENTRY }, async ({ url }) => {
    const heard = async (channels: readonly Float32Array[], query = ''): Promise<Report> => {
      const body = Buffer.from(writePcm(channels, RATE))
      const response = await fetch(`${url}/v1/transcriptions${query}`, { method: 'POST', body })
      t.equal(response.status, 200)
      return await response.json() as Report
    }
    const inTurns = [
      channelOf(9, 1, [JAZZ, 0.5, 1], [SISTER, 3.5, 0.05], [NEWS, 6, 0.05]),
      channelOf(9, 2, [SISTER, 3.5, 0.2], [JAZZ, 0.5, 0.02], [NEWS, 6, 0.02]),
      channelOf(9, 3),
      channelOf(9, 4, [NEWS, 6, 0.5], [JAZZ, 0.5, 0.05], [SISTER, 3.5, 0.02]),
    ]
    const turns = await heard(inTurns)
    t.match(turns.text, /jazz music.*call my sister.*latest news/i)
    t.match(turns.input, { channels: 4, mixing: 'automatic' })
    t.notOk(turns.warnings.includes('unused_speech'))

    const chosen = await heard(inTurns, '?channel=4')
    t.match(chosen.text, /latest news/i)
    t.equal(chosen.input.mixing, 'chosen')

    const atOnce = await heard([
      channelOf(4, 5, [JAZZ, 0.5, 1]), channelOf(4, 6, [NEWS, 0.6, 0.3]), channelOf(4, 7), channelOf(4, 8),
    ])
    t.match(atOnce.text, /jazz|news/i)
    t.equal(atOnce.input.mixing, 'automatic')
    t.ok(atOnce.warnings.includes('unused_speech'), atOnce.warnings.join(', '))

    const alike = await heard([1, 0.7, 0.5, 0.7].map((level, seed) => channelOf(4, seed + 9, [JAZZ, 0.5, level])))
    t.match(alike.text, /jazz music/i)
    t.match(alike.input, { mixing: 'mean' })
    t.notOk(alike.warnings.includes('unused_speech'))
  })
})
