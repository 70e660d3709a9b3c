/**
 * Published graphs → one graph that runs at the speed of the machine.
 *
 * A published model is usually run as it was exported: encoder and decoder apart, the decoder stepped from outside.
 * Here a new graph is written from the same weights, by the architecture of that name: with the loop inside, fewer and
 * larger operators, and matrices in the form that this CPU multiplies fastest. docs/performance.md states the effect.
 */
import type { Manifest, ModelFiles } from '../manifest.js'
import type { OpenSession } from '../runtime/session.js'
import type { Target } from './graph.js'
import { readOnnx } from './onnx.js'
import { Published, UnknownModel } from './published.js'

/**
 * What a graph is for: `greedy` goes from audio to tokens in one run, `steps` is one step of a beam search, `align`
 * returns the attention from which word times are computed.
 */
export type GraphKind = 'greedy' | 'steps' | 'align'

/** What an architecture writes a graph from. */
export interface Source {
  readonly manifest: Manifest
  /** The published graphs, read as the keys of the manifest's `files`. */
  readonly encoder: Published
  readonly decoder: Published
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
  const read = async (key: string): Promise<Published> => new Published(readOnnx(await files.read(key)))
  const [encoder, decoder] = await Promise.all([read('encoder'), read('decoder')])
  return write({ manifest, encoder, decoder, target, kind, open })
}

async function findArchitecture(family: string): Promise<WriteModel> {
  const file = `../architectures/${family}.js`
  const module = await import(file).catch((cause: Error) => {
    // An error inside an architecture that exists is a bug and is thrown as it is.
    if (!cause.message.startsWith('Cannot find') || !cause.message.includes(file.slice(2))) throw cause
    throw new UnknownModel(`there is no architecture of the name "${family}"`, { cause })
  }) as { write: WriteModel }
  return module.write
}
