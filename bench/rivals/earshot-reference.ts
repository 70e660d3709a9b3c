/**
 * The published graphs, stepped through from outside: what the compiled engine is measured against, whatever `--engine`
 * says.
 */
import type { Open } from './adapter.js'
import { open as openEarshot } from './earshot.js'

export const open: Open = (setup) => openEarshot({ ...setup, engine: 'reference' })
