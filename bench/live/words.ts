/**
 * Words of live finals beside those of the same recordings posted whole: with recorded noise between utterances and
 * with silence, in pieces of three lengths as fast as the service reads, and in real time.
 *
 * Decisions of a session depend on positions in the stream alone, so neither the length of the pieces nor the speed may
 * change a word.
 */
import { LiveClient, type ToldUtterance } from '../../fixtures/kit/live-client.js'
import { withServer, type Server } from '../../fixtures/kit/server.js'
import { groupBy } from '../../fixtures/kit/statistics.js'
import type { Outcome } from '../harness/bench.js'
import { startProgress } from '../harness/progress.js'
import { compareSource, intervalCell, scoreClip, scoreSource, type ScoredClip } from '../harness/scoring.js'
import { fixed, printTable } from '../harness/table.js'
import type { LiveBench } from './context.js'
import { postWhole, SAMPLE_RATE, type Recording } from './recordings.js'
import { streamOf, textOf, utterancesOf, type Surroundings } from './streams.js'

const PIECES_MS = [20, 100, 1_000]
const NOISE_DB = 15
/** Long enough for every pause of the profile that is measured. */
const AROUND = { leadSeconds: 0.8, tailSeconds: 1.6 }
const MOST_POINTS = 0.3
const SOON = { speed: 'fast', together: 8, atOnce: 4 } as const
/** Recordings of each source in real time. */
const IN_REAL_TIME = 2

/** One recording, and what became of it. */
interface Heard { readonly recording: Recording; readonly utterances: readonly ToldUtterance[] }

type Speed = 'fast' | 'real time'
interface Way {
  readonly name: string
  readonly noiseDb: number | null
  readonly pieceMs: number
  readonly speed: Speed
  /** Recordings of one stream, and streams at a time. */
  readonly together: number
  readonly atOnce: number
}

export function measure({ model, workers, clips }: LiveBench): Promise<Outcome> {
  return withServer({ model, workers }, async (server) => {
    const recordings = await postWhole(server, clips)
    const ways: Way[] = [
      ...PIECES_MS.map((pieceMs): Way => ({ name: 'noise', noiseDb: NOISE_DB, pieceMs, ...SOON })),
      { name: 'silence', noiseDb: null, pieceMs: 100, ...SOON },
    ]
    const heard = new Map<Way, Heard[]>()
    for (const way of ways) heard.set(way, await listen(server, recordings, way))
    const bySource = groupBy(recordings, ({ clip }) => clip.source)
    const few = [...bySource.values()].flatMap((own) => own.slice(0, IN_REAL_TIME))
    const slow: Way = {
      name: 'noise', noiseDb: NOISE_DB, pieceMs: 100, speed: 'real time', together: 1, atOnce: few.length,
    }
    const [inTime, sooner] = [await listen(server, few, slow), await listen(server, few, { ...slow, speed: 'fast' })]
    const [first, , , silent] = ways.map((way) => heard.get(way)!)
    const rows = [...rowsOf('noise', first!), ...rowsOf('silence', silent!)]
    printRows(rows)
    const differences = [
      ...ways.slice(1, PIECES_MS.length).map((way) =>
        ({ what: `pieces of ${way.pieceMs} ms`, ...changed(heard.get(way)!, first!) })),
      { what: 'real time', ...changed(inTime, sooner) },
    ]
    printTable(['beside pieces of 20 ms, fast', 'recordings', 'other words'],
      differences.map(({ what, clips: many, others }) => [what, many, others]))
    return {
      missed: [
        ...rows.filter(({ points }) => points > MOST_POINTS).map(({ around, source, points }) =>
          `${source}, ${around}: ${fixed(points)} points more`),
        ...differences.filter(({ others }) => others > 0).map(({ what, others }) => `${what}: ${others} other texts`),
      ],
      judged: { recordings: recordings.length, 'recordings in real time': few.length }, results: { rows, differences },
    }
  })
}

/** In the order of the recordings. */
async function listen(server: Server, recordings: readonly Recording[], way: Way): Promise<Heard[]> {
  const progress = startProgress(`recordings, ${way.name}, ${way.pieceMs} ms, ${way.speed}`, recordings.length)
  const groups = chunks(recordings.map((recording, index) => ({ recording, index })), way.together)
  const heard: Heard[] = []
  for (const some of chunks(groups, way.atOnce)) {
    const answers = await Promise.all(some.map((group) =>
      converse(server, group.map(({ recording }) => recording), group[0]!.index, way)))
    heard.push(...answers.flat())
    progress.step(some.flat().length)
  }
  return heard
}

async function converse(server: Server, group: readonly Recording[], first: number, way: Way): Promise<Heard[]> {
  const around: Surroundings = { ...AROUND, noiseDb: way.noiseDb }
  const { audio, parts } = streamOf(group, around, first)
  const client = await LiveClient.open(server.url, { sampleRate: SAMPLE_RATE })
  const bytesPerSecond = 2 * SAMPLE_RATE
  const pieceBytes = way.pieceMs * bytesPerSecond / 1000
  await client.stream(audio, pieceBytes, way.speed === 'fast' ? undefined : bytesPerSecond)
  await client.finish()
  await client.close()
  const utterances = utterancesOf(parts, client.utterances)
  return parts.map(({ recording }, index) => ({ recording, utterances: utterances[index]! }))
}

interface Row {
  readonly around: string
  readonly source: string
  readonly recordings: number
  readonly whole: number
  readonly live: number
  readonly points: number
  readonly interval: string
  /** Recordings whose words came in more than one final. */
  readonly divided: number
}

function rowsOf(around: string, heard: readonly Heard[]): Row[] {
  const scored = heard.map((one) => ({ ...one, whole: score(one.recording, one.recording.text), live: live(one) }))
  return [...groupBy(scored, ({ recording }) => recording.clip.source)].map(([source, own]) => {
    const [whole, finals] = [own.map((one) => one.whole), own.map((one) => one.live)]
    const difference = compareSource(source, whole, finals)
    return {
      around, source, recordings: own.length, whole: scoreSource(source, whole).wer,
      live: scoreSource(source, finals).wer, points: difference.points, interval: intervalCell(difference),
      divided: own.filter(({ utterances }) => utterances.filter(({ final }) => final!.text !== '').length > 1).length,
    }
  })
}

function score({ clip, samples }: Recording, text: string): ScoredClip {
  return scoreClip(clip, text, samples.length / SAMPLE_RATE, 0)
}

function live({ recording, utterances }: Heard): ScoredClip {
  return score(recording, textOf(utterances))
}

function printRows(rows: readonly Row[]): void {
  const head = ['around', 'source', 'recordings', 'posted WER %', 'live WER %', 'points more', '95 %', 'divided']
  printTable(head, rows.map(({ around, source, recordings, whole, live: own, points, interval, divided }) =>
    [around, source, recordings, fixed(whole), fixed(own), fixed(points), interval, divided]))
  console.log()
}

/** Recordings of the first way that have other words in the second; both in the same order. */
export function changed(heard: readonly Heard[], before: readonly Heard[]): { clips: number; others: number } {
  const others = heard.filter(({ utterances }, index) => textOf(utterances) !== textOf(before[index]!.utterances))
  return { clips: heard.length, others: others.length }
}

function chunks<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size))
}
