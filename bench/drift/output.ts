/**
 * Speech that the model does not understand, as loud and as long as what it does: the output family must say so, and
 * the level features must stay quiet. That pattern says "not the microphone". Another language by one synthesizer
 * (both sides are synthetic voices), and recorded speech played backwards, whose level is the same to the sample.
 */
import { FEATURES, type DriftFeature, type FeatureName, type FeatureRow } from '../../src/monitoring/drift/features.js'
import type { Outcome } from '../named-tables.js'
import { percentile, seededRandom } from '../statistics.js'
import { fixed, printTable, type Cell } from '../table.js'
import type { DriftBench } from './context.js'
import { SHIFTED_UTTERANCES } from './delay.js'
import { MOST_CLIPS, namesWithShares, watchOnset, type Alarm, type OnsetRun } from './onset.js'
import { reportsOf, rowsOf } from './reports.js'
import { LANGUAGES } from './sentences.js'
import { hasSynthesizer, queriesIn } from './synthesizer.js'

const LEVELS: readonly FeatureName[] = ['loudness', 'peak', 'noise_floor', 'snr']
const RUNS = 40
const MAX_NAMES = 6
const WANTED_CLIPS = 200
/** Of the runs: an alarm of a level feature is as rare as a false one. */
const MOST_WITH_LEVEL = 0.05

interface Pair { readonly name: string; readonly ordinary: readonly FeatureRow[]; readonly strange: readonly FeatureRow[] }
interface Row { readonly name: string; readonly runs: readonly OnsetRun[] }

export async function measure(bench: DriftBench): Promise<Outcome> {
  const runs = Math.max(1, Math.round(RUNS * bench.effort))
  const results = (await pairs(bench)).map(({ name, ordinary, strange }): Row => ({
    name, runs: Array.from({ length: runs }, (_, run) => watchOnset(ordinary, strange, { way: 'independent', share: 1, random: seededRandom(7_000 + run) })),
  }))
  console.log(`clips after the onset until the first alarm of a kind, median / 90 %, and runs with one within ${MOST_CLIPS}, of ${runs}:`)
  printTable(['speech', 'output', 'runs', 'input, without level', 'runs', 'level', 'runs', 'features of the output', 'of the input'], results.map(cellsOfRow))
  return { missed: results.flatMap(missedBy), results }
}

async function pairs({ traffic }: DriftBench): Promise<Pair[]> {
  const backwards: Pair = { name: 'recorded, backwards', ordinary: await traffic.rows('clean', SHIFTED_UTTERANCES), strange: await traffic.rows('backwards', SHIFTED_UTTERANCES) }
  if (!hasSynthesizer()) {
    console.log('other languages are left out: there is no espeak-ng')
    return [backwards]
  }
  const synthetic = new Map<string, FeatureRow[]>()
  for (const language of LANGUAGES) synthetic.set(language, rowsOf(await reportsOf(queriesIn(language), traffic.listener)))
  const [english, ...others] = LANGUAGES
  return [backwards, ...others.map((language): Pair => ({ name: `synthetic, ${english} to ${language}`, ordinary: synthetic.get(english)!, strange: synthetic.get(language)! }))]
}

const isLevel = ({ feature }: Alarm): boolean => LEVELS.includes(feature)
const isOutput = ({ feature }: Alarm): boolean => (FEATURES[feature] as DriftFeature).family === 'output'
const isOther = (alarm: Alarm): boolean => !isLevel(alarm) && !isOutput(alarm)

function delays({ runs }: Row, kind: (alarm: Alarm) => boolean): number[] {
  return runs.map(({ alarms }) => alarms.find(kind)?.after ?? Infinity)
}

function cellsOfRow(row: Row): Cell[] {
  const cells = [isOutput, isOther, isLevel].flatMap((kind): Cell[] => {
    const own = delays(row, kind)
    return [`${fixed(percentile(own, 0.5), 0)} / ${fixed(percentile(own, 0.9), 0)}`, own.filter(Number.isFinite).length]
  })
  return [row.name, ...cells, namesOf(row, isOutput), namesOf(row, isOther)]
}

function namesOf({ runs }: Row, kind: (alarm: Alarm) => boolean): string {
  return namesWithShares(runs.map(({ alarms }) => alarms.filter(kind).map(({ feature }) => feature)), MAX_NAMES)
}

function missedBy(row: Row): string[] {
  const output = percentile(delays(row, isOutput), 0.5)
  const withLevel = delays(row, isLevel).filter(Number.isFinite).length
  return [
    ...output > WANTED_CLIPS ? [`${row.name}: the output family noticed it after ${fixed(output, 0)} clips (median), wanted at most ${WANTED_CLIPS}`] : [],
    ...withLevel > MOST_WITH_LEVEL * row.runs.length ? [`${row.name}: a level feature alarmed in ${withLevel} of ${row.runs.length} runs (% of them: ${namesOf(row, isLevel)})`] : [],
  ]
}
