/** The form of matrices that this machine multiplies fastest. */
import { existsSync, readFileSync } from 'node:fs'
import type { MatrixChoice } from '../../domain/choices.js'
import type { Target } from './graph.js'

/**
 * `provider` is the execution provider that the graph is written for. Accelerators have no 8-bit kernels. Float16 is
 * emulated on a CPU, which has no kernels for it. WebGPU has it only where the device offers `shader-f16`, and without
 * that the first run would fail, so there nobody gets it who has not asked for it.
 */
export function targetFor(
  provider: string, choice: MatrixChoice, hasDotProducts: () => boolean = cpuHasDotProducts,
): Target {
  if (choice === 'half' && provider === 'cpu') return { matrices: 'emulated-half' }
  if (choice !== 'auto') return { matrices: choice }
  if (provider === 'cuda') return { matrices: 'half' }
  if (provider !== 'cpu') return { matrices: 'real' }
  return { matrices: hasDotProducts() ? 'signed' : 'unsigned' }
}

/**
 * Whether signed weights are safe. On x86 without VNNI the runtime adds pairs of products in 16 bits, which overflow;
 * with VNNI, and on ARM, sums have 32 bits. Where the CPU cannot be queried, the safe answer is no.
 */
function cpuHasDotProducts(): boolean {
  return process.arch === 'arm64' || hasVnni() === true
}

/** Whether an x86 CPU multiplies and adds 8-bit integers in one instruction (VNNI); undefined where that is unknown. */
export function hasVnni(cpuInfo: string | undefined = readCpuInfo()): boolean | undefined {
  const flags = /^flags\s*:(.*)$/m.exec(cpuInfo ?? '')?.[1]
  return flags === undefined ? undefined : /\b(avx512_vnni|avx_vnni)\b/.test(flags)
}

function readCpuInfo(): string | undefined {
  return existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : undefined
}
