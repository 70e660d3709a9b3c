/**
 * `npm run inspect -- <file> [--out picture.svg|spectrogram.png] [--model NAME]`: what the service makes of one clip,
 * as a picture and as a table.
 *
 * The clip goes through the pipeline of a worker, with the settings of the service (EARSHOT_*). The picture is SVG,
 * which every browser opens; a name that ends in .png gets the spectrogram alone, because turning text into pixels
 * takes a font, and a library as large as this service to draw with it.
 */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { checkCascade } from '../../recognition/cascade.js'
import { readConfig, type Config } from '../../config.js'
import type { SpeechDetectors } from '../../recognition/segmentation/detector.js'
import { loadDetectors } from '../../recognition/segmentation/load-detectors.js'
import { loadModel } from '../../recognition/load-recognizer.js'
import { SpeechError } from '../../domain/errors.js'
import type { Recognizer } from '../../recognition/recognizer.js'
import { examine, type Examination } from './examine.js'
import { answerFigures, explain, inputFigures } from './figures.js'
import { drawPicture } from './picture.js'
import { encodePng } from './png.js'
import { drawSpectrogram } from './spectrogram.js'

const USAGE = 'npm run inspect -- <file> [--out picture.svg|spectrogram.png] [--model NAME]'

interface Asked { readonly file: string; readonly out: string; readonly model: string | undefined }

/** Answers with an exit code. What can be explained is printed as a sentence. */
export async function runInspect(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  try {
    const asked = readArguments(args)
    if (typeof asked === 'string') return complain(`expected ${USAGE}: ${asked}`, 2)
    const bytes = await readFile(asked.file)
    const examination = await examineWith(asked, bytes, readConfig(environment))
    await writeFile(asked.out, asked.out.endsWith('.png') ? encodePng(drawSpectrogram(examination.waveform)) : drawPicture(examination))
    printReport(examination)
    console.log(`\nwritten to ${asked.out}`)
    return 0
  } catch (thrown) {
    const isOurs = thrown instanceof SpeechError || (thrown as NodeJS.ErrnoException).syscall !== undefined
    if (!isOurs) throw thrown
    return complain((thrown as Error).message, 1)
  }
}

/** What was asked for, or what is wrong with it. */
function readArguments(args: readonly string[]): Asked | string {
  try {
    const { values, positionals: [file, ...more] } = parseArgs({ args: [...args], allowPositionals: true, options: { out: { type: 'string' }, model: { type: 'string' } } })
    if (file === undefined) return 'which file?'
    if (more.length > 0) return 'one file at a time'
    const out = values.out ?? `${path.parse(file).name}.svg`
    if (!/\.(svg|png)$/.test(out)) return `"${out}" ends neither in .svg nor in .png`
    return { file, out, model: values.model }
  } catch (thrown) {
    return (thrown as Error).message
  }
}

async function examineWith({ file, model }: Asked, bytes: Uint8Array, config: Config): Promise<Examination> {
  const standard = config.models[0]!
  const open = async (name: string): Promise<Recognizer> => (await loadModel(name, { ...config, threads: 1 })).recognizer
  const recognizer = await open(model ?? standard)
  let larger: Recognizer | undefined
  let detectors: SpeechDetectors | undefined
  try {
    if (config.cascadeModel !== undefined && recognizer.name === standard) larger = await open(config.cascadeModel)
    const cascade = larger && { recognizer: larger, below: config.cascadeBelow }
    if (cascade) checkCascade(recognizer, cascade)
    detectors = await loadDetectors(config)
    return await examine(path.basename(file), bytes, recognizer, { ...config, detectors, cascade, language: undefined, interrupt: () => undefined })
  } finally {
    await Promise.all([recognizer.dispose(), larger?.dispose(), detectors?.first.dispose(), detectors?.second?.dispose()])
  }
}

function printReport({ name, report }: Examination): void {
  console.log(`${name}\n`)
  for (const figure of [...inputFigures(report), ...answerFigures(report)]) console.log(`  ${figure.name.padEnd(24)}${figure.value}`)
  for (const warning of report.warnings) console.log(`  ${'Warning'.padEnd(24)}${warning}: ${explain(warning)}`)
  console.log()
  for (const { startSeconds, endSeconds, text } of report.segments) console.log(`  ${startSeconds.toFixed(2)} to ${endSeconds.toFixed(2)} s  ${text}`)
}

function complain(message: string, exitCode: number): number {
  console.error(`earshot: ${message}`)
  return exitCode
}
