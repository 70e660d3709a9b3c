/** Ways in which a file is broken on its way: cut short, bits flipped, stretches lost, doubled or overwritten, sizes that lie. */
import { seededRandom } from '../statistics.js'

/** Where containers keep their counts and sizes. */
const HEADER_BYTES = 256

type Random = () => number
type Corrupt = (bytes: Buffer, random: Random) => Buffer

export const CORRUPTIONS: Readonly<Record<string, Corrupt>> = {
  'cut short': (bytes, random) => bytes.subarray(0, at(bytes, random)),
  'bits flipped': (bytes, random) => edited(bytes, (copy) => {
    for (let flips = 1 + Math.floor(random() * 30); flips > 0; flips--) copy[at(copy, random)]! ^= 1 << Math.floor(random() * 8)
  }),
  'header bits flipped': (bytes, random) => edited(bytes, (copy) => {
    for (let flips = 1 + Math.floor(random() * 8); flips > 0; flips--) copy[at(copy.subarray(0, HEADER_BYTES), random)]! ^= 1 << Math.floor(random() * 8)
  }),
  'a size that lies': (bytes, random) => edited(bytes, (copy) => {
    const value = [0, 0x7f, 0x80, 0xff][Math.floor(random() * 4)]!
    const from = at(copy.subarray(0, HEADER_BYTES), random)
    copy.fill(value, from, Math.min(copy.length, from + 1 + Math.floor(random() * 8)))
  }),
  'a stretch lost': (bytes, random) => {
    const [from, to] = stretch(bytes, random)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
  'a stretch doubled': (bytes, random) => {
    const [from, to] = stretch(bytes, random)
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])
  },
  'a stretch of zeros': (bytes, random) => edited(bytes, (copy) => { copy.fill(0, ...stretch(copy, random)) }),
  'a stretch of noise': (bytes, random) => edited(bytes, (copy) => {
    const [from, to] = stretch(copy, random)
    for (let i = from; i < to; i++) copy[i] = Math.floor(random() * 256)
  }),
}

/** The n-th corruption of a file; kinds take turns, and the same index gives the same bytes. */
export function corrupt(bytes: Buffer, index: number): { readonly kind: string; readonly bytes: Buffer } {
  const kinds = Object.keys(CORRUPTIONS)
  const kind = kinds[index % kinds.length]!
  return { kind, bytes: CORRUPTIONS[kind]!(bytes, seededRandom(index + 1)) }
}

function edited(bytes: Buffer, edit: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes)
  edit(copy)
  return copy
}

function at(bytes: Uint8Array, random: Random): number {
  return Math.floor(random() * bytes.length)
}

/** Up to an eighth of the file. */
function stretch(bytes: Uint8Array, random: Random): [from: number, to: number] {
  const from = at(bytes, random)
  return [from, Math.min(bytes.length, from + 1 + Math.floor(random() * bytes.length / 8))]
}
