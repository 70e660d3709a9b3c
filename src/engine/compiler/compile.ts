/**
 * The weights of a model → one graph that runs at the speed of the machine.
 *
 * A published model is usually run as it was exported: encoder and decoder apart, the decoder stepped from outside.
 * Here a new graph is written, by the architecture of that name, from the weights of the published graphs or from a
 * file that holds nothing but weights: with the loop inside, fewer and larger operators, and matrices in the form that
 * this CPU multiplies fastest. docs/performance.md states the effect.
 */
import { hasPublishedGraphs, type Manifest, type ModelFiles } from '../manifest.js'
import type { OpenSession } from '../runtime/session.js'
import { isGgml, readGgml } from './ggml.js'
import type { Target } from './graph.js'
import { readOnnx } from './onnx.js'
import { Published, UnknownModel } from './published.js'
import { readSafetensors } from './safetensors.js'
import { publishedWeights, realWeights, type TensorFile, type WeightNames, type Weights } from './weights.js'

/**
 * What a graph is for: `encoder` turns audio into what the decoder attends to, `greedy` chooses the tokens of several
 * sequences, `steps` is one step of a beam search or scores given texts, `align` returns the attention from which word
 * times are computed.
 */
export const GRAPH_KINDS = ['encoder', 'greedy', 'steps', 'align'] as const
export type GraphKind = (typeof GRAPH_KINDS)[number]

/** What an architecture writes a graph from. */
export interface Source {
  readonly manifest: Manifest
  /** The weights, by the names that the architecture gives them. */
  readWeights(names: WeightNames): Promise<Weights>
  readonly target: Target
  readonly kind: GraphKind
  /** Runs a graph on the CPU, for what can be computed once. */
  readonly open: OpenSession
}

/** The one export of every file in architectures/, named `write`. Throws `UnknownModel` for weights that do not fit. */
export type WriteModel = (source: Source) => Promise<Uint8Array>

/**
 * The compiled graph. Throws `UnknownModel` when there is no architecture for it, or when its weights have other names
 * or shapes.
 */
export async function compileModel(
  manifest: Manifest, files: ModelFiles, target: Target, kind: GraphKind, open: OpenSession,
): Promise<Uint8Array> {
  const write = await findArchitecture(manifest.family)
  return write({ manifest, target, kind, open, readWeights: (names) => readWeights(manifest, files, names) })
}

/**
 * From the file `weights` of the manifest, in the format that its first bytes show, else from the published graphs,
 * `encoder` and `decoder`. Throws `UnknownModel` for a format that the architecture has no names for, and MODEL_INVALID
 * for a broken file.
 */
export async function readWeights(manifest: Manifest, files: ModelFiles, names: WeightNames): Promise<Weights> {
  if (!hasPublishedGraphs(manifest)) {
    const bytes = await files.read('weights')
    if (!isGgml(bytes)) return safetensorsWeights(readSafetensors(bytes))
    if (names.ggml === undefined) throw new UnknownModel(`a ggml file cannot hold a model of "${manifest.family}"`)
    return realWeights(readGgml(bytes), names.ggml)
  }
  const read = async (key: string): Promise<Published> => new Published(readOnnx(await files.read(key)))
  const [encoder, decoder] = await Promise.all([read('encoder'), read('decoder')])
  return publishedWeights(encoder, decoder, names.onnx)
}

/** Names in such a file are those of the interface, below `model`; a model without its output layer has no prefix. */
function safetensorsWeights(file: TensorFile): Weights {
  return realWeights(file, (name) => file.has(`model.${name}`) ? `model.${name}` : name)
}

/** The architecture of that name. Throws `UnknownModel` when there is none. */
export async function findArchitecture(family: string): Promise<WriteModel> {
  const file = `../architectures/${family}.js`
  const module = await import(file).catch((cause: Error) => {
    // An error inside an architecture that exists is a bug and is thrown as it is.
    if (!cause.message.startsWith('Cannot find') || !cause.message.includes(file.slice(2))) throw cause
    throw new UnknownModel(`there is no architecture of the name "${family}"`, { cause })
  }) as { write: WriteModel }
  return module.write
}
