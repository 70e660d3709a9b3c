/**
 * A process and its descendants as Linux shows them under /proc: memory, CPU time and kind. Resident memory
 * counts pages that processes share once for each of them, so the sum over a server and its workers is an upper bound.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { UsageError } from './endings.js'

/** In the command line of a worker; the first name is that of earlier revisions (`bench -- revisions`). */
const WORKER = /(recognizer|worker)-process/

export interface ProcessFigures {
  readonly processId: number
  readonly isWorker: boolean
  readonly residentBytes: number
  /** Clock ticks in user and kernel mode, `TICKS_PER_SECOND` in a second. */
  readonly cpuTicks: number
}

/** Of /proc stat: USER_HZ, which Linux keeps at 100 for user programs on every machine that Node runs on. */
const TICKS_PER_SECOND = 100

/** The process itself first, then its descendants; one that has just ended is left out. */
export function processTree(rootId: number): ProcessFigures[] {
  if (!existsSync('/proc/self/stat')) throw new UsageError('this bench reads /proc, which only Linux has')
  const parents = new Map(processIds().flatMap((id) => {
    const stat = fieldsOf(id)
    return stat === undefined ? [] : [[id, Number(stat[1])] as const]
  }))
  const family = [rootId]
  for (const id of family) for (const [child, parent] of parents) if (parent === id) family.push(child)
  return family.flatMap((id) => figuresOf(id) ?? [])
}

/** CPU time so far of a server's own process and of its workers, seconds. */
export function cpuSecondsOf(serverId: number): { readonly server: number; readonly worker: number } {
  const seconds = { server: 0, worker: 0 }
  for (const { isWorker, cpuTicks } of processTree(serverId)) {
    seconds[isWorker ? 'worker' : 'server'] += cpuTicks / TICKS_PER_SECOND
  }
  return seconds
}

/** Resident pages of a process by what they belong to. */
export interface MemoryParts {
  /** Programs and libraries, most of which it shares with other processes. */
  readonly fileBytes: number
  /** What the C library manages: the heap of the process, without blocks that are mapped for themselves. */
  readonly heapBytes: number
  /** V8's heap and code, stacks, mapped blocks. */
  readonly otherBytes: number
}

/** Undefined when the process has ended. */
export function partsOfMemory(processId: number): MemoryParts | undefined {
  const maps = readOf(processId, 'smaps')
  if (maps === undefined) return undefined
  const parts = { fileBytes: 0, heapBytes: 0, otherBytes: 0 }
  // Address, access, offset, device, inode, then the name, which anonymous pages lack.
  for (const [, name = '', lines = ''] of maps.matchAll(/^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)\n((?:[A-Z].*\n)*)/gm)) {
    const bytes = (field: string): number =>
      1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(lines)?.[1] ?? 0)
    parts.fileBytes += bytes('Rss') - bytes('Anonymous')
    parts[name === '[heap]' ? 'heapBytes' : 'otherBytes'] += bytes('Anonymous')
  }
  return parts
}

export function residentBytes(processes: readonly ProcessFigures[]): number {
  return processes.reduce((total, { residentBytes: bytes }) => total + bytes, 0)
}

function processIds(): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)
}

function figuresOf(processId: number): ProcessFigures | undefined {
  const fields = fieldsOf(processId)
  const status = readOf(processId, 'status')
  const residentKb = /^VmRSS:\s+(\d+) kB$/m.exec(status ?? '')?.[1]
  if (fields === undefined || residentKb === undefined) return undefined
  return {
    processId, isWorker: WORKER.test(readOf(processId, 'cmdline') ?? ''),
    residentBytes: Number(residentKb) * 1024, cpuTicks: Number(fields[11]) + Number(fields[12]),
  }
}

/** Fields of /proc/N/stat from the third (state) on; the second, a name in brackets, may hold anything. */
function fieldsOf(processId: number): string[] | undefined {
  const stat = readOf(processId, 'stat')
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** Undefined when the process ended in the meantime. */
function readOf(processId: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${processId}/${file}`, 'utf8')
  } catch (thrown) {
    if (['ENOENT', 'ESRCH'].includes((thrown as NodeJS.ErrnoException).code ?? '')) return undefined
    throw thrown
  }
}
