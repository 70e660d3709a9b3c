/** The traffic of the last hour: what is counted where, what is forgotten, and how true its quantiles are. */
import t from 'tap'
import { OUTCOMES, RecentTraffic, type Traffic } from '../../../src/monitoring/metrics/recent.js'
import { Telemetry } from '../../../src/monitoring/metrics/telemetry.js'
import { STAGES, type Report } from '../../../src/domain/report.js'

const MINUTE_MS = 60_000
const START = Date.UTC(2026, 4, 3, 10, 32)

const report = (audioSeconds: number, seconds: Report['seconds'] = {}): Report => ({
  text: '', rawText: '', confidence: null, lowestTokenProbability: null, correctness: null, alternatives: [], phraseScores: [],
  unbiasedText: null, changedByBiasing: false, language: 'en', model: 'a-model', noSpeechReason: 'no_samples', warnings: [],
  decodingPasses: 0, cascade: null, segments: [],
  input: {
    container: 'wav', codec: 'pcm_s16', sampleRate: 16_000, channels: 1, mixing: 'mono', truncated: false,
    loudnessLufs: null, peakDbfs: null, rmsDbfs: null, clippedRatio: 0, dcOffset: 0,
    audioSeconds, speechSeconds: 0, snrDb: null, noiseFloorDbfs: null, speechRatio: 0, leadingSilenceSeconds: 0,
    trailingSilenceSeconds: 0, bandwidthHz: null,
    timbre: {
      lowFrequencyDb: null, centroidHz: null, flatnessDb: null, cepstrum: null, syllablesPerSecond: null,
    }, trimmedLeadingSeconds: 0, trimmedTrailingSeconds: 0,
  },
  seconds,
})

/** A ring and its clock, in minutes from START. */
function make(): { recent: RecentTraffic; at: (minutes: number) => void } {
  let now = START
  return { recent: new RecentTraffic(() => now), at: (minutes) => { now = START + minutes * MINUTE_MS } }
}

const sumOf = (traffic: Traffic, outcome: (typeof OUTCOMES)[number]): number =>
  traffic.minutes.reduce((sum, { requests }) => sum + requests[outcome], 0)

t.test('before the first request there are sixty minutes of nothing, and no latency', async (t) => {
  const { minutes, hour } = make().recent.snapshot()
  t.equal(minutes.length, 60)
  t.match(hour, {
    requests: { ok: 0, error: 0, rejected: 0, cancelled: 0 }, audioSeconds: 0, p50Seconds: null, p95Seconds: null,
  })
  t.same(hour.meanStageSeconds, {})
  t.equal(minutes[59]!.start, '2026-05-03T10:32:00.000Z')
  t.equal(minutes[0]!.start, '2026-05-03T09:33:00.000Z')
})

t.test('the hour is the sum of its minutes, whatever comes when', async (t) => {
  const { recent, at } = make()
  for (let event = 0; event < 500; event++) {
    at(event / 10)
    if (event % 3 === 0) recent.ended(OUTCOMES[1 + event % 7 % 3]!)
    else recent.answered(report(event % 5), 0.1)
    const traffic = recent.snapshot()
    for (const outcome of OUTCOMES) {
      if (sumOf(traffic, outcome) !== traffic.hour.requests[outcome]) t.fail(`${outcome} after ${event} events`)
    }
  }
  const { minutes, hour } = recent.snapshot()
  t.equal(OUTCOMES.reduce((sum, outcome) => sum + hour.requests[outcome], 0), 500)
  t.equal(minutes.reduce((sum, { audioSeconds }) => sum + audioSeconds, 0), hour.audioSeconds)
})

t.test('a minute is forgotten when it is an hour old, and its place used again', async (t) => {
  const { recent, at } = make()
  recent.answered(report(4, { model: 0.5 }), 0.5)
  at(59.9)
  t.equal(recent.snapshot().minutes[0]!.requests.ok, 1, 'the oldest of the sixty')
  at(60)
  t.equal(recent.snapshot().hour.requests.ok, 0, 'gone, though nobody has come since')
  recent.ended('error')
  t.match(recent.snapshot().minutes[59], {
    requests: { ok: 0, error: 1 }, audioSeconds: 0, meanStageSeconds: {}, p50Seconds: null,
  })
  at(60 + 24 * 60)
  t.equal(recent.snapshot().hour.requests.error, 0, 'the same place a day later is another minute')
})

t.test('mean stages add up to the mean of what requests took, though not all had every stage', async (t) => {
  const { recent } = make()
  const taken = [{ queue_wait: 0.2, encoder: 0.1 }, { encoder: 0.3, decoder: 0.6 }, { queue_wait: 0.1, model: 0.5 }]
  for (const seconds of taken) recent.answered(report(1, seconds), 1)
  const means = recent.snapshot().hour.meanStageSeconds
  const mean = taken
    .flatMap((seconds) => Object.values(seconds))
    .reduce((sum, seconds) => sum + seconds, 0) / taken.length
  t.ok(Math.abs(Object.values(means).reduce((sum, seconds) => sum + seconds, 0) - mean) < 1e-12)
  t.same(Object.keys(means), STAGES.filter((stage) => stage in means), 'in the order of a request')
  t.notOk('receive' in means, 'what nobody had is not there')
})

t.test('quantiles are within four percent of those of the requests themselves', async (t) => {
  const { recent } = make()
  const latencies = Array.from({ length: 2000 }, (_, index) => 0.02 * Math.exp(3 * Math.sin(index * index) ** 2))
  for (const seconds of latencies) recent.answered(report(1), seconds)
  const sorted = latencies.sort((a, b) => a - b)
  const { p50Seconds, p95Seconds } = recent.snapshot().hour
  t.ok(Math.abs(p50Seconds! / sorted[1000]! - 1) < 0.04, `${p50Seconds} for ${sorted[1000]}`)
  t.ok(Math.abs(p95Seconds! / sorted[1900]! - 1) < 0.04, `${p95Seconds} for ${sorted[1900]}`)
})

t.test('no latency is too short or too long to be counted', async (t) => {
  for (const [seconds, least, most] of [[0, 0, 0.001], [1e-9, 0, 0.001], [1e6, 90, 120]] as const) {
    const { recent } = make()
    recent.answered(report(1), seconds)
    const { p50Seconds, p95Seconds } = recent.snapshot().hour
    t.ok(p50Seconds! >= least && p95Seconds! <= most && p50Seconds! <= p95Seconds!, `${seconds} s`)
  }
})

t.test('every request that ends is counted by its outcome, once', async (t) => {
  const telemetry = new Telemetry(['a-model'], { version: '1', revision: 'r', node_version: 'v' })
  const request = { model: 'a-model', secondsSinceUpload: 0.2 }
  telemetry.recognized(report(3, { model: 0.1 }), { ...request, deadlineSeconds: 30, audioBytes: 1 })
  for (const code of ['QUEUE_FULL', 'RECOGNIZER_FAILED', 'CANCELLED', 'NOT_READY'] as const) {
    telemetry.failed(code, request)
  }
  t.match(telemetry.recent.snapshot().hour, {
    requests: { ok: 1, error: 1, rejected: 2, cancelled: 1 }, audioSeconds: 3, meanStageSeconds: { model: 0.1 },
  })
})
