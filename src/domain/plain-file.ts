/** Files that an operator names: read whole, and never waited for or read without end, whatever is at the path. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** The bytes of a regular file, small enough to be read at once: the caller waits. Throws what is wrong with it, as the end of a sentence about the file. */
export function readPlainFile(file: string, mostBytes: number): Buffer {
  // Without O_NONBLOCK, opening a pipe would wait for somebody to write into it.
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error('it is not a regular file')
    const bytes = Buffer.alloc(mostBytes + 1) // files of the system have more than they say
    let length = 0
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null)
    }
    if (length > mostBytes) throw new Error(`it is larger than ${mostBytes} bytes`)
    return bytes.subarray(0, length)
  } finally {
    closeSync(descriptor)
  }
}
