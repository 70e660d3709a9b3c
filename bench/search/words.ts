/**
 * Clips of one word each, with the list of all their words as catalogue. Found: the word is the first of the ranked
 * entries, or one of three. Rejected: without its own word in the list, a clip has no hit. Both at the threshold of the
 * service.
 */
import { readFile } from 'node:fs/promises'
import { searchPhrases } from '../../src/search/catalogue/inline.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import { DEFAULT_THRESHOLD, rank, type Match } from '../../src/search/ranking/ranking.js'
import { normalizeEnglish } from '../../src/domain/scoring/normalize-english.js'
import { runToCompletion } from '../../src/domain/interruptible-work.js'
import type { SpeechClip } from '../harness/clips.js'
import type { Outcome } from '../harness/bench.js'
import { groupBy } from '../../fixtures/kit/statistics.js'
import { fixed, printTable } from '../harness/table.js'
import { biasedBy, type SearchBench } from './context.js'
import { Skipped } from '../harness/endings.js'
import { startProgress } from '../harness/progress.js'

type Targets = Readonly<Record<'top1' | 'top3' | 'rejected' | 'gain', number>>

/** Percent; `gain` in points over free decoding. */
const SOURCES: Readonly<Record<string, Targets>> = {
  speech_commands: { top1: 92, top3: 97, rejected: 80, gain: 0 },
  moonshine_alphanumeric: { top1: 0, top3: 0, rejected: 0, gain: 25 },
}
/** As POST /v1/search asks for. */
const ALTERNATIVES = 5
const RELIABILITY_BINS = [0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9]
/** Entries that are looked at, hits or not. */
const RANKED = 3

interface Found {
  /** The transcript without a list is the word. */
  readonly free: boolean
  /** The transcript with the list is. */
  readonly biased: boolean
  /** Of the word among the entries; −1 where it is none of the first. */
  readonly rank: number
  /** Of the first entry. */
  readonly score: number
  /** Of the first entry where the word is not in the list. */
  readonly outside: number
  /** The transcript with the list is an entry, and not the first hit; or the first hit is another one. */
  readonly isDivided: boolean
}

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
      biased: share(found.filter(({ biased }) => biased).length),
      top1: share(found.filter(({ rank }) => rank === 0).length),
      top3: share(found.filter(({ rank }) => rank >= 0 && rank < 3).length),
      wrong: share(found.filter(({ rank, score }) => rank !== 0 && score >= DEFAULT_THRESHOLD).length),
      divided: share(found.filter(({ isDivided }) => isDivided).length),
      accepted: share(found.filter(({ rank, score }) => rank === 0 && score >= DEFAULT_THRESHOLD).length),
      rejected: share(found.filter(({ outside }) => outside < DEFAULT_THRESHOLD).length),
    }
    results[source] = { figures, found }
    rows.push([source, clips.length, ...Object.values(figures).map((value) => fixed(value))])
    for (const name of ['top1', 'top3', 'rejected'] as const) if (figures[name] < wanted[name]) missed.push(
      `${source}: ${name} ${fixed(figures[name])} %, wanted ${wanted[name]}`,
    )
    if (figures.top1 - figures.free < wanted.gain) {
      missed.push(`${source}: ${fixed(figures.top1 - figures.free)} points above free decoding, wanted ${wanted.gain}`)
    }
  }
  if (rows.length === 0) {
    throw new Skipped(`no clips of ${Object.keys(SOURCES).join(' or ')}: name recordings of them with --manifest`)
  }
  printTable([
    'source', 'clips', 'transcript right without %', 'with %', 'first %', 'one of three %', 'wrong hits %',
    'text and hit differ %', 'first and a hit %', 'outside rejected %',
  ], rows)
  printReliability(Object.values(results).flatMap((one) => (one as { readonly found: Found[] }).found))
  return { missed, judged: { sources: rows.length }, results }
}

async function findAll(clips: readonly SpeechClip[], bench: SearchBench): Promise<Found[]> {
  const words = [...new Set(clips.map(({ text }) => text))]
  const find = openFinder(words, bench)
  const without = new Map(words.map((word) => [word, openFinder(words.filter((other) => other !== word), bench)]))
  const found: Found[] = []
  const progress = startProgress(`clips of ${clips[0]?.source ?? 'no source'}`, clips.length)
  for (const { file, text } of clips) {
    progress.step()
    const bytes = await readFile(file)
    const free = await transcribe(bytes, bench.recognizers[0], bench.options)
    const { transcript, ranked } = await find(bytes)
    const { ranked: [outside] } = await without.get(text)!(bytes)
    found.push({
      free: isSame(free.text, text), biased: isSame(transcript, text),
      rank: ranked.findIndex(({ entry }) => entry === words.indexOf(text)), score: ranked[0]?.score ?? 0,
      outside: outside?.score ?? 0,
      isDivided: isDivided(words, transcript, ranked),
    })
  }
  return found
}

/** Answers the transcript and the first entries for a clip, as POST /v1/search ranks them. */
function openFinder(
  words: readonly string[], bench: SearchBench,
): (clip: Uint8Array) => Promise<{ readonly transcript: string; readonly ranked: readonly Match[] }> {
  const biased = biasedBy(words, bench)
  const searchable = runToCompletion(searchPhrases(words))
  return async (clip) => {
    const { text, alternatives, phraseScores } = await transcribe(clip, bench.recognizers[0], {
      ...bench.options, ...biased(ALTERNATIVES),
    })
    return {
      transcript: text, ranked: rank(alternatives, phraseScores, searchable, { limit: RANKED, threshold: 0 }).hits,
    }
  }
}

/** Whether transcript and first hit are two entries, or the transcript is an entry without a hit. */
function isDivided(words: readonly string[], transcript: string, [first]: readonly Match[]): boolean {
  const written = words.findIndex((word) => isSame(transcript, word))
  const hit = first !== undefined && first.score >= DEFAULT_THRESHOLD ? first.entry : -1
  return written !== -1 && written !== hit
}

/** Of first entries by their score, with and without the word in the list: how many are right. */
function printReliability(found: readonly Found[]): void {
  const scored = found.flatMap(({ rank, score, outside }) =>
    [{ score, isRight: rank === 0 }, { score: outside, isRight: false }])
  console.log('\nfirst entries by their score, each clip once with and once without its word in the list')
  printTable(['score', 'entries', 'mean score', 'share right'], RELIABILITY_BINS.flatMap((from, index) => {
    const to = RELIABILITY_BINS[index + 1] ?? Infinity
    const own = scored.filter(({ score }) => score >= from && score < to)
    if (own.length === 0) return []
    const mean = own.reduce((sum, { score }) => sum + score, 0) / own.length
    return [[
      `${fixed(from)} to ${fixed(Math.min(1, to))}`, own.length, fixed(mean, 2),
      fixed(own.filter(({ isRight }) => isRight).length / own.length, 2),
    ]]
  }))
}

function isSame(transcript: string, text: string): boolean {
  return normalizeEnglish(transcript).join(' ') === normalizeEnglish(text).join(' ')
}
