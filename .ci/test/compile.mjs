/**
 * TypeScript → `.earshot/tests/`, file by file and without a look at types (`npm run check` looks at them): what the
 * tests run. Only files whose content changed are compiled, so that a second run costs milliseconds. A loader in each
 * test process would cost two seconds of processor time per test file.
 */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const FOLDERS = ['src', 'test', 'bench', 'fixtures', '.ci']
/** Code and the assets beside it. Tests find all other files through `projectRoot`. */
const COMPILED = /(?<!\.d)\.ts$/
const COPIED = /\.(mjs|js|html|css|svg|d\.ts)$/
const STAMPS = 'stamps.json'

/**
 * Brings the compiled tests up to date.
 * @param {string} root
 * @returns {Promise<string>} their folder
 */
export async function compileTests(root) {
  const outDir = path.join(root, '.earshot/tests')
  const version = digestOf(['tsconfig.json', 'package-lock.json'].map((name) => readFileSync(path.join(root, name))))
  const known = readStamps(outDir, version)
  const found = new Map(sourcesOf(root).map((file) => [file, digestOf([readFileSync(path.join(root, file))])]))
  for (const file of Object.keys(known)) if (!found.has(file)) removeOutput(outDir, file)
  const changed = [...found].filter(([file, digest]) => known[file] !== digest).map(([file]) => file)
  if (changed.length > 0 || Object.keys(known).length !== found.size) {
    const compile = changed.some((file) => COMPILED.test(file)) ? await compilerOf(root) : undefined
    for (const file of changed) writeOutput(root, outDir, file, compile)
    mkdirSync(outDir, { recursive: true })
    writeFileSync(path.join(outDir, STAMPS), JSON.stringify({ version, files: Object.fromEntries(found) }))
  }
  return outDir
}

/**
 * The file that runs instead of a source file.
 * @param {string} file path inside the project
 */
export function outputOf(file) {
  return file.replace(COMPILED, '.js')
}

/** @param {string} root */
function sourcesOf(root) {
  return FOLDERS.flatMap((folder) => readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && (COMPILED.test(entry.name) || COPIED.test(entry.name)))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name))))
}

/**
 * @param {string} root
 * @param {string} outDir
 * @param {string} file
 * @param {((file: string, text: string) => { code: string, map: string }) | undefined} compile
 */
function writeOutput(root, outDir, file, compile) {
  const output = path.join(outDir, outputOf(file))
  mkdirSync(path.dirname(output), { recursive: true })
  if (compile === undefined || !COMPILED.test(file)) return cpSync(path.join(root, file), output)
  const { code, map } = compile(path.join(root, file), readFileSync(path.join(root, file), 'utf8'))
  const source = path.relative(path.dirname(output), path.join(root, file))
  writeFileSync(output, code)
  writeFileSync(`${output}.map`, JSON.stringify({ ...JSON.parse(map), sources: [source] }))
}

/** @param {string} outDir @param {string} file */
function removeOutput(outDir, file) {
  for (const ending of ['', '.map']) rmSync(path.join(outDir, `${outputOf(file)}${ending}`), { force: true })
}

/** The compiler takes half a second to load, so it is loaded only for a file that changed. @param {string} root */
async function compilerOf(root) {
  const { default: ts } = await import('typescript')
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  // A single file does not tell that its package consists of ES modules.
  const { ModuleKind: { ESNext }, ModuleResolutionKind: { Bundler } } = ts
  const compilerOptions = { ...options, module: ESNext, moduleResolution: Bundler }
  return (/** @type {string} */ fileName, /** @type {string} */ text) => {
    const { outputText, sourceMapText = '{}' } = ts.transpileModule(text, { fileName, compilerOptions })
    return { code: outputText, map: sourceMapText }
  }
}

/** @param {string} outDir @param {string} version @returns {Record<string, string>} source file → digest */
function readStamps(outDir, version) {
  const file = path.join(outDir, STAMPS)
  const stamps = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  if (stamps?.version === version) return stamps.files
  rmSync(outDir, { recursive: true, force: true })
  return {}
}

/** @param {readonly Buffer[]} contents */
function digestOf(contents) {
  const hash = createHash('sha256')
  for (const content of contents) hash.update(content).update('\0')
  return hash.digest('hex')
}
