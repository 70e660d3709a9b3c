#!/usr/bin/env node
/**
 * `node .ci/compare-services.mjs OLD_CHECKOUT [NEW_CHECKOUT]`: starts the built services of two checkouts and puts the
 * same clients in front of both. What clients, dashboards and rules read from the old one must be there in the new
 * one, with the same values: answers, the formats of the `openai` client, metrics, and the commands in the documents
 * of both checkouts. Prints one line for each check; the exit code is 1 if one fails. Needs curl and jq.
 */
import { execFile, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { promisify, isDeepStrictEqual } from 'node:util'
import OpenAI, { toFile } from 'openai'

const [oldRoot, newRoot = path.join(import.meta.dirname, '..')] = process.argv.slice(2)
  .map((folder) => path.resolve(folder))
if (oldRoot === undefined) throw new Error('usage: node .ci/compare-services.mjs OLD_CHECKOUT [NEW_CHECKOUT]')

const CLIPS = ['warm-up', 'play-some-jazz-music', 'what-is-the-weather-in-boston-tomorrow', 'silence']
const FORMATS = ['json', 'text', 'verbose_json', 'srt', 'vtt']
const DOCUMENTS = ['README.md', 'docs/api.md', 'docs/search.md', 'docs/feedback.md', 'docs/metrics.md']
/** Different in every answer. */
const VOLATILE = /^(requestId|feedbackToken|feedback_token|created|seconds|searchSeconds|workSeconds)$|Seconds?$/
/** Text for people, which may be reworded. */
const PROSE = /^(message|help|description|uncalibratedBecause)$/
const STAYS = /^(audio|speech|start|end|trimmed|leading|trailing).*Seconds$/

let failures = 0
const check = (name, ok, detail = '') => {
  if (!ok) failures++
  console.log(`${ok ? 'ok    ' : 'NOT OK'} ${name}${ok || detail === '' ? '' : `: ${detail}`}`)
}

const services = { old: await startService(oldRoot), new: await startService(newRoot) }
try {
  await compareAnswers()
  await compareOpenAi()
  await runDocuments()
  await compareMetrics()
} finally {
  for (const { child } of Object.values(services)) child.kill('SIGKILL')
}
console.log(failures === 0 ? 'the new service does what the old one does' : `${failures} checks failed`)
process.exitCode = failures === 0 ? 0 : 1

async function startService(root) {
  const port = await freePort()
  const settings = { EARSHOT_PORT: String(port), EARSHOT_QUEUE_WAIT_SECONDS: '60', EARSHOT_LOG_LEVEL: 'silent' }
  const child = spawn(process.execPath, [path.join(root, 'dist/src/main.js')], {
    cwd: root, env: { ...process.env, ...settings }, stdio: 'ignore',
  })
  const url = `http://127.0.0.1:${port}`
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the service of ${root} exited with ${child.exitCode}`)
    if (await fetch(`${url}/readyz`).then(({ ok }) => ok, () => false)) return { root, url, child }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

function clipOf(name) {
  return readFileSync(path.join(oldRoot, `fixtures/clips/${name}.wav`))
}

async function compareAnswers() {
  const queries = [
    '', '?words=true', '?nBest=3', '?phrases=jazz&phrases=museum&nBest=2', '?biasStrength=0.5&phrases=jazz',
    '?language=xx', '?unknown=1',
  ]
  for (const [route, clips] of [['transcriptions', CLIPS], ['search', CLIPS.slice(1, 2)]]) {
    for (const clip of clips) {
      for (const query of queries.filter((one) => route === 'transcriptions' || one.includes('phrases'))) {
        const request = { method: 'POST', body: clipOf(clip) }
        const [before, after] = await both(({ url }) => fetch(`${url}/v1/${route}${query}`, request))
        check(`${route}${query} ${clip}: status ${before.status}`, before.status === after.status, `${after.status}`)
        const lost = missing(await before.json(), await after.json())
        check(`${route}${query} ${clip}: fields and values`, lost.length === 0, lost.slice(0, 5).join(', '))
      }
    }
  }
  for (const route of ['/v1/models', '/healthz', '/readyz', '/v1/drift', '/docs/json']) {
    const [before, after] = await both(async ({ url }) => (await fetch(url + route)).json())
    const lost = route === '/docs/json'
      ? Object.keys(before.paths).filter((one) => !(one in after.paths)) // descriptions may change
      : missing(before, after)
    check(`GET ${route}`, lost.length === 0, lost.slice(0, 5).join(', '))
  }
}

async function compareOpenAi() {
  for (const clip of CLIPS) {
    for (const response_format of FORMATS) {
      const [before, after] = await both(async ({ url }) => {
        const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
        const file = await toFile(clipOf(clip), `${clip}.wav`)
        const options = response_format === 'verbose_json' ? { timestamp_granularities: ['word', 'segment'] } : {}
        return client.audio.transcriptions.create({ file, model: 'whisper-1', response_format, ...options })
      })
      const lost = typeof before === 'string' ? (before === after ? [] : ['text']) : missing(before, after)
      check(`openai client, ${response_format}, ${clip}`, lost.length === 0, lost.join(', '))
    }
  }
}

/** Each curl command of the documents of both checkouts, on both services. */
async function runDocuments() {
  for (const { root } of Object.values(services)) {
    for (const document of DOCUMENTS) {
      for (const [index, script] of commandsOf(path.join(root, document)).entries()) {
        const results = await both(({ url }) => runCommand(script, url))
        const name = `${document} of the ${root === oldRoot ? 'old' : 'new'} checkout, ${index + 1}`
        const output = results.map((result) => result.output.slice(0, 200)).join(' | ')
        check(`${name}: ${script.split('\n')[0].slice(0, 70)}`, results.every(({ ok }) => ok), output)
      }
    }
  }
}

function commandsOf(document) {
  const blocks = [...readFileSync(document, 'utf8').matchAll(/^```sh\n([^]*?)^```/gm)].map(([, text]) => text)
  return blocks.filter((text) => /\bcurl\b/.test(text) && !/npm |docker |\$KEY|web\.key/.test(text))
}

async function runCommand(script, url) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'earshot-documents-'))
  const command = script.replaceAll(/https?:\/\/(127\.0\.0\.1|localhost):8080/g, url)
    .replaceAll('@clip.wav', '@fixtures/clips/warm-up.wav')
    .replaceAll('answer.json', `${folder}/answer.json`)
    .replace('curl', 'curl --no-progress-meter')
  try {
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command], { cwd: oldRoot })
    // The last command of docs/feedback.md shows what is refused.
    return { ok: !/"code":"(?!FEEDBACK_)/.test(stdout), output: stdout }
  } catch (error) {
    return { ok: false, output: String(error.stderr || error) }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function compareMetrics() {
  const [oldPage, newPage] = await both(async ({ url }) => (await fetch(`${url}/metrics`)).text())
  const [before, after] = [samplesOf(oldPage), samplesOf(newPage)]
  const isInfo = (name) => /^asr_(build_info|model_info|drift_baseline_info)/.test(name)
  const lost = [...before.keys()].filter((name) => !after.has(name) && !isInfo(name))
  check(`${before.size} samples of the old service are in the new one`, lost.length === 0, lost.slice(0, 8).join(', '))
  for (const { root } of Object.values(services)) {
    for (const [which, page] of [['old', oldPage], ['new', newPage]]) {
      const names = namesOf(page)
      const unknown = expressionsOf(path.join(root, 'deploy')).filter(
        (either) => !either.some((name) => names.has(name)),
      )
      const whose = root === oldRoot ? 'old' : 'new'
      const name = `metrics in the rules and the dashboard of the ${whose} checkout, on the ${which} service`
      check(name, unknown.length === 0, unknown.slice(0, 5).join(', '))
    }
  }
}

/** Metrics by name, those without samples too. */
function namesOf(text) {
  const metrics = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)]
  const samples = (name, type) => type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name]
  return new Set(metrics.flatMap(([, name, type]) => samples(name, type)))
}

function samplesOf(text) {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Set(lines.map((line) => line.replace(/ [^ ]+$/, '')))
}

/** Names of the service's metrics in rules and dashboards; alternatives of one `or` count as one. */
function expressionsOf(folder) {
  const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /rules\/.*\.yml$|dashboards\/.*\.json$/.test(name))
    .map((name) => readFileSync(path.join(folder, name), 'utf8'))
  const recorded = new Set(texts.flatMap((text) => [...text.matchAll(/record: (\S+)/g)].map(([, name]) => name)))
  const isProse = (line) => /^\s*#|"(description|title)"|summary:|description:/.test(line)
  return texts.flatMap((text) => text.split('\n')).filter((line) => !isProse(line)).flatMap((line) => {
    const found = [...line.matchAll(/\b(asr_[a-z_]+|http_server_[a-z_]+)\b(?!:)/g)].map(([, name]) => name)
    const names = [...new Set(found)]
      .filter((name) => !recorded.has(name) && !line.includes(`:${name}`) && !line.includes(`${name}:`))
    return /\bor sum\b/.test(line)
      ? [names.slice(0, 2), ...names.slice(2).map((name) => [name])]
      : names.map((name) => [name])
  })
}

function both(work) {
  return Promise.all([work(services.old), work(services.new)])
}

/** Paths that the old value has and the new one lacks or has otherwise. */
function missing(before, after, place = '') {
  if (before === null || typeof before !== 'object') {
    if (isDeepStrictEqual(before, after) || isClose(before, after)) return []
    return [`${place} is ${JSON.stringify(after)}, was ${JSON.stringify(before)}`]
  }
  if (after === null || typeof after !== 'object') return [`${place} is ${JSON.stringify(after)}`]
  return Object.entries(before).flatMap(([key, value]) => {
    if (!(key in after)) return [`${place}.${key} is gone`]
    const mayDiffer = PROSE.test(key) || (VOLATILE.test(key) && !STAYS.test(key))
    return mayDiffer ? [] : missing(value, after[key], `${place}.${key}`)
  })
}

/** Matrices may be compiled in another form, and rounding differs then. */
function isClose(a, b) {
  return typeof a === 'number' && typeof b === 'number' && Math.abs(a - b) <= 1e-4 * Math.max(1, Math.abs(a))
}
