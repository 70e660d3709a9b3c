/** The most memory that processes held so far, as Linux shows it under /proc. */
import { readFileSync } from 'node:fs'

/** Largest resident memory of any of them, bytes. Null where the system has no /proc, or a process has ended. */
export function peakResidentBytesOf(processIds: readonly number[]): number | null {
  if (process.platform !== 'linux') return null
  const peaks = processIds.map(peakOf)
  return peaks.includes(null) || peaks.length === 0 ? null : Math.max(...peaks as number[])
}

function peakOf(processId: number): number | null {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? null : Number(kilobytes) * 1024
  } catch (thrown) {
    if (['ENOENT', 'ESRCH'].includes((thrown as NodeJS.ErrnoException).code ?? '')) return null
    throw thrown
  }
}
