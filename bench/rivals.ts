/**
 * The same clips through us and through the rivals that the user has installed: words and time side by side.
 *
 * Every contender has a process of its own (two versions of a runtime must not meet) and one thread. They take turns on
 * every clip, in an order that rotates, and only one works at a time, so that a slow minute of the machine affects all
 * of them. All get the same waveform, decoded once; the clock runs from waveform to text.
 */
import path from 'node:path'
import { RIVALS } from './declarations/recognition.js'
import { defineBench } from './harness/bench.js'
import { firstOfEachSource, readClips, requireClips } from './harness/clips.js'
import { modelsDir } from './harness/needs.js'
import { fixed, megabytes, printTable } from './harness/table.js'
import { startContenders } from './rivals/contender.js'
import { judge, type RivalClip } from './rivals/ratios.js'
import { saturate } from './rivals/saturate.js'
import {
  lengthCells, lengthHead, rivalRows, sourceCells, sourceHead, verdictCells, verdictHead,
} from './rivals/tables.js'
import { takeTurns } from './rivals/turns.js'

export const run = defineBench(RIVALS, async ({ model, engine, contenders: names, against, ...given }) => {
  const clips = (await readClips(given.manifest)).filter(({ seconds }) =>
    seconds >= given['min-seconds'] && seconds <= given['max-seconds'])
  const chosen = firstOfEachSource(clips, given.limit)
  requireClips(chosen, 'no clip of the manifest has such a length')
  const setup = { model, modelsDir, engine, from: given.from }
  if (given.saturate) return saturate(chosen, names, setup, given.workers)
  const contenders = await startContenders(names, setup)
  const results = await takeTurns(chosen, contenders)
  for (const contender of contenders) contender.stop()
  const bySource = rivalRows(results, against, ({ clip }) => clip.source)
  const byLength = rivalRows(results, against, () => 'all')
  const verdicts = judge(model, results)
  const entrants = contenders.map(({ name, says, loadMs }) => {
    const peaks = (results.get(name) ?? []).map(({ peakBytes }) => peakBytes)
    return { name, says, loadMs, peakBytes: Math.max(...peaks) }
  })
  printTable(sourceHead, sourceCells(bySource))
  console.log(`\nAll sources; ratios are to ${against} on the same clip:`)
  printTable(lengthHead, lengthCells(byLength))
  console.log()
  printTable(['contender', 'what answers', 'load ms', 'peak MB'], entrants.map((own) =>
    [own.name, own.says, fixed(own.loadMs, 0), megabytes(own.peakBytes)]))
  if (verdicts.length > 0) {
    console.log()
    printTable(verdictHead, verdictCells(verdicts))
  }
  const lines = [...results].flatMap(([contender, own]) => own.map((clip) => clipLine(contender, clip)))
  return {
    judged: { clips: chosen.length, contenders: contenders.length },
    missed: verdicts.filter(({ isMet }) => !isMet).map(({ against: rival, ratio, atMost }) =>
      `${fixed(ratio.median, 3)} of the time of ${rival}, at most ${atMost} wanted`),
    results: { bySource, byLength, verdicts, entrants, clips: lines },
  }
})

/** One clip, for questions that the tables do not answer. */
function clipLine(contender: string, { clip, hypothesis, audioSeconds, latencyMs, cpuMs }: RivalClip): object {
  return {
    contender, source: clip.source, file: path.basename(clip.file), audioSeconds, hypothesis, wallMs: latencyMs, cpuMs,
  }
}
