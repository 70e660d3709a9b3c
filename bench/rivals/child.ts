/**
 * The process of one contender. It opens one adapter, then answers waveforms one after the other; the clock runs
 * here, so that crossing between processes is nobody's time. Results of a library that prints go nowhere.
 */
import { NotHere, type Open, type Opened, type Setup } from './adapter.js'

export type Order =
  | { readonly kind: 'open'; readonly setup: Setup }
  | { readonly kind: 'recognize'; readonly samples: Float32Array }

export type Answer =
  | { readonly kind: 'ready'; readonly says: string; readonly loadMs: number }
  | { readonly kind: 'not here' | 'failed'; readonly why: string }
  | HeardText

export interface HeardText {
  readonly kind: 'heard'
  readonly text: string
  readonly wallMs: number
  /** Of all threads of the process. */
  readonly cpuMs: number
  /** Highest resident memory so far. */
  readonly peakBytes: number
}

let opened: Opened | undefined

process.on('message', (order: Order) => {
  const answer = order.kind === 'open' ? openAdapter(order.setup) : recognize(order.samples)
  void answer.catch(asFailure).then((message: Answer) => process.send!(message))
})
process.once('disconnect', () => process.exit())

async function openAdapter(setup: Setup): Promise<Answer> {
  const since = performance.now()
  const { open } = await import(`./${setup.adapter}.js`) as { open: Open }
  opened = await open(setup)
  return { kind: 'ready', says: opened.says, loadMs: performance.now() - since }
}

async function recognize(samples: Float32Array): Promise<Answer> {
  const { prepare, recognize: toText } = opened!
  const prepared = prepare?.(samples) ?? new Uint8Array()
  const cpuBefore = process.cpuUsage()
  const since = performance.now()
  const text = await toText(samples, prepared)
  const wallMs = performance.now() - since
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    kind: 'heard', text, wallMs, cpuMs: (user + system) / 1000, peakBytes: process.resourceUsage().maxRSS * 1024,
  }
}

function asFailure(thrown: unknown): Answer {
  return {
    kind: thrown instanceof NotHere ? 'not here' : 'failed',
    why: thrown instanceof Error ? thrown.message : String(thrown),
  }
}
