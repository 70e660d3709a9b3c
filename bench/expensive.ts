/**
 * What a request may cost at most: processor time of worker and server for the most expensive ones that the default
 * limits admit, one at a time on a server of its own, as a table in Markdown. Clips without speech are held to a bound.
 *
 * Every request is sent once before it is measured, since the first of a kind compiles code and opens graphs.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { uploads } from './expensive/uploads.js'
import { asCsv, makeUpNames } from './made-up-names.js'
import { ask, errorCode, keepAliveAgent, type Exchange, type Question } from './exchange.js'
import { beginRun } from './machine.js'
import { countOption, parseOptions } from './options.js'
import { processTree, TICKS_PER_SECOND } from './processes.js'
import { DEFAULT_MODEL } from './recognizers.js'
import type { RunBench } from './run.js'
import { startServer, type Server } from './server.js'
import { fixed } from './table.js'

/** Of a worker, for a clip in which nobody speaks. */
const MOST_SECONDS_WITHOUT_SPEECH = 3
/** Processor time is counted in ticks; what a process still has to do after its answer belongs to the request. */
const SETTLE_MS = 300
const PATIENT = { EARSHOT_DEADLINE_SECONDS: '600', EARSHOT_QUEUE_WAIT_SECONDS: '600', EARSHOT_UPLOAD_SECONDS: '120', EARSHOT_LOG_LEVEL: 'silent' }
const SPEECH = 'WAV, speech'
const MOST_LABEL_WORDS = 500

interface Request extends Pick<Question, 'method' | 'contentType'> {
  readonly name: string
  readonly path: string
  readonly body: Buffer
}

interface Cost {
  readonly name: string
  readonly megabytes: number
  readonly status: number
  readonly code: string
  readonly audioSeconds: number | undefined
  readonly workerSeconds: number
  readonly serverSeconds: number
  readonly hasSpeech: boolean
}

export const run: RunBench = async (args) => {
  const given = parseOptions(args, { model: { type: 'string', default: DEFAULT_MODEL }, only: { type: 'string', default: '' }, repeat: { type: 'string', default: '1' } })
  const repeat = countOption('repeat', given.repeat, 1)
  const bench = await beginRun('expensive', { model: given.model, repeat })
  const server = await startServer({ model: given.model, workers: 1, settings: PATIENT })
  const costs: Cost[] = []
  console.log('| request | MB | audio s | answer | worker CPU s | server CPU s | CPU s per MB |\n| --- | --- | --- | --- | --- | --- | --- |')
  for (const make of requests(server)) {
    if (!make.name.includes(given.only)) continue
    const cost = await leastCost(server, { ...await make.request(), name: make.name }, repeat)
    costs.push(cost)
    console.log(asRow(cost))
  }
  await server.stop()
  const missed = costs.filter(({ hasSpeech, workerSeconds }) => !hasSpeech && workerSeconds > MOST_SECONDS_WITHOUT_SPEECH)
  for (const { name, workerSeconds } of missed) console.log(`\nmissed: "${name}" has no speech and costs ${fixed(workerSeconds, 2)} s, more than ${MOST_SECONDS_WITHOUT_SPEECH}`)
  await bench.save({ costs })
  return missed.length === 0
}

function requests(server: Server): { readonly name: string; readonly request: () => Promise<Omit<Request, 'name'>> }[] {
  const transcription = (query: string): string => `/v1/transcriptions${query}`
  const bytesOf = async (wanted: string): Promise<Buffer> => Buffer.from(await uploads.find(({ name }) => name === wanted)!.bytes())
  const speech = (): Promise<Buffer> => bytesOf(SPEECH)
  const phrases = makeUpNames(200, 1).names.map((name) => `phrases=${encodeURIComponent(name.slice(0, 100))}`).join('&')
  return [
    ...uploads.map(({ name, bytes }) => ({ name, request: async () => ({ path: transcription(''), body: Buffer.from(await bytes()) }) })),
    { name: `${SPEECH}, word times`, request: async () => ({ path: transcription('?words=true'), body: await speech() }) },
    { name: `${SPEECH}, 10 alternatives with 200 phrases`, request: async () => ({ path: transcription(`?nBest=10&${phrases}`), body: await speech() }) },
    { name: `${SPEECH}, all of it`, request: async () => ({ path: transcription(`?words=true&nBest=10&${phrases}`), body: await speech() }) },
    { name: 'a form of 65 parts with the largest file', request: async () => form(63, await bytesOf('WAV, white noise, 8 bits at 88.2 kHz')) },
    { name: 'a form of 400,000 empty parts', request: async () => form(400_000, Buffer.alloc(0)) },
    { name: 'a catalogue of 100,000 names', request: async () => catalogue(makeUpNames(100_000, 2).names) },
    { name: 'a catalogue of 200 characters a name', request: async () => catalogue(makeUpNames(150_000, 3).names.map((name, index) => `${name} ${name} ${name} ${name} ${name} ${name}`.slice(0, 190) + String(index)).slice(0, 99_999)) },
    { name: 'a label of 500 words', request: async () => label(server, await speech()) },
  ]
}

function form(parts: number, audio: Buffer): Omit<Request, 'name'> {
  const boundary = 'b'
  const field = (name: string, value: string): string => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const fields = Array.from({ length: parts }, (_, index) => field(`f${index}`, '')).join('')
  const file = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n`
  const body = Buffer.concat([Buffer.from(field('model', 'whisper-1') + fields + file), audio, Buffer.from(`\r\n--${boundary}--\r\n`)])
  return { path: '/v1/audio/transcriptions', contentType: `multipart/form-data; boundary=${boundary}`, body }
}

function catalogue(names: readonly string[]): Omit<Request, 'name'> {
  return { method: 'PUT', path: '/v1/catalogues/worst', contentType: 'text/csv', body: asCsv(names) }
}

/** As long as labels may be, all of whose words are other ones. */
async function label(server: Server, audio: Buffer): Promise<Omit<Request, 'name'>> {
  const sentences = audio.subarray(0, 44 + 16_000 * 2 * 120)
  const { body } = await ask(`${server.url}/v1/transcriptions`, { method: 'POST', agent: keepAliveAgent(), body: Buffer.from(sentences) })
  const { feedbackToken, text } = JSON.parse(body) as { feedbackToken: string; text: string }
  const reference = 'strange '.repeat(MOST_LABEL_WORDS).trim()
  return { path: '/v1/labels', contentType: 'application/json', body: Buffer.from(JSON.stringify({ token: feedbackToken, transcript: text, reference, source: 'random' })) }
}

async function leastCost(server: Server, request: Request, repeat: number): Promise<Cost> {
  // A label may be given once; all else is warmed up.
  const isOnce = request.path === '/v1/labels'
  if (!isOnce) await send(server, request)
  const costs: Cost[] = []
  for (let round = 0; round < (isOnce ? 1 : repeat); round++) costs.push(await costOf(server, request))
  return costs.reduce((least, cost) => cost.workerSeconds + cost.serverSeconds < least.workerSeconds + least.serverSeconds ? cost : least)
}

async function costOf(server: Server, request: Request): Promise<Cost> {
  const before = ticks(server)
  const exchange = await send(server, request)
  await sleep(SETTLE_MS)
  const after = ticks(server)
  const report = exchange.status === 200 && exchange.body.includes('"noSpeechReason"') ? JSON.parse(exchange.body) as { noSpeechReason: string | null; input: { audioSeconds: number } } : undefined
  return {
    name: request.name, megabytes: request.body.length / 1e6, status: exchange.status, code: errorCode(exchange) || report?.noSpeechReason || '',
    audioSeconds: report?.input.audioSeconds,
    workerSeconds: (after.worker - before.worker) / TICKS_PER_SECOND, serverSeconds: (after.server - before.server) / TICKS_PER_SECOND,
    hasSpeech: report === undefined || report.noSpeechReason === null,
  }
}

function send(server: Server, { path, body, method = 'POST', contentType }: Request): Promise<Exchange> {
  return ask(server.url + path, { method, body, agent: keepAliveAgent(), timeoutMs: 600_000, ...contentType && { contentType } })
}

function ticks({ processId }: Server): { worker: number; server: number } {
  const tree = processTree(processId)
  const sum = (isWorker: boolean): number => tree.filter((one) => one.isWorker === isWorker).reduce((total, { cpuTicks }) => total + cpuTicks, 0)
  return { worker: sum(true), server: sum(false) }
}

function asRow({ name, megabytes, status, code, audioSeconds, workerSeconds, serverSeconds }: Cost): string {
  const answer = code === '' ? String(status) : `${status} \`${code}\``
  return `| ${name} | ${fixed(megabytes, 3)} | ${fixed(audioSeconds, 0)} | ${answer} | ${fixed(workerSeconds, 2)} | ${fixed(serverSeconds, 2)} | ${fixed((workerSeconds + serverSeconds) / megabytes, 2)} |`
}
