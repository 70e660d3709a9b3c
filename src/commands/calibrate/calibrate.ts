/**
 * `npm run calibrate -- --clips … --out FILE`: labelled clips → how far the transcripts of a model are to be believed.
 *
 * Clips are heard twice by the processes of the service: as it hears them by default, for the probabilities that a
 * transcript is right and that its words are, and with several readings, for those of the first and of the others. The figures in the file are of speakers
 * that were left out of the fit; the coefficients are fitted on all. Model and settings are those of the environment.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { parseCalibration } from '../../recognition/confidence/calibration.js'
import { readConfig, type Config } from '../../config.js'
import { SpeechError } from '../../domain/errors.js'
import { modelDigest, readManifest } from '../../engine/manifest.js'
import { listClips, type SourceClip } from '../clips/clips.js'
import { recognizeAll, type Processed, type Wanted } from '../clips/recognize.js'
import { describe } from './describe.js'
import { labelled, otherReadings } from './label.js'
import { labelledWords } from './label-words.js'
import { makeCalibration } from './make.js'
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
  const heard = await hearAll(clips, config, { words: true })
  const searched = await hearAll(clips, config, { nBest: READINGS })
  const material = {
    transcripts: labelled(heard, redistributable), words: labelledWords(heard, redistributable),
    first: labelled(searched.filter(hasReadings), redistributable), others: otherReadings(searched, redistributable),
  }
  const made = makeCalibration(material, { model, provenance: provenance ?? `${clips.length} clips of ${given}` }, new Date())
  const text = `${JSON.stringify(made.calibration, rounded, 1)}\n`
  parseCalibration(text, out, model)
  await writeFile(out, text)
  if (picture !== undefined) await writeFile(picture, drawReliability(made.transcripts, made.words, model.name))
  console.log(describe(made))
  return 0
}

async function hearAll(clips: readonly SourceClip[], config: Config, wanted: Wanted): Promise<Processed[]> {
  const processed = await recognizeAll(clips, config, (done) => { if (done % 100 === 0 || done === clips.length) say(`${done} of ${clips.length} clips${wanted.nBest === undefined ? '' : `, ${wanted.nBest} readings each`}`) }, wanted)
  const failed = processed.filter((one): one is Extract<Processed, { error: SpeechError }> => 'error' in one)
  for (const { clip, error } of failed.slice(0, 10)) say(`left out: ${clip.file}: ${error.message}`)
  if (failed.length > MOST_FAILED * clips.length) throw new SpeechError('CLIPS_INVALID', `${failed.length} of ${clips.length} could not be processed`)
  return processed
}

function hasReadings(one: Processed): boolean {
  return 'report' in one && one.report.alternatives.length > 0
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value
}

function say(line: string): void {
  console.error(`earshot: ${line}`)
}

function complain(message: string, exitCode: number): number {
  say(message)
  return exitCode
}
