/**
 * Tables about the audio front end: what a recording may be made of, how loud, how long and how noisy, before the
 * words change. `npm run bench -- audio --table invariance,silence`; without `--table` all of them, one after the
 * other, which takes an hour.
 *
 * Each table is a file in audio/ with one export, `measure`, over the pipeline of a worker in this process. It states
 * its targets, prints what missed them, and the bench exits with 1 when anything did. What a table needs from its
 * surroundings (ffmpeg, Chromium, development clips) and does not find it names and leaves out.
 */
import { defaultManifest, limitPerSource, readClips } from './clips.js'
import { plainClips, type AudioBench } from './audio/context.js'
import { beginRun } from './machine.js'
import { measureTables, pickTables, type NamedTables } from './named-tables.js'
import { countOption, parseOptions, UsageError } from './options.js'
import { allowSilence, DEFAULT_MODEL, openRecognizer } from './recognizers.js'
import type { RunBench } from './run.js'
import { openDetectors, SERVED } from './served.js'
import { DETECTION_MODES, type DetectionMode } from '../src/domain/choices.js'

const TABLES: NamedTables<AudioBench> = {
  formats:    { says: 'the same clip in every container and codec, and from a browser', open: () => import('./audio/formats.js') },
  invariance: { says: 'word errors after changes that leave the words alone', open: () => import('./audio/invariance.js') },
  words:      { says: 'single words: the model as it comes against the whole pipeline', open: () => import('./audio/words.js') },
  boundaries: { says: 'speech cut off, and silence left, around words whose place is known', open: () => import('./audio/boundaries.js') },
  silence:    { says: 'words invented where nobody spoke, and speech taken for silence', open: () => import('./audio/silence.js') },
  hostile:    { says: 'broken files and decompression bombs: typed errors, soon, in little memory', open: () => import('./audio/hostile.js') },
  cost:       { says: 'time of the front end per stage, format and length', open: () => import('./audio/cost.js') },
  target:     { says: 'word errors by the loudness that clips are brought to', open: () => import('./audio/target.js') },
}

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    table: { type: 'string', default: Object.keys(TABLES).join(',') },
    model: { type: 'string', default: DEFAULT_MODEL }, manifest: { type: 'string', default: defaultManifest() },
    limit: { type: 'string' }, shifts: { type: 'string' }, rows: { type: 'string' },
    detection: { type: 'string', default: 'both' }, hearings: { type: 'string' }, 'may-be-silent': { type: 'boolean', default: false },
  })
  const names = pickTables(given.table, TABLES)
  const clips = limitPerSource(await plainClips(await readClips(given.manifest)), countOption('limit', given.limit, Number.MAX_SAFE_INTEGER))
  const shifts = given.shifts === undefined ? undefined : countOption('shifts', given.shifts, 1)
  const bench = await beginRun('audio', { ...given, clips: clips.length })
  const opened = await openRecognizer(given.model)
  const recognizer = given['may-be-silent'] ? allowSilence(opened) : opened
  const options = { ...SERVED, detectors: await openDetectors(detectionOption(given.detection)), maxDecodingPasses: countOption('hearings', given.hearings, SERVED.maxDecodingPasses) }
  const context: AudioBench = { clips, recognizer, options, shifts, rows: given.rows?.split(',') }
  const outcomes = await measureTables(names, TABLES, context)
  await recognizer.dispose()
  await bench.save(outcomes)
  return Object.values(outcomes).every(({ missed }) => missed.length === 0)
}

function detectionOption(given: string): DetectionMode {
  const mode = DETECTION_MODES.find((candidate) => candidate === given)
  if (mode === undefined) throw new UsageError(`--detection expects one of ${DETECTION_MODES.join(', ')}, not "${given}"`)
  return mode
}
