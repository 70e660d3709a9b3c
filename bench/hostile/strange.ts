/** Values that are no audio: texts and numbers that break parsers, and JSON, CSV and queries made of them. */
import type { Chance } from './random.js'

const STRANGE_TEXTS = [
  '',
  ' ',
  '0',
  '-1',
  '1e309',
  'NaN',
  'Infinity',
  '-0',
  '0x10',
  '1.5',
  '99999999999999999999',
  'null',
  'true',
  'undefined',
  '[]',
  '{}',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '../../../etc/passwd',
  '..%2f..%2f',
  '%00',
  '\u0000',
  '\r\n',
  '\n',
  '\t',
  '"',
  "'",
  ',',
  ';',
  '|',
  '=',
  '&',
  '<script>',
  '${7*7}',
  '`',
  '\\',
  '\ufeff',
  '\u202e',
  '\u0301'.repeat(40),
  'é',
  'ß',
  'İ',
  '\ud800',
  '\udfff',
  '👩‍👩‍👧‍👦',
  'ﷺ'.repeat(20),
  '١٢٣',
  'a'.repeat(99),
  'a'.repeat(1_000),
  'a b '.repeat(400),
  '9'.repeat(400),
  '1,'.repeat(300),
  '-'.repeat(200),
  '🎵'.repeat(100),
  'two hundred and '.repeat(100),
]

export function strangeText(chance: Chance): string {
  if (chance.happens(0.02))
    return chance.of(['a', '9', 'ab ', '\u0301', '🎵', '"']).repeat(chance.of([5_000, 20_000, 60_000]))
  if (chance.happens(0.2))
    return String.fromCharCode(
      ...Array.from({ length: 1 + chance.below(12) }, () => chance.below(chance.of([128, 0x3000, 0x10000]))),
    )
  return chance.of(STRANGE_TEXTS)
}

export function strangeJson(chance: Chance, depth = 0): unknown {
  const dice = chance.below(depth < 3 ? 12 : 9)
  if (dice < 4) return strangeText(chance)
  if (dice === 4) return null
  if (dice === 5) return chance.happens(0.5)
  if (dice < 9)
    return chance.of([0, -0, 1, -1, 0.5, 1e21, -1e21, 1e-300, 2 ** 31, 2 ** 53, Number.MAX_VALUE, chance.below(1_000)])
  if (dice === 9) return Array.from({ length: chance.below(4) }, () => strangeJson(chance, depth + 1))
  return Object.fromEntries(
    Array.from({ length: chance.below(4) }, () => [strangeText(chance).slice(0, 200), strangeJson(chance, depth + 1)]),
  )
}

/** One or two changes of an object: a value, a key, one too many, none. */
export function strangeObject(plain: Readonly<Record<string, unknown>>, chance: Chance): string {
  const entries = Object.entries(plain)
  for (let changes = chance.of([0, 0, 0, 1, 1, 2]); changes > 0; changes--) {
    const at = chance.below(entries.length + 1)
    const name = entries[at]?.[0]
    const change = chance.below(5)
    if (name === undefined || change === 0)
      entries.splice(at, 0, [
        chance.of([strangeText(chance), '__proto__', ...entries.map(([key]) => key)]),
        strangeJson(chance),
      ])
    else if (change === 1) entries.splice(at, 1)
    else if (change === 2) entries[at] = [strangeText(chance), entries[at]![1]]
    else entries[at] = [name, strangeJson(chance)]
  }
  // Written by hand: a key that is there twice, and "__proto__", would be lost in an object.
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`
}

/** Text of a file: cut, spoiled, wrapped, in another encoding, or nested. */
export function strangeBody(text: string, chance: Chance): Buffer {
  const plain = Buffer.from(text)
  switch (chance.below(28)) {
    case 0:
      return plain.subarray(0, chance.below(plain.length + 1))
    case 1:
      return Buffer.from(text, 'utf16le')
    case 2:
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), plain])
    case 3:
      return Buffer.concat([plain, chance.bytes(1 + chance.below(30))])
    case 4: {
      const spoiled = Buffer.from(plain)
      for (let flips = 1 + chance.below(8); flips > 0 && spoiled.length > 0; flips--)
        spoiled[chance.below(spoiled.length)]! ^= 1 << chance.below(8)
      return spoiled
    }
    case 5: {
      const depth = chance.of([10, 1_000, 20_000])
      return Buffer.from(
        chance.happens(0.5) ? '['.repeat(depth) + text + ']'.repeat(depth) : '{"a":'.repeat(depth) + text,
      )
    }
    case 6:
      return Buffer.concat([plain, plain])
    default:
      return plain
  }
}

/** Never a character that a request line cannot have: those are what a client library refuses to send. */
export function strangeQuery(plain: readonly (readonly [string, string])[], chance: Chance): string {
  const pairs = [...plain]
  for (let changes = chance.of([0, 1, 1, 2]); changes > 0; changes--) {
    const at = chance.below(pairs.length + 1)
    const pair = pairs[at]
    const change = chance.below(5)
    if (pair === undefined || change === 0)
      pairs.push([chance.of([strangeText(chance), ...plain.map(([key]) => key)]), strangeText(chance)])
    else if (change === 1) pairs.splice(at, 1)
    else if (change === 2) pairs.push(...Array.from({ length: chance.of([1, 2, 20, 100]) }, () => pair))
    else pairs[at] = [pair[0], strangeText(chance)]
  }
  const query = pairs.map(([key, value]) => `${escaped(key)}=${escaped(value)}`).join('&')
  return chance.happens(0.1)
    ? query.replace(/%/g, () => chance.of(['%', '%25', '%zz', '%c0%af', ''])).slice(0, 6_000)
    : query.slice(0, 6_000)
}

/** `encodeURIComponent` throws on half a surrogate pair. */
export function escaped(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString())
}
