/** Speech detection of streams beside the jobs: spread over workers, continued by others when one dies. */
import t from 'tap'
import { toWire, SpeechError } from '../../../src/domain/errors.js'
import type { DetectedWindows, DetectionRequest } from '../../../src/domain/stream-detection.js'
import { StreamDetection } from '../../../src/serving/workers/stream-detection.js'
import type { WorkerHandle } from '../../../src/serving/workers/worker-handle.js'

const REQUEST: DetectionRequest = {
  audio: new Uint8Array(1024), samplesBefore: 0, windows: 1, state: undefined,
  format: { codec: 'pcm_s16', sampleRate: 16_000, channels: 1, byteOrder: 'little' },
}
const WINDOWS: DetectedWindows = {
  probabilities: Float32Array.of(0.9), isSpeech: [true],
  state: {
    hidden: new Float32Array(1), cell: new Float32Array(1), context: new Float32Array(1), peak: 1, silentWindows: 0,
    isSpeech: true,
  },
}

class FakeWorker {
  isWorking = true
  readonly asked: number[] = []
  readonly state: 'idle' | 'busy'

  constructor(state: 'idle' | 'busy') {
    this.state = state
  }

  detect(id: number): void { this.asked.push(id) }
}

function open(...workers: FakeWorker[]): { detection: StreamDetection; gone(worker: FakeWorker): void } {
  const all = new Set(workers)
  const detection = new StreamDetection(all as unknown as Set<WorkerHandle>)
  return {
    detection,
    gone(worker) {
      all.delete(worker)
      detection.gone(worker as unknown as WorkerHandle, undefined)
    },
  }
}

t.test('requests go to the worker with the fewest, an idle one first', async (t) => {
  const [busy, idle] = [new FakeWorker('busy'), new FakeWorker('idle')]
  const { detection } = open(busy, idle)
  for (let count = 0; count < 3; count++) void detection.detect(REQUEST)
  t.same([idle.asked, busy.asked], [[1, 3], [2]])
})

t.test('an answer is for the request that it names, once', async (t) => {
  const worker = new FakeWorker('idle')
  const { detection } = open(worker)
  const [first, second] = [detection.detect(REQUEST), detection.detect(REQUEST)]
  const error = toWire(new SpeechError('RECOGNIZER_FAILED', 'no'))
  detection.answered({ kind: 'detected', id: 2, outcome: { ok: false, error } })
  detection.answered({ kind: 'detected', id: 1, outcome: { ok: true, windows: WINDOWS } })
  detection.answered({ kind: 'detected', id: 1, outcome: { ok: false, error } })
  t.equal(await first, WINDOWS)
  await t.rejects(second, { code: 'RECOGNIZER_FAILED' })
})

t.test('when a worker dies, another one answers; a request that kills two is given up', async (t) => {
  const workers = [new FakeWorker('idle'), new FakeWorker('busy'), new FakeWorker('busy')]
  const { detection, gone } = open(...workers)
  const answer = detection.detect(REQUEST)
  gone(workers[0]!)
  t.same(workers.map(({ asked }) => asked.length), [1, 1, 0])
  detection.answered({ kind: 'detected', id: 1, outcome: { ok: true, windows: WINDOWS } })
  t.equal(await answer, WINDOWS)
  const deadly = detection.detect(REQUEST)
  gone(workers[1]!)
  gone(workers[2]!)
  await t.rejects(deadly, { code: 'RECOGNIZER_CRASHED' })
})

t.test('without a worker a request waits for one, and ends with the service', async (t) => {
  const worker = new FakeWorker('idle')
  worker.isWorking = false
  const { detection } = open(worker)
  const waiting = detection.detect(REQUEST)
  t.same(worker.asked, [])
  worker.isWorking = true
  detection.offer()
  t.same(worker.asked, [1])
  detection.answered({ kind: 'detected', id: 1, outcome: { ok: true, windows: WINDOWS } })
  await waiting
  const late = detection.detect(REQUEST)
  detection.close()
  await t.rejects(late, { code: 'SHUTTING_DOWN' })
})
