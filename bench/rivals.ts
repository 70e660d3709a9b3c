/**
 * The same clips through us and through whatever rivals the user has installed: words and time side by side.
 *
 * Every contender has a process of its own (two versions of a runtime must not meet) and one thread. They take turns
 * on every clip, in an order that rotates, and only one works at a time, so that a slow minute of the machine hits
 * all of them. All get the same waveform, decoded once; what is timed is waveform to text.
 */
import path from 'node:path'
import { projectRoot } from '../src/domain/project-root.js'
import { ENGINES } from '../src/domain/choices.js'
import { defaultManifest, limitPerSource, readClips } from './clips.js'
import { beginRun } from './machine.js'
import { countOption, numberOption, parseOptions, UsageError } from './options.js'
import { DEFAULT_MODEL, modelsDir } from './recognizers.js'
import { CONTENDERS, startContenders, type ContenderName } from './rivals/contender.js'
import { judge, type RivalClip } from './rivals/ratios.js'
import { printThroughput, saturate } from './rivals/saturate.js'
import { lengthCells, lengthHead, rivalRows, sourceCells, sourceHead, verdictCells, verdictHead } from './rivals/tables.js'
import { takeTurns } from './rivals/turns.js'
import type { RunBench } from './run.js'
import { fixed, megabytes, printTable } from './table.js'

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL }, manifest: { type: 'string', default: defaultManifest() },
    from: { type: 'string', default: projectRoot }, contenders: { type: 'string', default: Object.keys(CONTENDERS).join(',') },
    against: { type: 'string', default: 'transformers.js' }, engine: { type: 'string', default: ENGINES[0] }, limit: { type: 'string' },
    'min-seconds': { type: 'string' }, 'max-seconds': { type: 'string' },
    'vosk-model': { type: 'string' }, 'whisper-model': { type: 'string' },
    saturate: { type: 'boolean', default: false }, workers: { type: 'string' },
  })
  const names = readNames(given.contenders)
  const engine = ENGINES.find((one) => one === given.engine)
  if (engine === undefined) throw new UsageError(`--engine expects ${ENGINES.join(' or ')}, not "${given.engine}"`)
  const shortest = numberOption('min-seconds', given['min-seconds'], 0)
  const longest = numberOption('max-seconds', given['max-seconds'], Infinity)
  const ofLength = (await readClips(given.manifest)).filter(({ seconds }) => seconds >= shortest && seconds <= longest)
  const clips = limitPerSource(ofLength, countOption('limit', given.limit, Number.MAX_SAFE_INTEGER))
  if (clips.length === 0) throw new UsageError('the manifest has no clip of such a length')
  // Where the rivals lie says nothing about the figures, and results are handed on.
  const { from, 'vosk-model': voskModel, 'whisper-model': whisperModel, ...settings } = given
  const bench = await beginRun('rivals', { ...settings, clips: clips.length })
  const setup = { model: given.model, modelsDir, engine, from, voskModel, whisperModel }

  if (given.saturate) {
    const throughputs = await saturate(clips, names, setup, given.workers === undefined ? undefined : countOption('workers', given.workers, 1))
    const isMet = printThroughput(throughputs)
    await bench.save(throughputs)
    return isMet
  }
  const contenders = await startContenders(names, setup)
  const { results, peakBytes } = await takeTurns(clips, contenders)
  for (const contender of contenders) contender.stop()
  const bySource = rivalRows(results, given.against, ({ clip }) => clip.source)
  const byLength = rivalRows(results, given.against, () => 'all')
  const verdicts = judge(given.model, results)
  const entrants = contenders.map(({ name, says, loadMs }) => ({ name, says, loadMs, peakBytes: peakBytes.get(name)! }))
  printTable(sourceHead, sourceCells(bySource))
  console.log(`\nAll sources; ratios are to ${given.against} on the same clip:`)
  printTable(lengthHead, lengthCells(byLength))
  console.log()
  printTable(['contender', 'what answers', 'load ms', 'peak MB'], entrants.map((own) => [own.name, own.says, fixed(own.loadMs, 0), megabytes(own.peakBytes)]))
  if (verdicts.length > 0) {
    console.log()
    printTable(verdictHead, verdictCells(verdicts))
  }
  await bench.save({ bySource, byLength, verdicts, entrants, clips: [...results].flatMap(([contender, own]) => own.map((clip) => clipLine(contender, clip))) })
  return verdicts.every(({ isMet }) => isMet)
}

function readNames(list: string): ContenderName[] {
  const names = list.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !Object.hasOwn(CONTENDERS, name))
  if (unknown.length > 0) throw new UsageError(`there is no contender "${unknown.join('", "')}"; there are ${Object.keys(CONTENDERS).join(', ')}`)
  return names as ContenderName[]
}

/** What happened to one clip, for questions that the tables do not answer. */
function clipLine(contender: string, { clip, hypothesis, audioSeconds, latencyMs, cpuMs }: RivalClip): object {
  return { contender, source: clip.source, file: path.basename(clip.file), audioSeconds, hypothesis, wallMs: latencyMs, cpuMs }
}
