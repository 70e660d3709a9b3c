/**
 * Inputs in blocks to a service that runs already, a few at a time. After each block the state is complete: what was
 * counted, where it goes on, what the processes hold. A lost block is sent again, and nothing is counted twice.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, keepAliveAgent, type Exchange } from '../exchange.js'
import { metricValue } from '../metrics-page.js'
import { processTree, residentBytes, TICKS_PER_SECOND } from '../processes.js'
import type { Server } from '../server.js'
import { inputAt, type Input } from './inputs.js'
import { judge } from './verdict.js'

export interface Told {
  readonly number: number
  readonly kind: string
  readonly says: string
}
export interface Slow extends Told {
  readonly milliseconds: number
  readonly outcome: string
}
interface Fault extends Told {
  readonly fault: string
}
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
  return {
    seed,
    from,
    next: from,
    seconds: 0,
    cpuSeconds: 0,
    outcomes: {},
    kinds: {},
    busy: 0,
    slowest: [],
    faults: [],
    memory: [],
  }
}

/** Sends inputs up to `end`, or until `signal`. */
export async function runCampaign(
  state: State,
  end: number,
  { server, clients, onBlock }: CampaignOptions,
  signal?: AbortSignal,
): Promise<void> {
  const agent = keepAliveAgent()
  while (state.next < end && signal?.aborted !== true) {
    const since = performance.now()
    const numbers = Array.from({ length: Math.min(BLOCK, end - state.next) }, (_, index) => state.next + index)
    const [before, cpuBefore] = [await restarts(server), cpuSecondsOf(server)]
    const answers = await sendAll(numbers, state.seed, server.url, clients, agent)
    count(state, answers)
    // The time of a worker that ended goes with it, so that the difference may be negative.
    state.cpuSeconds += Math.max(0, cpuSecondsOf(server) - cpuBefore)
    if ((await restarts(server)) > before) state.faults.push(...(await findKillers(numbers, state.seed, server, agent)))
    state.memory.push(memoryOf(server, numbers.at(-1)!))
    state.next = numbers.at(-1)! + 1
    state.seconds += (performance.now() - since) / 1000
    onBlock(state)
  }
  agent.destroy()
}

interface Answered {
  readonly input: Input
  readonly exchange: Exchange
  readonly busy: number
}

async function sendAll(
  numbers: readonly number[],
  seed: number,
  url: string,
  clients: number,
  agent: ReturnType<typeof keepAliveAgent>,
): Promise<Answered[]> {
  const waiting = [...numbers]
  const answers: Answered[] = []
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let number = waiting.shift(); number !== undefined; number = waiting.shift())
        answers.push(await send(inputAt(seed, number), url, agent))
    }),
  )
  return answers
}

/** Once more when the service was busy, after as long as it says. */
export async function send(input: Input, url: string, agent: ReturnType<typeof keepAliveAgent>): Promise<Answered> {
  const { method, path, headers, body } = input
  for (let busy = 0; ; busy++) {
    const sent =
      method === 'GET' || method === 'DELETE'
        ? {}
        : { body, contentType: headers['content-type'] ?? 'application/octet-stream' }
    const exchange = await ask(url + path, { method, headers, ...sent, agent, timeoutMs: TIMEOUT_MS })
    if (!judge(exchange).again || busy === MOST_TRIES) return { input, exchange, busy }
    await sleep(Math.min(2, Number(exchange.retryAfter ?? 1)) * 1000)
  }
}

function count(state: State, answers: readonly Answered[]): void {
  for (const {
    input: { number, kind, says },
    exchange,
    busy,
  } of answers) {
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
async function findKillers(
  numbers: readonly number[],
  seed: number,
  server: Server,
  agent: ReturnType<typeof keepAliveAgent>,
): Promise<Fault[]> {
  const found: Fault[] = []
  for (const number of numbers) {
    const before = await restarts(server)
    const {
      input: { kind, says },
    } = await send(inputAt(seed, number), server.url, agent)
    if ((await restarts(server)) > before) found.push({ number, kind, says, fault: 'ends a worker' })
  }
  const [first, last] = [numbers[0]!, numbers.at(-1)!]
  return found.length > 0
    ? found
    : [
        {
          number: first,
          kind: 'block',
          says: `inputs ${first} to ${last}`,
          fault: 'a worker was replaced, and none of the inputs alone does it again',
        },
      ]
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

export function cpuSecondsOf({ processId }: Server): number {
  return processTree(processId).reduce((sum, process) => sum + process.cpuTicks, 0) / TICKS_PER_SECOND
}
