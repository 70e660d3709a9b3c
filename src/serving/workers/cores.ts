/**
 * The number of cores that this container may use. Node and ONNX Runtime see those of the host; a limit on CPU time
 * (`docker run --cpus`, `resources.limits.cpu`) shows only in the control groups of the kernel.
 *
 * A fraction is rounded down: with 2.5 cores three busy workers would use up each period's time before it ends and
 * all be throttled until the next, which delays every request; two workers never are.
 */
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** At least 1. `root`: the folder of proc/ and sys/; tests use another one. */
export function availableCores(root = '/', hostCores = os.availableParallelism()): number {
  const quotas = [...quotasV2(root), ...quotasV1(root)]
  return Math.max(1, Math.floor(Math.min(hostCores, ...quotas)))
}

/** Version 2: `cpu.max` holds "quota period" in microseconds, or "max period"; every group up to the root limits. */
function quotasV2(root: string): number[] {
  return groupFolders(root, /^0::(.*)$/m, 'sys/fs/cgroup').flatMap((folder) => {
    const [quota, period] = (readIfThere(path.join(folder, 'cpu.max')) ?? '').split(' ')
    return quotaOf(quota, period)
  })
}

/** Version 1: two files, and a quota of -1 for no limit. */
function quotasV1(root: string): number[] {
  return groupFolders(root, /^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m, 'sys/fs/cgroup/cpu').flatMap((folder) =>
    quotaOf(readIfThere(path.join(folder, 'cpu.cfs_quota_us')), readIfThere(path.join(folder, 'cpu.cfs_period_us'))))
}

/**
 * The folder of our own group and those above it. Inside a container the path may be the host's, whose lower
 * folders do not exist, while the mount point is the container's own: the walk upwards includes it.
 */
function groupFolders(root: string, line: RegExp, mount: string): string[] {
  const group = line.exec(readIfThere(path.join(root, 'proc/self/cgroup')) ?? '')?.[1]
  if (group === undefined) return []
  const parts = group.split('/').filter((part) => part !== '' && part !== '..')
  return Array.from({ length: parts.length + 1 }, (_, depth) => path.join(root, mount, ...parts.slice(0, depth)))
}

function quotaOf(quota: string | undefined, period: string | undefined): number[] {
  const cores = Number(quota) / Number(period)
  return Number.isFinite(cores) && cores > 0 ? [cores] : []
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    // A missing file means another version, another system, or a group of the host.
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes((cause as NodeJS.ErrnoException).code ?? '')) return undefined
    throw cause
  }
}
