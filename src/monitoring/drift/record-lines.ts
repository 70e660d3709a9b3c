/** The lines of a record, with their place in the file, read without holding the file in memory. */
import { createReadStream } from 'node:fs'
import { SpeechError } from '../../domain/errors.js'

/** Limit of a line; the longest, the first, has a few thousand. */
export const MAX_LINE_BYTES = 1 << 20
export const LINE_BREAK = 10

export interface TextLine {
  readonly text: string
  /** Offset in the file of the end of this line. */
  readonly endBytes: number
  /** It ends with a line break. */
  readonly isWhole: boolean
}

/** Throws BASELINE_INVALID for a line that is too long. */
export async function* linesOf(file: string): AsyncGenerator<TextLine> {
  let rest: Buffer = Buffer.alloc(0)
  let bytes = 0
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk])
    let start = 0
    for (let end = rest.indexOf(LINE_BREAK); end >= 0; end = rest.indexOf(LINE_BREAK, start)) {
      yield { text: rest.toString('utf8', start, end), endBytes: bytes + end + 1, isWhole: true }
      start = end + 1
    }
    bytes += start
    rest = rest.subarray(start)
    if (rest.length > MAX_LINE_BYTES) {
      throw new SpeechError('BASELINE_INVALID', `${file} is not a record of drift features`)
    }
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), endBytes: bytes + rest.length, isWhole: false }
}
