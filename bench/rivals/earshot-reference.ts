/** The published graphs, whatever `--engine` says: what the compiled engine is compared with. */
import type { Open } from './adapter.js'
import { open as openEarshot } from './earshot.js'

export const open: Open = (setup) => openEarshot({ ...setup, engine: 'reference' })
