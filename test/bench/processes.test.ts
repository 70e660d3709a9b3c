/** Figures of processes from /proc. */
import { existsSync } from 'node:fs'
import t from 'tap'
import { partsOfMemory, processTree } from '../../bench/harness/processes.js'

const skip = existsSync('/proc/self/smaps') ? false : 'only Linux has /proc'

t.test('the parts of the memory of a process are about all of it', { skip }, (t) => {
  const parts = partsOfMemory(process.pid)
  if (parts === undefined) throw new Error('this process has no memory')
  for (const [part, bytes] of Object.entries(parts)) t.ok(bytes > 0, part)
  const sum = parts.fileBytes + parts.heapBytes + parts.otherBytes
  const { residentBytes } = processTree(process.pid)[0]!
  // The kernel counts pages a little late, and memory is allocated between both readings.
  t.ok(Math.abs(sum - residentBytes) < 0.15 * residentBytes, `${sum} of ${residentBytes} bytes`)
  t.end()
})

t.test('a process that has ended has no memory', { skip }, (t) => {
  t.equal(partsOfMemory(2 ** 22 + 1), undefined)
  t.end()
})
