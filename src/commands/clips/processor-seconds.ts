/** Processor time of processes as Linux shows it under /proc. On a busy machine it varies far less than time does. */
import { readFileSync } from 'node:fs'

/** USER_HZ, which Linux keeps at 100 for programs on every machine that Node runs on. */
const TICKS_PER_SECOND = 100
/** `utime` and `stime` of /proc/PID/stat, counted after the name of the program, which may have blanks. */
const [USER_TICKS, SYSTEM_TICKS] = [11, 12]

/** Sum of user and system time so far. Null where the system has no /proc, or a process has ended. */
export function processorSecondsOf(processIds: readonly number[]): number | null {
  if (process.platform !== 'linux') return null
  let ticks = 0
  for (const processId of processIds) {
    const fields = fieldsOf(processId)
    if (fields === undefined) return null
    ticks += Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])
  }
  return ticks / TICKS_PER_SECOND
}

function fieldsOf(processId: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch (thrown) {
    if (['ENOENT', 'ESRCH'].includes((thrown as NodeJS.ErrnoException).code ?? '')) return undefined
    throw thrown
  }
}
