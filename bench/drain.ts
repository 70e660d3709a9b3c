/**
 * SIGTERM in the middle of load. Whoever reached the server gets a transcript or a typed SHUTTING_DOWN; only a
 * connection that nobody accepted any more may fail. Nothing is lost, and the exit code is 0.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { defaultManifest, drawUploads, readClips } from './clips.js'
import { generateLoad, type Answer } from './load-generator.js'
import { countByOutcome, sayOutcomes } from './load-summary.js'
import { beginRun } from './machine.js'
import { countOption, numberOption, parseOptions } from './options.js'
import { DEFAULT_MODEL } from './recognizers.js'
import type { RunBench } from './run.js'
import { startServer } from './server.js'
import { fixed, printTable } from './table.js'

interface Round {
  readonly beforeSignal: readonly Answer[]
  readonly afterSignal: readonly Answer[]
  readonly exit: number | string
  readonly drainSeconds: number
}

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL }, clips: { type: 'string', default: defaultManifest() }, workers: { type: 'string', default: '0' },
    clients: { type: 'string', default: '8' }, seconds: { type: 'string', default: '3' }, repeat: { type: 'string', default: '3' },
  })
  const uploads = await drawUploads(await readClips(given.clips), 50)
  const clients = countOption('clients', given.clients, 8)
  const seconds = numberOption('seconds', given.seconds, 3, 0.1)
  const workers = countOption('workers', given.workers, 0, 0)
  const bench = await beginRun('drain', given)
  const rounds: Round[] = []
  for (let index = 0; index < countOption('repeat', given.repeat, 3); index++) {
    const server = await startServer({ model: given.model, workers })
    const gone = new AbortController()
    const load = generateLoad({
      url: `${server.url}/v1/transcriptions`, uploads, arrivals: { clients },
      maxSeconds: seconds + 120, maxRequests: 1_000_000, until: gone.signal,
    })
    await sleep(seconds * 1000)
    const signalledAtMs = performance.now()
    const exit = await server.stop()
    const drainSeconds = (performance.now() - signalledAtMs) / 1000
    gone.abort()
    const { answers } = await load
    rounds.push({
      exit, drainSeconds,
      beforeSignal: answers.filter(({ startedAtMs }) => startedAtMs < signalledAtMs),
      afterSignal: answers.filter(({ startedAtMs }) => startedAtMs >= signalledAtMs),
    })
  }
  printRounds(rounds)
  await bench.save(rounds.map((round) => ({ ...round, lost: lostIn(round).length })))
  return rounds.every((round) => round.exit === 0 && lostIn(round).length === 0)
}

/** Reached the server and got neither a transcript nor the refusal of a server that leaves. */
function lostIn({ beforeSignal, afterSignal }: Round): Answer[] {
  return [...beforeSignal, ...afterSignal].filter(({ status, errorCode, failure }) =>
    status !== 200 && errorCode !== 'SHUTTING_DOWN' && failure !== 'ECONNREFUSED')
}

function printRounds(rounds: readonly Round[]): void {
  printTable(['round', 'lost', 'exit', 'seconds to leave'], rounds.map((round, index) => [index + 1, lostIn(round).length, round.exit, fixed(round.drainSeconds, 2)]))
  rounds.forEach(({ beforeSignal, afterSignal }, index) => {
    console.log(`round ${index + 1}: sent before SIGTERM ${sayOutcomes(countByOutcome(beforeSignal))}; after it ${sayOutcomes(countByOutcome(afterSignal)) || 'nothing'}`)
  })
}
