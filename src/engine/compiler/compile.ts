/**
 * Published graphs → one graph that runs at the speed of the machine.
 *
 * Everybody runs a published model as it was exported, encoder and decoder apart, and steps through the decoder from
 * outside. Here a new graph is authored from the same weights, by the architecture of that name: the loop inside, fewer
 * and larger operators, matrices in the form that this CPU multiplies best. docs/performance.md says what it buys.
 */
import type { Manifest, ModelFiles } from '../manifest.js'
import type { OpenSession } from '../runtime/session.js'
import type { Target } from './graph.js'
import { readOnnx } from './onnx.js'
import { Published, UnknownModel } from './published.js'

/** What a graph is for: `greedy` goes from audio to tokens in one run, `steps` is one step of a search, `align` says where tokens were heard. */
export type Entrance = 'greedy' | 'steps' | 'align'

/** What an architecture has to work with. */
export interface Source {
  readonly manifest: Manifest
  /** The published graphs, read as the keys of the manifest's `files`. */
  readonly encoder: Published
  readonly decoder: Published
  readonly target: Target
  readonly entrance: Entrance
  /** For what has to be computed once: runs a graph on the CPU. */
  readonly open: OpenSession
}

/** The one export of every file in architectures/, by the name `write`. Throws `UnknownModel` for weights that it does not know. */
export type WriteModel = (source: Source) => Promise<Uint8Array>

/** The compiled graph. Throws `UnknownModel` when there is no architecture for it, or its weights have other names or shapes. */
export async function compileModel(manifest: Manifest, files: ModelFiles, target: Target, entrance: Entrance, open: OpenSession): Promise<Uint8Array> {
  const write = await findArchitecture(manifest.family)
  const [encoder, decoder] = await Promise.all(['encoder', 'decoder'].map(async (key) => new Published(readOnnx(await files.read(key))))) as [Published, Published]
  return write({ manifest, encoder, decoder, target, entrance, open })
}

async function findArchitecture(family: string): Promise<WriteModel> {
  const file = `../architectures/${family}.js`
  const module = await import(file).catch((cause: Error) => {
    // An architecture that is there and broken is a bug, and says so itself.
    if (!cause.message.startsWith('Cannot find') || !cause.message.includes(file.slice(2))) throw cause
    throw new UnknownModel(`there is no architecture of the name "${family}"`, { cause })
  }) as { write: WriteModel }
  return module.write
}
