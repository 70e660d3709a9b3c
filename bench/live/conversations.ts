/** Sessions at a time in real time: each streams recordings one after the other, and keeps what it is told. */
import { LiveClient, type LiveClientOptions, type ToldUtterance } from '../../fixtures/kit/live-client.js'
import type { Server } from '../../fixtures/kit/server.js'
import { ask, keepAliveAgent } from '../../fixtures/kit/exchange.js'
import { metricValue } from '../../fixtures/kit/metrics-page.js'
import { seededRandom } from '../../fixtures/kit/statistics.js'
import { SAMPLE_RATE, type Recording } from './recordings.js'
import { streamOf, utterancesOf, type StreamPart, type Surroundings } from './streams.js'

const BYTES_PER_SECOND = 2 * SAMPLE_RATE
/** Longer recordings would be few in a run. */
const MOST_SECONDS = 8
/** Behind every recording there is time for the longest pause of any profile. */
const AROUND: Surroundings = { leadSeconds: 0.5, tailSeconds: 2.2, noiseDb: 30 }

/** One recording in a session. */
export interface Turn {
  readonly part: StreamPart
  /** When the first sample of the stream was sent, on the clock of `performance.now()`. */
  readonly startedAtMs: number
  readonly utterances: readonly ToldUtterance[]
}

export interface Conversation {
  readonly turns: readonly Turn[]
  /** Codes of error events, and of utterances that failed. */
  readonly errors: readonly string[]
  readonly closeCode: number
}

/** What all sessions of a run have in common. */
export interface Plan {
  readonly seconds: number
  readonly pieceMs: number
  readonly earshot: NonNullable<LiveClientOptions['earshot']>
}

/** The stream of the n-th session: about `seconds` long, other recordings than in other sessions. */
export function streamFor(recordings: readonly Recording[], session: number, seconds: number): readonly Recording[] {
  const random = seededRandom(100 + session)
  const short = recordings.filter(({ samples }) => samples.length <= MOST_SECONDS * SAMPLE_RATE)
  const chosen: Recording[] = []
  for (let length = 0; length < seconds && short.length > 0;) {
    const one = short[Math.floor(random() * short.length)]!
    chosen.push(one)
    length += AROUND.leadSeconds + one.samples.length / SAMPLE_RATE + AROUND.tailSeconds
  }
  return chosen
}

export async function converse(
  client: LiveClient, recordings: readonly Recording[], session: number, { seconds, pieceMs }: Plan,
): Promise<Conversation> {
  const { audio, parts } = streamOf(streamFor(recordings, session, seconds), AROUND, session)
  const startedAtMs = await client.stream(audio, pieceMs * BYTES_PER_SECOND / 1000, BYTES_PER_SECOND)
  await client.finish()
  const closeCode = await client.close()
  const utterances = utterancesOf(parts, client.utterances)
  return {
    closeCode, errors: [...client.errors, ...client.utterances.flatMap(({ failure }) => failure ?? [])],
    turns: parts.map((part, index) => ({ part, startedAtMs, utterances: utterances[index]! })),
  }
}

export interface Together { readonly conversations: readonly Conversation[]; readonly skippedPartials: number }

/** So many sessions, which begin within the first second. */
export async function converseTogether(
  server: Server, recordings: readonly Recording[], sessions: number, plan: Plan,
): Promise<Together> {
  const before = await skippedPartials(server)
  const clients = await Promise.all(Array.from({ length: sessions }, () =>
    LiveClient.open(server.url, { sampleRate: SAMPLE_RATE, earshot: plan.earshot })))
  const conversations = await Promise.all(clients.map((client, session) =>
    converse(client, recordings, session, plan)))
  return { conversations, skippedPartials: await skippedPartials(server) - before }
}

async function skippedPartials({ url }: Server): Promise<number> {
  const agent = keepAliveAgent()
  const { body } = await ask(`${url}/metrics`, { agent })
  agent.destroy()
  return metricValue(body, 'asr_live_partials_skipped_total')
}
