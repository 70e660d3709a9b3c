/**
 * A structure-aware fuzzer over HTTP: files of every format that is read, and every other input, broken in ways that
 * know their structure, sent to the real service on its real model. Input N of a seed is always the same, so a fault
 * can be sent again, and a run continues where it ended.
 *
 * Targets: no worker ends, no answer is a server error but one about load that was tried again, every error has a code
 * of the table, no input takes more than 2 s, and the memory of server and workers settles.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { keepAliveAgent } from '../fixtures/kit/exchange.js'
import { inputAt } from '../fixtures/kit/hostile/inputs.js'
import { FEEDBACK_SECRET } from '../fixtures/kit/hostile/requests.js'
import { startServer, type Server } from '../fixtures/kit/server.js'
import { median } from '../fixtures/kit/statistics.js'
import { HOSTILE } from './declarations/service.js'
import { defineBench, RESULTS, type RunBench } from './harness/bench.js'
import { parseOptions } from './harness/options.js'
import { startProgress } from './harness/progress.js'
import { fixed, megabytes, printTable } from './harness/table.js'
import { cpuOf, emptyState, runCampaign, send, type MemorySample, type Slow, type State } from './hostile/campaign.js'

const MOST_SECONDS = 2
/** From the second to the last quarter of a run. */
const MOST_GROWTH = 1.2
const TRIES_ALONE = 3
/**
 * Tokens that were made here are accepted. There are no other clients, so a queue means that the machine is busy. A
 * header that says 1 kHz makes minutes of a short clip, which may take long: more than 20 s is refused, so that
 * everything else has to be quick.
 */
export const SERVICE_SETTINGS = {
  EARSHOT_FEEDBACK_SECRET: FEEDBACK_SECRET, EARSHOT_QUEUE_WAIT_SECONDS: '60', EARSHOT_MAX_AUDIO_SECONDS: '20',
  EARSHOT_LOG_LEVEL: 'warn',
}

export const run: RunBench = async (args) => {
  const { save, seed } = parseOptions(args, HOSTILE.options)
  if (save === undefined) return campaign(args)
  saveInput(seed, save)
  return true
}

const campaign = defineBench(HOSTILE, async ({ model, seed, workers, clients, ...given }) => {
  const file = path.join(RESULTS, `hostile-${seed}.json`)
  const state = given.resume && existsSync(file)
    ? { ...(JSON.parse(readFileSync(file, 'utf8')) as State), memory: [] }
    : emptyState(seed, given.from)
  const end = state.from + given.count
  const server = await startServer({ model, workers, settings: SERVICE_SETTINGS })
  const progress = startProgress('hostile', Math.max(1, Math.ceil((end - state.next) / 200)))
  mkdirSync(RESULTS, { recursive: true })
  const onBlock = (now: State): void => {
    writeFileSync(file, JSON.stringify(now))
    progress.step()
  }
  await runCampaign(state, end, { server, clients, onBlock })
  const alone = await sendAlone(state, server)
  const ended = await server.stop()
  for (const { number } of state.faults.slice(0, 20)) saveInput(seed, number)
  print(state, alone)
  const missed = [...missedOf(state, alone), ...(ended === 0 ? [] : [`the service left with ${ended}`])]
  return { missed, judged: { inputs: state.next - state.from }, results: { state, alone } }
})

/** Body and description, to look at or to send by hand. */
function saveInput(seed: number, number: number): void {
  const { body, ...described } = inputAt(seed, number)
  const file = path.join(RESULTS, `hostile-${seed}-${number}`)
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(`${file}.bin`, body)
  writeFileSync(`${file}.json`, `${JSON.stringify(described, null, 2)}\n`)
  const where = `${body.length} bytes in ${path.relative(process.cwd(), file)}.bin`
  console.log(`input ${number}: ${described.method} ${described.path}, ${described.says}; ${where}`)
}

export interface Alone {
  readonly number: number
  readonly milliseconds: number
  readonly cpuSeconds: number
}

/** The slowest again, one at a time: the quickest of three tries, and the CPU time of all processes in it. */
async function sendAlone(state: State, server: Server): Promise<Alone[]> {
  const agent = keepAliveAgent()
  const alone: Alone[] = []
  for (const { number } of state.slowest) {
    let best: Alone = { number, milliseconds: Infinity, cpuSeconds: NaN }
    for (let round = 0; round < TRIES_ALONE; round++) {
      const before = cpuOf(server)
      const { exchange: { latencyMs } } = await send(inputAt(state.seed, number), server.url, agent)
      if (latencyMs < best.milliseconds) best = { number, milliseconds: latencyMs, cpuSeconds: cpuOf(server) - before }
    }
    alone.push(best)
  }
  agent.destroy()
  return alone
}

function print(state: State, alone: readonly Alone[]): void {
  const sent = state.next - state.from
  console.log(`${sent} inputs of seed ${state.seed} from number ${state.from} on, in ${fixed(state.seconds, 0)} s ` +
    `(${fixed(sent / state.seconds, 0)} a second)`)
  console.log(`${fixed((1000 * state.cpuSeconds) / sent, 0)} ms of CPU time of the service each, ` +
    `${state.busy} tries refused because of load\n`)
  printTable(['answer', 'inputs'], Object.entries(state.outcomes).sort(([, a], [, b]) => b - a))
  console.log()
  printTable(['input', 'sent', 'taken', 'mean ms'], Object.entries(state.kinds).sort().map(([kind, own]) =>
    [kind, own.sent, own.taken, fixed(own.milliseconds / own.sent, 0)]))
  console.log('\nthe slowest, and what they take alone:\n')
  printTable(['number', 'input', 'ms', 'alone, ms', 'alone, CPU s', 'answer'], state.slowest.map((slow, index) =>
    slowRow(slow, alone[index])))
  console.log('\nresident memory, MB:\n')
  const { memory } = state
  const shown = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => memory[Math.round(share * (memory.length - 1))] ?? [])
  printTable(['after input', 'server', 'workers'], shown.map(({ number, serverBytes, workersBytes }) =>
    [number, megabytes(serverBytes), megabytes(workersBytes)]))
  console.log()
  for (const { number, kind, says, fault } of state.faults) {
    console.log(`  fault: input ${number} (${kind}; ${says}): ${fault}`)
  }
}

function slowRow({ number, kind, milliseconds, outcome }: Slow, again: Alone | undefined): (string | number)[] {
  return [number, kind, milliseconds, fixed(again?.milliseconds, 0), fixed(again?.cpuSeconds, 2), outcome]
}

/** An answer that is slow only while the machine does something else is listed, and is no fault. */
export function missedOf({ faults, memory }: State, alone: readonly Alone[]): string[] {
  const slow = alone.filter(({ milliseconds }) => milliseconds > MOST_SECONDS * 1000)
  return [
    ...(faults.length === 0 ? [] : [`${faults.length} faults`]),
    ...slow.map(({ number, milliseconds }) =>
      `input ${number}: ${fixed(milliseconds / 1000, 1)} s alone, and ${MOST_SECONDS} s are allowed`),
    ...growthOf(memory).map((line) => `memory grew: ${line}`),
  ]
}

/** Medians, since a garbage collection is no trend; a run too short to settle says nothing. */
function growthOf(memory: readonly MemorySample[]): string[] {
  if (memory.length < 40) return []
  const quarter = Math.floor(memory.length / 4)
  return (['serverBytes', 'workersBytes'] as const).flatMap((which) => {
    const second = median(memory.slice(quarter, 2 * quarter).map((sample) => sample[which]))
    const last = median(memory.slice(-quarter).map((sample) => sample[which]))
    return last > MOST_GROWTH * second ? [`${which} from ${megabytes(second)} to ${megabytes(last)} MB`] : []
  })
}
