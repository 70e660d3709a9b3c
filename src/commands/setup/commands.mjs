/**
 * Each npm command: the steps that it needs (a step that is already done is quick), then the command itself. The table
 * below is the list of commands.
 */
// @ts-check
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, compilerPath } from './build.mjs'
import { run, say, SetupFailure } from './children.mjs'
import { develop } from './develop.mjs'
import { install } from './install.mjs'
import { explainStorage } from './storage.mjs'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..')

const ORPHAN_POLL_MILLISECONDS = 500

/** @typedef {(root: string) => Promise<void>} Step */
/** @typedef {{ steps: Step[], go: (args: string[]) => Promise<number> }} Command returns an exit code */

/** @type {Record<string, Command>} */
const COMMANDS = {
  serve: { steps: [install, build, fetchModels], go: serve },
  dev: { steps: [install, build, fetchModels], go: () => develop(root) },
  build: { steps: [install, build], go: async () => 0 },
  test: { steps: [install], go: runTests },
  'test:models': { steps: [install], go: (args) => runTests(['test/models', ...args]) },
  check: { steps: [install], go: checkTypesAndLint },
  models: { steps: [install, build], go: runModels },
  inspect: { steps: [install, build, fetchModels], go: runInspect },
  baseline: { steps: [install, build, fetchModels], go: runBaseline },
  calibrate: { steps: [install, build, fetchModels], go: runCalibrate },
  'verify-data': { steps: [install, build, fetchModels], go: runVerifyData },
  labels: { steps: [install, build], go: runLabels },
  'public-speech': { steps: [install, build], go: runPublicSpeech },
  collected: { steps: [install, build], go: runCollected },
  'compare-models': { steps: [install, build, fetchModels], go: runCompareModels },
  'analyze-errors': { steps: [install, build, fetchModels], go: runAnalyzeErrors },
  'model-card': { steps: [install, build, fetchModels], go: runModelCard },
  keys: { steps: [install, build], go: runKeys },
  bench: { steps: [install, build], go: runBench },
  fixtures: { steps: [install, build], go: makeFixtures },
}

/** A step failed and has said why. */
class CommandFailure extends SetupFailure {
  /** @param {number} exitCode */
  constructor(exitCode) {
    super('', exitCode)
  }
}

/** Runs one command; never throws. @param {string[]} args */
export async function main([name = '', ...args]) {
  endWithParent()
  try {
    process.exitCode = await runCommand(name, args[0] === '--' ? args.slice(1) : args)
  } catch (failure) {
    const explained = failure instanceof SetupFailure ? failure : explainStorage(failure, `"${name}"`, root)
    const unexplained = failure instanceof Error ? failure.stack : String(failure)
    // A command that failed has said why itself.
    if (!(failure instanceof CommandFailure)) say(explained?.message ?? `an unexpected failure: ${unexplained}`)
    process.exitCode = explained?.exitCode ?? 1
  }
}

/** @type {NodeJS.Timeout | undefined} */
let orphanWatch

/**
 * A signal for npm ends npm and its shell, but shells do not hand it on: without this, stopping `npm start` from
 * outside would leave the service running, its port taken. An orphaned process therefore signals itself.
 */
function endWithParent() {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  orphanWatch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(orphanWatch)
    process.kill(process.pid, 'SIGTERM')
  }, ORPHAN_POLL_MILLISECONDS).unref()
}

/** @param {string} name @param {string[]} args @returns {Promise<number | undefined>} */
async function runCommand(name, args) {
  const command = COMMANDS[name]
  if (command === undefined) {
    const names = Object.keys(COMMANDS).join(', ')
    throw new SetupFailure(`there is no command "${name}"; the commands are ${names}`)
  }
  // Help needs the program, and no model.
  const needed = args.includes('--help') ? command.steps.filter((step) => step !== fetchModels) : command.steps
  for (const step of needed) await step(root)
  return command.go(args)
}

/** In this process, so that signals reach the service itself. It runs until it is told to stop. */
async function serve() {
  // A signal for the whole process group ends our parent too; the service must not take that for a second signal.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.once(signal, () => clearInterval(orphanWatch))
  }
  await import(builtUrl('src/main.js'))
  return /** @type {number} */ (process.exitCode ?? 0)
}

/** The models that the service will ask for; present ones cost a look at their sizes. */
async function fetchModels() {
  const exitCode = await runModels(['ensure'])
  if (exitCode !== 0) throw new CommandFailure(exitCode)
}

/** @param {string[]} args @returns {Promise<number>} */
async function runModels(args) {
  const { runModels } = await import(builtUrl('src/commands/setup/models.js'))
  return runModels(args)
}

/** @param {string[]} args @returns {Promise<number>} */
async function runInspect(args) {
  const { runInspect } = await import(builtUrl('src/commands/inspect/inspect.js'))
  return runInspect(args)
}

/** @param {string[]} args @returns {Promise<number>} */
async function runBaseline(args) {
  const { runBaseline } = await import(builtUrl('src/commands/baseline/baseline.js'))
  return runBaseline(args)
}

/** @param {string[]} args @returns {Promise<number>} */
async function runCalibrate(args) {
  const { runCalibrate } = await import(builtUrl('src/commands/calibrate/calibrate.js'))
  return runCalibrate(args)
}

/** @param {string[]} args @returns {Promise<number>} */
async function runVerifyData(args) {
  const { runVerifyData } = await import(builtUrl('src/commands/verify-data/verify-data.js'))
  return runVerifyData(args)
}

/** @param {string[]} args @returns {Promise<number>} */
async function runLabels(args) {
  const { runLabels } = await import(builtUrl('src/commands/labels/labels.js'))
  return runLabels(args)
}

/** @param {string[]} args @returns {Promise<number>} */
async function runPublicSpeech(args) {
  const { runPublicSpeech } = await import(builtUrl('src/commands/public-speech/public-speech.js'))
  return runPublicSpeech(args)
}

/** @param {string[]} args @returns {Promise<number>} */
async function runCollected(args) {
  const { runCollected } = await import(builtUrl('src/commands/collected/collected.js'))
  return runCollected(args)
}

/** @param {string[]} args @returns {Promise<number>} */
async function runCompareModels(args) {
  const { runCompareModels } = await import(builtUrl('src/commands/compare-models/compare-models.js'))
  return runCompareModels(args)
}

/** @param {string[]} args @returns {Promise<number>} */
async function runAnalyzeErrors(args) {
  const { runAnalyzeErrors } = await import(builtUrl('src/commands/analyze-errors/analyze-errors.js'))
  return runAnalyzeErrors(args)
}

/** @param {string[]} args @returns {Promise<number>} */
async function runModelCard(args) {
  const { runModelCard } = await import(builtUrl('src/commands/model-card/model-card.js'))
  return runModelCard(args)
}

/** @param {string[]} args @returns {Promise<number>} */
async function runKeys(args) {
  const { runKeys } = await import(builtUrl('src/commands/keys/command.js'))
  return runKeys(args)
}

/**
 * Compiles the tests, and builds dist/ if a test needs it.
 * @param {string[]} args
 */
function runTests(args) {
  return run(process.execPath, [path.join(root, '.ci/test/run.mjs'), ...args], { cwd: root })
}

async function checkTypesAndLint() {
  // The page runs in a browser, so it has types of its own.
  let types = 0
  for (const project of ['.ci/tsconfig.json', '.ci/tsconfig.page.json']) {
    types ||= await run(process.execPath, [compilerPath(root), '--project', project], { cwd: root })
  }
  const eslint = path.join(root, 'node_modules/eslint/bin/eslint.js')
  const rules = ['--config', '.ci/eslint.config.js', '--max-warnings', '0']
  const lint = await run(process.execPath, [eslint, ...rules, '.'], { cwd: root })
  if (types === 0 && lint === 0) say('types and lint are in order')
  return types || lint
}

/** Every script `fixtures/make-<name>.ts`, or those named. @param {string[]} names */
async function makeFixtures(names) {
  const known = readdirSync(path.join(root, 'fixtures')).flatMap((file) => /^make-(.+)\.ts$/.exec(file)?.[1] ?? [])
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new SetupFailure(`there are no fixtures "${unknown.join('", "')}"; there are ${known.join(', ')}`)
  }
  for (const name of names.length > 0 ? names : known) {
    const exitCode = await runBuilt(`fixtures/make-${name}.js`, [])
    if (exitCode !== 0) return exitCode
  }
  return 0
}

/** The list of benches and the help of one need no model. @param {string[]} args */
async function runBench(args) {
  const isHelp = args.length === 0 || args.some((argument) => argument === '--help' || argument === '-h')
  if (!isHelp) await fetchModels()
  return runBuilt('bench/run.js', args)
}

/** @param {string} file @param {string[]} args */
function runBuilt(file, args) {
  return run(process.execPath, ['--enable-source-maps', path.join(root, 'dist', file), ...args], { cwd: root })
}

/** @param {string} file */
function builtUrl(file) {
  return pathToFileURL(path.join(root, 'dist', file)).href
}
