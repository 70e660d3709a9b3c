#!/usr/bin/env node
/**
 * `node .ci/structure.mjs [FOLDER]`: the structure of src/, of this checkout or of another one: its entries, the layers
 * that they lie on, imports between entries, and cycles. Reads import lines only, those of types included.
 */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { cyclesOf, graphOf, readSources } from './imports.mjs'

const root = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '..'))
const sources = readSources(path.join(root, 'src'))
const entryOf = (file) => file.split('/')[0]

const entries = readdirSync(path.join(root, 'src'))
const between = graphOf(sources, entryOf)
const fileCycles = cyclesOf(graphOf(sources))
const entryCycles = cyclesOf(between)

const lines = sources.flatMap(({ text }) => text.trimEnd().split('\n'))
const figures = [
  ['source files', sources.length],
  ['lines', lines.length],
  ['lines over 120 columns', lines.filter((line) => line.length > 120).length],
  ['entries of src/', entries.length],
  ['layers', layersOf(between)],
  ['imports between entries (pairs)', [...between.values()].reduce((sum, targets) => sum + targets.size, 0)],
  ['imports between entries (lines)', sources.reduce((sum, { file, imports }) =>
    sum + imports.filter((found) => found.file !== undefined && entryOf(found.file) !== entryOf(file)).length, 0)],
  ['cycles of files', fileCycles.length],
  ['cycles of entries', entryCycles.length],
]
for (const [name, value] of figures) console.log(`${String(value).padStart(6)}  ${name}`)
for (const cycle of [...fileCycles, ...entryCycles]) console.log(`cycle: ${cycle.join(' ↔ ')}`)
console.log('\nentry → the entries that it imports')
for (const [entry, targets] of [...between].sort(([a], [b]) => a.localeCompare(b))) {
  console.log(`  ${entry.padEnd(14)} ${[...targets].sort().join(' ') || '–'}`)
}

/** Length of the longest chain of imports between entries; entries in a cycle count as one. */
function layersOf(graph) {
  const group = new Map([...graph.keys()].map((entry) => [entry, entry]))
  for (const cycle of cyclesOf(graph)) for (const entry of cycle) group.set(entry, cycle[0])
  const heights = new Map()
  const height = (name) => {
    if (!heights.has(name)) {
      const members = [...group].filter(([, of]) => of === name).map(([entry]) => entry)
      const below = members.flatMap((entry) => [...graph.get(entry) ?? []].map((target) => group.get(target) ?? target))
      heights.set(name, 1 + Math.max(0, ...below.filter((target) => target !== name).map(height)))
    }
    return heights.get(name)
  }
  return Math.max(...[...new Set(group.values())].map(height))
}
