/**
 * A structure-aware fuzzer over HTTP: files of every format that is read, and every other input, spoiled in ways that
 * know their structure, sent to the real service on its real model. Input N of a seed is always the same, so a fault
 * can be sent again, and a run goes on where it ended.
 *
 * Targets: no worker ends, no answer is a server error but one about load that was tried again, none is without a code
 * of the table, none takes more than 2 s, and the memory of server and workers settles.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { projectRoot } from '../src/domain/project-root.js'
import { startProgress } from './audio/progress.js'
import { keepAliveAgent } from './exchange.js'
import {
  cpuSecondsOf,
  emptyState,
  runCampaign,
  send,
  type MemorySample,
  type Slow,
  type State,
} from './hostile/campaign.js'
import { inputAt } from './hostile/inputs.js'
import { FEEDBACK_SECRET } from './hostile/requests.js'
import { beginRun } from './machine.js'
import { countOption, parseOptions } from './options.js'
import { DEFAULT_MODEL } from './recognizers.js'
import type { RunBench } from './run.js'
import { startServer, type Server } from './server.js'
import { median } from './statistics.js'
import { fixed, megabytes, printTable } from './table.js'

const RESULTS = path.join(projectRoot, 'bench/results')
const MOST_SECONDS = 2
/** From the second to the last quarter of a run. */
const MOST_GROWTH = 1.2
const TRIES_ALONE = 3
/**
 * Tokens that were made here are taken. Nobody else is served, so a queue means that the machine is busy. A header
 * that says 1 kHz makes minutes of a short clip, which may take long: what is longer than 20 s is refused, so that
 * everything else has to be quick.
 */
export const SERVICE_SETTINGS = {
  EARSHOT_FEEDBACK_SECRET: FEEDBACK_SECRET,
  EARSHOT_QUEUE_WAIT_SECONDS: '60',
  EARSHOT_MAX_AUDIO_SECONDS: '20',
  EARSHOT_LOG_LEVEL: 'warn',
}

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL },
    seed: { type: 'string', default: '1' },
    from: { type: 'string' },
    count: { type: 'string', default: '2000' },
    clients: { type: 'string', default: '4' },
    workers: { type: 'string', default: '0' },
    resume: { type: 'boolean', default: false },
    save: { type: 'string' },
  })
  const seed = countOption('seed', given.seed, 1, 0)
  if (given.save !== undefined) return saveInput(seed, countOption('save', given.save, 0, 0))
  const from = countOption('from', given.from, 0, 0)
  const file = path.join(RESULTS, `hostile-${seed}.json`)
  const state =
    given.resume && existsSync(file)
      ? { ...(JSON.parse(readFileSync(file, 'utf8')) as State), memory: [] }
      : emptyState(seed, from)
  const end = state.from + countOption('count', given.count, 2000)
  const bench = await beginRun('hostile', { ...given, next: state.next })
  const server = await startServer({
    model: given.model,
    workers: countOption('workers', given.workers, 0, 0),
    settings: SERVICE_SETTINGS,
  })
  const progress = startProgress('hostile', Math.max(1, Math.ceil((end - state.next) / 200)))
  mkdirSync(RESULTS, { recursive: true })
  await runCampaign(state, end, {
    server,
    clients: countOption('clients', given.clients, 4),
    onBlock(now) {
      writeFileSync(file, JSON.stringify(now))
      progress.step()
    },
  })
  const alone = await sendAlone(state, server)
  const ended = await server.stop()
  for (const { number } of state.faults.slice(0, 20)) saveInput(seed, number)
  print(state, alone)
  const missed = [...missedOf(state, alone), ...(ended === 0 ? [] : [`the service left with ${ended}`])]
  for (const line of missed) console.log(`  missed: ${line}`)
  console.log(missed.length === 0 ? '\nevery target was met' : `\n${missed.length} targets were missed`)
  await bench.save({ state, alone, missed })
  return missed.length === 0
}

/** Body and description, to look at or to send by hand. */
function saveInput(seed: number, number: number): boolean {
  const { body, ...described } = inputAt(seed, number)
  const file = path.join(RESULTS, `hostile-${seed}-${number}`)
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(`${file}.bin`, body)
  writeFileSync(`${file}.json`, `${JSON.stringify(described, null, 2)}\n`)
  const where = `${body.length} bytes in ${path.relative(process.cwd(), file)}.bin`
  console.log(`input ${number}: ${described.method} ${described.path}, ${described.says}; ${where}`)
  return true
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
    const tries: Alone[] = []
    for (let round = 0; round < TRIES_ALONE; round++) {
      const before = cpuSecondsOf(server)
      const { exchange } = await send(inputAt(state.seed, number), server.url, agent)
      tries.push({ number, milliseconds: exchange.latencyMs, cpuSeconds: cpuSecondsOf(server) - before })
    }
    alone.push(tries.sort((a, b) => a.milliseconds - b.milliseconds)[0]!)
  }
  agent.destroy()
  return alone
}

function print(state: State, alone: readonly Alone[]): void {
  const sent = state.next - state.from
  const rate = `${fixed(sent / state.seconds, 0)} a second`
  console.log(
    `${sent} inputs of seed ${state.seed} from number ${state.from} on, in ${fixed(state.seconds, 0)} s (${rate})`,
  )
  const cpuMs = fixed((1000 * state.cpuSeconds) / sent, 0)
  console.log(`${cpuMs} ms of CPU time of the service each, ${state.busy} tries refused because of load
`)
  printTable(
    ['answer', 'inputs'],
    Object.entries(state.outcomes).sort(([, a], [, b]) => b - a),
  )
  console.log()
  printTable(
    ['input', 'sent', 'taken', 'mean ms'],
    Object.entries(state.kinds)
      .sort()
      .map(([kind, own]) => [kind, own.sent, own.taken, fixed(own.milliseconds / own.sent, 0)]),
  )
  console.log('\nthe slowest, and what they take alone:\n')
  printTable(
    ['number', 'input', 'ms', 'alone, ms', 'alone, CPU s', 'answer'],
    state.slowest.map((slow, index) => slowRow(slow, alone[index])),
  )
  console.log('\nresident memory, MB:\n')
  const { memory } = state
  const shown = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => memory[Math.round(share * (memory.length - 1))] ?? [])
  printTable(
    ['after input', 'server', 'workers'],
    shown.map(({ number, serverBytes, workersBytes }) => [number, megabytes(serverBytes), megabytes(workersBytes)]),
  )
  console.log()
  for (const { number, kind, says, fault } of state.faults)
    console.log(`  fault: input ${number} (${kind}; ${says}): ${fault}`)
}

function slowRow({ number, kind, milliseconds, outcome }: Slow, again: Alone | undefined): (string | number)[] {
  return [number, kind, milliseconds, fixed(again?.milliseconds, 0), fixed(again?.cpuSeconds, 2), outcome]
}

/** An answer that is slow only while the machine does something else is listed, and no fault. */
export function missedOf({ faults, memory }: State, alone: readonly Alone[]): string[] {
  return [
    ...(faults.length === 0 ? [] : [`${faults.length} faults`]),
    ...alone
      .filter(({ milliseconds }) => milliseconds > MOST_SECONDS * 1000)
      .map(
        ({ number, milliseconds }) =>
          `input ${number}: ${fixed(milliseconds / 1000, 1)} s alone, and ${MOST_SECONDS} s are allowed`,
      ),
    ...growthOf(memory).map((line) => `memory grew: ${line}`),
  ]
}

/** Medians, since a garbage collection is no trend; a run too short to settle says nothing. */
function growthOf(memory: readonly MemorySample[]): string[] {
  if (memory.length < 40) return []
  const quarter = Math.floor(memory.length / 4)
  return (['serverBytes', 'workersBytes'] as const).flatMap((which) => {
    const [second, last] = [memory.slice(quarter, 2 * quarter), memory.slice(-quarter)].map((samples) =>
      median(samples.map((sample) => sample[which])),
    ) as [number, number]
    return last > MOST_GROWTH * second ? [`${which} from ${megabytes(second)} to ${megabytes(last)} MB`] : []
  })
}
