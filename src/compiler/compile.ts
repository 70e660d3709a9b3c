/** x */
import type { Manifest } from '../manifest.js'
import type { Target } from './graph.js'
import type { Published } from './published.js'
export interface Source { readonly graphs: Readonly<Record<string, Published>>; readonly target: Target; readonly manifest: Manifest; readonly pieces: readonly string[] }
export type WriteModel = (source: Source) => Uint8Array
