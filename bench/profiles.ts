/**
 * Every profile (EARSHOT_PROFILE) and the larger model alone, over the same clips in turns: word error rate by source
 * and time. Targets: `balanced` makes at most MOST_ERRORS times the errors of the larger model in at most MOST_TIME of
 * its time, `accurate` fewer errors in no more time. Means are over sources, so that a source with many clips does not
 * decide for the others. Both models know the language.
 */
import { sum } from '../fixtures/kit/statistics.js'
import { PROFILES, type Profile } from '../src/domain/choices.js'
import { PROFILE_SETTINGS } from '../src/domain/profiles.js'
import type { Recognizer } from '../src/recognition/recognizer.js'
import { PROFILES_BENCH } from './declarations/recognition.js'
import { defineBench } from './harness/bench.js'
import { readClips } from './harness/clips.js'
import { openRecognizer, SERVED } from './harness/recognizers.js'
import { intervalCell, scoreSource, type SourceScore } from './harness/scoring.js'
import { fixed, printTable } from './harness/table.js'
import { bySource, recognizeAll, type Way } from './harness/ways.js'

const MOST_ERRORS = 1.1
const MOST_TIME = 0.4

export const run = defineBench(PROFILES_BENCH, async ({ model, manifest, limit, shifts }) => {
  const clips = await readClips(manifest, limit)
  const small = await openRecognizer(model)
  const larger = await openRecognizer(PROFILE_SETTINGS.accurate.EARSHOT_CASCADE_MODEL!)
  const options = { ...SERVED, language: 'en' }
  const ways: Way[] = [
    ...PROFILES.map((profile) =>
      ({ name: profile, recognizer: small, options: { ...options, cascade: cascadeOf(profile, larger) } })),
    { name: larger.name, recognizer: larger, options },
  ]
  const scores = await recognizeAll(clips, ways, shifts)
  await small.dispose()
  await larger.dispose()
  const rows = scores.map((own, index) => ({
    name: ways[index]!.name, sources: bySource(own).map(([source, scored]) => scoreSource(source, scored)),
  }))
  printTable(['way', 'source', 'clips', 'WER %', '95 % interval', 'median ms', 'RTF'], rows.flatMap((row) =>
    row.sources.map((score) => [row.name, score.source, score.clips, fixed(score.wer), intervalCell(score),
      fixed(score.medianMs, 0), fixed(score.realTimeFactor, 3)])))
  const means = rows.map(({ name, sources }) => ({ name, ...meanOf(sources) }))
  const alone = means.at(-1)!
  console.log('\nmeans of sources; shares are of the larger model alone')
  printTable(['way', 'WER %', 'share', 'RTF', 'share'], means.map(({ name, wer, realTimeFactor }) => [
    name, fixed(wer, 2), fixed(wer / alone.wer, 2), fixed(realTimeFactor, 3),
    fixed(realTimeFactor / alone.realTimeFactor, 2),
  ]))
  return { missed: missedBy(means, alone), judged: { clips: clips.length }, results: { rows, means } }
})

function cascadeOf(profile: Profile, larger: Recognizer): Way['options']['cascade'] {
  const { EARSHOT_CASCADE_MODEL: name, EARSHOT_CASCADE_BELOW: below } = PROFILE_SETTINGS[profile]
  return name === undefined || below === undefined ? undefined : { recognizer: larger, below }
}

interface Mean { readonly wer: number; readonly realTimeFactor: number }

function meanOf(sources: readonly SourceScore[]): Mean {
  const mean = (value: (score: SourceScore) => number): number => sum(sources.map(value)) / sources.length
  return { wer: mean(({ wer }) => wer), realTimeFactor: mean(({ realTimeFactor }) => realTimeFactor) }
}

/** Most errors and most time of a profile, as shares of the larger model alone. */
const LIMITS: Readonly<Record<string, readonly [errors: number, time: number]>> = {
  balanced: [MOST_ERRORS, MOST_TIME], accurate: [1, 1],
}

function missedBy(means: readonly (Mean & { readonly name: string })[], alone: Mean): string[] {
  return means.flatMap(({ name, wer, realTimeFactor }) => {
    const limits = LIMITS[name]
    if (limits === undefined) return []
    const [errors, time] = limits
    const [ofErrors, ofTime] = [wer / alone.wer, realTimeFactor / alone.realTimeFactor]
    return ofErrors <= errors && ofTime <= time ? [] : [
      `${name}: ${fixed(ofErrors, 2)} of the errors (at most ${errors} wanted) in ${fixed(ofTime, 2)} of the time `
      + `(at most ${time} wanted)`,
    ]
  })
}
