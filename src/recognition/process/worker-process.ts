/**
 * Entry point of a recognition process: loads its models, tests each on a real clip, then runs jobs. The pool decides
 * how many run at the same time; a long one pauses at its yield points, and others run in between.
 *
 * A process and not a thread: ending a thread inside the ONNX runtime aborts the whole program, so a hung recognizer
 * could never be removed. A process can be killed while the server lives.
 * The event loop turns between two decoder steps, so a `cancel` is received during a decode.
 */
import { Console } from 'node:console'
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import { Writable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { checkCascade, type Cascade } from '../cascade.js'
import type { DetectorManifest } from '../../engine/manifest.js'
import type { SpeechDetectors } from '../segmentation/detector.js'
import { loadDetectors } from '../segmentation/load-detectors.js'
import type { CheckedModel } from '../checked-models.js'
import { loadModel } from '../load-recognizer.js'
import { SpeechError, toWire, type ErrorCode, type WireError } from '../../domain/errors.js'
import { isOutOfMemory } from '../../domain/out-of-memory.js'
import { transcribe } from '../pipeline.js'
import type { PhraseList } from '../../domain/phrases.js'
import type { Recognizer } from '../recognizer.js'
import { cpuBudget } from './cpu-budget.js'
import { ListAssembler, type ListPart } from '../../domain/list-parts.js'
import { CompiledListCache } from './phrase-lists.js'
import { ProcessTime } from './job-time.js'
import { TimeSlices, type SlicedJob } from './time-slices.js'
import type {
  CheckedModels, FromWorker, LoadedModel, Outcome, ToWorker, WorkerJob, WorkerSettings,
} from '../../domain/worker-protocol.js'
import { BackgroundWork } from './background-work.js'
import { warmUpDecoders } from './warm-up-decoders.js'

/** Below the server's own priority, so that health and metrics respond when all cores are busy with recognition. */
const NICENESS = os.constants.priority.PRIORITY_BELOW_NORMAL

interface Loaded {
  readonly settings: WorkerSettings
  readonly detectors: SpeechDetectors
  readonly recognizers: ReadonlyMap<string, Recognizer>
  readonly phraseLists: CompiledListCache
  /** Used with the default model. */
  readonly cascade: Cascade | undefined
}

let loaded: Loaded | undefined
interface JobState { isCancelled: boolean }

/** Jobs that have begun and are not done, and whether each was cancelled. */
const jobs = new Map<number, JobState>()
const processTime = new ProcessTime()
const background = new BackgroundWork((turn) => processTime.exclude(turn))
const slices = new TimeSlices(processTime, {
  onBegin: () => { background.beginSlice() },
  onEnd: (seconds) => { background.endSlice(seconds) },
  onPaused: (id) => { send({ kind: 'paused', id }) },
})
const assembler = new ListAssembler()
let listsDone: Promise<void> = Promise.resolve()

// Decoders report every broken frame on the console. This process only sends messages; Node itself reports a crash.
globalThis.console = new Console(new Writable({ write(_text, _encoding, done) { done() } }))

process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'start': void start(message.settings, message.checked); break
    case 'job': void runJob(message.id, message.job); break
    case 'resume': slices.resume(message.id); break
    case 'cancel': cancel(message.id); break
    case 'phrases': receiveList(message); break
    case 'forget': inOrder(() => loaded?.phraseLists.forget(message.id)); break
    case 'ping': send({ kind: 'pong' }); break
    case 'stop': void stop(); break
  }
})
// A server that died must not leave workers behind; an interrupt of the terminal is handled by the server.
process.on('disconnect', () => process.exit(0))
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)

async function start(settings: WorkerSettings, checked?: CheckedModels): Promise<void> {
  try {
    os.setPriority(NICENESS)
    const clip = await readFile(settings.warmUpClip)
    const detectors = await loadDetectors(settings, checked?.detector as DetectorManifest | undefined)
    const recognizers = new Map<string, Recognizer>()
    const models: LoadedModel[] = []
    for (const name of modelsToLoad(settings)) {
      const since = performance.now()
      const { recognizer, notes } = await loadModel(name, settings, checked?.models[name] as CheckedModel | undefined)
      await warmUp(recognizer, clip, settings, detectors)
      recognizers.set(name, recognizer)
      models.push(describeModel(name, recognizer, notes, (performance.now() - since) / 1000))
    }
    collectGarbage()
    const phraseLists = new CompiledListCache([...recognizers.values()])
    loaded = { settings, detectors, recognizers, phraseLists, cascade: await openCascade(recognizers, settings) }
    send({ kind: 'ready', models })
    await prepareFurther(loaded)
  } catch (thrown) {
    send({ kind: 'failed', error: toWire(thrown, 'MODEL_INVALID') })
  }
}

/** What the first request does not need, whenever no job runs. */
async function prepareFurther({ recognizers, settings }: Loaded): Promise<void> {
  for (const { openWideEncoder } of recognizers.values()) {
    await background.whenIdle()
    await openWideEncoder?.()
  }
  await warmUpDecoders(settings, () => background.whenIdle())
}

function describeModel(
  name: string, recognizer: Recognizer, notes: readonly string[], loadSeconds: number,
): LoadedModel {
  const { languages, provider, engine, timesWords } = recognizer
  return { name, languages, provider, engine: { engine, notes }, timesWords, loadSeconds }
}

/** The runtime has its own copy of the models: some 30 MB here that V8 would keep until it needs memory. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  void (runInNewContext('gc') as () => void)()
}

function modelsToLoad({ models, cascadeModel }: WorkerSettings): string[] {
  return [...new Set(cascadeModel === undefined ? models : [...models, cascadeModel])]
}

async function openCascade(
  recognizers: ReadonlyMap<string, Recognizer>, { models: [first = ''], cascadeModel, cascadeBelow }: WorkerSettings,
): Promise<Cascade | undefined> {
  if (cascadeModel === undefined) return undefined
  const [primary, larger] = [recognizers.get(first), recognizers.get(cascadeModel)]
  if (primary === undefined || larger === undefined) throw new Error('a model of the cascade is not loaded')
  checkCascade(primary, { recognizer: larger, below: cascadeBelow })
  // Both score transcripts; before the first clip that is escalated.
  for (const recognizer of [primary, larger]) await recognizer.openBeamSearch?.()
  return { recognizer: larger, below: cascadeBelow }
}

/** A model that recognizes nothing in a plain sentence is not ready, even if it loaded. */
async function warmUp(
  recognizer: Recognizer, clip: Uint8Array, settings: WorkerSettings, detectors: SpeechDetectors,
): Promise<void> {
  const options = { ...settings, detectors, language: undefined, interrupt: () => undefined }
  const { text } = await transcribe(clip, recognizer, options)
  if (text !== '') return
  throw new SpeechError('MODEL_INVALID', `${recognizer.name} recognized nothing in the clip ${settings.warmUpClip}`)
}

function receiveList(part: ListPart): void {
  const list = assembler.add(part)
  if (list !== undefined) inOrder(() => takePhrases(list))
}

/** In the order of the messages: a list that is forgotten before it is compiled must not come back. */
function inOrder(work: () => Promise<void> | undefined | void): void {
  listsDone = listsDone.then(work)
}

async function takePhrases(list: PhraseList): Promise<void> {
  const since = performance.now()
  try {
    if (loaded === undefined) throw new Error('the models are not loaded yet')
    for (const recognizer of loaded.recognizers.values()) await recognizer.openBeamSearch?.()
    const unspellable = await background.finish(loaded.phraseLists.take(list))
    send({ kind: 'phrases_ready', id: list.id, seconds: (performance.now() - since) / 1000, unspellable })
  } catch (thrown) {
    const error = wireOf(thrown, 'INTERNAL')
    send(error.code === 'OUT_OF_MEMORY' ? { kind: 'failed', error } : { kind: 'phrases_failed', id: list.id, error })
  }
}

/** A job that is already done is not in the list. */
function cancel(id: number): void {
  const job = jobs.get(id)
  if (job !== undefined) job.isCancelled = true
}

async function runJob(id: number, job: WorkerJob): Promise<void> {
  const sliced = slices.begin(id)
  const state = { isCancelled: false }
  jobs.set(id, state)
  const outcome = await recognize(job, state, sliced)
  sliced.end()
  jobs.delete(id)
  // A process that could not allocate memory hardly can later: the server replaces it and retries its jobs elsewhere.
  if (!outcome.ok && outcome.error.code === 'OUT_OF_MEMORY') return send({ kind: 'failed', error: outcome.error })
  const { workSeconds, elapsedSeconds } = sliced.time
  send({ kind: 'done', id, outcome, workSeconds, elapsedSeconds, residentBytes: process.memoryUsage.rss() })
}

async function recognize(job: WorkerJob, state: JobState, { time, pause }: SlicedJob): Promise<Outcome> {
  const budget = cpuBudget(loaded?.settings.cpuPerAudioSecond ?? 0, () => time.processorSeconds)
  const deadlineAt = performance.now() + job.remainingSeconds * 1000
  const interrupt = (): void => {
    if (state.isCancelled) throw new SpeechError('CANCELLED')
    if (performance.now() > deadlineAt) throw new SpeechError('DEADLINE_PASSED')
    budget.check()
  }
  const pauseAndCheck = async (): Promise<void> => {
    await pause()
    interrupt() // the deadline may have passed in the meantime
  }
  try {
    const recognizer = loaded?.recognizers.get(job.model)
    if (loaded === undefined || recognizer === undefined) throw new SpeechError('MODEL_NOT_FOUND', job.model)
    interrupt()
    const { audio, model, ...request } = job
    const cascade = model === loaded.settings.models[0] ? loaded.cascade : undefined
    const report = await transcribe(audio, recognizer, {
      ...loaded.settings, ...request, cascade, interrupt, pause: pauseAndCheck,
      beamFor: loaded.phraseLists.beamRequestOf(request), detectors: loaded.detectors, onDecoded: budget.setLength,
    })
    return { ok: true, report }
  } catch (thrown) {
    return { ok: false, error: wireOf(thrown, 'RECOGNIZER_FAILED') }
  }
}

/** Recognizes a lack of memory whatever it was wrapped in, since it is no fault of the request or the model. */
function wireOf(thrown: unknown, otherwise: ErrorCode): WireError {
  if (!isOutOfMemory(thrown)) return toWire(thrown, otherwise)
  return toWire(new SpeechError('OUT_OF_MEMORY', undefined, { cause: thrown }))
}

async function stop(): Promise<void> {
  for (const recognizer of loaded?.recognizers.values() ?? []) await recognizer.dispose()
  await loaded?.detectors.first.dispose()
  await loaded?.detectors.second?.dispose()
  process.exit(0)
}

function send(message: FromWorker): void {
  process.send?.(message)
}
