/**
 * Utterances that are divided because their speaker pauses, by profile and length of the pause, without and with a
 * catalogue of the texts. The catalogue says which words are complete, so that pauses can be shorter, and which go on.
 */
import { ask, keepAliveAgent } from '../../fixtures/kit/exchange.js'
import { LiveClient } from '../../fixtures/kit/live-client.js'
import { withServer, type Server } from '../../fixtures/kit/server.js'
import { sum } from '../../fixtures/kit/statistics.js'
import type { Outcome } from '../harness/bench.js'
import { startProgress } from '../harness/progress.js'
import { fixed, printTable } from '../harness/table.js'
import type { LiveBench, Profile } from './context.js'
import { interrupted, interruptible, type Interruptible } from './interrupted.js'
import { postWhole, SAMPLE_RATE } from './recordings.js'
import { streamOf, utterancesOf } from './streams.js'

const PAUSES_SECONDS = [0.2, 0.4, 0.6, 0.8, 1]
const AROUND = { leadSeconds: 0.5, tailSeconds: 2.4, noiseDb: 30 }
const CATALOGUE = 'live-bench'
const TOGETHER = 4
const PIECE_BYTES = 3_200
/** Share of the pause that a catalogue may leave. */
const MOST_OF_THE_PAUSE = 0.7

interface Row {
  readonly profile: Profile
  readonly hasCatalogue: boolean
  readonly kind: Interruptible['kind']
  readonly utterances: number
  /** Of the utterances, by the length of the inner pause. */
  readonly divided: readonly number[]
  /** Pause before the last final, mean over all utterances. */
  readonly pauseSeconds: number
}

export function measure({ model, workers, clips, profiles }: LiveBench): Promise<Outcome> {
  return withServer({ model, workers }, async (server) => {
    const utterances = interruptible(await postWhole(server, clips, true))
    await sendCatalogue(server, utterances.map(({ recording }) => recording.clip.text))
    const rows: Row[] = []
    const progress = startProgress('profiles', 2 * profiles.length)
    for (const profile of profiles) {
      for (const hasCatalogue of [false, true]) {
        rows.push(...await measureOne(server, utterances, profile, hasCatalogue))
        progress.step()
      }
    }
    print(rows)
    return {
      missed: profiles.flatMap((profile) => missedBy(rows.filter((row) => row.profile === profile))),
      judged: { utterances: utterances.length }, results: rows,
    }
  })
}

async function measureOne(
  server: Server, utterances: readonly Interruptible[], profile: Profile, hasCatalogue: boolean,
): Promise<Row[]> {
  const found: Record<Interruptible['kind'], { divided: boolean[][]; pauses: number[] }> = {
    sentence: { divided: [], pauses: [] }, digits: { divided: [], pauses: [] },
  }
  for (const pauseSeconds of PAUSES_SECONDS) {
    const heard = await say(server, utterances, pauseSeconds, profile, hasCatalogue)
    for (const kind of ['sentence', 'digits'] as const) {
      const own = heard.filter((one) => one.kind === kind)
      found[kind].divided.push(own.map(({ finals }) => finals > 1))
      found[kind].pauses.push(...own.flatMap((one) => one.pauseSeconds ?? []))
    }
  }
  return (['sentence', 'digits'] as const).flatMap((kind) => {
    const { divided, pauses } = found[kind]
    if (pauses.length === 0) return []
    return [{
      profile, hasCatalogue, kind, utterances: divided[0]!.length, pauseSeconds: sum(pauses) / pauses.length,
      divided: divided.map((own) => own.filter((isDivided) => isDivided).length),
    }]
  })
}

interface Said {
  readonly kind: Interruptible['kind']
  readonly finals: number
  readonly pauseSeconds: number | undefined
}

/** Every utterance in a session, some sessions at a time, as fast as the service reads. */
async function say(
  server: Server, utterances: readonly Interruptible[], pauseSeconds: number, profile: Profile, hasCatalogue: boolean,
): Promise<Said[]> {
  const said = new Array<Said>(utterances.length)
  let next = 0
  const earshot = { endpointing: profile, ...hasCatalogue && { catalogue: CATALOGUE } }
  await Promise.all(Array.from({ length: TOGETHER }, async () => {
    for (let index = next++; index < utterances.length; index = next++) {
      const { audio, parts } = streamOf([interrupted(utterances[index]!, pauseSeconds, index)], AROUND, index)
      const client = await LiveClient.open(server.url, { sampleRate: SAMPLE_RATE, earshot })
      await client.stream(audio, PIECE_BYTES, undefined)
      await client.finish()
      await client.close()
      const finals = utterancesOf(parts, client.utterances)[0]!.flatMap(({ final }) =>
        final !== undefined && final.text !== '' ? [final] : [])
      const last = finals.findLast(({ reason }) => reason === 'pause' || reason === 'complete')
      said[index] = { kind: utterances[index]!.kind, finals: finals.length, pauseSeconds: last?.pauseSeconds }
    }
  }))
  return said
}

async function sendCatalogue({ url }: Server, texts: readonly string[]): Promise<void> {
  const agent = keepAliveAgent()
  const lines = [...new Set(texts)].map((name, index) => JSON.stringify({ id: String(index), name }))
  const { status, body } = await ask(`${url}/v1/catalogues/${CATALOGUE}`, {
    method: 'PUT', body: Buffer.from(lines.join('\n')), contentType: 'application/jsonl', agent,
  })
  agent.destroy()
  if (status >= 300) throw new Error(`the catalogue was answered with ${status}: ${body.slice(0, 500)}`)
}

function missedBy(rows: readonly Row[]): string[] {
  const [without, withIt] = [false, true].map((has) => rows.filter((row) => row.hasCatalogue === has))
  const many = sum(withIt!.map(({ utterances }) => utterances))
  const pauseOf = (own: readonly Row[]): number =>
    sum(own.map(({ pauseSeconds, utterances }) => pauseSeconds * utterances)) / many
  const dividedIn = (own: readonly Row[]): number => sum(own.flatMap(({ divided }) => divided))
  const [profile, left] = [rows[0]!.profile, pauseOf(withIt!) / pauseOf(without!)]
  const more = dividedIn(withIt!) - dividedIn(without!)
  return [
    ...left > MOST_OF_THE_PAUSE ? [`${profile}: a catalogue leaves ${fixed(100 * left)} % of the pause`] : [],
    ...more > 0 ? [`${profile}: with a catalogue, ${more} utterances more are divided`] : [],
  ]
}

function print(rows: readonly Row[]): void {
  const head = [
    'profile', 'catalogue', 'utterances', 'of', ...PAUSES_SECONDS.map((pause) => `divided at ${pause} s %`), 'pause ms',
  ]
  printTable(head, rows.map(({ profile, hasCatalogue, kind, utterances, divided, pauseSeconds }) => [
    profile, hasCatalogue ? 'yes' : 'no', kind, utterances,
    ...divided.map((many) => fixed(100 * many / utterances, 0)), fixed(1000 * pauseSeconds, 0),
  ]))
}
