/**
 * What a traced process did that a service without a vendor does not: names it looked up, peers it sought, files it
 * wrote outside of its folders. Reads what `strace -f` writes of the calls in TRACED.
 *
 * BodyRead /etc/resolv.conf and /etc/nsswitch.conf is no lookup: Node's own resolver does so when its module loads.
 * A lookup of the C library reads /etc/hosts or asks the kernel for its interfaces before it asks a name server.
 */
import path from 'node:path'

export const TRACED =
  '%network,open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,truncate'

export interface Allowed {
  /** Where relative paths begin. */
  readonly workingDirectory: string
  /** Files may be made and changed below these. */
  readonly folders: readonly string[]
  /** The only address that is listened on. */
  readonly port: number | undefined
}

/** Special files that hold nothing, and how a program writes to its own streams. */
const NOT_KEPT = /^\/dev\/(null|tty|pts\/\d+|stdin|stdout|stderr)$/
const OPENS = /^(open|openat|openat2|creat)\(/
const CHANGES =
  /^(mkdir|mkdirat|mknod|mknodat|rename|renameat|renameat2|link|linkat|symlink|symlinkat|unlink|unlinkat|rmdir|truncate)\(/

/** One line for each call that is not allowed; `trace` is what strace wrote. */
export function strangeCalls(trace: string, allowed: Allowed): string[] {
  return trace.split('\n').map((line) => line.replace(/^\d+\s+/, '')).filter((call) => isStrange(call, allowed))
}

function isStrange(call: string, allowed: Allowed): boolean {
  if (/^(connect|sendto|sendmsg|sendmmsg)\(.*(AF_INET|AF_UNIX)/.test(call)) return true
  if (/^socket\(AF_(NETLINK|PACKET)|^socket\(AF_INET6?, SOCK_(DGRAM|RAW)/.test(call)) return true
  if (call.startsWith('bind(')) return /AF_INET/.test(call) && !call.includes(`htons(${allowed.port})`)
  if (OPENS.test(call)) return isLookup(call) || writes(call) && !pathsOf(call).every((file) => isInside(file, allowed))
  return CHANGES.test(call) && !pathsOf(call).every((file) => isInside(file, allowed))
}

function isLookup(call: string): boolean {
  return call.includes('"/etc/hosts"') || /"[^"]*\/libnss_dns/.test(call)
}

function writes(call: string): boolean {
  return call.startsWith('creat(') || /O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)/.test(call)
}

function pathsOf(call: string): string[] {
  return [...call.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, file]) => file!)
}

function isInside(file: string, { workingDirectory, folders }: Allowed): boolean {
  const absolute = path.resolve(workingDirectory, file)
  return (
    NOT_KEPT.test(absolute) ||
    folders.some((folder) => absolute === folder || absolute.startsWith(`${folder}${path.sep}`))
  )
}
