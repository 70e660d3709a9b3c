/**
 * `npm run calibrate -- --clips … --out FILE`: labelled clips → how far the transcripts of a model are to be believed.
 *
 * Clips are heard twice by the processes of the service: as it hears them by default, for the probability that a
 * transcript is right, and with several readings, for what the others deserve. The figures in the file are of speakers
 * that were left out of the fit; the coefficients are fitted on all. Model and settings are those of the environment.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { FORMAT, parseCalibration, type Calibration, type Figures } from '../confidence/calibration.js'
import { readConfig, type Config } from '../config.js'
import { SpeechError } from '../errors.js'
import { modelDigest, readManifest } from '../manifest.js'
import { listClips, type SourceClip } from '../recordings/clips.js'
import { recognizeAll, type Processed } from '../recordings/recognize.js'
import { FOLDS, foretell, type LabelledClip } from './cross-validate.js'
import { calibrationError, errorByChance, figuresOf, type Foretold } from './figures.js'
import { fitCorrectness, fitReadings, type OtherReadings } from './fit.js'
import { labelled, otherReadings } from './label.js'
import { drawReliability } from './picture.js'

const USAGE = `npm run calibrate -- --clips FOLDER|MANIFEST.jsonl --out FILE   clips: path, text, and speaker where known

  --picture FILE         a reliability diagram as SVG
  --provenance TEXT      where the clips come from
  --redistributable      fits only on clips that the manifest does not forbid to pass on; the figures are of all

The service reads the file as confidence.json of the model's folder.`

/** As many as a search is usually asked for. */
const READINGS = 5
/** More clips that cannot be processed, and something is wrong with all of them. */
const MOST_FAILED = 0.05
/** That the calibration error of all clips is shown with: it depends on them. */
const BIN_COUNTS = [5, 10, 15]
/** Of what is written. */
const DIGITS = 4

/** The command was called wrongly. */
class UsageError extends Error {}

interface Options { readonly clips: string; readonly out: string; readonly picture?: string; readonly provenance?: string; readonly redistributable?: boolean }

/** Answers with an exit code. What can be explained is printed as a sentence. */
export async function runCalibrate(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  try {
    const options = parseCommand(args)
    return await calibrate(options, readConfig(environment))
  } catch (thrown) {
    if (thrown instanceof UsageError) return complain(`${thrown.message}\n\n${USAGE}`, 2)
    if (thrown instanceof SpeechError || (thrown as NodeJS.ErrnoException).syscall !== undefined) return complain((thrown as Error).message, 1)
    throw thrown
  }
}

function parseCommand(args: readonly string[]): Options {
  const text = { type: 'string' } as const
  let values
  try {
    values = parseArgs({ args: [...args], options: { clips: text, out: text, picture: text, provenance: text, redistributable: { type: 'boolean' } } }).values
  } catch (thrown) {
    throw new UsageError((thrown as Error).message)
  }
  const { clips, out } = values
  if (clips === undefined) throw new UsageError('--clips says what is to be heard')
  if (out === undefined) throw new UsageError('--out says where the calibration is to be written')
  return { ...values, clips, out }
}

async function calibrate({ clips: given, out, picture, provenance, redistributable = false }: Options, config: Config): Promise<number> {
  const clips = listClips(given).filter(({ text }) => text !== null)
  if (clips.length === 0) throw new SpeechError('CLIPS_INVALID', `no clip of ${given} has a text`)
  const manifest = await readManifest(config.modelsDir, config.models[0]!)
  const model = { name: manifest.name, digest: modelDigest(manifest) }
  const judged = labelled(await hearAll(clips, config, 1), redistributable)
  const others = otherReadings(await hearAll(clips.filter((clip) => !redistributable || clip.isRedistributable), config, READINGS), redistributable)
  const made = makeCalibration(judged, others, { model, provenance: provenance ?? `${clips.length} clips of ${given}` }, new Date())
  const text = `${JSON.stringify(made.calibration, rounded, 1)}\n`
  parseCalibration(text, out, model)
  await writeFile(out, text)
  if (picture !== undefined) await writeFile(picture, drawReliability(made.foretold, made.calibration.held.all, model.name))
  console.log(describe(made))
  return 0
}

async function hearAll(clips: readonly SourceClip[], config: Config, nBest: number): Promise<Processed[]> {
  const processed = await recognizeAll(clips, config, (done) => { if (done % 100 === 0 || done === clips.length) say(`${done} of ${clips.length} clips${nBest > 1 ? `, ${nBest} readings each` : ''}`) }, nBest)
  const failed = processed.filter((one): one is Extract<Processed, { error: SpeechError }> => 'error' in one)
  for (const { clip, error } of failed.slice(0, 10)) say(`left out: ${clip.file}: ${error.message}`)
  if (failed.length > MOST_FAILED * clips.length) throw new SpeechError('CLIPS_INVALID', `${failed.length} of ${clips.length} could not be processed`)
  return processed
}

interface Made { readonly calibration: Calibration; readonly foretold: readonly (LabelledClip & Foretold)[] }

export function makeCalibration(clips: readonly LabelledClip[], others: readonly OtherReadings[], { model, provenance }: Pick<Calibration, 'model' | 'provenance'>, now: Date): Made {
  const fitted = clips.filter(({ isFitted }) => isFitted)
  const foretold = foretell(clips)
  const sources = [...new Set(clips.map(({ source }) => source))].sort()
  return {
    foretold,
    calibration: {
      format: FORMAT, created: now.toISOString(), model, provenance,
      fittedOn: { clips: fitted.length, speakers: new Set(fitted.map(({ speaker }) => speaker)).size },
      correctness: fitCorrectness(fitted),
      readings: fitReadings(others),
      held: { folds: FOLDS, all: figuresOf(foretold), sources: Object.fromEntries(sources.map((source) => [source, figuresOf(foretold.filter((clip) => clip.source === source))])) },
    },
  }
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value
}

function describe({ calibration: { model, fittedOn, correctness, readings, held }, foretold }: Made): string {
  const uncalibrated = figuresOf(foretold.map((clip) => ({ ...clip, probability: clip.confidence })))
  return [
    `calibration of ${model.name} (${model.digest}), fitted on ${fittedOn.clips} clips of ${fittedOn.speakers} speakers`,
    `  1 / (1 + exp(−(${correctness.intercept.toFixed(3)} ${correctness.slope.toFixed(3)} · doubt))); where wrong, another reading is right in ${(100 * readings.elsewhere).toFixed(0)} %, temperature ${readings.temperature.toFixed(2)}`,
    `  on speakers that were left out (${held.folds} folds):`,
    '',
    '| source | clips | speakers | right % | said % | calibration error | by chance | bins | AUROC | Brier |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...Object.entries({ ...held.sources, all: held.all, '(all, by `confidence`)': uncalibrated }).map(([source, figures]) => row(source, figures)),
    '',
    `  calibration error of all by the number of bins: ${BIN_COUNTS.map((bins) => `${bins}: ${calibrationError(foretold, bins).toFixed(3)} (by chance ${errorByChance(foretold, bins).toFixed(3)})`).join(', ')}`,
  ].join('\n')
}

function row(source: string, { clips, speakers, right, meanProbability, calibrationError, errorByChance, bins, auroc, brier }: Figures): string {
  const cells = [source, clips, speakers, (100 * right / clips).toFixed(0), (100 * meanProbability).toFixed(0), calibrationError.toFixed(3), errorByChance.toFixed(3), bins, auroc?.toFixed(2) ?? '', brier.toFixed(3)]
  return `| ${cells.join(' | ')} |`
}

function say(line: string): void {
  console.error(`earshot: ${line}`)
}

function complain(message: string, exitCode: number): number {
  say(message)
  return exitCode
}
