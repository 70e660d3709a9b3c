/**
 * `npm run calibrate -- --clips … --out FILE`: labelled clips → the probability that transcripts of a model are
 * correct.
 *
 * The processes of the service recognize the clips twice: as by default, for the probabilities that a transcript and
 * that its words are correct, and with n-best alternatives, for the probabilities of the first and of the others. With
 * a cascade, they recognize them twice more: once with none escalated, once with all. The figures in the file are of
 * sources that were held out of the fit, or of speakers where there are few sources; the coefficients are fitted on
 * all. Model and settings are read from the environment.
 */
import { writeFile } from 'node:fs/promises'
import { parseCalibration } from '../../recognition/confidence/calibration.js'
import { readConfig, type Config } from '../../config.js'
import { SpeechError } from '../../domain/errors.js'
import type { CascadeReason } from '../../domain/transcript.js'
import { modelDigest, readManifest } from '../../engine/manifest.js'
import { listClips, type SourceClip } from '../clips/clips.js'
import { progressOf, recognizeAll, requireMostRecognized, type Processed, type Requested } from '../clips/recognize.js'
import { defaultModelOf, readArguments, runCommand, UsageError } from '../command.js'
import { describe } from './describe.js'
import { labelled, labelledWithCascade, otherAlternatives } from './label.js'
import { labelledWords } from './label-words.js'
import { makeCalibration, type CascadeMaterial } from './make.js'
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
  return runCommand(USAGE, args, () => calibrate(readOptions(args), readConfig(environment)))
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
  const alone = { ...config, cascadeModel: undefined }
  const decoded = await recognizeClips(clips, alone, { words: true })
  const withAlternatives = await recognizeClips(clips, alone, { nBest: N_BEST })
  const material = {
    transcripts: labelled(decoded, redistributable), words: labelledWords(decoded, redistributable),
    first: labelled(withAlternatives.filter(hasAlternatives), redistributable),
    others: otherAlternatives(withAlternatives, redistributable),
    cascade: await cascadeMaterial(clips, config, redistributable),
  }
  const source = { model, provenance: provenance ?? `${clips.length} clips of ${given}` }
  const made = makeCalibration(material, source, new Date())
  const text = `${JSON.stringify(made.calibration, rounded, 1)}\n`
  parseCalibration(text, out, model)
  await writeFile(out, text)
  if (picture !== undefined) await writeFile(picture, drawReliability(made.transcripts, made.words, model.name))
  console.log(describe(made))
}

/** Clips of which none, and of which all are escalated. Undefined without a cascade. */
async function cascadeMaterial(
  clips: readonly SourceClip[], config: Config, redistributable: boolean,
): Promise<CascadeMaterial | undefined> {
  const { cascadeModel, modelsDir } = config
  if (cascadeModel === undefined) return undefined
  const manifest = await readManifest(modelsDir, cascadeModel)
  const kept = await recognizeClips(clips, { ...config, cascadeBelow: 0 }, {})
  const escalated = await recognizeClips(clips, { ...config, cascadeBelow: 1 }, { words: true })
  return {
    larger: { name: manifest.name, digest: modelDigest(manifest) },
    primary: labelledWithCascade(kept.filter((one) => hasReason(one, 'sure')), redistributable),
    escalated: labelledWithCascade(escalated.filter((one) => !hasReason(one, 'sure')), redistributable),
    words: labelledWords(escalated, redistributable),
  }
}

function hasReason(one: Processed, reason: CascadeReason): boolean {
  return 'report' in one && (one.report.cascade?.reasons.includes(reason) ?? false)
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
