/**
 * CPU time of worker and server for the most expensive requests that the default limits admit, one at a time on a
 * server of their own, as a table in Markdown.
 *
 * Target: an upload without speech costs at most 3 CPU seconds, worker and server together, whatever the answer is.
 * Every request is sent once before it is measured, since the first of a kind compiles code and opens graphs.
 */
import type { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, errorCode, keepAliveAgent, type Exchange, type Question } from '../fixtures/kit/exchange.js'
import { withServer, type Server } from '../fixtures/kit/server.js'
import { WAV_HEADER_BYTES } from '../fixtures/wav.js'
import { encodedUploads } from './expensive/encoded.js'
import { uploads } from './expensive/uploads.js'
import { EXPENSIVE } from './declarations/service.js'
import { defineBench } from './harness/bench.js'
import { asCsv, makeUpNames } from './harness/made-up-names.js'
import { cpuSecondsOf } from './harness/processes.js'
import { fixed } from './harness/table.js'
import { UsageError } from './harness/endings.js'
import { startProgress } from './harness/progress.js'

/** Of worker and server together. */
const MOST_SECONDS_WITHOUT_SPEECH = 3
/** CPU time is counted in ticks; work after the answer belongs to the request. */
const SETTLE_MS = 300
const PATIENT = {
  EARSHOT_DEADLINE_SECONDS: '600', EARSHOT_QUEUE_WAIT_SECONDS: '600', EARSHOT_UPLOAD_SECONDS: '120',
  EARSHOT_LOG_LEVEL: 'silent',
}
const SPEECH = 'WAV, speech'
const LARGEST = 'WAV, white noise, 8 bits at 88.2 kHz'
const MOST_LABEL_WORDS = 500

interface Request extends Pick<Question, 'method' | 'contentType'> {
  readonly path: string
  readonly body: Buffer
}

interface Plan {
  readonly name: string
  /** An upload without speech: held to the target. */
  readonly isWithoutSpeech: boolean
  readonly request: () => Request | Promise<Request>
}

interface Cost extends Pick<Plan, 'name' | 'isWithoutSpeech'> {
  readonly megabytes: number
  readonly status: number
  readonly code: string
  readonly audioSeconds: number | undefined
  readonly workerSeconds: number
  readonly serverSeconds: number
  /** Of worker and server. */
  readonly seconds: number
}

interface Service { readonly server: Server; readonly agent: Agent }

export const run = defineBench(EXPENSIVE, ({ model, only, repeat }) =>
  withServer({ model, workers: 1, settings: PATIENT }, async (server) => {
    const service = { server, agent: keepAliveAgent() }
    const costs: Cost[] = []
    const plans = plansFor(service).filter(({ name }) => name.includes(only))
    if (plans.length === 0) throw new UsageError(`--only: no request has "${only}" in its name`)
    console.log('| request | MB | audio s | answer | worker CPU s | server CPU s | CPU s | CPU s per MB |')
    console.log('| --- | --- | --- | --- | --- | --- | --- | --- |')
    const progress = startProgress('requests', plans.length)
    for (const plan of plans) {
      const cost = await leastCost(service, plan, repeat)
      costs.push(cost)
      console.log(asRow(cost))
      progress.step()
    }
    service.agent.destroy()
    const dear = costs.filter((cost) => cost.isWithoutSpeech && cost.seconds > MOST_SECONDS_WITHOUT_SPEECH)
    const missed = dear.map(({ name, seconds }) =>
      `${name}: ${fixed(seconds, 2)} CPU s, at most ${MOST_SECONDS_WITHOUT_SPEECH} wanted`)
    return { missed, judged: { requests: costs.length }, results: { costs } }
  }))

function plansFor(service: Service): Plan[] {
  const bytesOf = async (wanted: string): Promise<Buffer> =>
    Buffer.from(await uploads.find(({ name }) => name === wanted)!.bytes())
  const shortNames = makeUpNames(200, 1).names.map((name) => name.slice(0, 100))
  const phrases = shortNames.map((name) => `phrases=${encodeURIComponent(name)}`).join('&')
  const asked = (name: string, query: string): Plan => ({
    name: `${SPEECH}, ${name}`, isWithoutSpeech: false,
    request: async () => ({ path: `/v1/transcriptions${query}`, body: await bytesOf(SPEECH) }),
  })
  const other = (name: string, request: Plan['request'], isWithoutSpeech = false): Plan =>
    ({ name, isWithoutSpeech, request })
  return [
    ...[...uploads, ...encodedUploads()].map(({ name, hasSpeech, bytes }): Plan => ({
      name, isWithoutSpeech: !hasSpeech,
      request: async () => ({ path: '/v1/transcriptions', body: Buffer.from(await bytes()) }),
    })),
    asked('word times', '?words=true'),
    asked('10 alternatives with 200 phrases', `?nBest=10&${phrases}`),
    asked('all of it', `?words=true&nBest=10&${phrases}`),
    other('a form of 1,025 parts with the largest file', async () => form(1_023, await bytesOf(LARGEST)), true),
    other('a form of 400,000 empty parts', () => form(400_000, Buffer.alloc(0)), true),
    other('a catalogue of 100,000 names', () => catalogue(makeUpNames(100_000, 2).names)),
    other('a catalogue of 200 characters a name', () => catalogue(longNames())),
    other('a label of 500 words', async () => label(service, await bytesOf(SPEECH))),
  ]
}

/** About 190 characters each, and as many names as fit. */
function longNames(): string[] {
  const names = makeUpNames(150_000, 3).names.slice(0, 99_999)
  return names.map((name, index) => `${Array.from({ length: 6 }, () => name).join(' ')}`.slice(0, 190) + String(index))
}

/** The model, empty fields and a file. */
function form(fields: number, audio: Buffer): Request {
  const boundary = 'b'
  const part = (name: string, more: string, value: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}`
  const empty = Array.from({ length: fields }, (_, index) => part(`f${index}`, '', '\r\n')).join('')
  const head = part('model', '', 'whisper-1\r\n') + empty + part('file', '; filename="a.wav"', '')
  const body = Buffer.concat([Buffer.from(head), audio, Buffer.from(`\r\n--${boundary}--\r\n`)])
  return { path: '/v1/audio/transcriptions', contentType: `multipart/form-data; boundary=${boundary}`, body }
}

function catalogue(names: readonly string[]): Request {
  return { method: 'PUT', path: '/v1/catalogues/worst', contentType: 'text/csv', body: asCsv(names) }
}

/** The longest label, all of whose words differ from the transcript. */
async function label({ server, agent }: Service, audio: Buffer): Promise<Request> {
  const body = Buffer.from(audio.subarray(0, WAV_HEADER_BYTES + 16_000 * 2 * 120))
  const answer = await ask(`${server.url}/v1/transcriptions`, { method: 'POST', agent, body })
  const { feedbackToken, text } = JSON.parse(answer.body) as { feedbackToken: string; text: string }
  const reference = 'strange '.repeat(MOST_LABEL_WORDS).trim()
  const statement = { token: feedbackToken, transcript: text, reference, source: 'random' }
  return { path: '/v1/labels', contentType: 'application/json', body: Buffer.from(JSON.stringify(statement)) }
}

async function leastCost(service: Service, plan: Plan, repeat: number): Promise<Cost> {
  const request = await plan.request()
  // A label may be given once; all else is warmed up.
  const isOnce = request.path === '/v1/labels'
  if (!isOnce) await send(service, request)
  const costs: Cost[] = []
  for (let round = 0; round < (isOnce ? 1 : repeat); round++) costs.push(await costOf(service, plan, request))
  return costs.reduce((least, cost) => cost.seconds < least.seconds ? cost : least)
}

async function costOf(service: Service, { name, isWithoutSpeech }: Plan, request: Request): Promise<Cost> {
  const before = cpuSecondsOf(service.server.processId)
  const exchange = await send(service, request)
  await sleep(SETTLE_MS)
  const after = cpuSecondsOf(service.server.processId)
  const [workerSeconds, serverSeconds] = [after.worker - before.worker, after.server - before.server]
  const report = reportOf(exchange)
  return {
    name, isWithoutSpeech, megabytes: request.body.length / 1e6, status: exchange.status,
    code: errorCode(exchange) || report?.noSpeechReason || '', audioSeconds: report?.input.audioSeconds,
    workerSeconds, serverSeconds, seconds: workerSeconds + serverSeconds,
  }
}

interface AnsweredReport {
  readonly noSpeechReason: string | null
  readonly input: { readonly audioSeconds: number }
}

/** Undefined for answers of other routes and for refusals. */
function reportOf({ status, body }: Exchange): AnsweredReport | undefined {
  return status === 200 && body.includes('"noSpeechReason"') ? JSON.parse(body) as AnsweredReport : undefined
}

function send({ server, agent }: Service, { path, body, method = 'POST', contentType }: Request): Promise<Exchange> {
  return ask(server.url + path, { method, body, agent, timeoutMs: 600_000, ...contentType && { contentType } })
}

function asRow(cost: Cost): string {
  const { name, megabytes, status, code, audioSeconds, workerSeconds, serverSeconds, seconds } = cost
  const answer = code === '' ? String(status) : `${status} \`${code}\``
  const figures = [fixed(workerSeconds, 2), fixed(serverSeconds, 2), fixed(seconds, 2), fixed(seconds / megabytes, 2)]
  return `| ${name} | ${fixed(megabytes, 3)} | ${fixed(audioSeconds, 0)} | ${answer} | ${figures.join(' | ')} |`
}
