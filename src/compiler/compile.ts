/** x */
import type { Manifest } from '../manifest.js'
import type { Target } from './graph.js'
import type { Published, Reals } from './published.js'
/** Runs a graph once while a model is compiled. */
export type RunGraph = (graph: Uint8Array, feeds: Readonly<Record<string, Reals>>) => Promise<Readonly<Record<string, Reals>>>
export interface Source { readonly graphs: Readonly<Record<string, Published>>; readonly target: Target; readonly manifest: Manifest; readonly pieces: readonly string[]; readonly run: RunGraph }
export type WriteModel = (source: Source) => Uint8Array | Promise<Uint8Array>
