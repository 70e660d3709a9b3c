/** Which test files to run: all, those that were named, or those that a change affects. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { readSources } from '../imports.mjs'

const TEST = /\.test\.ts$/
/** On the weights of every model: `npm run test:models` names this folder. */
const ONLY_BY_NAME = 'test/models/'

/**
 * Tests that start programs or read files, so that their imports do not tell what affects them: test → the beginnings
 * of the paths that do.
 * @type {readonly (readonly [test: string, paths: readonly string[]])[]}
 */
const BESIDES_IMPORTS = [
  ['test/service/', ['src/main.ts', 'src/config.ts', 'src/serving/', 'src/recognition/process/']],
  ['test/layers.test.ts', ['src/', 'test/', 'bench/', 'fixtures/', '.ci/', 'package']],
  ['test/project/docs', ['docs/', 'README.md', 'SECURITY.md', 'package.json', 'src/serving/', 'src/domain/']],
  ['test/project/docs', ['bench/run.ts']],
  ['test/project/deprecations.test.ts', ['docs/deprecations.md', 'Dockerfile', 'package.json']],
  ['test/project/docker.test.ts', ['Dockerfile', '.dockerignore', '.ci/', 'package', 'src/main.ts']],
  ['test/project/docker.test.ts', ['src/commands/setup/', 'src/serving/http/']],
  ['test/project/deploy/', ['deploy/', 'docs/', 'Dockerfile']],
  ['test/commands/setup/', ['src/commands/setup/', 'models/', 'fixtures/tls/']],
  ['test/project/models.test.ts', ['models/', 'README.md', 'NOTICE']],
  ['test/serving/workers/', ['test/serving/workers/']],
  ['test/serving/http/monitoring/', ['src/serving/http/pages/']],
  ['test/commands/verify-data/', ['src/commands/setup/', 'fixtures/clips/']],
  ['test/data/verification/', ['docs/verify-data.md']],
  ['test/data/error-analysis/', ['docs/analyze-errors.md']],
  ['test/commands/analyze-errors/', ['fixtures/clips/']],
  ['test/audio/', ['fixtures/clips/', 'fixtures/media/', 'fixtures/loudness/']],
  ['test/recognition/', ['fixtures/clips/', 'fixtures/graphs/', 'fixtures/log-mel/', 'models/']],
  ['test/engine/', ['fixtures/graphs/', 'models/']],
  ['test/search/', ['fixtures/shop/']],
  ['test/data/labels/guide.test.ts', ['docs/labelling.md']],
  ['test/commands/labels/', ['docs/labelling.md']],
  ['test/data/collection/', ['test/data/collection/', 'src/data/collection/']],
]

/** What starts everything at once, for a change that affects more than there is time for. */
const SMOKE_TEST = 'test/service/search.test.ts'
/** Seconds that the tests of a change may take, one after the other, by the times of earlier runs. */
const BUDGET_SECONDS = 60
const UNKNOWN_SECONDS = 1.5

/**
 * Every test file of `npm test`.
 * @param {string} root
 */
export function allTests(root) {
  return testsBelow(root, 'test').filter((file) => !file.startsWith(ONLY_BY_NAME))
}

/**
 * The test files that were named, by a file or by a folder.
 * @param {string} root
 * @param {readonly string[]} names
 */
export function namedTests(root, names) {
  return [...new Set(names.flatMap((name) => {
    const file = path.relative(root, path.resolve(root, name)).replaceAll(path.sep, '/')
    const found = statSync(path.join(root, file), { throwIfNoEntry: false })
    if (found?.isDirectory()) return testsBelow(root, file)
    if (found === undefined || !TEST.test(file)) throw new Error(`"${name}" is neither a file *.test.ts nor a folder`)
    return [file]
  }))]
}

/**
 * The tests that are affected by what differs from a revision, the nearest first; `leftOut` would exceed the budget.
 * @param {string} root
 * @param {string} revision
 * @param {Readonly<Record<string, number>>} seconds test file → seconds that it took
 */
export function affectedTests(root, revision, seconds) {
  const changed = changedFiles(root, revision)
  const tests = allTests(root)
  const { near, isInService } = nearestFirst(root, changed, tests)
  const secondsOf = (/** @type {string} */ file) => seconds[file] ?? UNKNOWN_SECONDS
  const total = near.reduce((sum, file) => sum + secondsOf(file), 0)
  if (total <= BUDGET_SECONDS) return { changed, tests: near, leftOut: [] }
  let left = BUDGET_SECONDS
  // The whole service first: it stands for all that is left out.
  const ordered = [...isInService ? [SMOKE_TEST] : [], ...near.filter((file) => !isInService || file !== SMOKE_TEST)]
  const chosen = ordered.filter((file, rank) => {
    const fits = rank === 0 || changed.includes(file) || secondsOf(file) <= left
    if (fits) left -= secondsOf(file)
    return fits
  })
  return { changed, tests: chosen, leftOut: near.filter((file) => !chosen.includes(file)) }
}

/** @param {string} root @param {string} revision */
function changedFiles(root, revision) {
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim().split('\n')
  const differing = git('diff', '--name-only', '--no-renames', revision)
  const untracked = git('ls-files', '--others', '--exclude-standard')
  return [...new Set([...differing, ...untracked])].filter((file) => file !== '').sort()
}

/**
 * The number of imports between a test and a changed file tells how near it is. A test that mirrors a file (the same
 * path below test/) is as near as one that imports it.
 * @param {string} root
 * @param {readonly string[]} changed
 * @param {readonly string[]} tests
 */
function nearestFirst(root, changed, tests) {
  const importers = readImporters(root)
  const distances = new Map(changed.map((file) => [file, 0]))
  for (const [file, distance] of distances) {
    for (const importer of [...importers.get(file) ?? [], ...mirrorOf(root, file)]) {
      if (!distances.has(importer)) distances.set(importer, distance + 1)
    }
  }
  for (const test of tests) if (!distances.has(test) && isAffectedBesides(test, changed)) distances.set(test, 2)
  const distanceOf = (/** @type {string} */ file) => distances.get(file) ?? Infinity
  const near = tests.filter((test) => distances.has(test))
    .sort((a, b) => distanceOf(a) - distanceOf(b) || a.localeCompare(b))
  const entryPoints = ['src/main.ts', 'src/recognition/process/worker-process.ts']
  return { near, isInService: entryPoints.some((file) => distances.has(file)) }
}

/** @param {string} test @param {readonly string[]} changed */
function isAffectedBesides(test, changed) {
  return BESIDES_IMPORTS.some(([beginning, paths]) => test.startsWith(beginning)
    && changed.some((file) => paths.some((begin) => file.startsWith(begin))))
}

/**
 * File → files that import it at run time.
 * @param {string} root
 */
function readImporters(root) {
  const importers = /** @type {Map<string, string[]>} */ (new Map())
  for (const folder of ['src', 'test', 'bench', 'fixtures', '.ci']) {
    const names = new Map(filesBelow(root, folder).map((name) => [stemOf(name), name]))
    for (const { file, imports } of readSources(path.join(root, folder))) {
      const importer = names.get(`${folder}/${file}`) ?? `${folder}/${file}`
      for (const { target } of imports.filter((found) => found.target.startsWith('.') && !found.typesOnly)) {
        const stem = stemOf(path.posix.join(folder, path.posix.dirname(file), target))
        const candidates = ['.ts', '.mjs', '.js'].map((ending) => `${stem}${ending}`)
        // A deleted file was TypeScript, most likely.
        const imported = candidates.find((name) => existsSync(path.join(root, name))) ?? `${stem}.ts`
        importers.set(imported, [...importers.get(imported) ?? [], importer])
      }
    }
  }
  return importers
}

/** @param {string} file */
function stemOf(file) {
  return file.replace(/(\.d)?\.(ts|mjs|js)$/, '')
}

/** @param {string} root @param {string} file */
function mirrorOf(root, file) {
  const mirror = file.replace(/^src\//, 'test/').replace(/\.\w+$/, '.test.ts')
  return mirror !== file && file.startsWith('src/') && existsSync(path.join(root, mirror)) ? [mirror] : []
}

/** @param {string} root @param {string} folder */
function testsBelow(root, folder) {
  return filesBelow(root, folder).filter((name) => TEST.test(name)).sort()
}

/** @param {string} root @param {string} folder */
function filesBelow(root, folder) {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll(path.sep, '/')}`)
}

/**
 * Whether a test starts what `npm run build` makes.
 * @param {string} root
 * @param {string} test
 */
export function needsBuild(root, test) {
  return readFileSync(path.join(root, test), 'utf8').includes("projectRoot, 'dist/src/")
}
