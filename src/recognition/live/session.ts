/**
 * A stream of audio → events: speech started, partial results, speech stopped, final results. Independent of the
 * protocol and of the processes that do the work.
 *
 * Decisions depend on positions in the stream alone, never on the pieces in which it arrives or on the time of day: the
 * windows of the detector are handled one after the other, and where a decision needs the words of a pause, the windows
 * after it wait. Partial results are an exception. They come when there is time, and decide nothing.
 *
 * While the speaker pauses, the utterance is recognized as if it were over, so the result is there when the pause is
 * long enough. Models that do not stream decode the utterance again from its start.
 */
import { SpeechError } from '../../domain/errors.js'
import type { EndpointReason } from '../../domain/live.js'
import { DETECTION_WINDOW_SECONDS, type DetectorState } from '../../domain/stream-detection.js'
import { pauseLimits, pauseNeeded, type PauseLimits } from './endpointing.js'
import { Marks, type Mark } from './marks.js'
import type { LiveEvent, LiveOptions, LivePorts } from './ports.js'
import { changedWords } from './stable-prefix.js'
import { StreamBuffer } from './stream-buffer.js'
import { Utterance } from './utterance.js'
import { DetectionWindows } from './windows.js'

/** Audio before the first speech that belongs to the utterance, measured in docs/benchmarks/live.md#constants. */
const LEAD_SECONDS = 0.3
/** Shorter sounds are no speech. */
const ONSET_WINDOWS = 2
/** A pause of this length is recognized as if it were the end. */
const PREPARE_AFTER_SECONDS = 0.2
/** Windows of one request to the detector: a second. */
const MOST_WINDOWS = 31
/** Of audio without speech, where the service finds the ends of utterances. */
const HELD_SECONDS = 10

export class LiveSession {
  #options: LiveOptions
  readonly #ports: LivePorts
  readonly #emit: (event: LiveEvent) => void
  readonly #onFault: (fault: Error) => void
  /** What a stream may hold that no utterance has: a commit recognizes it although no speech was detected. */
  #heldSeconds!: number
  readonly #buffer: StreamBuffer
  readonly #windows: DetectionWindows
  #limits!: PauseLimits | null
  readonly #marks = new Marks()
  #state: DetectorState | undefined
  #utterance: Utterance | undefined
  #utterances = 0
  /** Windows with speech since the last one without, while there is no utterance. */
  #onset = 0
  /** Audio before is recognized, or was dropped. */
  #doneSeconds = 0
  #isRunning = false
  #isEnded = false

  /** `onFault`: the session cannot go on, for example since no worker can detect speech. */
  constructor(
    options: LiveOptions, ports: LivePorts, emit: (event: LiveEvent) => void, onFault: (fault: Error) => void,
  ) {
    this.#options = options
    this.#ports = ports
    this.#emit = (event) => { if (!this.#isEnded) emit(event) }
    this.#onFault = (fault) => { this.#marks.failAll(fault); onFault(fault) }
    this.#buffer = new StreamBuffer(options.format)
    this.#windows = new DetectionWindows(this.#buffer, options.format)
    this.reconfigure(options)
  }

  /** Audio that has arrived. */
  get receivedSeconds(): number { return this.#buffer.seconds }
  /** Audio that has arrived and that the detector has not seen: whoever pushes faster should wait. */
  get backlogSeconds(): number { return this.#buffer.seconds - this.#windows.seconds }
  get bytesHeld(): number { return this.#buffer.bytesHeld }
  get isSpeaking(): boolean { return this.#utterance !== undefined }
  /** Audio since the last final result. */
  get pendingSeconds(): number { return this.#buffer.seconds - this.#doneSeconds }

  /** For the present utterance too. The format stays. */
  reconfigure(options: LiveOptions): void {
    this.#options = { ...options, format: this.#options.format }
    this.#limits = pauseLimits(options.endpointing, options.pauseSeconds)
    this.#heldSeconds = this.#limits === null ? options.maxUtteranceSeconds : HELD_SECONDS
  }

  push(piece: Uint8Array): void {
    if (this.#isEnded) return
    this.#buffer.append(piece)
    this.#run()
  }

  /** The utterance is over here, whoever still speaks. Resolves when it is recognized. */
  commit(): Promise<void> {
    return this.#mark('committed')
  }

  /** No audio follows. Resolves after the last event. */
  finish(): Promise<void> {
    return this.#mark('end_of_stream')
  }

  /** Drops all audio that has arrived and is not recognized. */
  clear(): void {
    this.#utterance?.cancel()
    this.#utterance = undefined
    this.#onset = 0
    this.#doneSeconds = this.#buffer.seconds
  }

  /** Ends at once: no event follows. */
  cancel(): void {
    this.#isEnded = true
    this.#utterance?.cancel()
    this.#marks.failAll(new SpeechError('CANCELLED'))
  }

  #mark(reason: Mark['reason']): Promise<void> {
    const answered = this.#marks.add(this.#buffer.samples, reason)
    this.#run()
    return answered
  }

  #run(): void {
    if (this.#isRunning || this.#isEnded) return
    this.#isRunning = true
    this.#advance().catch(this.#onFault)
  }

  /** Handles what has arrived. What arrives later begins it again, so nothing may wait between its end and the flag. */
  async #advance(): Promise<void> {
    for (;;) {
      const mark = this.#marks.next
      const end = mark?.sample ?? this.#buffer.samples
      const windows = mark === undefined ? this.#windows.available(end) : this.#windows.begun(end)
      if (windows > 0) {
        await this.#detect(Math.min(windows, MOST_WINDOWS), end)
      } else if (mark !== undefined) {
        await this.#end(mark.reason, mark.sample / this.#buffer.sampleRate)
        this.#marks.answer(mark)
      } else {
        this.#isRunning = false
        return
      }
      if (this.#isEnded) return
    }
  }

  async #detect(windows: number, endSample: number): Promise<void> {
    const first = this.#windows.seconds
    const detected = await this.#ports.detect(this.#windows.take(windows, this.#state, endSample))
    this.#state = detected.state
    for (const [index, isSpeech] of detected.isSpeech.entries()) {
      if (this.#isEnded) return
      await this.#window(first + index * DETECTION_WINDOW_SECONDS, isSpeech)
      this.#ports.handled?.(first + (index + 1) * DETECTION_WINDOW_SECONDS)
    }
    this.#release()
  }

  async #window(startSeconds: number, isSpeech: boolean): Promise<void> {
    const endSeconds = startSeconds + DETECTION_WINDOW_SECONDS
    if (endSeconds <= this.#doneSeconds) return // dropped by `clear`
    const utterance = this.#utterance
    if (utterance === undefined) return this.#listen(startSeconds, isSpeech)
    if (isSpeech) utterance.speechGoesOn(endSeconds)
    if (this.#options.partials && isSpeech && utterance.isPartialDue(endSeconds)) {
      const soFar = this.#buffer.stretch(utterance.startSeconds, endSeconds)
      utterance.showPartial(soFar, endSeconds).catch(this.#onFault)
    }
    if (endSeconds - utterance.startSeconds >= this.#options.maxUtteranceSeconds) {
      return this.#end('max_length', endSeconds)
    }
    if (!isSpeech && this.#limits !== null) await this.#pause(utterance, this.#limits, endSeconds)
  }

  #listen(startSeconds: number, isSpeech: boolean): void {
    this.#onset = isSpeech ? this.#onset + 1 : 0
    if (this.#onset < ONSET_WINDOWS) return
    const speechStart = startSeconds - (ONSET_WINDOWS - 1) * DETECTION_WINDOW_SECONDS
    const speech = { startSeconds: speechStart, endSeconds: startSeconds + DETECTION_WINDOW_SECONDS }
    this.#onset = 0
    // Where the client says what an utterance is, nothing before the speech is left out.
    const lead = this.#limits === null ? this.#heldSeconds : LEAD_SECONDS
    const start = Math.max(this.#doneSeconds, speechStart - lead)
    this.#utterance = new Utterance(this.#utterances++, start, speech, this.#ports, this.#emit)
    this.#emit({ kind: 'speech_started', utterance: this.#utterance.id, atSeconds: speechStart })
  }

  /** The speaker has been silent until now. */
  async #pause(utterance: Utterance, limits: PauseLimits, nowSeconds: number): Promise<void> {
    const pause = nowSeconds - utterance.speechEndSeconds + 1e-9
    if (pause < PREPARE_AFTER_SECONDS) return
    const prepared = utterance.prepared
      ?? utterance.prepare(this.#buffer.stretch(utterance.startSeconds, nowSeconds), nowSeconds)
    if (pause < limits.shortest) return
    const report = await prepared.report.catch(() => null)
    if (this.#utterance !== utterance) return // dropped by `clear`
    const needed = report === null ? limits.usual : pauseNeeded(limits, {
      text: report.rawText, confidence: report.confidence,
      completeness: this.#ports.completenessOf?.(report.rawText) ?? 'unknown',
      speechSeconds: utterance.speechEndSeconds - utterance.speechStartSeconds,
    })
    if (pause >= needed) await this.#end(needed < limits.usual ? 'complete' : 'pause', nowSeconds)
  }

  /** The utterance is over; without one, what has arrived is recognized if the client asks for it. */
  async #end(reason: EndpointReason, atSeconds: number): Promise<void> {
    const utterance = this.#utterance ?? this.#undetected(reason, atSeconds)
    this.#utterance = undefined
    this.#onset = 0
    this.#doneSeconds = Math.max(this.#doneSeconds, atSeconds)
    if (utterance === undefined) return
    utterance.close()
    const since = performance.now()
    const isByPause = reason === 'pause' || reason === 'complete'
    if (utterance.speechEndSeconds > utterance.speechStartSeconds) {
      this.#emit({ kind: 'speech_stopped', utterance: utterance.id, atSeconds })
    }
    const prepared = isByPause && utterance.prepared !== undefined
      ? utterance.prepared : utterance.prepare(this.#buffer.stretch(utterance.startSeconds, atSeconds), atSeconds)
    try {
      const report = await prepared.report
      this.#emit({
        kind: 'final', utterance: utterance.id, reason, report,
        startSeconds: prepared.startSeconds, endSeconds: prepared.endSeconds,
        pauseSeconds: isByPause ? atSeconds - utterance.speechEndSeconds : 0,
        waitSeconds: (performance.now() - since) / 1000,
        changedWords: changedWords(utterance.stable, report.text),
      })
    } catch (thrown) {
      if (!(thrown instanceof SpeechError)) throw thrown
      this.#emit({ kind: 'failed', utterance: utterance.id, error: thrown })
    }
  }

  /** Audio in which the detector of streams found no speech: that of files may, and says why there is no text. */
  #undetected(reason: EndpointReason, atSeconds: number): Utterance | undefined {
    const start = Math.max(this.#doneSeconds, atSeconds - this.#heldSeconds)
    const isWanted = reason === 'committed' || this.#utterances === 0
    if (!isWanted || atSeconds <= start) return undefined
    const nothing = { startSeconds: start, endSeconds: start }
    return new Utterance(this.#utterances++, start, nothing, this.#ports, this.#emit)
  }

  /** Lets go of audio that no utterance can need. */
  #release(): void {
    const held = Math.max(this.#doneSeconds, this.#windows.seconds - this.#heldSeconds)
    const needed = this.#utterance?.startSeconds ?? held
    this.#buffer.release(Math.floor((needed - LEAD_SECONDS) * this.#buffer.sampleRate))
  }
}
