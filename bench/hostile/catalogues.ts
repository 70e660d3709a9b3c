/** Catalogues in CSV and JSON Lines, spoiled by row and field, and by byte. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { projectRoot } from '../../src/domain/project-root.js'
import { headerValue, type Asked } from './asked.js'
import type { Chance } from './random.js'
import { escaped, strangeBody, strangeJson, strangeObject, strangeText } from './strange.js'

const SHOP = readFileSync(path.join(projectRoot, 'fixtures/shop/shop.csv'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(','))

export function askWithCatalogue(chance: Chance): Asked {
  const name = chance.happens(0.15) ? escaped(strangeText(chance)).slice(0, 300) : `fuzz-${chance.below(3)}`
  const where = `/v1/catalogues/${name}`
  if (chance.happens(0.15))
    return { method: chance.of(['GET', 'DELETE', 'GET'] as const), path: where, headers: {}, body: Buffer.alloc(0) }
  const json = chance.happens(0.5)
  const body = strangeBody(json ? jsonLines(chance) : csv(chance), chance)
  const type = chance.happens(0.1)
    ? headerValue(strangeText(chance))
    : chance.of([
        json ? 'application/jsonl' : 'text/csv',
        json ? 'application/jsonl' : 'text/csv',
        'application/octet-stream',
      ])
  return { method: 'PUT', path: where, headers: { 'content-type': type }, body }
}

function csv(chance: Chance): string {
  const rows = SHOP.map((row) => [...row])
  for (let changes = chance.of([1, 1, 2, 4]); changes > 0; changes--) {
    const row = chance.of(rows)
    const at = chance.below(row.length)
    const change = chance.below(6)
    if (change === 0) row.splice(at, 1)
    else if (change === 1) row.splice(at, 0, strangeText(chance))
    else if (change === 2)
      rows.push(
        ...Array.from({ length: chance.of([1, 3, 200]) }, (_, index) => [`${row[0]}-${index}`, ...row.slice(1)]),
      )
    else if (change === 3)
      rows.splice(
        rows.indexOf(row),
        1,
        row.map((cell) => `"${cell}`),
      )
    else row[at] = chance.happens(0.5) ? strangeText(chance) : `"${strangeText(chance).replaceAll('"', '""')}"`
  }
  return rows
    .map((row) => row.join(chance.happens(0.97) ? ',' : chance.of([';', '\t', ',,'])))
    .join(chance.of(['\n', '\n', '\r\n', '\r']))
}

function jsonLines(chance: Chance): string {
  const lines = SHOP.slice(1).map(([id, name, aliases, weight, tags]) =>
    strangeLine(
      { id, name, aliases: aliases === '' ? [] : aliases!.split('|'), weight: Number(weight), tags: [tags] },
      chance,
    ),
  )
  return (chance.happens(0.05) ? [...lines, ...lines] : lines).join(chance.of(['\n', '\n', '\r\n', '\n\n']))
}

function strangeLine(entry: Readonly<Record<string, unknown>>, chance: Chance): string {
  if (chance.happens(0.9)) return JSON.stringify(entry)
  return chance.happens(0.2) ? JSON.stringify(strangeJson(chance)) : strangeObject(entry, chance)
}
