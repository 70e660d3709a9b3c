/**
 * Entry of a recognition process: loads its models, proves each on a real clip, then answers one job at a time. A
 * long job pauses between its pieces, and others are answered in between.
 *
 * A process and not a thread: ending a thread inside the ONNX runtime aborts the whole program, so a hung
 * recognizer could never be removed. This one can be killed while the server lives.
 * Between two decoder steps the event loop turns, so a `cancel` is heard in the middle of a decode.
 */
import { Console } from 'node:console'
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { decodeAudio } from '../../audio/decode.js'
import { checkCascade, type Cascade } from '../cascade.js'
import type { SpeechDetectors } from '../segmentation/detector.js'
import { loadDetectors } from '../segmentation/load-detectors.js'
import { loadModel } from '../load-recognizer.js'
import { SpeechError, toWire, type ErrorCode, type WireError } from '../../domain/errors.js'
import { isOutOfMemory } from '../../domain/out-of-memory.js'
import { transcribe } from '../pipeline.js'
import type { PhraseList } from '../../domain/phrases.js'
import type { Recognizer } from '../recognizer.js'
import { projectRoot } from '../../domain/project-root.js'
import { cpuBudget } from './cpu-budget.js'
import { ListAssembler, type ListPart } from '../../domain/list-parts.js'
import { CompiledListCache } from './phrase-lists.js'
import { TimeSlices } from './time-slices.js'
import type { FromWorker, LoadedModel, Outcome, ToWorker, WorkerJob, WorkerSettings } from '../../domain/worker-protocol.js'
import { BackgroundWork } from './background-work.js'

/** Below the server's own priority, so that health and metrics answer when every core recognizes. */
const NICENESS = os.constants.priority.PRIORITY_BELOW_NORMAL

interface Loaded {
  readonly settings: WorkerSettings
  readonly detectors: SpeechDetectors
  readonly recognizers: ReadonlyMap<string, Recognizer>
  readonly phraseLists: CompiledListCache
  /** Of the default model. */
  readonly cascade: Cascade | undefined
}

/** What phones and browsers send most, decoded once: the first upload of a kind compiles its decoder, 100 to 200 ms. */
const WARM_UP_MEDIA = ['warm-up.webm', 'warm-up.m4a'].map((name) => path.join(projectRoot, 'fixtures/media', name))

let loaded: Loaded | undefined
/** Jobs that have begun and are not done, and whether each was called off. */
const underWay = new Map<number, { isCancelled: boolean }>()
const spareTime = new BackgroundWork()
const pieces = new TimeSlices((id) => {
  spareTime.endStint()
  send({ kind: 'paused', id })
})
const arriving = new ListAssembler()
let listsDone: Promise<void> = Promise.resolve()

// Decoders report every broken frame on the console. This process speaks in messages, and in its last words, which Node writes itself.
globalThis.console = new Console(new Writable({ write(_text, _encoding, done) { done() } }))

process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'start': void start(message.settings); break
    case 'job': void answer(message.id, message.job); break
    case 'resume': resume(message.id); break
    case 'cancel': callOff(message.id); break
    case 'phrases': arrive(message); break
    case 'forget': inOrder(() => loaded?.phraseLists.forget(message.id)); break
    case 'ping': send({ kind: 'pong' }); break
    case 'stop': void stop(); break
  }
})
// A server that died must not leave recognizers behind; an interrupt of the terminal is the server's to handle.
process.on('disconnect', () => process.exit(0))
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)

async function start(settings: WorkerSettings): Promise<void> {
  try {
    os.setPriority(NICENESS)
    const clip = await readFile(settings.warmUpClip)
    const detectors = await loadDetectors(settings)
    await warmUpDecoders(settings)
    const recognizers = new Map<string, Recognizer>()
    const models: LoadedModel[] = []
    for (const name of modelsToLoad(settings)) {
      const since = performance.now()
      const { recognizer, notes } = await loadModel(name, settings)
      await warmUp(recognizer, clip, settings, detectors)
      recognizers.set(name, recognizer)
      models.push({ name, languages: recognizer.languages, provider: recognizer.provider, engine: { engine: recognizer.engine, notes }, timesWords: recognizer.timesWords, loadSeconds: (performance.now() - since) / 1000 })
    }
    collectGarbage()
    loaded = { settings, detectors, recognizers, phraseLists: new CompiledListCache([...recognizers.values()]), cascade: openCascade(recognizers, settings) }
    send({ kind: 'ready', models })
  } catch (thrown) {
    send({ kind: 'failed', error: toWire(thrown, 'MODEL_INVALID') })
  }
}

/** The bytes of the models were handed over to the runtime: some 30 MB that the engine would let lie until it needs room. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}

function modelsToLoad({ models, cascadeModel }: WorkerSettings): string[] {
  return [...new Set(cascadeModel === undefined ? models : [...models, cascadeModel])]
}

function openCascade(recognizers: ReadonlyMap<string, Recognizer>, { models, cascadeModel, cascadeBelow }: WorkerSettings): Cascade | undefined {
  if (cascadeModel === undefined) return undefined
  const cascade = { recognizer: recognizers.get(cascadeModel)!, below: cascadeBelow }
  checkCascade(recognizers.get(models[0]!)!, cascade)
  return cascade
}

/** What is switched off, or was taken out of the installation, is not needed either. */
async function warmUpDecoders({ disabledCodecs }: WorkerSettings): Promise<void> {
  for (const file of WARM_UP_MEDIA) {
    try {
      await decodeAudio(await readFile(file), { maxSeconds: 1, disabledCodecs })
    } catch (thrown) {
      const isAbsent = (thrown as NodeJS.ErrnoException).code === 'ENOENT' || (thrown instanceof SpeechError && thrown.code === 'AUDIO_UNSUPPORTED')
      if (!isAbsent) throw thrown
    }
  }
}

/** A recognizer that cannot hear a plain sentence is not ready, however well it loaded. */
async function warmUp(recognizer: Recognizer, clip: Uint8Array, settings: WorkerSettings, detectors: SpeechDetectors): Promise<void> {
  const report = await transcribe(clip, recognizer, { ...settings, detectors, language: undefined, interrupt: () => undefined })
  if (report.text === '') throw new SpeechError('MODEL_INVALID', `${recognizer.name} heard nothing in the warm-up clip ${settings.warmUpClip}`)
}

function arrive(part: ListPart): void {
  const list = arriving.add(part)
  if (list !== undefined) inOrder(() => takePhrases(list))
}

/** A list that is forgotten before it is compiled does not come back. */
function inOrder(work: () => Promise<void> | undefined | void): void {
  listsDone = listsDone.then(work)
}

async function takePhrases(list: PhraseList): Promise<void> {
  const since = performance.now()
  try {
    for (const recognizer of loaded!.recognizers.values()) await recognizer.openSearch?.()
    const unspellable = await spareTime.finish(loaded!.phraseLists.take(list))
    send({ kind: 'phrases_ready', id: list.id, seconds: (performance.now() - since) / 1000, unspellable })
  } catch (thrown) {
    const error = wireOf(thrown, 'INTERNAL')
    send(error.code === 'OUT_OF_MEMORY' ? { kind: 'failed', error } : { kind: 'phrases_failed', id: list.id, error })
  }
}

function resume(id: number): void {
  spareTime.beginStint()
  pieces.resume(id)
}

/** A job that is done already is not remembered. */
function callOff(id: number): void {
  const job = underWay.get(id)
  if (job !== undefined) job.isCancelled = true
}

async function answer(id: number, job: WorkerJob): Promise<void> {
  const since = performance.now()
  const own = pieces.of(id)
  underWay.set(id, { isCancelled: false })
  spareTime.beginStint()
  const outcome = await recognize(id, job, own.pause)
  spareTime.endStint()
  underWay.delete(id)
  // A process that could not get memory hardly gets it later: the server replaces it, and another one tries this job.
  if (!outcome.ok && outcome.error.code === 'OUT_OF_MEMORY') return send({ kind: 'failed', error: outcome.error })
  send({ kind: 'done', id, outcome, workSeconds: (performance.now() - since - own.pausedMs) / 1000, residentBytes: process.memoryUsage.rss() })
}

async function recognize(id: number, job: WorkerJob, pause: () => Promise<void>): Promise<Outcome> {
  const budget = cpuBudget(loaded?.settings.cpuPerAudioSecond ?? 0)
  const deadlineAt = performance.now() + job.remainingSeconds * 1000
  const interrupt = (): void => {
    if (underWay.get(id)!.isCancelled) throw new SpeechError('CANCELLED')
    if (performance.now() > deadlineAt) throw new SpeechError('DEADLINE_PASSED')
    budget.check()
  }
  const pauseAside = async (): Promise<void> => {
    await budget.aside(pause)
    interrupt() // the deadline may have passed meanwhile
  }
  try {
    const recognizer = loaded?.recognizers.get(job.model)
    if (loaded === undefined || recognizer === undefined) throw new SpeechError('MODEL_NOT_FOUND', job.model)
    interrupt()
    const { audio, model, ...request } = job
    const cascade = model === loaded.settings.models[0] ? loaded.cascade : undefined
    const report = await transcribe(audio, recognizer, {
      ...loaded.settings, ...request, cascade, interrupt, pause: pauseAside,
      searchFor: loaded.phraseLists.beamRequestOf(request), detectors: loaded.detectors, onDecoded: budget.setLength,
    })
    return { ok: true, report }
  } catch (thrown) {
    return { ok: false, error: wireOf(thrown, 'RECOGNIZER_FAILED') }
  }
}

/** Memory that ran out is no fault of what asked for it, whatever that made of it. */
function wireOf(thrown: unknown, otherwise: ErrorCode): WireError {
  return toWire(isOutOfMemory(thrown) ? new SpeechError('OUT_OF_MEMORY', undefined, { cause: thrown }) : thrown, otherwise)
}

async function stop(): Promise<void> {
  for (const recognizer of loaded?.recognizers.values() ?? []) await recognizer.dispose()
  await loaded?.detectors.first.dispose()
  await loaded?.detectors.second?.dispose()
  process.exit(0)
}

function send(message: FromWorker): void {
  process.send!(message)
}
