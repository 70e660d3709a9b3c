/**
 * Rare names at the end of a short sentence, by synthesizers: errors without a list, with the names as a list, and with
 * the names among a thousand and ten thousand phrases that are not said. Places, medicines and makes that a small model
 * seldom read are misspelled without a list. flite (BSD-like) and espeak-ng (GPL-3.0) are run as programs where they
 * are installed; a synthesizer knows these names no better than the model does, and says each the same way every time.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { readPcm } from '../../fixtures/kit/pcm.js'
import { groupBy, sum } from '../../fixtures/kit/statistics.js'
import type { Outcome } from '../harness/bench.js'
import type { SpeechClip } from '../harness/clips.js'
import { Skipped } from '../harness/endings.js'
import type { ScoredClip } from '../harness/scoring.js'
import { fixed, printTable } from '../harness/table.js'
import { recognizeAll } from '../harness/ways.js'
import { biasedBy, type SearchBench } from './context.js'
import { madePhrases } from './made-phrases.js'

const RARE_NAMES = [
  'Ambleside', 'Anstruther', 'Balloch', 'Barnoldswick', 'Berkhamsted', 'Bletchley', 'Brockenhurst', 'Cadwallader',
  'Calderwood', 'Carrickfergus', 'Clitheroe', 'Coggeshall', 'Cullompton', 'Dalwhinnie', 'Drumnadrochit',
  'Dunfermline', 'Egremont', 'Faversham', 'Fazakerley', 'Galashiels', 'Garstang', 'Glenfiddich', 'Godalming',
  'Harpenden', 'Helmsley', 'Hexham', 'Holmfirth', 'Honiton', 'Ilkley', 'Inverurie', 'Kilmarnock', 'Knaresborough',
  'Lerwick', 'Lymington', 'Mablethorpe', 'Melksham', 'Midhurst', 'Minehead', 'Nantwich', 'Okehampton', 'Ormskirk',
  'Padstow', 'Penicuik', 'Penrith', 'Pitlochry', 'Pontefract', 'Ramsbottom', 'Rawtenstall', 'Saxmundham', 'Selkirk',
  'Skelmersdale', 'Sleaford', 'Stornoway', 'Stranraer', 'Tavistock', 'Tewkesbury', 'Thetford', 'Tiverton',
  'Tobermory', 'Todmorden', 'Uttoxeter', 'Wadebridge', 'Wetherby', 'Wivenhoe', 'Yelverton', 'Atorvastatin',
  'Metoprolol', 'Lisinopril', 'Omeprazole', 'Levetiracetam', 'Pantoprazole', 'Escitalopram', 'Duloxetine',
  'Gabapentin', 'Tamsulosin', 'Losartan', 'Clopidogrel', 'Rosuvastatin', 'Montelukast', 'Furosemide', 'Sertraline',
  'Ramipril', 'Bisoprolol', 'Amlodipine', 'Trazodone', 'Venlafaxine', 'Birkenstock', 'Brabantia', 'Bugaboo', 'Dremel',
  'Fiskars', 'Gardena', 'Kikkoman', 'Leatherman', 'Makita', 'Moleskine', 'Nespresso', 'Thermomix', 'Vitamix',
  'Zalando',
]
/** Words that the callers of any catalogue say, in turn; the name follows. */
const CARRIERS = ['tell me about', 'search for', 'how much is', 'find']
/** Arguments of each synthesizer. */
const VOICES: Readonly<Record<string, readonly [program: string, args: (text: string, file: string) => string[]]>> = {
  'flite slt': ['flite', (text, file) => ['-voice', 'slt', '-o', file, '-t', text]],
  'flite awb': ['flite', (text, file) => ['-voice', 'awb', '-o', file, '-t', text]],
  'espeak-ng en-gb+m3': ['espeak-ng', (text, file) => ['-v', 'en-gb+m3', '-s', '150', '-w', file, text]],
}
/** Phrases beside the names. */
const OTHERS = [0, 1_000, 10_000]
/** Share of the errors that a list of the names alone must remove, %. */
const LEAST_FEWER = 40

export async function measure(bench: SearchBench): Promise<Outcome> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'earshot-names-'))
  try {
    const clips = await speakNames(folder, bench.limit)
    if (clips.length === 0) {
      throw new Skipped('flite or espeak-ng says the names; on Debian: apt-get install flite espeak-ng')
    }
    return await compare(clips, bench)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function compare(clips: readonly SpeechClip[], bench: SearchBench): Promise<Outcome> {
  const [recognizer] = bench.recognizers
  const lists = OTHERS.map((others) => [...RARE_NAMES, ...madePhrases(others)])
  const ways = [{}, ...lists.map((list) => biasedBy(list, bench)(1))].map((biased) =>
    ({ name: '', recognizer, options: { ...bench.options, ...biased } }))
  const [without = [], ...withLists] = await recognizeAll(clips, ways, 1)
  const rows = withLists.flatMap((scored, index) => {
    const pairs = without.map((before, at) => ({ before, after: scored[at]! }))
    return [...groupBy(pairs, ({ before }) => before.clip.speaker), ['all', pairs] as const].map(([voice, own]) => {
      const [before, after] = [own.map((one) => errorsOf(one.before)), own.map((one) => errorsOf(one.after))]
      const fewer = 100 * (sum(before) - sum(after)) / sum(before)
      const lost = before.filter((errors, at) => errors === 0 && after[at]! > 0).length
      return { others: OTHERS[index]!, voice, clips: own.length, before: sum(before), after: sum(after), fewer, lost }
    })
  })
  printTable(['other phrases', 'voice', 'clips', 'errors without', 'with the list', 'fewer %', 'right ones lost'],
    rows.map((row) => [row.others, row.voice, row.clips, row.before, row.after, fixed(row.fewer), row.lost]))
  const missed = rows.filter(({ others, voice, fewer }) => others === 0 && voice === 'all' && fewer < LEAST_FEWER)
    .map(({ fewer }) => `${fixed(fewer)} % fewer errors with a list of the names, at least ${LEAST_FEWER} % wanted`)
  const errors = sum(without.map(errorsOf))
  return { missed, judged: { 'clips': clips.length, 'errors without a list': errors }, results: { rows } }
}

function errorsOf({ edits }: ScoredClip): number {
  return edits.filter(({ kind }) => kind !== 'match').length
}

/** The first so many names by each synthesizer. */
async function speakNames(folder: string, limit: number): Promise<SpeechClip[]> {
  const clips: SpeechClip[] = []
  for (const [voice, [program, args]] of Object.entries(VOICES)) {
    if (spawnSync(program, ['--version'], { stdio: 'ignore' }).error !== undefined) continue
    for (const [index, name] of RARE_NAMES.slice(0, limit).entries()) {
      const text = `${CARRIERS[index % CARRIERS.length]!} ${name}`
      const file = path.join(folder, `${voice.replace(/\W/g, '-')}-${name}.wav`)
      execFileSync(program, args(text, file), { stdio: 'ignore' })
      const { samples, sampleRate } = readPcm(await readFile(file))
      clips.push({ file, text, speaker: voice, source: voice, seconds: samples.length / sampleRate })
    }
  }
  return clips
}
