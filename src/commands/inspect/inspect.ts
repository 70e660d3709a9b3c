/**
 * `npm run inspect -- <file> [--out picture.svg|spectrogram.png] [--model NAME]`: what the service recognizes in one
 * clip, as a picture and as a table.
 *
 * The clip goes through the pipeline of a worker, with the settings of the service (EARSHOT_*). The picture is SVG,
 * which every browser opens. A name that ends in .png gets the spectrogram alone: rendering text to pixels needs a
 * font, and a library as large as this service.
 */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { checkCascade } from '../../recognition/cascade.js'
import { readConfig, type Config } from '../../config.js'
import type { SpeechDetectors } from '../../recognition/segmentation/detector.js'
import { loadDetectors } from '../../recognition/segmentation/load-detectors.js'
import { loadModel } from '../../recognition/load-recognizer.js'
import type { Recognizer } from '../../recognition/recognizer.js'
import { defaultModelOf, readArguments, runCommand, UsageError } from '../command.js'
import { examine, type Examination } from './examine.js'
import { answerFigures, explain, inputFigures } from './figures.js'
import { drawPicture } from './picture.js'
import { encodePng } from './png.js'
import { drawSpectrogram } from './spectrogram.js'

const USAGE = 'npm run inspect -- <file> [--out picture.svg|spectrogram.png] [--model NAME]'

interface Options { readonly file: string; readonly out: string; readonly model: string | undefined }

/** Resolves to an exit code. */
export function runInspect(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  return runCommand(USAGE, args, () => inspect(readOptions(args), environment))
}

async function inspect(options: Options, environment: NodeJS.ProcessEnv): Promise<void> {
  const { file, out } = options
  const bytes = await readFile(file)
  const examination = await examineWith(options, bytes, readConfig(environment))
  const isPng = out.endsWith('.png')
  await writeFile(out, isPng ? encodePng(drawSpectrogram(examination.waveform)) : drawPicture(examination))
  printReport(examination)
  console.log(`\nwritten to ${out}`)
}

function readOptions(args: readonly string[]): Options {
  const options = { out: { type: 'string' }, model: { type: 'string' } } as const
  const { values, positionals: [file, ...more] } = readArguments({ args: [...args], allowPositionals: true, options })
  if (file === undefined) throw new UsageError('which file?')
  if (more.length > 0) throw new UsageError('one file at a time')
  const out = values.out ?? `${path.parse(file).name}.svg`
  if (!/\.(svg|png)$/.test(out)) throw new UsageError(`"${out}" ends neither in .svg nor in .png`)
  return { file, out, model: values.model }
}

async function examineWith({ file, model }: Options, bytes: Uint8Array, config: Config): Promise<Examination> {
  const defaultModel = defaultModelOf(config)
  const open = async (name: string): Promise<Recognizer> =>
    (await loadModel(name, { ...config, threads: 1 })).recognizer
  const recognizer = await open(model ?? defaultModel)
  let larger: Recognizer | undefined
  let detectors: SpeechDetectors | undefined
  try {
    if (config.cascadeModel !== undefined && recognizer.name === defaultModel) larger = await open(config.cascadeModel)
    const cascade = larger && { recognizer: larger, below: config.cascadeBelow }
    if (cascade) checkCascade(recognizer, cascade)
    detectors = await loadDetectors(config)
    const options = { ...config, detectors, cascade, language: undefined, interrupt: () => undefined }
    return await examine(path.basename(file), bytes, recognizer, options)
  } finally {
    const opened = [recognizer, larger, detectors?.first, detectors?.second]
    for (const one of opened) await one?.dispose()
  }
}

function printReport({ name, report }: Examination): void {
  const printRow = (name: string, value: string): void => { console.log(`  ${name.padEnd(24)}${value}`) }
  console.log(`${name}\n`)
  for (const { name, value } of [...inputFigures(report), ...answerFigures(report)]) printRow(name, value)
  for (const warning of report.warnings) printRow('Warning', `${warning}: ${explain(warning)}`)
  console.log()
  for (const { startSeconds, endSeconds, text } of report.segments) {
    console.log(`  ${startSeconds.toFixed(2)} to ${endSeconds.toFixed(2)} s  ${text}`)
  }
}
