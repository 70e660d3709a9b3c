/** kill -9 of a worker in the middle of a request: another one takes it over, and its client never knows. */
import { setTimeout as sleep } from 'node:timers/promises'
import { defaultManifest, readClips } from './clips.js'
import { ask, errorCode, keepAliveAgent } from './exchange.js'
import { beginRun } from './machine.js'
import { metricValue } from './metrics-page.js'
import { countOption, parseOptions } from './options.js'
import { scrape } from './operations-probe.js'
import { workersOf } from './processes.js'
import { DEFAULT_MODEL } from './recognizers.js'
import type { RunBench } from './run.js'
import { startServer, type Server } from './server.js'
import { recordTape } from './speech-tape.js'
import { fixed, printTable } from './table.js'

/** Long enough that the blow lands in the middle of it. */
const CLIP_SECONDS = 25
const BLOW_AFTER_MS = 250
const RESTARTS = 'asr_worker_restarts_total'

interface Round { readonly status: number; readonly problem: string; readonly words: number; readonly latencyMs: number; readonly restartsBefore: number; readonly restartsAfter: number }

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL }, manifest: { type: 'string', default: defaultManifest() },
    workers: { type: 'string', default: '2' }, repeat: { type: 'string', default: '3' },
  })
  const tape = await recordTape(await readClips(given.manifest))
  const repeat = countOption('repeat', given.repeat, 3)
  const bench = await beginRun('kill', given)
  const server = await startServer({ model: given.model, workers: countOption('workers', given.workers, 2) })
  const rounds: Round[] = []
  for (let index = 0; index < repeat; index++) rounds.push(await strikeOnce(server, tape.cut(CLIP_SECONDS, index).body))
  await server.stop()
  printTable(['round', 'status', 'problem', 'words', 'ms', `${RESTARTS} before`, 'after'], rounds.map((round, index) => [
    index + 1, round.status, round.problem || '-', round.words, fixed(round.latencyMs, 0), round.restartsBefore, round.restartsAfter,
  ]))
  await bench.save(rounds)
  return rounds.every(({ status, words, restartsBefore, restartsAfter }) => status === 200 && words > 0 && restartsAfter === restartsBefore + 1)
}

async function strikeOnce(server: Server, body: Buffer): Promise<Round> {
  await allReady(server.url)
  const restartsBefore = metricValue(await scrape(server.url), RESTARTS)
  const agent = keepAliveAgent()
  const restedTicks = new Map(workersOf(server.processId).map(({ processId, cpuTicks }) => [processId, cpuTicks]))
  const answer = ask(`${server.url}/v1/transcriptions`, { method: 'POST', body, agent })
  await sleep(BLOW_AFTER_MS)
  process.kill(busiestWorker(server, restedTicks), 'SIGKILL')
  const exchange = await answer
  agent.destroy()
  const text = exchange.status === 200 ? (JSON.parse(exchange.body) as { text: string }).text : ''
  return {
    status: exchange.status,
    problem: exchange.failure ?? errorCode(exchange),
    words: text.split(' ').filter((word) => word !== '').length,
    latencyMs: exchange.latencyMs,
    restartsBefore,
    restartsAfter: metricValue(await scrape(server.url), RESTARTS),
  }
}

/** The worker that has spent most CPU since: the one with our request. */
function busiestWorker(server: Server, restedTicks: ReadonlyMap<number, number>): number {
  const spent = workersOf(server.processId).map(({ processId, cpuTicks }) => ({ processId, ticks: cpuTicks - (restedTicks.get(processId) ?? 0) }))
  return spent.toSorted((a, b) => b.ticks - a.ticks)[0]!.processId
}

async function allReady(url: string): Promise<void> {
  const agent = keepAliveAgent()
  while ((await ask(`${url}/readyz`, { agent })).status !== 200) await sleep(20)
  agent.destroy()
}
