/**
 * A recognition process without a model, for the tests of the pool: the job's `language` is a command.
 * It speaks the real protocol, so that what is tested is the pool and not a mock of it.
 */
import { createHash } from 'node:crypto'

const settings = {}
const cancelled = new Set()
const lists = new Map()
const paused = new Map()
/** Jobs that have begun and are not done, and the most that were there at the same time since each began. */
const running = new Map()
let residentBytes = 1000

process.on('message', (message) => {
  if (message.kind === 'start') start(message.settings)
  if (message.kind === 'job') void run(message.id, message.job)
  if (message.kind === 'cancel') cancelled.add(message.id)
  if (message.kind === 'resume') paused.get(message.id)()
  if (message.kind === 'phrases') arrive(message)
  if (message.kind === 'forget') lists.delete(message.id)
  if (message.kind === 'ping') process.send({ kind: 'pong' })
  if (message.kind === 'stop') process.exit(0)
})
process.on('disconnect', () => process.exit(0))

function start(given) {
  Object.assign(settings, given)
  const command = given.warmUpClip
  if (command === 'fail')
    return process.send({ kind: 'failed', error: { code: 'MODEL_INVALID', message: 'as scripted' } })
  if (command === 'die') process.exit(7)
  if (command === 'never') return
  process.send({
    kind: 'ready',
    models: given.models.map((name) => ({
      name,
      languages: ['en'],
      provider: { provider: 'cpu', refused: [] },
      loadSeconds: 0.01,
    })),
  })
}

const parts = new Map()

/** A list comes in parts. */
function arrive({ list: { id, phrases }, more }) {
  parts.set(id, [...parts.get(id) ?? [], phrases])
  if (!more) take({ id, phrases: parts.get(id).flat() })
}

/** What a list is called is a command too. */
function take(list) {
  const command = list.id.split('@')[0]
  if (command === 'poison') process.exit(5)
  if (command === 'refused')
    return process.send({ kind: 'phrases_failed', id: list.id, error: { code: 'INTERNAL', message: 'as scripted' } })
  lists.set(list.id, list)
  // Nothing is heard meanwhile.
  if (command === 'heavy') for (const until = performance.now() + 500; performance.now() < until;);
  const milliseconds = command === 'slow' ? 150 : 0
  setTimeout(
    () => process.send({ kind: 'phrases_ready', id: list.id, seconds: milliseconds / 1000, unspellable: [1] }),
    milliseconds,
  )
}

async function run(id, job) {
  const since = performance.now()
  running.set(id, 0)
  for (const [other, most] of running) running.set(other, Math.max(most, running.size))
  const [command, argument] = (job.language ?? 'say:hello').split(':')
  const outcome = await obey(command, argument, id, job)
  running.delete(id)
  const seconds = (performance.now() - since) / 1000
  if (outcome)
    process.send({ kind: 'done', id, outcome, workSeconds: seconds, elapsedSeconds: seconds, residentBytes })
}

async function obey(command, argument, id, job) {
  switch (command) {
    case 'say':
      return said(argument)
    case 'bytes':
      return said(String(job.audio.byteLength))
    case 'parts':
      return said(
        parts
          .get(argument)
          .map(({ length }) => length)
          .join(' '),
      )
    case 'digest':
      return said(
        createHash('sha256')
          .update(JSON.stringify(lists.get(argument)))
          .digest('hex'),
      )
    case 'lists':
      return said([...lists.keys()].join(' '))
    // What a recognizer does with a list that it does not have: an error.
    case 'phrases':
      return lists.has(job.phrases)
        ? said(`${job.phrases} ${job.nBest} ${job.biasStrength}`)
        : { ok: false, error: { code: 'CATALOGUE_NOT_FOUND', message: job.phrases } }
    case 'process':
      return said(String(process.pid))
    // Answers when so many jobs run here at the same time.
    case 'together':
      while (running.get(id) < Number(argument)) await new Promise((resolve) => setTimeout(resolve, 5))
      return said(String(process.pid))
    // The most jobs that ran here at the same time meanwhile.
    case 'crowd':
      await new Promise((resolve) => setTimeout(resolve, Number(argument)))
      return said(String(running.get(id)))
    // From this job on it reports so much memory.
    case 'grow':
      residentBytes = Number(argument)
      return said('grown')
    case 'sleep':
      return sleepUnlessCancelled(Number(argument), id)
    case 'pieces':
      return inPieces(Number(argument), id)
    case 'die':
      process.exit(9)
      break
    case 'die-late':
      await new Promise((resolve) => setTimeout(resolve, Number(argument)))
      process.exit(9)
      break
    // Dies in the first process that gets it, answers in the next: the file remembers.
    case 'die-once':
      return dieOnce(argument)
    case 'hang':
      await new Promise((resolve) => setTimeout(resolve, Number(argument ?? 0)))
      while (true) {
        /* as a stuck native call would */
      }
    case 'throw':
      return { ok: false, error: { code: argument, message: `scripted ${argument}` } }
    case 'environment':
      return said(Object.keys(process.env).join(' '))
    case 'settings':
      return said(JSON.stringify(settings))
    case 'remaining':
      return said(String(job.remainingSeconds))
    // What a recognizer says before it gives up on a job.
    case 'no-memory':
      await new Promise((resolve) => setTimeout(resolve, Number(argument ?? 0)))
      process.send({ kind: 'failed', error: { code: 'OUT_OF_MEMORY', message: 'as scripted' } })
      break
    case 'noise':
      process.stderr.write('a line of noise\n')
      return said('noisy')
  }
}

/** A long upload: pieces of 50 ms, with a pause after each. */
async function inPieces(count, id) {
  for (let piece = 0; piece < count; piece++) {
    if (cancelled.has(id)) return { ok: false, error: { code: 'CANCELLED', message: 'cancelled' } }
    await new Promise((resolve) => setTimeout(resolve, 50))
    if (piece === count - 1) break
    process.send({ kind: 'paused', id })
    await new Promise((resolve) => paused.set(id, resolve))
  }
  return said('all pieces')
}

async function sleepUnlessCancelled(milliseconds, id) {
  const end = performance.now() + milliseconds
  while (performance.now() < end) {
    if (cancelled.has(id)) return { ok: false, error: { code: 'CANCELLED', message: 'cancelled' } }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return said('slept')
}

async function dieOnce(path) {
  const { existsSync, writeFileSync } = await import('node:fs')
  if (existsSync(path)) return said('second life')
  writeFileSync(path, '')
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => undefined)
}

function said(text) {
  return {
    ok: true,
    report: {
      text,
      alternatives: [],
      confidence: 0.9,
      language: 'en',
      model: settings.models[0],
      noSpeechReason: text === '' ? 'nothing_recognized' : null,
      warnings: [],
      segments:
        text === ''
          ? []
          : [
              {
                startSeconds: 0,
                endSeconds: 1.5,
                text,
                confidence: 0.9,
                meanLogProbability: -0.1,
                tokens: [5, 6],
                stopped: 'end_of_text',
              },
            ],
      input: {
        container: 'wav',
        codec: 'pcm_s16',
        sampleRate: 16000,
        channels: 1,
        truncated: false,
        loudnessLufs: -23,
        peakDbfs: -3,
        rmsDbfs: -25,
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
        trimmedLeadingSeconds: 0.25,
        trimmedTrailingSeconds: 0.25,
      },
      seconds: { audio_decode: 0.001, encoder: 0.01, decoder: 0.02 },
    },
  }
}
