/**
 * As much of YAML as deploy/ is written in: maps, lists, block scalars (`|`), quoted and plain scalars, lists in JSON.
 * Every scalar is a string. What is beyond that throws, with its line; test/deploy/prometheus.test.ts compares what is
 * read here with what Prometheus reads.
 */
export type Yaml = string | Yaml[] | { [key: string]: Yaml }
export type YamlMap = Record<string, Yaml>

const ENTRY = /^([\w.$-]+):(?: +(.*))?$/

export function readYaml(text: string): Yaml {
  const lines = text.split('\n')
  let at = 0

  const fail = (): never => { throw new Error(`line ${at + 1} is beyond this reader: ${lines[at]}`) }

  /** Where the next line with content begins; -1 at the end. */
  function nextIndent(): number {
    while (at < lines.length && /^\s*(#.*)?$/.test(lines[at]!)) at++
    return at === lines.length ? -1 : lines[at]!.search(/\S/)
  }

  function readBlock(indent: number): Yaml {
    return lines[at]!.startsWith('- ', indent) ? readList(indent) : readMap(indent)
  }

  function readList(indent: number): Yaml[] {
    const list: Yaml[] = []
    while (nextIndent() === indent && lines[at]!.startsWith('- ', indent)) {
      // "- key: value" begins a map two columns further in.
      lines[at] = `${' '.repeat(indent + 2)}${lines[at]!.slice(indent + 2)}`
      list.push(ENTRY.test(lines[at]!.trim()) ? readMap(indent + 2) : readScalar(lines[at++]!.trim()))
    }
    return list
  }

  function readMap(indent: number): YamlMap {
    const map: YamlMap = {}
    while (nextIndent() === indent) {
      const [, key, value = ''] = ENTRY.exec(lines[at]!.trim()) ?? fail()
      at++
      if (key! in map) throw new Error(`line ${at}: ${key} is there twice`)
      map[key!] = value === '|' ? readBlockScalar(indent) : value !== '' ? readScalar(value) : nextIndent() > indent ? readBlock(nextIndent()) : ''
    }
    if (nextIndent() > indent) fail()
    return map
  }

  function readBlockScalar(indent: number): string {
    const first = at
    while (at < lines.length && (lines[at]!.trim() === '' || lines[at]!.search(/\S/) > indent)) at++
    return lines.slice(first, at).map((line) => line.trim()).join('\n').trim()
  }

  function readScalar(value: string): Yaml {
    if (/^["[]/.test(value)) return JSON.parse(value) as Yaml
    if (value.startsWith("'")) return value.slice(1, -1).replaceAll("''", "'")
    if (/^[&*{>|%@`!]/.test(value) || value.includes(': ') || value.includes(' #')) fail()
    return value
  }

  const whole = readBlock(nextIndent())
  if (nextIndent() !== -1) fail()
  return whole
}
