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
import { SERVED } from '../harness/recognizers.js'
import { groupBy } from '../../fixtures/kit/statistics.js'
import { fixed, printTable } from '../harness/table.js'
import { biasedBy, type SearchBench } from './context.js'

type Targets = Readonly<Record<'top1' | 'top3' | 'rejected' | 'gain', number>>

/** Percent; `gain` in points over free decoding. */
const SOURCES: Readonly<Record<string, Targets>> = {
  speech_commands: { top1: 92, top3: 97, rejected: 80, gain: 0 },
  moonshine_alphanumeric: { top1: 0, top3: 0, rejected: 0, gain: 25 },
}
/** As POST /v1/search asks for. */
const ALTERNATIVES = 5
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
  printTable([
    'source', 'clips', 'transcript right without %', 'with %', 'first %', 'one of three %', 'first and accepted %',
    'outside rejected %',
  ], rows)
  return { missed, results }
}

async function findAll(clips: readonly SpeechClip[], bench: SearchBench): Promise<Found[]> {
  const words = [...new Set(clips.map(({ text }) => text))]
  const find = openFinder(words, bench)
  const without = new Map(words.map((word) => [word, openFinder(words.filter((other) => other !== word), bench)]))
  const found: Found[] = []
  for (const { file, text } of clips) {
    const bytes = await readFile(file)
    const free = await transcribe(bytes, bench.recognizer, SERVED)
    const { transcript, ranked } = await find(bytes)
    const { ranked: [outside] } = await without.get(text)!(bytes)
    found.push({
      free: isSame(free.text, text), biased: isSame(transcript, text),
      rank: ranked.findIndex(({ entry }) => entry === words.indexOf(text)), score: ranked[0]?.score ?? 0,
      outside: outside?.score ?? 0,
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
    const { text, alternatives, phraseScores } = await transcribe(clip, bench.recognizer, {
      ...SERVED, ...biased(ALTERNATIVES),
    })
    return {
      transcript: text, ranked: rank(alternatives, phraseScores, searchable, { limit: RANKED, threshold: 0 }).hits,
    }
  }
}

function isSame(transcript: string, text: string): boolean {
  return normalizeEnglish(transcript).join(' ') === normalizeEnglish(text).join(' ')
}
