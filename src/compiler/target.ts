/** What this machine multiplies best. */
import { readFileSync } from 'node:fs'
import os from 'node:os'
import type { MatrixChoice } from '../types.js'
import type { Target } from './graph.js'

/** `provider` is the execution provider that the graph is written for; accelerators have no 8-bit kernels. */
export function targetFor(provider: string, choice: MatrixChoice, hasDotProducts: () => boolean = cpuHasDotProducts): Target {
  if (choice !== 'auto') return { matrices: choice }
  if (provider !== 'cpu') return { matrices: 'real' }
  return { matrices: hasDotProducts() ? 'signed' : 'unsigned' }
}

/**
 * Whether signed weights are safe. On x86 without VNNI the runtime adds pairs of products in 16 bits, which overflow;
 * with it, and on ARM, sums have 32. Where the CPU cannot be asked, the safe answer is no.
 */
function cpuHasDotProducts(): boolean {
  if (process.arch === 'arm64') return true
  if (os.platform() !== 'linux') return false
  return /^flags\s*:.*\b(avx512_vnni|avx_vnni)\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'))
}
