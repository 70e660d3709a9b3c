/**
 * `npm run calibrate -- --clips … --out FILE`: labelled clips → the probability that transcripts of a model are
 * correct.
 *
 * The processes of the service recognize the clips twice: as by default, for the probabilities that a transcript and
 * that its words are correct, and with n-best alternatives, for the probabilities of the first and of the others. The
 * figures in the file are of speakers that were held out of the fit; the coefficients are fitted on all. Model and
 * settings are read from the environment.
 */
import { writeFile } from 'node:fs/promises'
import { parseCalibration } from '../../recognition/confidence/calibration.js'
import { readConfig, type Config } from '../../config.js'
import { SpeechError } from '../../domain/errors.js'
import { modelDigest, readManifest } from '../../engine/manifest.js'
import { listClips, type SourceClip } from '../clips/clips.js'
import { progressOf, recognizeAll, requireMostRecognized, type Processed, type Requested } from '../clips/recognize.js'
import { defaultModelOf, readArguments, runCommand, UsageError } from '../command.js'
import { describe } from './describe.js'
import { labelled, otherAlternatives } from './label.js'
import { labelledWords } from './label-words.js'
import { makeCalibration } from './make.js'
import { drawReliability } from './picture.js'

const USAGE = `npm run calibrate -- --clips FOLDER|MANIFEST.jsonl --out FILE
                         clips: path, text, and speaker where known

  --picture FILE         a reliability diagram as SVG
  --provenance TEXT      where the clips come from
  --redistributable      fits only on clips whose manifest permits redistribution; the figures are of all

The service reads the file as confidence.json of the model's folder.`

/** The number that a search usually requests. */
const N_BEST = 5
/** Significant digits of numbers in the file. */
const DIGITS = 4

interface Options {
  readonly clips: string
  readonly out: string
  readonly picture?: string
  readonly provenance?: string
  readonly redistributable?: boolean
}

/** Resolves to an exit code. */
export function runCalibrate(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  return runCommand(USAGE, () => calibrate(readOptions(args), readConfig(environment)))
}

function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const
  const options = {
    clips: text, out: text, picture: text, provenance: text, redistributable: { type: 'boolean' },
  } as const
  const { values } = readArguments({ args: [...args], options })
  const { clips, out } = values
  if (clips === undefined) throw new UsageError('--clips names the labelled clips')
  if (out === undefined) throw new UsageError('--out names the file of the calibration')
  return { ...values, clips, out }
}

async function calibrate(options: Options, config: Config): Promise<void> {
  const { clips: given, out, picture, provenance, redistributable = false } = options
  const clips = listClips(given).filter(isLabelled)
  if (clips.length === 0) throw new SpeechError('CLIPS_INVALID', `no clip of ${given} has a text`)
  const manifest = await readManifest(config.modelsDir, defaultModelOf(config))
  const model = { name: manifest.name, digest: modelDigest(manifest) }
  const decoded = await recognizeClips(clips, config, { words: true })
  const withAlternatives = await recognizeClips(clips, config, { nBest: N_BEST })
  const material = {
    transcripts: labelled(decoded, redistributable), words: labelledWords(decoded, redistributable),
    first: labelled(withAlternatives.filter(hasAlternatives), redistributable),
    others: otherAlternatives(withAlternatives, redistributable),
  }
  const source = { model, provenance: provenance ?? `${clips.length} clips of ${given}` }
  const made = makeCalibration(material, source, new Date())
  const text = `${JSON.stringify(made.calibration, rounded, 1)}\n`
  parseCalibration(text, out, model)
  await writeFile(out, text)
  if (picture !== undefined) await writeFile(picture, drawReliability(made.transcripts, made.words, model.name))
  console.log(describe(made))
}

function isLabelled({ text }: SourceClip): boolean {
  return text !== null
}

async function recognizeClips(
  clips: readonly SourceClip[], config: Config, requested: Requested,
): Promise<Processed[]> {
  const what = requested.nBest === undefined ? 'clips' : `clips, ${requested.nBest} alternatives each`
  const processed = await recognizeAll(clips, config, progressOf(clips.length, what), requested)
  requireMostRecognized(processed, 'CLIPS_INVALID')
  return processed
}

function hasAlternatives(one: Processed): boolean {
  return 'report' in one && one.report.alternatives.length > 0
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value
}
