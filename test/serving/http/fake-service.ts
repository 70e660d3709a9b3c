/** What the tests of the HTTP side share: the real server over a fake pool, so that no model is needed. */
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import { AccessKeys } from '../../../src/serving/access/keys.js'
import { CatalogueStore, type Publisher } from '../../../src/search/catalogue/store.js'
import { readConfig } from '../../../src/config.js'
import { toWire } from '../../../src/domain/errors.js'
import { Feedback } from '../../../src/monitoring/feedback/feedback.js'
import { buildApp } from '../../../src/serving/http/app.js'
import { openLabelling } from '../../../src/serving/labelling/labelling.js'
import type { CollectedClips } from '../../../src/data/collection/collected-clip.js'
import type { AppDependencies, DriftView, Pool } from '../../../src/serving/http/dependencies.js'
import { LiveSessions } from '../../../src/serving/http/live/live-sessions.js'
import { detect } from '../../recognition/live/made-up-detector.js'
import { Uploads } from '../../../src/serving/http/uploads.js'
import { openExternalSearchEngine } from '../../../src/search/external-engine.js'
import { showCatalogues } from '../../../src/monitoring/metrics/catalogue-metrics.js'
import { showKeys } from '../../../src/monitoring/metrics/key-metrics.js'
import { feedbackCounters, exposeConceptDrift } from '../../../src/monitoring/metrics/feedback-metrics.js'
import { Telemetry } from '../../../src/monitoring/metrics/telemetry.js'
import type { Report } from '../../../src/domain/report.js'
import type { JobRequest } from '../../../src/serving/workers/job.js'
import { wavOfSeconds } from './wav.js'

export const REPORT: Report = {
  text: 'play some jazz',
  rawText: 'play some jazz',
  confidence: 0.9,
  lowestTokenProbability: 0.7,
  correctness: 0.8,
  alternatives: [],
  phraseScores: [],
  unbiasedText: null,
  changedByBiasing: false,
  language: 'en',
  model: 'moonshine-tiny-en',
  noSpeechReason: null,
  warnings: [],
  decodingPasses: 3,
  cascade: { model: 'whisper-base', escalations: 1, disagreements: 1, reasons: ['sure', 'low_confidence'], seconds: 0.4 },
  segments: [
    {
      startSeconds: 0.25,
      endSeconds: 61.5,
      text: 'play',
      words: null,
      confidence: 0.9,
      meanLogProbability: -0.1,
      tokens: [5],
      tokenLogProbabilities: null,
      stopped: 'end_of_text',
      agreement: 1,
      model: 'moonshine-tiny-en',
      cascade: 'sure',
      jointLogProbability: null,
    },
    {
      startSeconds: 3661.2,
      endSeconds: 3662.25,
      text: 'some <b> & jazz',
      words: null,
      confidence: 0.9,
      meanLogProbability: -0.1,
      tokens: [6, 7],
      tokenLogProbabilities: null,
      stopped: 'end_of_text',
      agreement: 1,
      model: 'whisper-base',
      cascade: 'low_confidence',
      jointLogProbability: -0.4,
    },
  ],
  input: {
    container: 'wav',
    codec: 'pcm_s16',
    sampleRate: 16_000,
    channels: 1,
    mixing: 'mono',
    truncated: false,
    loudnessLufs: -23,
    peakDbfs: -3,
    rmsDbfs: null,
    clippedRatio: 0,
    dcOffset: 0,
    audioSeconds: 2,
    speechSeconds: 1.5,
    snrDb: 18,
    noiseFloorDbfs: -52,
    speechRatio: 0.6,
    leadingSilenceSeconds: 0.5,
    trailingSilenceSeconds: 0.3,
    bandwidthHz: 7500,
    timbre: {
      lowFrequencyDb: -12,
      centroidHz: 1500,
      flatnessDb: -14,
      cepstrum: [3, 1, -0.5, 0.2],
      syllablesPerSecond: 4,
    },
    trimmedLeadingSeconds: 0.25,
    trimmedTrailingSeconds: 0.25,
  },
  seconds: { queue_wait: 0.001, transfer: 0.001, audio_decode: 0.001, encoder: 0.01, decoder: 0.02 },
}

interface Setup {
  readonly app: FastifyInstance
  readonly dependencies: AppDependencies
  readonly url: string
  readonly jobs: JobRequest[]
  readonly uploads: Uploads
  readonly catalogues: CatalogueStore
  readonly telemetry: Telemetry
  readonly logged: string[]
  metric(name: string): Promise<string[]>
}

/** What the service has when no baseline is configured. */
const NO_BASELINE: FakeDrift = { snapshot: () => null, reason: 'none is configured' }

type FakeDrift = Omit<DriftView, 'observe' | 'shifted'>

/** The service looks at the keys file every second. */
const KEYS_POLL_MS = 20

/** Workers that take every list and can spell all of it. */
const WILLING: Publisher = { publish: async () => ({ seconds: 0.1, unspellable: [] }), forget: () => undefined }

interface FakePool extends Partial<Pool> {
  collected?: CollectedClips
  publisher?: Publisher
  answer?: (job: JobRequest, signal?: AbortSignal) => Promise<Report>
}

export async function setUp(
  t: Test,
  environment: Record<string, string> = {},
  fake: FakePool = {},
  languages = ['en'],
  drift: FakeDrift = NO_BASELINE,
  collection: AppDependencies['collection'] = undefined,
): Promise<Setup> {
  const config = readConfig({ EARSHOT_MODELS: 'moonshine-tiny-en,whisper-tiny', ...environment })
  const jobs: JobRequest[] = []
  const logged: string[] = []
  const pool: Pool = {
    models: [
      {
        name: 'moonshine-tiny-en',
        languages: ['en'],
        engine: { engine: 'compiled', notes: [] },
        timesWords: true,
        provider: { provider: 'cpu', refused: [{ provider: 'cuda', reason: 'no library' }] },
        loadSeconds: 1,
      },
    ],
    readiness: () => ({ ready: true, workers: { idle: 1, busy: 0, starting: 0 }, missing: '' }),
    refusal: () => undefined,
    async run(job, signal) {
      jobs.push(job)
      const outcome = await (fake.answer ?? (async () => REPORT))(job, signal).then(
        (report) => ({ ok: true as const, report }),
        (error: unknown) => ({ ok: false as const, error: toWire(error) }),
      )
      return { outcome, workSeconds: 0.05, elapsedSeconds: 0.05, attempts: 1 }
    },
    runIfFree: (job, signal) => pool.run(job, signal),
    detect,
    ...fake,
  }
  const described = {
    version: '1',
    description: '',
    family: 'f',
    languages,
    licence: 'MIT',
    precision: 'int8',
    parameters: 1,
    clipSeconds: 30,
    card: null,
    bytes: 10,
    digest: 'abc',
    source: 'local',
    cascade: null,
  }
  const cascade =
    config.cascadeModel === undefined ? null : { model: config.cascadeModel, languages: ['en', 'de', 'jw'] }
  const models = config.models.map((name, index) => ({ ...described, name, cascade: index === 0 ? cascade : null }))
  const telemetry = new Telemetry(config.models, { version: '0', revision: 'r', node_version: 'n' })
  const onStale = (thrown: unknown): void => {
    logged.push(String(thrown))
  }
  const keys =
    config.keysFile === undefined
      ? undefined
      : await AccessKeys.open(
          config.keysFile,
          {
            onKeys: (names) => {
              telemetry.keys.setKeys(names)
            },
            onStale,
          },
          KEYS_POLL_MS,
        )
  t.teardown(() => {
    keys?.close()
  })
  if (keys !== undefined) showKeys(telemetry.registry, keys)
  const uploads = new Uploads(config)
  const feedback = new Feedback({
    secret: config.feedbackSecret,
    expirySeconds: config.feedbackExpirySeconds,
    models: config.models,
    observer: feedbackCounters(telemetry.registry, config.models),
  })
  exposeConceptDrift(telemetry.registry, () => feedback.estimates())
  const catalogues = new CatalogueStore(fake.publisher ?? WILLING, config)
  showCatalogues(telemetry.registry, () => catalogues.list())
  const dependencies: AppDependencies = {
    config,
    keys,
    pool,
    telemetry,
    drift: { observe: () => undefined, shifted: () => [], ...drift },
    collection,
    uploads,
    sessions: new LiveSessions(config.liveSessions, telemetry.registry),
    feedback,
    catalogues,
    searchEngine: openExternalSearchEngine(config),
    models,
    labelling: await openLabelling(config, fake.collected),
    logger: pino(
      { level: 'trace' },
      {
        write: (line: string) => {
          logged.push(line)
        },
      },
    ),
  }
  const app = await buildApp(dependencies, '0.0.0')
  t.teardown(() => app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const metric = async (name: string): Promise<string[]> =>
    (await telemetry.exposition()).split('\n').filter((line) => line.startsWith(name) && !line.endsWith(' 0'))
  return { app, dependencies, url, jobs, uploads, catalogues, telemetry, logged, metric }
}

export function post(url: string, body: Buffer | string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'POST', body: body as unknown as string, headers })
}

export async function errorOf(
  response: Response,
): Promise<{ status: number; code: string; param: string | null; retryAfter: string | null }> {
  const { error } = (await response.json()) as { error: { code: string; param: string | null } }
  return {
    status: response.status,
    code: error.code,
    param: error.param,
    retryAfter: response.headers.get('retry-after'),
  }
}

export const CLIP = wavOfSeconds(1)
