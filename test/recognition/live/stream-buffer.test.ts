/** The bytes of a stream: addressed by sample, whatever pieces they come in, and bounded. */
import t from 'tap'
import { StreamBuffer } from '../../../src/recognition/live/stream-buffer.js'

const FORMAT = { codec: 'pcm_s16', sampleRate: 16_000, channels: 1, byteOrder: 'little' } as const

/** Sample n has the value n modulo 2^15. */
function ramp(samples: number): Uint8Array {
  return new Uint8Array(Int16Array.from({ length: samples }, (_, n) => n % 32_768).buffer)
}

function samplesOf(bytes: Uint8Array): number[] {
  return [...new Int16Array(bytes.slice().buffer)]
}

t.test('pieces of any size are the same stream, divided samples included', async (t) => {
  const stream = ramp(20_000)
  for (const size of [1, 3, 333, 40_000]) {
    const buffer = new StreamBuffer(FORMAT)
    for (let at = 0; at < stream.byteLength; at += size) buffer.append(stream.subarray(at, at + size))
    t.equal(buffer.samples, 20_000)
    t.equal(buffer.seconds, 1.25)
    t.same(samplesOf(buffer.read(9_999, 10_002)), [9_999, 10_000, 10_001])
  }
})

t.test('what is released is gone, and the rest keeps its positions', async (t) => {
  const buffer = new StreamBuffer(FORMAT)
  buffer.append(ramp(30_000))
  buffer.release(20_000)
  t.equal(buffer.firstSample, 20_000)
  t.same(samplesOf(buffer.read(19_998, 20_002)), [20_000, 20_001])
  t.equal(buffer.samples, 30_000)
  buffer.release(40_000)
  t.equal(buffer.samples, 30_000, 'what has not arrived is not released')
})

t.test('hours of silence take the memory of what is needed', async (t) => {
  const buffer = new StreamBuffer(FORMAT)
  const second = new Uint8Array(32_000)
  let most = 0
  for (let seconds = 1; seconds <= 3_600; seconds++) {
    buffer.append(second)
    buffer.release((seconds - 2) * 16_000)
    most = Math.max(most, buffer.bytesHeld)
  }
  t.equal(buffer.seconds, 3_600)
  t.ok(most <= 4 * 32_000, `${most} bytes`)
})

t.test('mu-law has one byte a sample', async (t) => {
  const buffer = new StreamBuffer({ ...FORMAT, codec: 'mulaw', sampleRate: 8_000 })
  buffer.append(new Uint8Array(800))
  t.equal(buffer.seconds, 0.1)
})
