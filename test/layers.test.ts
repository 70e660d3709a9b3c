/**
 * The house as drawn in docs/architecture.md: which room may import which, through which door an outside library
 * enters, and a few rules about files. The tables are the rules; the reader below them only looks at import lines.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { projectRoot } from '../src/domain/project-root.js'

interface Rule {
  /** A file, or a folder with its slash; the longest that fits a file is its rule. */
  readonly room: string
  readonly may: readonly string[]
  /** Imports of types, which leave no trace at run time. */
  readonly mayTypes?: readonly string[]
  /** Files of the room may not import each other. */
  readonly strangers?: true
}

const NOUNS = ['types', 'timbre', 'words', 'phrases', 'likelihood', 'choices', 'errors', 'out-of-memory', 'steps', 'stopwatch', 'fair-share', 'plain-file']
const ROOMS = ['audio/', 'features/', 'decoding/', 'text/', 'runtime/']

const HOUSE: readonly Rule[] = [
  { room: 'types', may: [], mayTypes: ['timbre', 'words', 'phrases'] },
  { room: 'timbre', may: [] },
  { room: 'words', may: [] },
  { room: 'phrases', may: [] },
  { room: 'likelihood', may: [] },
  { room: 'steps', may: [] },
  { room: 'fair-share', may: [] },
  { room: 'choices', may: [] },
  { room: 'errors', may: [] },
  { room: 'out-of-memory', may: ['errors'] },
  { room: 'root', may: [] },
  { room: 'plain-file', may: [] },
  { room: 'stopwatch', may: ['types'] },
  { room: 'settings', may: ['choices', 'root'] },
  { room: 'secrets', may: ['settings', 'plain-file', 'errors'] },
  { room: 'config', may: ['settings', 'secrets', 'choices', 'errors'] },
  { room: 'manifest', may: ['choices', 'types', 'errors'] },
  ...ROOMS.map((room): Rule => ({ room, may: NOUNS })),
  { room: 'alignment/', may: ['features/acoustics', ...NOUNS], mayTypes: ['runtime/alignment-graph'] },
  { room: 'detector', may: ['detectors/spectral', 'manifest', 'runtime/session', ...NOUNS], mayTypes: ['recognizer'] },
  { room: 'detectors/', may: ['audio/', 'runtime/', 'compiler/', ...NOUNS], mayTypes: ['manifest', 'detector', 'recognizer'], strangers: true },
  { room: 'speech', may: ['audio/', 'hearing', ...NOUNS], mayTypes: ['recognizer', 'detector'] },
  { room: 'hearing', may: ['audio/', ...NOUNS], mayTypes: ['recognizer', 'decoding/search'] },
  { room: 'cascade', may: ['hearing', ...NOUNS], mayTypes: ['audio/clips', 'recognizer', 'speech'] },
  { room: 'recognizer', may: NOUNS, mayTypes: ['confidence/calibration', 'manifest', 'runtime/session', 'decoding/'] },
  { room: 'families/', may: [...ROOMS, 'alignment/', ...NOUNS], mayTypes: ['manifest', 'recognizer'], strangers: true },
  { room: 'compiler/', may: ['manifest', 'runtime/session', ...NOUNS], mayTypes: ['manifest'] },
  { room: 'architectures/', may: ['compiler/', 'text/', ...NOUNS], mayTypes: ['manifest', 'runtime/session'], strangers: true },
  { room: 'engine', may: ['confidence/calibration', 'compiler/cache', 'compiler/target', 'manifest', 'recognizer', 'runtime/session', ...NOUNS], mayTypes: ['compiler/graph'] },
  { room: 'pipeline', may: ['audio/', 'features/', 'report', 'hearing', 'speech', 'cascade', ...NOUNS], mayTypes: ['recognizer'] },
  { room: 'report', may: ['confidence/correctness', 'hearing', ...NOUNS], mayTypes: ['speech', 'pipeline', 'recognizer', 'cascade'] },
  { room: 'worker/recognizer-process', may: ['pipeline', 'cascade', 'engine', 'detector', 'worker/protocol', 'worker/phrase-lists', 'worker/list-parts', 'worker/pieces', 'worker/cpu-budget', 'worker/spare-time', 'audio/decode', 'root', ...NOUNS], mayTypes: ['recognizer'] },
  { room: 'worker/', may: NOUNS, mayTypes: ['decoding/search', 'config', 'recognizer'] },
  { room: 'scoring/', may: NOUNS },
  { room: 'search/', may: ['scoring/', ...NOUNS] },
  { room: 'catalogue/', may: ['search/', 'scoring/', ...NOUNS] },
  { room: 'access/', may: NOUNS },
  { room: 'drift/', may: NOUNS },
  { room: 'feedback/', may: ['scoring/', ...NOUNS], mayTypes: ['config'] },
  { room: 'telemetry/', may: ['access/scopes', 'drift/', 'feedback/events', 'search/outcomes', ...NOUNS], mayTypes: ['config', 'feedback/', 'catalogue/store'] },
  { room: 'http/', may: ['audio/decode', 'feedback/', 'catalogue/', 'search/', ...NOUNS], mayTypes: ['access/', 'config', 'worker/pool', 'telemetry/', 'drift/'] },
  { room: 'recordings/', may: ['worker/pool', 'worker/worker-settings', ...NOUNS], mayTypes: ['config'] },
  { room: 'baseline/', may: ['drift/', 'scoring/', 'recordings/', 'config', 'manifest', ...NOUNS] },
  { room: 'confidence/', may: NOUNS },
  { room: 'calibrate/', may: ['confidence/', 'recordings/', 'scoring/', 'inspect/svg', 'inspect/panels', 'config', 'manifest', ...NOUNS] },
  { room: 'inspect/', may: ['audio/', 'features/', 'detector', 'speech', 'pipeline', 'cascade', 'recognizer', 'engine', 'config', ...NOUNS] },
  { room: 'setup/', may: ['compiler/cache', 'compiler/target', 'config', 'manifest', 'root', ...NOUNS] },
  { room: 'main', may: ['access/keys', 'config', 'manifest', 'root', 'worker/', 'telemetry/', 'drift/', 'feedback/', 'catalogue/', 'search/', 'http/', ...NOUNS] },
]

/** Outside library → the files that may import it. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  'onnxruntime-node': ['runtime/session'],
  'protobufjs': ['compiler/onnx'],
  'meyda': ['features/spectrum'],
  'wavefile': ['audio/wav'],
  '@audio/decode': ['audio/stream'],
  '@huggingface/tokenizers': ['text/tokenizer'],
  'llama-tokenizer-js': ['text/tokenizer'],
  'csv-parse': ['catalogue/rows-csv'],
  'to-words': ['catalogue/spoken-numbers'],
  'double-metaphone': ['search/sounds'],
  'fastest-levenshtein': ['search/similarity'],
  'cockatiel': ['search/engine'],
  'prom-client': ['telemetry/live-catalog'],
  'fastify': ['http/'],
  '@fastify/busboy': ['http/'],
  '@fastify/swagger': ['http/'],
  '@fastify/swagger-ui': ['http/'],
  '@fastify/type-provider-typebox': ['http/'],
  'typebox': ['http/', 'settings', 'config', 'manifest', 'drift/baseline', 'drift/record', 'recordings/clips', 'confidence/calibration', 'access/keys-file'],
  'pacote': ['setup/'],
  'tar': ['setup/'],
  '@npmcli/config': ['setup/'],
  'pino': ['main'],
  'close-with-grace': ['main'],
}

/** Programs, not libraries: nothing imports them. */
const TOOLS = ['eslint', 'typescript', 'pino-pretty', '@types/node', '@types/pacote']

/** Where the name of a family may stand outside families/: a default value, and the name of a way to scale. */
const FAMILY_NAMES_ALLOWED = ['settings', 'manifest', 'features/log-mel']

const MOST_LINES = 250

interface Import { readonly target: string; readonly typesOnly: boolean }
interface Source { readonly file: string; readonly text: string; readonly imports: readonly Import[] }

const sources = readSources('src')

t.test('rooms import only what the table allows', async (t) => {
  const violations = sources.flatMap(({ file, imports }) => imports
    .filter(({ target }) => target.startsWith('.'))
    .map(({ target, typesOnly }) => ({ neighbour: roomOf(path.posix.join(path.posix.dirname(file), target)), typesOnly }))
    .filter(({ neighbour, typesOnly }) => !isAllowed(file, neighbour, typesOnly))
    .map(({ neighbour, typesOnly }) => `${file} imports ${typesOnly ? 'types of ' : ''}${neighbour}`))
  t.same(violations, [])
  t.same(sources.filter(({ file }) => ruleOf(file) === undefined).map(({ file }) => file), [], 'every file belongs to a room')
})

t.test('each outside library enters through its door', async (t) => {
  const violations = sources.flatMap(({ file, imports }) => outside(imports)
    .filter((library) => !(DOORS[library] ?? []).some((door) => fits(door, file)))
    .map((library) => `${file} imports ${library}, ${DOORS[library] ? `whose door is ${DOORS[library].join(' or ')}` : 'which has no door'}`))
  t.same(violations, [])
})

t.test('what is imported is installed, and what is installed is imported', async (t) => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as Record<string, Record<string, string>>
  const used = new Set(sources.flatMap(({ imports }) => outside(imports)))
  t.same([...used].sort(), Object.keys(dependencies!).sort())
  const others = ['test', 'bench', 'fixtures', '.ci'].flatMap(readSources)
  const usedByOthers = new Set([...others.flatMap(({ imports }) => outside(imports)).filter((library) => !used.has(library)), ...TOOLS])
  t.same([...usedByOthers].sort(), Object.keys(devDependencies!).sort())
  const ranges = Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
  t.same(ranges, [], 'versions are exact')
})

t.test('no file outside families/ and architectures/ names a family', async (t) => {
  const families = readdirSync(path.join(projectRoot, 'src/recognition/families')).filter((name) => name.endsWith('.ts')).map((name) => path.parse(name).name)
  const naming = sources
    .filter(({ file }) => !/^(families|architectures)\//.test(file) && !FAMILY_NAMES_ALLOWED.includes(file))
    .flatMap(({ file, text }) => families.filter((family) => new RegExp(family, 'i').test(withoutComments(text))).map((family) => `${file} names ${family}`))
  t.same(naming, [])
})

t.test('every file says what it is for, and is short', async (t) => {
  t.same(sources.filter(({ text }) => !text.startsWith('/**')).map(({ file }) => file), [], 'begins with /**')
  const long = sources.map(({ file, text }) => ({ file, lines: text.trimEnd().split('\n').length })).filter(({ lines }) => lines > MOST_LINES)
  t.same(long, [], `at most ${MOST_LINES} lines`)
})

t.test('there is one server', async (t) => {
  t.same(sources.filter(({ text }) => /\bfastify\s*\(/i.test(withoutComments(text))).map(({ file }) => file), ['http/app'])
})

/** Files of a folder, named by their path in it without the ending. */
function readSources(folder: string): Source[] {
  const root = path.join(projectRoot, folder)
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs|js)$/.test(name))
    .map((name) => {
      const text = readFileSync(path.join(root, name), 'utf8')
      return { file: roomOf(name.replaceAll(path.sep, '/')), text, imports: readImports(text) }
    })
}

function readImports(text: string): Import[] {
  const code = withoutComments(text)
  const lines = [...code.matchAll(/^\s*(?:import|export)\s+(type\s)?([^'"()=]*?)\bfrom\s*'([^']+)'/gm)]
    .map(([, type, names, target]): Import => ({ target: target!, typesOnly: type !== undefined || namesOnlyTypes(names!) }))
  const bare = [...code.matchAll(/^\s*import\s*'([^']+)'/gm)].map(([, target]): Import => ({ target: target!, typesOnly: false }))
  const dynamic = [...code.matchAll(/\bimport\(\s*'([^']+)'/g)].map(([, target]): Import => ({ target: target!, typesOnly: false }))
  return [...lines, ...bare, ...dynamic]
}

/** `{ type A, type B }` */
function namesOnlyTypes(names: string): boolean {
  const inner = /^\s*\{([^}]*)\}\s*$/.exec(names)?.[1]
  return inner !== undefined && inner.split(',').map((name) => name.trim()).filter((name) => name !== '').every((name) => name.startsWith('type '))
}

/** Packages by name, without the paths inside them. */
function outside(imports: readonly Import[]): string[] {
  return imports.map(({ target }) => target)
    .filter((target) => !target.startsWith('.') && !target.startsWith('node:'))
    .map((target) => target.split('/').slice(0, target.startsWith('@') ? 2 : 1).join('/'))
}

function isAllowed(file: string, neighbour: string, typesOnly: boolean): boolean {
  const rule = ruleOf(file)
  if (rule === undefined) return false
  if (rule.room.endsWith('/') && fits(rule.room, neighbour) && ruleOf(neighbour) === rule) return rule.strangers === undefined
  return [...rule.may, ...typesOnly ? rule.mayTypes ?? [] : []].some((room) => fits(room, neighbour))
}

function ruleOf(file: string): Rule | undefined {
  return HOUSE.filter(({ room }) => fits(room, file)).sort((a, b) => b.room.length - a.room.length)[0]
}

function fits(room: string, file: string): boolean {
  return room.endsWith('/') ? file.startsWith(room) : file === room
}

function roomOf(file: string): string {
  return file.replace(/(\.d)?\.(ts|mjs|js)$/, '')
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}
