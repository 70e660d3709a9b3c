/** What may be done to a part of a file; each mutation says in a few words what it did. */
import type { Chance } from './random.js'
import type { Seed } from './seeds.js'
import { allParts, copy, leaf, lengthOf, readField, writeField, type Field, type Part, type Placed } from './tree.js'

type Mutation = (parts: Part[], chance: Chance, seeds: readonly Seed[]) => string

export const MOST_BYTES = 256 * 1024
const DEEPEST = 300

/** The weights say how often each is chosen. */
const MUTATIONS: readonly (readonly [weight: number, mutation: Mutation])[] = [
  [6, fieldChanged],
  [4, sizeLies],
  [2, headBitsFlipped],
  [2, removed],
  [2, repeated],
  [2, moved],
  [3, spliced],
  [1, nested],
  [1, emptied],
  [1, bodySpoiled],
  [1, bodyResized],
  [1, inserted],
]
export const CHOICES = MUTATIONS.flatMap(([weight, mutation]) => Array.from({ length: weight }, () => mutation))

/** First a name and then one of its parts: there are hundreds of frames and one header. */
function pick(parts: Part[], chance: Chance, accept: (placed: Placed) => boolean = () => true): Placed | undefined {
  const fitting = allParts(parts).filter(accept)
  if (fitting.length === 0) return undefined
  const name = chance.of([...new Set(fitting.map(({ part }) => part.name))])
  return chance.of(fitting.filter(({ part }) => part.name === name))
}

const NOTHING = 'nothing'

function fieldChanged(parts: Part[], chance: Chance): string {
  const part = pick(parts, chance, (placed) => placed.part.fields.length > 0)?.part
  return part === undefined ? NOTHING : setField(part, chance.of(part.fields), chance)
}

function sizeLies(parts: Part[], chance: Chance): string {
  const part = pick(parts, chance, (placed) => placed.part.size !== undefined)?.part
  if (part === undefined) return fieldChanged(parts, chance)
  part.lies = true
  return setField(part, part.size!, chance)
}

function setField(part: Part, field: Field, chance: Chance): string {
  const whole = Buffer.concat(Buffer.isBuffer(part.body) ? [part.head, part.body] : [part.head])
  if (field.at + field.bits > whole.length * 8) return NOTHING
  const value = strangeValue(readField(whole, field), field.bits, chance)
  writeField(whole, field, value)
  replaceBytes(part, whole)
  if (field === part.size) part.lies = true
  return `${part.name}, ${field.bits} bits at ${field.at}: ${BigInt.asUintN(field.bits, value)}`
}

function strangeValue(value: bigint, bits: number, chance: Chance): bigint {
  const most = (1n << BigInt(bits)) - 1n
  return chance.of([
    0n,
    1n,
    most,
    most - 1n,
    most >> 1n,
    (most >> 1n) + 1n,
    value + 1n,
    value - 1n,
    value * 2n,
    value / 2n,
    value + 8n,
    value - 8n,
    0xffffn,
    0x10000n,
    0x7fff_ffffn,
    0xffff_ffffn,
    1n << BigInt(chance.below(bits)),
    BigInt(chance.below(256)),
    BigInt(Math.floor(chance.number() * 2 ** 48)),
  ])
}

function replaceBytes(part: Part, bytes: Buffer): void {
  const headBytes = part.head.length
  part.head = bytes.subarray(0, headBytes)
  if (Buffer.isBuffer(part.body)) part.body = bytes.subarray(headBytes)
}

function headBitsFlipped(parts: Part[], chance: Chance): string {
  const part = pick(parts, chance)!.part
  const whole = Buffer.concat(Buffer.isBuffer(part.body) ? [part.head, part.body] : [part.head])
  if (whole.length === 0) return NOTHING
  const most = Math.min(whole.length, Math.max(part.head.length, 32))
  const flips = chance.of([1, 1, 1, 2, 4, 8])
  for (let i = 0; i < flips; i++) whole[chance.below(most)]! ^= 1 << chance.below(8)
  replaceBytes(part, whole)
  if (part.size !== undefined && chance.happens(0.5)) part.lies = true
  return `${part.name}: ${flips} bits of its head`
}

function removed(parts: Part[], chance: Chance): string {
  const { part, siblings } = pick(parts, chance)!
  siblings.splice(siblings.indexOf(part), 1)
  return `${part.name} removed`
}

function repeated(parts: Part[], chance: Chance): string {
  const { part, siblings } = pick(parts, chance)!
  const most = Math.max(1, Math.floor(MOST_BYTES / 2 / Math.max(1, lengthOf(part))))
  const times = Math.min(most, chance.of([1, 1, 2, 3, 10, 100, 1_500]))
  const at = chance.happens(0.7) ? siblings.indexOf(part) : chance.below(siblings.length + 1)
  siblings.splice(at, 0, ...Array.from({ length: times }, () => part))
  return `${part.name} ${times} times more`
}

function moved(parts: Part[], chance: Chance): string {
  const { part, siblings } = pick(parts, chance)!
  if (chance.happens(0.3)) {
    for (let i = siblings.length - 1; i > 0; i--) {
      const j = chance.below(i + 1)
      const held = siblings[i]!
      siblings[i] = siblings[j]!
      siblings[j] = held
    }
    return `siblings of ${part.name} shuffled`
  }
  siblings.splice(siblings.indexOf(part), 1)
  siblings.splice(chance.below(siblings.length + 1), 0, part)
  return `${part.name} moved`
}

/** A part of another file, of the same format or of another, in the place of one or beside it. */
function spliced(parts: Part[], chance: Chance, seeds: readonly Seed[]): string {
  const { part, siblings } = pick(parts, chance)!
  const other = chance.of(seeds)
  const same = allParts(copy(other.parts)).filter((placed) => placed.part.name === part.name)
  const donor = same.length > 0 && chance.happens(0.6) ? chance.of(same).part : pick(copy(other.parts), chance)!.part
  siblings.splice(siblings.indexOf(part), chance.of([0, 1, 1]), donor)
  return `${donor.name} of ${other.file} at ${part.name}`
}

/** A part inside itself, again and again. */
function nested(parts: Part[], chance: Chance): string {
  const { part, siblings } = pick(parts, chance, (placed) => !Buffer.isBuffer(placed.part.body)) ?? pick(parts, chance)!
  const depth = Math.min(
    chance.of([1, 2, 10, DEEPEST]),
    Math.max(1, Math.floor(MOST_BYTES / 2 / Math.max(1, part.head.length))),
  )
  let inner: Part = part
  for (let i = 0; i < depth; i++)
    inner = { ...part, body: [inner, ...(i === 0 && Buffer.isBuffer(part.body) ? [leaf('rest', part.body)] : [])] }
  siblings[siblings.indexOf(part)] = inner
  return `${part.name} nested ${depth} deep`
}

function emptied(parts: Part[], chance: Chance): string {
  const { part } = pick(parts, chance)!
  part.body = Buffer.alloc(0)
  return `${part.name} emptied`
}

function bodySpoiled(parts: Part[], chance: Chance): string {
  const part = pick(parts, chance, (placed) => Buffer.isBuffer(placed.part.body))?.part
  if (part === undefined || !Buffer.isBuffer(part.body)) return NOTHING
  const body = Buffer.from(part.body)
  const from = chance.below(body.length + 1)
  const end = Math.min(body.length, from + chance.of([1, 8, 100, body.length]))
  const filling = chance.of(['zeros', 'ones', 'noise'])
  for (let i = from; i < end; i++) body[i] = filling === 'zeros' ? 0 : filling === 'ones' ? 255 : chance.below(256)
  part.body = body
  return `${part.name}: ${end - from} bytes of ${filling}`
}

function bodyResized(parts: Part[], chance: Chance): string {
  const part = pick(parts, chance, (placed) => Buffer.isBuffer(placed.part.body))?.part
  if (part === undefined || !Buffer.isBuffer(part.body)) return NOTHING
  const { body } = part
  const bytes = chance.of([
    0,
    1,
    body.length - 1,
    body.length + 1,
    body.length + 3,
    chance.below(body.length + 1),
    body.length * 2,
    body.length + 60_000,
  ])
  part.body =
    bytes <= body.length
      ? body.subarray(0, Math.max(0, bytes))
      : Buffer.concat([
          body,
          chance.happens(0.5) ? Buffer.alloc(bytes - body.length) : chance.bytes(Math.min(bytes - body.length, 4_096)),
        ])
  return `${part.name}: body of ${bytes} bytes`
}

function inserted(parts: Part[], chance: Chance): string {
  const { part, siblings } = pick(parts, chance)!
  const bytes = chance.bytes(chance.of([1, 2, 3, 8, 64, 1_000]))
  siblings.splice(
    siblings.indexOf(part) + chance.below(2),
    0,
    leaf('inserted', chance.happens(0.3) ? Buffer.alloc(bytes.length) : bytes),
  )
  return `${bytes.length} bytes at ${part.name}`
}
