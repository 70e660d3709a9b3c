/** Matroska and WebM (RFC 8794) as trees. */
import { leaf, type Field, type Part, type SizeField } from './tree.js'

/** Masters that are opened, and elements that mutations and cuts know, by their identifiers in RFC 9559. */
const MASTERS: Readonly<Record<string, string>> = {
  '1a45dfa3': 'EBML',
  '18538067': 'Segment',
  '1549a966': 'Info',
  '1654ae6b': 'Tracks',
  ae: 'TrackEntry',
  e1: 'Audio',
  '1f43b675': 'Cluster',
  a0: 'BlockGroup',
  '114d9b74': 'SeekHead',
  '4dbb': 'Seek',
  '1c53bb6b': 'Cues',
  bb: 'CuePoint',
  b7: 'CueTrackPositions',
  '1254c367': 'Tags',
  '7373': 'Tag',
  '63c0': 'Targets',
  '67c8': 'SimpleTag',
  '6d80': 'ContentEncodings',
  '6240': 'ContentEncoding',
}
const BLOCKS: Readonly<Record<string, string>> = { a3: 'SimpleBlock', a1: 'Block' }

export function parseEbml(bytes: Buffer): Part[] {
  const parts: Part[] = []
  let at = 0
  while (at + 2 <= bytes.length) {
    const idBytes = Math.clz32(bytes[at]!) - 23
    const sizeAt = at + idBytes
    const sizeBytes = sizeAt < bytes.length ? Math.clz32(bytes[sizeAt]!) - 23 : 9
    if (idBytes > 4 || sizeBytes > 8 || sizeAt + sizeBytes > bytes.length) break
    const headBytes = idBytes + sizeBytes
    const claimed = claimedSize(bytes, sizeAt, sizeBytes)
    const id = bytes.toString('hex', at, sizeAt)
    const end =
      claimed === undefined ? endOfUnknown(bytes, at + headBytes, id) : Math.min(bytes.length, at + headBytes + claimed)
    parts.push(parseElement(id, bytes.subarray(at, end), { idBytes, sizeBytes, isUnknown: claimed === undefined }))
    at = end
  }
  return at < bytes.length ? [...parts, leaf('rest', bytes.subarray(at))] : parts
}

function parseElement(
  id: string,
  bytes: Buffer,
  { idBytes, sizeBytes, isUnknown }: { idBytes: number; sizeBytes: number; isUnknown: boolean },
): Part {
  const headBytes = idBytes + sizeBytes
  const name = MASTERS[id] ?? BLOCKS[id] ?? id
  const size: SizeField = { at: idBytes * 8 + sizeBytes, bits: 7 * sizeBytes, outside: headBytes }
  const inside = bytes.length - headBytes
  // A number fills its element; a block begins with track, time and flags, and sizes where it is laced.
  const values: Field[] =
    id in BLOCKS
      ? [0, 1, 2, 3, 4, 5].map((byte) => ({ at: (headBytes + byte) * 8, bits: 8 }))
      : inside > 0 && inside <= 8
        ? [{ at: headBytes * 8, bits: inside * 8 }]
        : Array.from({ length: Math.min(20, inside) }, (_, byte) => ({ at: (headBytes + byte) * 8, bits: 8 }))
  if (!(id in MASTERS))
    return leaf(name, bytes, { headBytes, size, fields: [size, { at: 0, bits: idBytes * 8 }, ...values] })
  return {
    name,
    size,
    head: bytes.subarray(0, headBytes),
    body: parseEbml(bytes.subarray(headBytes)),
    fields: [size, { at: 0, bits: idBytes * 8 }],
    ...(isUnknown && { lies: true }),
  }
}

/** Undefined where all bits are set: the size is unknown. */
function claimedSize(bytes: Buffer, at: number, sizeBytes: number): number | undefined {
  let size = BigInt(bytes[at]! & (0xff >> sizeBytes))
  for (let i = 1; i < sizeBytes; i++) size = (size << 8n) | BigInt(bytes[at + i]!)
  return size === (1n << BigInt(7 * sizeBytes)) - 1n ? undefined : Number(size)
}

/** A cluster of unknown size ends where the next one begins, anything else with the file. */
function endOfUnknown(bytes: Buffer, bodyAt: number, id: string): number {
  if (MASTERS[id] !== 'Cluster') return bytes.length
  const next = bytes.indexOf(Buffer.from([0x1f, 0x43, 0xb6, 0x75]), bodyAt)
  return next < 0 ? bytes.length : next
}
