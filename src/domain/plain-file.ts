/** Reads files that an operator names, without blocking or reading without end, whatever is at the path. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/**
 * The bytes of a regular file that is small enough to be read synchronously. Throws an error whose message says what is
 * wrong with the file, as the end of a sentence about it.
 */
export function readPlainFile(file: string, maxBytes: number): Buffer {
  // Without O_NONBLOCK, opening a pipe blocks until another process opens it for writing.
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error('it is not a regular file')
    const bytes = Buffer.alloc(maxBytes + 1) // files in /proc have more bytes than their size says
    let length = 0
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null)
    }
    if (length > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`)
    return bytes.subarray(0, length)
  } finally {
    closeSync(descriptor)
  }
}
