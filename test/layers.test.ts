/**
 * The structure of src/ as docs/architecture.md describes it: which folder may import which, through which file an
 * outside library enters, and a few rules about files. The tables are the rules.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { cyclesOf, graphOf, packagesOf, readSources, withoutComments } from '../.ci/imports.mjs'
import { projectRoot } from '../src/domain/project-root.js'

interface Rule {
  readonly may: readonly string[]
  /** Imports of types, which leave no trace at run time. */
  readonly mayTypes?: readonly string[]
}

/** An entry of src/ → what it may import besides itself: entries, or files inside them. */
const LAYERS: Readonly<Record<string, Rule>> = {
  domain: { may: [] },
  config: { may: ['domain'] },
  audio: { may: ['domain'] },
  engine: { may: ['domain'] },
  search: { may: ['domain'] },
  monitoring: { may: ['domain'], mayTypes: ['search'] },
  recognition: { may: ['domain', 'audio', 'engine'] },
  data: { may: ['domain', 'audio'] },
  serving: {
    may: ['domain', 'search', 'monitoring', 'audio/decode', 'recognition/live', 'data/collection', 'data/labels'],
    mayTypes: ['config'],
  },
  commands: { may: ['config', 'domain', 'audio', 'engine', 'recognition', 'serving', 'monitoring', 'data', 'search'] },
  main: {
    may: ['config', 'domain', 'engine/manifest', 'recognition/checked-models', 'search', 'monitoring', 'serving'],
  },
}

/** Folders whose files do not know each other: each is one of a kind behind one contract. */
const ALTERNATIVES = ['recognition/families', 'recognition/segmentation/detectors', 'engine/architectures']

/** Outside library → the files that may import it. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  'onnxruntime-node': ['engine/runtime/session'],
  protobufjs: ['engine/compiler/onnx'],
  meyda: ['recognition/features/spectrum', 'data/verification/spectrum'],
  wavefile: ['audio/containers/wav'],
  '@audio/decode': ['audio/stream'],
  '@huggingface/tokenizers': ['engine/tokenizer'],
  'llama-tokenizer-js': ['engine/tokenizer'],
  'csv-parse': ['search/catalogue/rows-csv', 'data/labels/formats/delimited'],
  'to-words': ['search/catalogue/spoken-numbers'],
  'double-metaphone': ['search/ranking/phonetic-key'],
  'fastest-levenshtein': ['search/ranking/similarity', 'data/labels/checks/typos', 'domain/nearest-name'],
  cockatiel: ['search/external-engine'],
  s3mini: ['data/collection/s3-store'],
  'prom-client': ['monitoring/metrics/registry'],
  fastify: ['serving/http/'],
  '@fastify/busboy': ['serving/http/'],
  '@fastify/swagger': ['serving/http/'],
  '@fastify/swagger-ui': ['serving/http/'],
  '@fastify/type-provider-typebox': ['serving/http/'],
  '@fastify/websocket': ['serving/http/live/'],
  ws: ['serving/http/live/'],
  typebox: [
    'serving/http/',
    'serving/access/keys-file',
    'domain/settings',
    'domain/setting-schemas',
    'domain/setting-values',
    'domain/model-card',
    'config',
    'engine/manifest-check',
    'engine/manifest-schema',
    'engine/manifest-source-schema',
    'monitoring/drift/baseline',
    'monitoring/drift/record',
    'commands/clips/clips',
    'data/verification/manifest',
    'recognition/confidence/calibration',
    'data/labels/label-file',
    'data/labels/formats/json-lines',
  ],
  pacote: ['commands/setup/'],
  tar: ['commands/setup/'],
  undici: ['commands/setup/'],
  '@npmcli/config': ['commands/setup/'],
  pino: ['main', 'serving/logger'],
  'pino-pretty': ['serving/logger'],
  'close-with-grace': ['main'],
}

/** Programs, not libraries: nothing imports them. */
const TOOLS = ['eslint', 'typescript', '@types/node', '@types/pacote', '@types/ws', 'axe-core']

/**
 * Where a family may be named outside families/ and architectures/: default values, those of profiles, and the name of
 * a way to scale.
 */
const FAMILY_NAMES_ALLOWED = [
  'domain/settings', 'domain/profiles', 'engine/manifest-schema', 'recognition/features/log-mel',
]

const MOST_ENTRIES = 11
const MOST_LINES = 250

const src = path.join(projectRoot, 'src')
const sources = readSources(src)
const entryOf = (file: string): string => file.split('/')[0]!
const withoutOtherImports = (text: string): string =>
  text.replace(/\bimport\([^)]*\)/g, '').replace(/^(import|export) type [^']*'[^']*'/gm, '')
const isIn = (place: string, file: string): boolean =>
  file === place || file.startsWith(place.endsWith('/') ? place : `${place}/`)

t.test('a worker starts without the library for schemas, whose 700 modules take a third of a start', (t) => {
  const byName = new Map(sources.map((source) => [source.file, source]))
  const reached = new Set(['recognition/process/worker-process'])
  for (const file of reached) {
    // What is imported where it is needed, or for its types, is no part of a start.
    const staticImports = withoutOtherImports(byName.get(file)!.text)
    for (const { file: next, target, typesOnly } of byName.get(file)!.imports) {
      if (next !== undefined && !typesOnly && staticImports.includes(`'${target}'`)) reached.add(next)
    }
  }
  t.ok(reached.has('engine/manifest') && reached.has('recognition/pipeline'), 'its files are found')
  const library = DOORS.typebox!.filter((door) => reached.has(door))
  t.same(library, [])
  t.end()
})

t.test('the streaming core runs in the server, so it imports nothing that recognizes', async (t) => {
  const core = sources.filter(({ file }) => isIn('recognition/live', file))
  const outside = core.flatMap(({ imports }) => imports.flatMap(({ file }) => file ?? []))
    .filter((file) => !['recognition/live', 'domain', 'audio/containers/pcm'].some((place) => isIn(place, file)))
  t.ok(core.length > 3)
  t.same(outside, [])
})

t.test('src/ has few entries, and each has a rule', async (t) => {
  const entries = readdirSync(src).map((name) => path.parse(name).name)
  t.ok(entries.length <= MOST_ENTRIES, `${entries.length} of at most ${MOST_ENTRIES}`)
  t.same(entries.filter((entry) => !Object.hasOwn(LAYERS, entry)), [])
  t.same(Object.keys(LAYERS).filter((entry) => !entries.includes(entry)), [])
})

t.test('entries import only what the table allows', async (t) => {
  const violations = sources.flatMap(({ file, imports }) => {
    const { may, mayTypes = [] } = LAYERS[entryOf(file)]!
    return imports
      .filter((found) => found.file !== undefined && entryOf(found.file) !== entryOf(file))
      .filter((found) => ![...may, ...found.typesOnly ? mayTypes : []].some((place) => isIn(place, found.file!)))
      .map((found) => `${file} imports ${found.typesOnly ? 'types of ' : ''}${found.file}`)
  })
  t.same(violations, [])
})

t.test('no import leads back, not even one of types', async (t) => {
  t.same(cyclesOf(graphOf(sources)), [], 'of files')
  t.same(cyclesOf(graphOf(sources, entryOf)), [], 'of entries')
  const cyclic = new Map([
    ['a', new Set(['b'])],
    ['b', new Set(['c'])],
    ['c', new Set(['a', 'd'])],
    ['d', new Set<string>()],
  ])
  t.same(cyclesOf(cyclic), [['a', 'b', 'c']], 'a cycle is seen')
})

t.test('alternatives of one kind do not import each other', async (t) => {
  const violations = ALTERNATIVES.flatMap((folder) =>
    sources
      .filter(({ file }) => isIn(folder, file))
      .flatMap(({ file, imports }) =>
        imports
          .filter((found) => found.file !== undefined && isIn(folder, found.file))
          .map((found) => `${file} imports ${found.file}`),
      ),
  )
  t.same(violations, [])
})

t.test('test/ mirrors src/', async (t) => {
  const besides = ['bench', 'layers.test', 'models', 'project', 'service']
  const entries = readdirSync(path.join(projectRoot, 'test')).map((name) =>
    path.parse(name).name.replace(/\.test$/, ''),
  )
  t.same(entries.filter((entry) => !Object.hasOwn(LAYERS, entry) && !besides.includes(entry) && entry !== 'layers'), [])
  const tests = readdirSync(path.join(projectRoot, 'test'), { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll(path.sep, '/'))
    .filter((name) => name.endsWith('.ts') && Object.hasOwn(LAYERS, entryOf(name)))
  t.same(
    tests.filter((name) => !existsSync(path.join(src, path.dirname(name)))),
    [],
    'every folder of tests has its folder in src/',
  )
})

t.test('each outside library enters through its door', async (t) => {
  const violations = sources.flatMap(({ file, imports }) =>
    packagesOf(imports)
      .filter((library) => !(DOORS[library] ?? []).some((door) => isIn(door, file)))
      .map(
        (library) =>
          `${file} imports ${library}, ${DOORS[library] ? `whose door is ${DOORS[library].join(' or ')}` : 'which has no door'}`,
      ),
  )
  t.same(violations, [])
})

t.test('what is imported is installed, and what is installed is imported', async (t) => {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(path.join(projectRoot, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>
  const isSetup = ({ file }: { readonly file: string }): boolean => isIn('commands/setup', file)
  const service = sources.filter((source) => !isSetup(source))
  const used = new Set(service.flatMap(({ imports }) => packagesOf(imports)))
  t.same([...used].sort(), Object.keys(dependencies!).sort(), 'of the service and its commands')
  const folders = ['test', 'bench', 'fixtures', '.ci'].flatMap((folder) => readSources(path.join(projectRoot, folder)))
  const others = [...sources.filter(isSetup), ...folders]
  const usedByOthers = new Set([
    ...others.flatMap(({ imports }) => packagesOf(imports)).filter((library) => !used.has(library)),
    ...TOOLS,
  ])
  t.same([...usedByOthers].sort(), Object.keys(devDependencies!).sort(), 'of set-up, tests and benches')
  const ranges = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
  )
  t.same(ranges, [], 'versions are exact')
})

t.test('no file outside families/ and architectures/ names a family', async (t) => {
  const families = readdirSync(path.join(src, 'recognition/families'))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.parse(name).name)
  const naming = sources
    .filter(({ file }) => !/(^|\/)(families|architectures)\//.test(file) && !FAMILY_NAMES_ALLOWED.includes(file))
    .flatMap(({ file, text }) =>
      families
        .filter((family) => new RegExp(`\\b${family}`, 'i').test(withoutComments(text)))
        .map((family) => `${file} names ${family}`),
    )
  t.same(naming, [])
})

t.test('every file says what it is for, and is short', async (t) => {
  t.same(sources.filter(({ text }) => !text.startsWith('/**')).map(({ file }) => file), [], 'begins with /**')
  const long = sources
    .map(({ file, text }) => ({ file, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > MOST_LINES)
  t.same(long, [], `at most ${MOST_LINES} lines`)
})

t.test('there is one server', async (t) => {
  t.same(
    sources.filter(({ text }) => /\bfastify\s*\(/i.test(withoutComments(text))).map(({ file }) => file),
    ['serving/http/app'],
  )
})
