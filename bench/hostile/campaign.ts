/**
 * Inputs in blocks to a running service, a few at a time. After each block the state is complete: the counts, the next
 * number, the memory of the processes. A lost block is sent again, and nothing is counted twice.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, keepAliveAgent, type Exchange } from '../../fixtures/kit/exchange.js'
import { inputAt, type Input } from '../../fixtures/kit/hostile/inputs.js'
import { metricValue } from '../../fixtures/kit/metrics-page.js'
import type { Server } from '../../fixtures/kit/server.js'
import { cpuSecondsOf, processTree, residentBytes } from '../harness/processes.js'
import { judge } from './verdict.js'

type Agent = ReturnType<typeof keepAliveAgent>

export interface Told { readonly number: number; readonly kind: string; readonly says: string }
export interface Slow extends Told { readonly milliseconds: number; readonly outcome: string }
interface Fault extends Told { readonly fault: string }
export interface MemorySample {
  readonly number: number
  readonly serverBytes: number
  readonly workersBytes: number
}

export interface State {
  readonly seed: number
  readonly from: number
  /** The first that was not sent. */
  next: number
  seconds: number
  /** Of all processes of the service. */
  cpuSeconds: number
  readonly outcomes: Record<string, number>
  /** Inputs by what they are about, and how many of them were answered with 200. */
  readonly kinds: Record<string, { sent: number; taken: number; milliseconds: number }>
  /** Sent again because the service was busy. */
  busy: number
  slowest: readonly Slow[]
  readonly faults: Fault[]
  /** Of the service that runs now. */
  memory: MemorySample[]
}

interface CampaignOptions {
  readonly server: Server
  readonly clients: number
  readonly onBlock: (state: State) => void
}

export const BLOCK = 200
const MOST_SLOW = 10
const MOST_TRIES = 20
const TIMEOUT_MS = 60_000

export function emptyState(seed: number, from: number): State {
  const counts = { seconds: 0, cpuSeconds: 0, outcomes: {}, kinds: {}, busy: 0 }
  return { seed, from, next: from, ...counts, slowest: [], faults: [], memory: [] }
}

/** Sends inputs up to `end`, or until `signal`. */
export async function runCampaign(
  state: State, end: number, { server, clients, onBlock }: CampaignOptions, signal?: AbortSignal,
): Promise<void> {
  const agent = keepAliveAgent()
  while (state.next < end && signal?.aborted !== true) {
    const since = performance.now()
    const block = Array.from({ length: Math.min(BLOCK, end - state.next) }, (_, index) => state.next + index)
    const [before, cpuBefore] = [await restarts(server), cpuOf(server)]
    count(state, await sendAll(block, state.seed, server.url, clients, agent))
    // The time of a worker that ended goes with it, so that the difference may be negative.
    state.cpuSeconds += Math.max(0, cpuOf(server) - cpuBefore)
    if (await restarts(server) > before) state.faults.push(...await findKillers(block, state.seed, server, agent))
    state.next += block.length
    state.memory.push(memoryOf(server, state.next - 1))
    state.seconds += (performance.now() - since) / 1000
    onBlock(state)
  }
  agent.destroy()
}

interface Answered { readonly input: Input; readonly exchange: Exchange; readonly busy: number }

async function sendAll(
  block: readonly number[], seed: number, url: string, clients: number, agent: Agent,
): Promise<Answered[]> {
  const waiting = [...block]
  const answers: Answered[] = []
  await Promise.all(Array.from({ length: clients }, async () => {
    for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
      answers.push(await send(inputAt(seed, number), url, agent))
    }
  }))
  return answers
}

/** Sent again when the service was busy, after as long as it says. */
export async function send(input: Input, url: string, agent: Agent): Promise<Answered> {
  const { method, path, headers, body } = input
  const isWithoutBody = method === 'GET' || method === 'DELETE'
  const sent = isWithoutBody ? {} : { body, contentType: headers['content-type'] ?? 'application/octet-stream' }
  for (let busy = 0; ; busy++) {
    const exchange = await ask(url + path, { method, headers, ...sent, agent, timeoutMs: TIMEOUT_MS })
    if (!judge(exchange).again || busy === MOST_TRIES) return { input, exchange, busy }
    await sleep(Math.min(2, Number(exchange.retryAfter ?? 1)) * 1000)
  }
}

function count(state: State, answers: readonly Answered[]): void {
  for (const { input: { number, kind, says }, exchange, busy } of answers) {
    const { outcome, fault } = judge(exchange)
    state.outcomes[outcome] = (state.outcomes[outcome] ?? 0) + 1
    const own = (state.kinds[kind] ??= { sent: 0, taken: 0, milliseconds: 0 })
    own.sent++
    own.milliseconds += exchange.latencyMs
    if (exchange.status > 0 && exchange.status < 300) own.taken++
    state.busy += busy
    if (fault !== undefined) state.faults.push({ number, kind, says, fault })
    state.slowest = [...state.slowest, { number, kind, says, outcome, milliseconds: Math.round(exchange.latencyMs) }]
      .sort((a, b) => b.milliseconds - a.milliseconds)
      .slice(0, MOST_SLOW)
  }
}

/** A worker died within a block, and another one may have answered its request: each input alone shows which it was. */
async function findKillers(block: readonly number[], seed: number, server: Server, agent: Agent): Promise<Fault[]> {
  const found: Fault[] = []
  for (const number of block) {
    const before = await restarts(server)
    const { input: { kind, says } } = await send(inputAt(seed, number), server.url, agent)
    if (await restarts(server) > before) found.push({ number, kind, says, fault: 'ends a worker' })
  }
  const says = `inputs ${block[0]} to ${block.at(-1)}`
  const fault = 'a worker was replaced, and none of the inputs alone does it again'
  return found.length > 0 ? found : block.slice(0, 1).map((number) => ({ number, kind: 'block', says, fault }))
}

async function restarts({ url }: Server): Promise<number> {
  const agent = keepAliveAgent()
  const { body } = await ask(`${url}/metrics`, { agent, timeoutMs: TIMEOUT_MS })
  agent.destroy()
  return metricValue(body, 'asr_worker_restarts_total')
}

function memoryOf({ processId }: Server, number: number): MemorySample {
  const processes = processTree(processId)
  const workers = processes.filter(({ isWorker }) => isWorker)
  return { number, serverBytes: residentBytes(processes.slice(0, 1)), workersBytes: residentBytes(workers) }
}

export function cpuOf({ processId }: Server): number {
  const { server, worker } = cpuSecondsOf(processId)
  return server + worker
}
