/**
 * Telephone prompts as a catalogue, hidden among ten thousand other entries: as long, half of their words those of the
 * prompts. How often the prompt that was played is found, by text search over the plain transcript, over five readings,
 * and with the catalogue heard and ranked as POST /v1/search does. Recall counts ranks, whatever the score.
 */
import { readFile } from 'node:fs/promises'
import { makeCatalogue, type Catalogue } from '../../src/search/catalogue/catalogue.js'
import type { TranscribeOptions } from '../../src/recognition/options.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import { DEFAULT_THRESHOLD, rank, type Match } from '../../src/search/ranking/ranking.js'
import type { Report } from '../../src/domain/report.js'
import { addUp, bootstrapInterval } from '../bootstrap.js'
import type { SpeechClip } from '../clips.js'
import type { Outcome } from '../named-tables.js'
import { UsageError } from '../options.js'
import { SERVED } from '../served.js'
import { seededRandom } from '../statistics.js'
import { fixed, printTable } from '../table.js'
import { openList, type SearchBench } from './context.js'
import { madeWords } from './made-phrases.js'

const SOURCE = 'asterisk_en_8k'
const DISTRACTORS = 10_000
const READINGS = 5
const RANKS = 5
const SEED = 9

/** Rank of the prompt from 0, −1 where it is not among the first; and whether its score makes it a hit. */
interface Found { readonly rank: number; readonly isHit: boolean }

export async function measure(bench: SearchBench): Promise<Outcome> {
  const clips = bench.clips.filter(({ source }) => source === SOURCE)
  if (clips.length === 0) throw new UsageError(`the table "prompts" needs clips of ${SOURCE}`)
  const names = [...new Set(clips.map(nameOf))]
  const all = [...names, ...distractors(names)]
  const { catalogue } = await makeCatalogue('prompts', 1, all.map((name, id) => ({ id: `${id}`, name, aliases: [], weight: 1, tags: [] })))
  const ways: Record<string, TranscribeOptions> = {
    'plain transcript': SERVED,
    'five readings': { ...SERVED, beamFor: () => ({ phrases: undefined, nBest: READINGS, strength: 0 }) },
    'with the catalogue': { ...SERVED, ...openList(all, bench).wishes(READINGS) },
  }
  const found = await findAll(clips, ways, names, catalogue, bench)
  const base = found['plain transcript']!
  const rows = Object.entries(found).map(([way, own]) => [way, ...[1, RANKS].flatMap((most) => [recall(own, most), way === 'plain transcript' ? '' : gain(base, own, most)]), fixed(100 * own.filter(({ isHit, rank: at }) => isHit && at === 0).length / own.length)])
  console.log(`${clips.length} clips, ${names.length} prompts among ${all.length} entries\n`)
  printTable(['heard', 'recall@1 %', 'gain (95 %)', `recall@${RANKS} %`, 'gain (95 %)', 'first and a hit %'], rows)
  return { missed: [], results: { rows, found } }
}

/** Without the marks of what was cut off. */
function nameOf({ text }: SpeechClip): string {
  return text.replace(/\.\.\./g, ' ').replace(/\s+/g, ' ').trim()
}

function distractors(names: readonly string[]): string[] {
  const random = seededRandom(SEED)
  const words = names.flatMap((name) => name.split(' '))
  const other = madeWords(SEED)
  const draw = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const made = new Set<string>()
  while (made.size < DISTRACTORS) made.add(draw(names).split(' ').map(() => random() < 0.5 ? draw(words) : other()).join(' '))
  return [...made].filter((one) => !names.includes(one))
}

async function findAll(clips: readonly SpeechClip[], ways: Readonly<Record<string, TranscribeOptions>>, names: readonly string[], catalogue: Catalogue, { recognizer }: SearchBench): Promise<Record<string, Found[]>> {
  const found: Record<string, Found[]> = Object.fromEntries(Object.keys(ways).map((way) => [way, []]))
  for (const clip of clips) {
    const bytes = await readFile(clip.file)
    for (const [way, options] of Object.entries(ways)) {
      const ranked = entriesFor(await transcribe(bytes, recognizer, options), catalogue)
      const at = ranked.findIndex(({ entry }) => entry === names.indexOf(nameOf(clip)))
      found[way]!.push({ rank: at, isHit: (ranked[at]?.score ?? 0) >= DEFAULT_THRESHOLD })
    }
  }
  return found
}

/** As POST /v1/search ranks them; a transcript without readings is one. */
function entriesFor({ alternatives, phraseScores: evidence, text, confidence }: Report, catalogue: Catalogue): readonly Match[] {
  const readings = alternatives.length > 0 || text === '' ? alternatives : [{ text, confidence: confidence!, logProbability: 0, phrases: [] }]
  return rank(readings, evidence, catalogue, { limit: RANKS, threshold: 0 }).hits
}

function recall(found: readonly Found[], most: number): string {
  return fixed(100 * found.filter(({ rank: at }) => at >= 0 && at < most).length / found.length)
}

/** Points over the plain transcript; clips are drawn, since one speaker said them all. */
function gain(base: readonly Found[], own: readonly Found[], most: number): string {
  const isFound = ({ rank: at }: Found): number => at >= 0 && at < most ? 1 : 0
  const groups = own.map((one, index) => [isFound(one) - isFound(base[index]!), 1])
  const points = ([more, clips]: readonly number[]): number => 100 * more! / clips!
  const { low, high } = bootstrapInterval(groups, points)
  return `${fixed(points(addUp(groups)))} (${fixed(low)} to ${fixed(high)})`
}
