/**
 * An alarm from beginning to end, on the real thing: a service with a baseline of its traffic, a Prometheus with the
 * rules of deploy/ that scrapes it, ordinary clips, then clips through a telephone, then ordinary ones again. Printed is
 * what GET /v1/drift calls an alarm and the state of the alert in Prometheus: whenever either begins or ends, and in
 * between every quarter of a minute.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Upload } from '../clips.js'
import { ask, keepAliveAgent } from '../exchange.js'
import { generateLoad } from '../load-generator.js'
import { metricValue } from '../metrics-page.js'
import type { Outcome } from '../named-tables.js'
import { findProgram, startPrometheus, type Prometheus } from '../prometheus.js'
import type { Server } from '../server.js'
import { seededRandom } from '../statistics.js'
import { fixed, printTable, type Cell } from '../table.js'
import { drawBaselineClips, type DriftBench } from './context.js'
import { SHIFTED_UTTERANCES } from './delay.js'
import type { ShiftName } from './shifts.js'
import { baselineFor, startWatched, writeBaseline } from './service.js'
import { arrivalsOf, type Traffic } from './traffic.js'

const SHIFT: ShiftName = 'telephone'
/** What a drift rule looks back over, and how long it must hold; deploy/ has an hour and ten minutes. */
const TIMES = { interval: '1s', driftWindow: '1m', driftFor: '10s' }
const ALERT = 'AsrDrift'
/** The last is long: what the slow window has seen is over for it when a thousand clips and more have shown nothing. */
const PHASES = [
  { name: 'ordinary', clips: 800, shift: 'clean' },
  { name: 'telephone', clips: 700, shift: SHIFT },
  { name: 'ordinary again', clips: 2_400, shift: 'clean' },
] as const
const CLIENTS = 3
const MOST_SECONDS = 1_200
const POLL_MS = 1_000
/** Of the printed time line. */
const LINE_SECONDS = 15

interface Look { readonly second: number; readonly clips: number; readonly phase: string; readonly service: readonly string[]; readonly pending: readonly string[]; readonly firing: readonly string[] }

export async function measure({ model, traffic }: DriftBench): Promise<Outcome> {
  if (findProgram('prometheus') === undefined) {
    console.log('left out: there is no prometheus on the path')
    return { missed: [], results: null }
  }
  const clean = await traffic.rows('clean', SHIFTED_UTTERANCES)
  const random = seededRandom(41)
  const baseline = await baselineFor(model, drawBaselineClips(clean, arrivalsOf('independent', clean.length, random)))
  // Made beforehand: to make them keeps this process from looking.
  const order = clean.map((_, utterance) => ({ utterance, at: random() })).sort((a, b) => a.at - b.at).map(({ utterance }) => utterance)
  const uploads = { clean: await uploadsOf(traffic, 'clean', order), [SHIFT]: await uploadsOf(traffic, SHIFT, order) }
  const server = await startWatched(model, await writeBaseline(baseline), 0)
  const prometheus = await startPrometheus({ target: new URL(server.url).host, ...TIMES })
  const looks: Look[] = []
  const since = performance.now()
  for (const { name, clips, shift } of PHASES) {
    const load = generateLoad({ url: `${server.url}/v1/transcriptions`, uploads: uploads[shift], arrivals: { clients: CLIENTS }, maxSeconds: MOST_SECONDS, maxRequests: clips })
    looks.push(...await lookUntil(load, name, server, prometheus, since))
  }
  await prometheus.stop()
  await server.stop()
  printTable(['second', 'clips so far', 'they are', 'service', 'Prometheus pending', 'firing'], timeLine(looks))
  return { missed: missedBy(looks), results: { calibrated: baseline.calibration, looks } }
}

/** Every utterance once, sessions mixed: some drawn twice, and sent around and around, would be other traffic than the baseline's. */
function uploadsOf(traffic: Traffic, shift: ShiftName, order: readonly number[]): Promise<Upload[]> {
  return Promise.all(order.map(async (utterance) => ({ body: Buffer.from(await traffic.upload(shift, utterance)), seconds: 0 })))
}

async function lookUntil(load: Promise<unknown>, phase: string, server: Server, prometheus: Prometheus, since: number): Promise<Look[]> {
  const looks: Look[] = []
  const agent = keepAliveAgent()
  let goesOn = true
  const ended = load.finally(() => { goesOn = false })
  while (goesOn) {
    const { alarms = [] } = JSON.parse((await ask(`${server.url}/v1/drift`, { agent })).body) as { alarms?: string[] }
    const { alerts } = await prometheus.api<{ alerts: { labels: Record<string, string>; state: string }[] }>('alerts')
    const inState = (state: string): string[] => alerts.filter((alert) => alert.labels['alertname'] === ALERT && alert.state === state).map(({ labels }) => labels['feature'] ?? '')
    const clips = metricValue((await ask(`${server.url}/metrics`, { agent })).body, 'asr_transcripts_total')
    looks.push({ second: (performance.now() - since) / 1000, clips, phase, service: alarms, pending: inState('pending'), firing: inState('firing') })
    await Promise.race([sleep(POLL_MS), ended])
  }
  await ended
  agent.destroy()
  return looks
}

function timeLine(looks: readonly Look[]): Cell[][] {
  const state = ({ phase, service, firing }: Look): string => [phase, service.length > 0, firing.length > 0].join()
  let shown = -Infinity
  return looks.filter((look, index) => {
    const isShown = look.second - shown >= LINE_SECONDS || index === looks.length - 1 || state(look) !== state(looks[Math.max(0, index - 1)]!)
    if (isShown) shown = look.second
    return isShown
  }).map(({ second, clips, phase, service, pending, firing }) => [fixed(second, 0), clips, phase, ...[service, pending, firing].map(count)])
}

function count(features: readonly string[]): string {
  return features.length === 0 ? '-' : `${features.length}: ${features.slice(0, 3).join(', ')}${features.length > 3 ? ' …' : ''}`
}

function missedBy(looks: readonly Look[]): string[] {
  const [before, during, after] = PHASES.map(({ name }) => looks.filter(({ phase }) => phase === name)) as [Look[], Look[], Look[]]
  const last = after.at(-1)!
  return [
    ...before.some(({ service, firing }) => service.length + firing.length > 0) ? ['an alarm before anything had changed'] : [],
    ...during.some(({ service }) => service.length > 0) ? [] : ['the service raised no alarm'],
    ...[...during, ...after].some(({ firing }) => firing.length > 0) ? [] : ['the alert of Prometheus never fired'],
    ...last.service.length + last.firing.length > 0 ? [`what had been raised was not over in the end: ${[...last.service, ...last.firing].join(', ')}`] : [],
  ]
}
