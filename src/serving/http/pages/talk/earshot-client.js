/** A microphone or a file over Earshot's Realtime protocol: docs/live-page.md. The AudioWorklet needs no `blob:`. */

const BLOCK_SECONDS = 0.04
/** The highest rate, and that of files. */
const [MOST_HZ, FILE_HZ] = [48_000, 16_000]
const [CONNECT_MS, POLL_MS] = [10_000, 20]
/** Bytes unsent: a file waits, a microphone is given up. */
const [FILE_UNSENT, MOST_UNSENT] = [256 * 1024, 4 * 1024 * 1024]
const scope = /** @type {any} */ (globalThis)

if ('AudioWorkletProcessor' in scope) {
  scope.registerProcessor('earshot', class extends scope.AudioWorkletProcessor {
    constructor() {
      super()
      this.block = new Float32Array(BLOCK_SECONDS * scope.sampleRate)
      this.filled = 0
      this.isOver = false
      this.port.onmessage = () => { this.tell(true) }
    }

    tell(isLast = false) {
      this.isOver = isLast
      this.port.postMessage({ samples: this.block.slice(0, this.filled), isLast })
      this.filled = 0
    }

    /** @param {Float32Array[][]} inputs */
    process([channels]) {
      for (const sample of this.isOver ? [] : channels?.[0] ?? []) {
        this.block[this.filled++] = sample
        if (this.filled === this.block.length) this.tell()
      }
      return !this.isOver
    }
  })
}

const seconds = () => performance.now() / 1000
/** @param {string} code @param {string} message */
const fault = (code, message) => Object.assign(new Error(message), { code })

export class EarshotSession {
  #options
  /** @type {[string, (detail: any) => void][]} */
  #heard = []
  /** @type {WebSocket | undefined} */
  #socket
  /** For the connection. @type {string[]} */
  #queue = []
  /** Microphone off. @type {() => Promise<void>} */
  #release = async () => {}
  /** @type {Promise<void> | undefined} */
  #stopped
  #stoppedAt = 0
  #isOver = false
  /** The last result is there. @type {(_?: any) => void} */
  #done = () => {}
  #rate = 0
  #samples = 0
  /** Of the last sample; 0 for a file. */
  #recordedAt = 0
  /** Ends of utterances. @type {Map<string, number>} */
  #spoken = new Map()

  /** @param {import('./earshot-client.d.ts').EarshotOptions} options */
  constructor(options) {
    this.#options = options
  }

  /** @param {string} type @param {(detail: any) => void} listener */
  on(type, listener) {
    this.#heard.push([type, listener])
    return this
  }

  async listen() {
    try {
      let context = new AudioContext()
      if (context.sampleRate > MOST_HZ) context = new AudioContext({ sampleRate: MOST_HZ })
      let stream = new MediaStream()
      this.#release = async () => {
        for (const track of stream.getTracks()) track.stop()
        if (context.state !== 'closed') await context.close()
      }
      await context.audioWorklet.addModule(import.meta.url) // first, so no word is lost
      const audio = { channelCount: 1, autoGainControl: false, noiseSuppression: false }
      stream = await navigator.mediaDevices.getUserMedia({ audio })
      if (this.#isOver) return await this.#release()
      this.#open(context.sampleRate)
      stream.getTracks()[0]?.addEventListener('ended', () => { void this.stop() })
      const node = new AudioWorkletNode(context, 'earshot', { numberOfOutputs: 0, channelCount: 1 })
      const release = this.#release
      const last = new Promise((resolve) => {
        node.port.onmessage = ({ data: { samples, isLast } }) => {
          this.#push(samples, seconds())
          if (isLast) resolve(null)
        }
      })
      this.#release = () => { node.port.postMessage(''); return last.then(release) }
      context.createMediaStreamSource(stream).connect(node)
      await context.resume()
    } catch (reason) {
      this.#end(4000)
      throw fault('MICROPHONE_REFUSED', `${reason}`)
    }
  }

  /** @param {BodyInit} file */
  async send(file) {
    const bytes = await new Response(file).arrayBuffer()
    const audio = await new OfflineAudioContext(1, 1, FILE_HZ).decodeAudioData(bytes).catch(() => {
      this.#end(4000)
      throw fault('FILE_UNREADABLE', 'the browser cannot decode it')
    })
    if (this.#isOver) return
    const socket = this.#open(FILE_HZ)
    const { length, numberOfChannels: channels } = audio
    const mono = new Float32Array(length)
    for (let channel = 0; channel < channels; channel++) {
      audio.getChannelData(channel).forEach((sample, at) => { mono[at] = (mono[at] ?? 0) + sample / channels })
    }
    const step = BLOCK_SECONDS * FILE_HZ
    for (let at = 0; at < length && !this.#isOver; at += step) {
      this.#push(mono.slice(at, at + step), 0)
      while (!this.#isOver && (this.#queue.length > 0 || socket.bufferedAmount > FILE_UNSENT)) {
        await new Promise((resolve) => { setTimeout(resolve, POLL_MS) })
      }
    }
    await this.stop()
  }

  stop() { return this.#stopped ??= this.#finish() }

  close() { this.#end(1000) }

  async #finish() {
    await this.#release()
    this.#stoppedAt = seconds()
    if (!this.#isOver && this.#socket) {
      this.#send('input_audio_buffer.commit', { event_id: 'stop' })
      this.#send('input_audio_buffer.clear') // answered last
      await new Promise((resolve) => { this.#done = resolve })
    }
    this.#end(1000)
  }

  /** @param {number} code */
  #end(code, reason = '') {
    if (this.#isOver) return
    this.#isOver = true
    void this.#release()
    this.#socket?.close()
    this.#done()
    this.#emit('close', { code, reason })
  }

  /** @param {string} type @param {unknown} detail */
  #emit(type, detail) {
    for (const [one, listener] of this.#heard) if (one === type) listener(detail)
  }

  /** @param {number} rate */
  #open(rate) {
    const { url, key, model, language, phrases: keywords, ...earshot } = this.#options
    const address = String(new URL('v1/realtime?intent=transcription', url.replace(/\/?$/, '/')))
    const protocols = ['realtime', ...key ? [`openai-insecure-api-key.${key}`] : []]
    const socket = new WebSocket(address.replace(/^http/, 'ws'), protocols)
    this.#rate = rate
    this.#socket = socket
    const input = { format: { type: 'audio/pcm', rate }, transcription: { model, language, keywords } }
    const session = { type: 'transcription', audio: { input }, earshot: { ...earshot, details: true } }
    this.#send('session.update', { event_id: 'start', session })
    const timer = setTimeout(() => { socket.close() }, CONNECT_MS)
    socket.onopen = () => {
      clearTimeout(timer)
      for (const message of this.#queue.splice(0)) socket.send(message)
    }
    socket.onmessage = ({ data }) => { this.#receive(JSON.parse(data)) }
    socket.onclose = async ({ code, reason }) => {
      clearTimeout(timer)
      if (this.#queue.length > 0 && !this.#isOver) this.#emit('error', await refusalAt(address, key))
      this.#end(code, reason)
    }
    return socket
  }

  /** @param {string} type @param {object} [fields] */
  #send(type, fields) {
    const message = JSON.stringify({ type, ...fields })
    if (this.#socket?.readyState === 0) this.#queue.push(message)
    else this.#socket?.send(message)
  }

  /** @param {Float32Array} samples @param {number} recordedAt */
  #push(samples, recordedAt) {
    if (this.#isOver || samples.length === 0) return
    const [rate, atSeconds] = [this.#rate, this.#samples / this.#rate]
    this.#samples += samples.length
    this.#recordedAt = recordedAt
    const pcm = Int16Array.from(samples, (sample) => Math.max(-1, Math.min(1, sample)) * 32_767)
    this.#send('input_audio_buffer.append', { audio: btoa(String.fromCharCode(...new Uint8Array(pcm.buffer))) })
    const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length)
    this.#emit('level', { rms, samples, rate, atSeconds })
    if ((this.#socket?.bufferedAmount ?? 0) < MOST_UNSENT) return
    this.#emit('error', fault('CONNECTION_SLOW', 'too slow for audio'))
    this.#end(4000)
  }

  /** @param {any} event */
  #receive({ type, item_id: item, ...event }) {
    const word = type.split('.').at(-1)
    if (word === 'speech_started' || word === 'speech_stopped') {
      const atSeconds = (event.audio_end_ms ?? event.audio_start_ms) / 1000
      this.#spoken.set(item, atSeconds)
      this.#emit(word === 'speech_started' ? 'speechstart' : 'speechstop', { item, atSeconds })
    } else if (word === 'partial') {
      this.#emit('partial', { item, stable: event.stable, unstable: event.unstable, found: event.found ?? null })
    } else if (word === 'completed') this.#final(item, event)
    else if (word === 'cleared') this.#done()
    else if (event.error && event.error.event_id !== 'stop') { // nothing was left to commit
      this.#emit('error', fault(event.error.code, event.error.message))
      if (event.error.event_id === 'start') this.#end(4000)
    }
  }

  /** @param {string} item @param {any} event */
  #final(item, { transcript: text, earshot }) {
    const { found = null, report, reason, pause_seconds: pauseSeconds } = earshot
    const overAt = this.#spoken.get(item)
    if (overAt === undefined && text === '' && this.#spoken.size > 0) return // silence before the stop
    const now = seconds()
    const sinceWords = now - this.#recordedAt + this.#samples / this.#rate - (overAt ?? 0) + pauseSeconds
    const waited = reason === 'committed' ? now - this.#stoppedAt : pauseSeconds > 0 ? sinceWords : NaN
    const latencySeconds = this.#recordedAt > 0 && waited > 0 ? waited : null
    this.#emit('final', {
      item, text, found, report, reason, pauseSeconds, latencySeconds,
      startSeconds: earshot.audio_start_ms / 1000, endSeconds: earshot.audio_end_ms / 1000,
    })
  }
}

/** Why a WebSocket is refused, only a request tells. @param {string} address */
async function refusalAt(address, key = '') {
  const init = key ? { headers: { authorization: `Bearer ${key}` } } : {}
  const body = await fetch(address, init).then((answer) => answer.json()).catch(() => null)
  return fault(body?.error?.code ?? 'CONNECTION_FAILED', body?.error?.message ?? 'no answer')
}
