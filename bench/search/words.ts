/**
 * Clips of one word each, with the list of all their words as catalogue. Found: the first of the ranked entries, or one
 * of three, is the word. Rejected: with its own word taken out of the list, a clip has no hit. Both at the threshold of
 * the service.
 */
import { readFile } from 'node:fs/promises'
import { transcribe } from '../../src/pipeline.js'
import { normalizeEnglish } from '../../src/scoring/normalize-english.js'
import type { SpeechClip } from '../clips.js'
import type { Outcome } from '../named-tables.js'
import { SERVED } from '../served.js'
import { groupBy } from '../statistics.js'
import { fixed, printTable } from '../table.js'
import { openList, type SearchBench } from './context.js'

const SOURCES: Readonly<Record<string, { readonly top1: number; readonly top3: number; readonly rejected: number; readonly gain: number }>> = {
  speech_commands: { top1: 92, top3: 97, rejected: 80, gain: 0 },
  moonshine_alphanumeric: { top1: 0, top3: 0, rejected: 0, gain: 25 },
}
/** Readings, as POST /v1/search asks for. */
const READINGS = 5
/** An entry with a smaller margin is no hit: half believed, in src/search/ranking.ts, and a bit more for the threshold. */
const LEAST_MARGIN = -2.9

interface Found { readonly free: boolean; readonly rank: number; readonly margin: number; readonly outside: number }

export async function measure(bench: SearchBench): Promise<Outcome> {
  const rows: (string | number)[][] = []
  const missed: string[] = []
  const results: Record<string, unknown> = {}
  for (const [source, clips] of groupBy(bench.clips, (clip) => clip.source)) {
    const wanted = SOURCES[source]
    if (wanted === undefined) continue
    const found = await findAll(clips, bench)
    const share = (count: number): number => 100 * count / clips.length
    const figures = {
      free: share(found.filter(({ free }) => free).length),
      top1: share(found.filter(({ rank }) => rank === 0).length),
      top3: share(found.filter(({ rank }) => rank >= 0 && rank < 3).length),
      accepted: share(found.filter(({ rank, margin }) => rank === 0 && margin > LEAST_MARGIN).length),
      rejected: share(found.filter(({ outside }) => outside <= LEAST_MARGIN).length),
    }
    results[source] = { figures, found }
    rows.push([source, clips.length, ...Object.values(figures).map((value) => fixed(value))])
    for (const name of ['top1', 'top3', 'rejected'] as const) if (figures[name] < wanted[name]) missed.push(`${source}: ${name} ${fixed(figures[name])} %, wanted ${wanted[name]}`)
    if (figures.top1 - figures.free < wanted.gain) missed.push(`${source}: ${fixed(figures.top1 - figures.free)} points above free decoding, wanted ${wanted.gain}`)
  }
  printTable(['source', 'clips', 'free decoding right %', 'first %', 'one of three %', 'first and accepted %', 'outside rejected %'], rows)
  return { missed, results }
}

async function findAll(clips: readonly SpeechClip[], bench: SearchBench): Promise<Found[]> {
  const words = [...new Set(clips.map(({ text }) => text))]
  const list = openList(words, bench)
  const found: Found[] = []
  for (const clip of clips) {
    const bytes = await readFile(clip.file)
    const own = words.indexOf(clip.text)
    const free = await transcribe(bytes, bench.recognizer, SERVED)
    const { evidence } = await transcribe(bytes, bench.recognizer, { ...SERVED, search: list.wish(READINGS) })
    const without = openList(words.filter((word) => word !== clip.text), bench)
    const other = await transcribe(bytes, bench.recognizer, { ...SERVED, search: without.wish(READINGS) })
    found.push({
      free: normalizeEnglish(free.text).join(' ') === normalizeEnglish(clip.text).join(' '),
      rank: evidence.findIndex(({ phrase }) => phrase === own),
      margin: evidence[0]?.margin ?? -Infinity,
      outside: other.evidence[0]?.margin ?? -Infinity,
    })
  }
  return found
}
