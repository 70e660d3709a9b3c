/**
 * SIGTERM in the middle of load. Whoever reached the service gets a transcript or a refusal with a code; only a
 * connection that nobody accepted may fail. Lost is a request that may have been accepted and has no answer (`lostOf`
 * of load/summary.ts): none may be, and the exit code is 0.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { startServer, type ServerOptions } from '../fixtures/kit/server.js'
import { DRAIN } from './declarations/service.js'
import { defineBench } from './harness/bench.js'
import { drawUploads, readClips, type Upload } from './harness/clips.js'
import { startProgress } from './harness/progress.js'
import { fixed, printTable } from './harness/table.js'
import { generateLoad } from './load/generator.js'
import { countByOutcome, lostOf, sayOutcomes, summarizeLoad } from './load/summary.js'

const UPLOADS = 50
/** Longer than any drain; the load ends when nobody answers any more. */
const MOST_DRAIN_SECONDS = 120

interface Round {
  readonly before: Readonly<Record<string, number>>
  readonly after: Readonly<Record<string, number>>
  readonly accepted: number
  readonly refused: number
  readonly lost: number
  readonly exit: number | string
  readonly drainSeconds: number
}

export const run = defineBench(DRAIN, async ({ model, clips, workers, clients, seconds, repeat }) => {
  const uploads = await drawUploads(await readClips(clips), UPLOADS)
  const rounds: Round[] = []
  const progress = startProgress('rounds', repeat)
  for (let round = 0; round < repeat; round++) {
    rounds.push(await drainUnderLoad({ model, workers }, uploads, clients, seconds))
    progress.step()
  }
  printTable(['round', 'served', 'refused', 'lost', 'exit', 'seconds to leave'], rounds.map((round, index) =>
    [index + 1, round.accepted, round.refused, round.lost, round.exit, fixed(round.drainSeconds, 2)]))
  for (const [index, { before, after }] of rounds.entries()) {
    const later = sayOutcomes(after) || 'nothing'
    console.log(`round ${index + 1}: sent before SIGTERM ${sayOutcomes(before)}; after it ${later}`)
  }
  return {
    missed: rounds.flatMap(missedBy), results: rounds,
    judged: { rounds: rounds.length, 'accepted requests': Math.min(...rounds.map(({ accepted }) => accepted)) },
  }
})

async function drainUnderLoad(
  options: ServerOptions, uploads: readonly Upload[], clients: number, seconds: number,
): Promise<Round> {
  const server = await startServer(options)
  const gone = new AbortController()
  const load = generateLoad({
    url: `${server.url}/v1/transcriptions`, uploads, arrivals: { clients }, until: gone.signal,
    maxSeconds: seconds + MOST_DRAIN_SECONDS,
  })
  await sleep(seconds * 1000)
  const signalledAtMs = performance.now()
  const exit = await server.stop()
  const drainSeconds = (performance.now() - signalledAtMs) / 1000
  gone.abort()
  const result = await load
  const { accepted, refused } = summarizeLoad(result)
  const sent = (isBefore: boolean): Record<string, number> => countByOutcome(result.answers.filter(({ startedAtMs }) =>
    (startedAtMs < signalledAtMs) === isBefore))
  return {
    before: sent(true), after: sent(false), accepted, refused, lost: lostOf(result.answers).length, exit,
    drainSeconds,
  }
}

function missedBy({ lost, exit }: Round, index: number): string[] {
  return [
    ...lost > 0 ? [`round ${index + 1}: ${lost} requests were lost`] : [],
    ...exit === 0 ? [] : [`round ${index + 1}: the service left with ${exit}`],
  ]
}
