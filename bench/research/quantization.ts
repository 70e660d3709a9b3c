/**
 * What rounding the weights of a model costs: the same weights as real numbers, as integers with one scale for each
 * column (what the compiler makes of them) and as integers with one scale for each matrix (as published files have it).
 *
 * Words through the whole pipeline, in turns on every clip, and the signal-to-noise ratio of the keys and values that
 * the encoder hands to the decoder, against those of real numbers. It needs a model that comes as real numbers.
 */
import { readFile } from 'node:fs/promises'
import { keyValuesOf } from '../../fixtures/kit/encoder-memory.js'
import { median } from '../../fixtures/kit/statistics.js'
import { decodeAudio } from '../../src/audio/decode.js'
import { resample } from '../../src/audio/signal/resample.js'
import { findArchitecture, readWeights, type GraphKind } from '../../src/engine/compiler/compile.js'
import { quantizeWhole, type Matrix } from '../../src/engine/compiler/matrices.js'
import { targetFor } from '../../src/engine/compiler/target.js'
import type { Weights } from '../../src/engine/compiler/weights.js'
import { hasPublishedGraphs, openModelFiles, readManifest, type Manifest } from '../../src/engine/manifest.js'
import { encoderGraph } from '../../src/engine/runtime/encoder-memory.js'
import { sessionOpener, Tensor } from '../../src/engine/runtime/session.js'
import { logMelExtractor } from '../../src/recognition/features/log-mel.js'
import { loadRecognizer, type Recognizer } from '../../src/recognition/recognizer.js'
import { QUANTIZATION } from '../declarations/research.js'
import { defineBench } from '../harness/bench.js'
import { readClips, type SpeechClip } from '../harness/clips.js'
import { UsageError } from '../harness/endings.js'
import { modelsDir } from '../harness/needs.js'
import { SERVED } from '../harness/recognizers.js'
import { scoreSource, type ScoredClip } from '../harness/scoring.js'
import { fixed, printTable } from '../harness/table.js'
import { bySource, recognizeAll } from '../harness/ways.js'

/** How matrices are stored, and the target that the graph is written for. */
const FORMS = ['real', 'column', 'matrix'] as const
type Form = (typeof FORMS)[number]
const SAYS: Readonly<Record<Form, string>> = {
  real: 'real numbers', column: 'a scale for each column', matrix: 'a scale for each matrix',
}

const open = sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })

export const run = defineBench(QUANTIZATION, async ({ model, manifest: file, limit, encoded }) => {
  const manifest = await readManifest(modelsDir, model)
  if (hasPublishedGraphs(manifest)) throw new UsageError(`${model} comes as integers, and not as real numbers`)
  const clips = await readClips(file, limit)
  const graphs: Record<Form, Graphs> = {
    real: await compileBoth(manifest, 'real'), column: await compileBoth(manifest, 'column'),
    matrix: await compileBoth(manifest, 'matrix'),
  }
  const ratios = await signalToNoise(manifest, graphs, clips.slice(0, encoded))
  const recognizers = await Promise.all(FORMS.map((form) => openForm(manifest, form, graphs[form])))
  const ways = FORMS.map((form, index) =>
    ({ name: form, recognizer: recognizers[index]!, options: { ...SERVED, language: 'en' } }))
  const scores = await recognizeAll(clips, ways, 1)
  for (const recognizer of recognizers) await recognizer.dispose()
  const rows = FORMS.map((form, index) => summaryOf(form, graphs[form], scores[index]!, ratios[form]))
  printRows(rows)
  return { missed: [], judged: { clips: clips.length }, results: rows }
})

/** From audio to tokens. */
interface Graphs { readonly encoder: Uint8Array; readonly greedy: Uint8Array }

async function compileBoth(manifest: Manifest, form: Form): Promise<Graphs> {
  return { encoder: await compile(manifest, form, 'encoder'), greedy: await compile(manifest, form, 'greedy') }
}

async function compile(manifest: Manifest, form: Form, kind: GraphKind): Promise<Uint8Array> {
  const files = openModelFiles(modelsDir, manifest)
  const write = await findArchitecture(manifest.family)
  const target = targetFor('cpu', form === 'real' ? 'real' : 'auto')
  return write({
    manifest, target, kind, open,
    readWeights: async (names) => inForm(await readWeights(manifest, files, names), form),
  })
}

function inForm(weights: Weights, form: Form): Weights {
  if (form !== 'matrix') return weights
  const rounded = (matrix: Matrix): Matrix => 'scales' in matrix ? matrix : quantizeWhole(matrix)
  return {
    ...weights, matrix: (module) => rounded(weights.matrix(module)), table: (module) => rounded(weights.table(module)),
  }
}

async function openForm(manifest: Manifest, form: Form, graphs: Graphs): Promise<Recognizer> {
  const further = (kind: GraphKind): Promise<Uint8Array> => compile(manifest, form, kind)
  return loadRecognizer(manifest, openModelFiles(modelsDir, manifest), open, { ...graphs, further })
}

/** Median over the clips, dB, of the two forms of integers. */
async function signalToNoise(
  manifest: Manifest, graphs: Readonly<Record<Form, Graphs>>, clips: readonly SpeechClip[],
): Promise<Partial<Record<Form, number>>> {
  const audios: Tensor[] = []
  for (const { file } of clips) {
    const { waveform } = await decodeAudio(await readFile(file), { maxSeconds: manifest.limits.clipSeconds })
    audios.push(audioOf(manifest, resample(waveform, manifest.frontEnd.sampleRate).samples))
  }
  const encodeAll = async ({ encoder }: Graphs): Promise<Float32Array[]> => {
    const session = await open(encoder, { fixedShapes: false })
    const encode = encoderGraph(session)
    const memories: Float32Array[] = []
    for (const audio of audios) memories.push(keyValuesOf(await encode(audio), statesOf(manifest, audio)))
    await session.release()
    return memories
  }
  const exact = await encodeAll(graphs.real)
  const ratioOf = async (form: Form): Promise<number> =>
    median((await encodeAll(graphs[form])).map((memory, index) => decibels(exact[index]!, memory)))
  return { column: await ratioOf('column'), matrix: await ratioOf('matrix') }
}

/** Encoder states of the audio: a convolution of Whisper halves the frames. All states of other models. */
function statesOf({ frontEnd }: Manifest, { dims }: Tensor): number | undefined {
  return frontEnd.kind === 'waveform' ? undefined : dims[2]! / 2
}

/** Encoder input of the clip alone. */
function audioOf({ frontEnd }: Manifest, samples: Float32Array): Tensor {
  if (frontEnd.kind === 'waveform') return new Tensor('float32', samples.slice(), [1, samples.length])
  const { bins, hopSamples } = frontEnd
  const { data, frames } = logMelExtractor(frontEnd)(samples, 2 * Math.ceil(samples.length / hopSamples / 2))
  const binsFirst = Float32Array.from(data, (_, at) => data[at % frames * bins + Math.floor(at / frames)]!)
  return new Tensor('float32', binsFirst, [1, bins, frames])
}

function decibels(exact: Float32Array, other: Float32Array): number {
  let [power, noise] = [0, 0]
  for (const [index, value] of exact.entries()) {
    power += value ** 2
    noise += (value - other[index]!) ** 2
  }
  return 10 * Math.log10(power / noise)
}

interface Row {
  readonly form: Form
  readonly graphMb: number
  readonly signalToNoiseDb: number | undefined
  readonly realTimeFactor: number
  readonly sources: Readonly<Record<string, number>>
}

function summaryOf(
  form: Form, { encoder, greedy }: Graphs, clips: readonly ScoredClip[], ratio: number | undefined,
): Row {
  const total = (value: (clip: ScoredClip) => number): number => clips.reduce((sum, clip) => sum + value(clip), 0)
  return {
    form, graphMb: (encoder.byteLength + greedy.byteLength) / 1e6, signalToNoiseDb: ratio,
    realTimeFactor: total(({ latencyMs }) => latencyMs) / 1000 / total(({ audioSeconds }) => audioSeconds),
    sources: Object.fromEntries(bySource(clips).map(([source, own]) => [source, scoreSource(source, own).wer])),
  }
}

function printRows(rows: readonly Row[]): void {
  const sources = Object.keys(rows[0]?.sources ?? {})
  const head = ['weights', 'graphs MB', 'encoder dB', 'RTF', ...sources.map((source) => `${source} %`)]
  printTable(head, rows.map((row) => [
    SAYS[row.form], fixed(row.graphMb, 0), fixed(row.signalToNoiseDb), fixed(row.realTimeFactor, 3),
    ...sources.map((source) => fixed(row.sources[source])),
  ]))
}
