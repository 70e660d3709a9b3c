/** Which files of a folder import which: the reader behind test/layers.test.ts and .ci/structure.mjs. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * @typedef {object} Import
 * @property {string} target As written: `./queue.js`, `node:fs`, `fastify`.
 * @property {string | undefined} file The file of the folder that it names, undefined for everything outside it.
 * @property {boolean} typesOnly The import leaves no trace at run time.
 */

/**
 * @typedef {object} Source
 * @property {string} file Path inside the folder, without the ending.
 * @property {string} text
 * @property {readonly Import[]} imports
 */

const SOURCE = /(\.d)?\.(ts|mjs|js)$/

/**
 * The source files of a folder and what they import.
 * @param {string} folder
 * @returns {Source[]}
 */
export function readSources(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll(path.sep, '/'))
    .filter((name) => SOURCE.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(path.join(folder, name), 'utf8')
      const file = name.replace(SOURCE, '')
      return { file, text, imports: readImports(text).map((found) => ({ ...found, file: fileOf(file, found.target) })) }
    })
}

/**
 * Packages by name, without the paths inside them.
 * @param {readonly Import[]} imports
 */
export function packagesOf(imports) {
  return imports.map(({ target }) => target)
    .filter((target) => !target.startsWith('.') && !target.startsWith('node:'))
    .map((target) => target.split('/').slice(0, target.startsWith('@') ? 2 : 1).join('/'))
}

/**
 * Groups of files that import each other, directly or through others, imports of types included: the strongly
 * connected components with more than one member. R. Tarjan, "Depth-first search and linear graph algorithms" (1972).
 * @param {ReadonlyMap<string, ReadonlySet<string>>} graph Each node and the nodes that it imports.
 * @returns {string[][]}
 */
export function cyclesOf(graph) {
  const order = /** @type {Map<string, number>} */ (new Map())
  const lowest = /** @type {Map<string, number>} */ (new Map())
  const open = /** @type {string[]} */ ([])
  const cycles = /** @type {string[][]} */ ([])
  /** @param {string} node */
  const visit = (node) => {
    const place = order.size
    let low = place
    order.set(node, place)
    open.push(node)
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) visit(next)
      if (open.includes(next)) low = Math.min(low, lowest.get(next) ?? order.get(next) ?? place)
    }
    lowest.set(node, low)
    if (low !== place) return
    const members = open.splice(open.indexOf(node))
    if (members.length > 1 || graph.get(node)?.has(node)) cycles.push(members.sort())
  }
  for (const node of graph.keys()) if (!order.has(node)) visit(node)
  return cycles.sort()
}

/**
 * The files as a graph, each named by `nameOf`; files of one name become one node, which does not import itself.
 * @param {readonly Source[]} sources
 * @param {(file: string) => string} [nameOf]
 * @returns {Map<string, Set<string>>}
 */
export function graphOf(sources, nameOf = (file) => file) {
  const graph = /** @type {Map<string, Set<string>>} */ (new Map())
  for (const { file, imports } of sources) {
    const name = nameOf(file)
    const targets = imports.flatMap((found) => found.file === undefined ? [] : [nameOf(found.file)])
    const known = graph.get(name) ?? /** @type {Set<string>} */ (new Set())
    for (const target of targets) if (target !== name || nameOf(file) === file) known.add(target)
    graph.set(name, known)
  }
  return graph
}

/**
 * Code without what stands in comments.
 * @param {string} text
 */
export function withoutComments(text) {
  return text.replace(/\/\*[^]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}

/**
 * @param {string} text
 * @returns {{ target: string, typesOnly: boolean }[]}
 */
function readImports(text) {
  const code = withoutComments(text)
  const lines = [...code.matchAll(/^\s*(?:import|export)\s+(type\s)?([^'"()=]*?)\bfrom\s*'([^']+)'/gm)]
    .map(([, type, names = '', target = '']) => ({ target, typesOnly: type !== undefined || namesOnlyTypes(names) }))
  const bare = [...code.matchAll(/^\s*import\s*'([^']+)'/gm)].map(([, target = '']) => ({ target, typesOnly: false }))
  const dynamic = [...code.matchAll(/\bimport(?:\.meta\.resolve)?\(\s*'([^']+)'/g)]
    .map(([, target = '']) => ({ target, typesOnly: false }))
  return [...lines, ...bare, ...dynamic]
}

/**
 * `{ type A, type B }`
 * @param {string} names
 */
function namesOnlyTypes(names) {
  const inner = /^\s*\{([^}]*)\}\s*$/.exec(names)?.[1]
  return inner !== undefined && inner.split(',').map((name) => name.trim()).filter((name) => name !== '')
    .every((name) => name.startsWith('type '))
}

/**
 * @param {string} file
 * @param {string} target
 */
function fileOf(file, target) {
  if (!target.startsWith('.')) return undefined
  const found = path.posix.join(path.posix.dirname(file), target).replace(SOURCE, '')
  return found.startsWith('..') ? undefined : found
}
