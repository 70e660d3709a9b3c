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
import { BUILD_USAGE, CHECK_USAGE, DEV_USAGE, FIXTURES_USAGE, SERVE_USAGE, TEST_USAGE } from './usages.mjs'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..')

const ORPHAN_POLL_MILLISECONDS = 500
/** As of the commands in TypeScript. */
const WRONG_USAGE = 2

/** @typedef {(root: string) => Promise<void>} Step */
/** @typedef {(args: string[]) => Promise<number>} Program returns an exit code */
/**
 * A command with a `usage` prints it for --help before any step; another one prints its own, which has to be built.
 * @typedef {{ steps: Step[], go: Program, usage?: string, takesNothing?: boolean }} Command
 */

/** @type {Record<string, Command>} */
const COMMANDS = {
  serve: { steps: [install, build, fetchModels], go: serve, usage: SERVE_USAGE, takesNothing: true },
  dev: { steps: [install, build, fetchModels], go: () => develop(root), usage: DEV_USAGE, takesNothing: true },
  build: { steps: [install, build], go: async () => 0, usage: BUILD_USAGE, takesNothing: true },
  test: { steps: [install], go: runTests, usage: TEST_USAGE },
  'test:models': { steps: [install], go: (args) => runTests(['test/models', ...args]), usage: TEST_USAGE },
  check: { steps: [install], go: checkTypesAndLint, usage: CHECK_USAGE, takesNothing: true },
  models: { steps: [install, build], go: runModels },
  inspect: { steps: [install, build, fetchModels], go: program('inspect/inspect', 'runInspect') },
  baseline: { steps: [install, build, fetchModels], go: program('baseline/baseline', 'runBaseline') },
  calibrate: { steps: [install, build, fetchModels], go: program('calibrate/calibrate', 'runCalibrate') },
  'verify-data': { steps: [install, build, fetchModels], go: program('verify-data/verify-data', 'runVerifyData') },
  labels: { steps: [install, build], go: program('labels/labels', 'runLabels') },
  'public-speech': { steps: [install, build], go: program('public-speech/public-speech', 'runPublicSpeech') },
  collected: { steps: [install, build], go: program('collected/collected', 'runCollected') },
  'compare-models': {
    steps: [install, build, fetchModels], go: program('compare-models/compare-models', 'runCompareModels'),
  },
  'analyze-errors': {
    steps: [install, build, fetchModels], go: program('analyze-errors/analyze-errors', 'runAnalyzeErrors'),
  },
  'model-card': { steps: [install, build, fetchModels], go: program('model-card/model-card', 'runModelCard') },
  keys: { steps: [install, build], go: program('keys/command', 'runKeys') },
  bench: { steps: [install, build, fetchModels], go: (args) => runBuilt('bench/run.js', args) },
  fixtures: { steps: [install, build], go: makeFixtures, usage: FIXTURES_USAGE },
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

/** @param {string} name @param {string[]} args @returns {Promise<number>} */
async function runCommand(name, args) {
  const command = COMMANDS[name]
  if (command === undefined) {
    const names = Object.keys(COMMANDS).join(', ')
    throw new SetupFailure(`there is no command "${name}"; the commands are ${names}`)
  }
  const { steps, go, usage, takesNothing = false } = command
  const isHelp = asksForHelp(args)
  if (isHelp && usage !== undefined) {
    console.log(usage)
    return 0
  }
  if (takesNothing && args.length > 0) throw new SetupFailure(`"${args[0]}" is too much\n\n${usage}`, WRONG_USAGE)
  // Without arguments a command with some prints what it takes. That needs the program, and no model.
  const needsNoModel = isHelp || (!takesNothing && args.length === 0)
  for (const step of steps) if (!needsNoModel || step !== fetchModels) await step(root)
  return go(args)
}

/** As the commands in TypeScript do. @param {string[]} args */
function asksForHelp(args) {
  const options = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
  return options.includes('--help') || options.includes('-h') || args[0] === 'help'
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

/**
 * @param {string} file of dist/src/commands, without its ending
 * @param {string} name of its function, from arguments to an exit code
 * @returns {Program}
 */
function program(file, name) {
  return async (args) => (await import(builtUrl(`src/commands/${file}.js`)))[name](args)
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

/**
 * Without a name, the list: making all takes programs that few machines have.
 * @param {string[]} names of scripts `fixtures/make-<name>.ts`, or `all`
 */
async function makeFixtures(names) {
  const known = readdirSync(path.join(root, 'fixtures')).flatMap((file) => /^make-(.+)\.ts$/.exec(file)?.[1] ?? [])
  if (names.length === 0) {
    console.log(`${FIXTURES_USAGE}\n\n${known.map((name) => `  ${name}`).join('\n')}`)
    return 0
  }
  const wanted = names.includes('all') ? known : names
  const unknown = wanted.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    const sentence = `there are no fixtures "${unknown.join('", "')}"; there are ${known.join(', ')}`
    throw new SetupFailure(sentence, WRONG_USAGE)
  }
  for (const name of wanted) {
    const exitCode = await runBuilt(`fixtures/make-${name}.js`, [])
    if (exitCode !== 0) return exitCode
  }
  return 0
}

/** @param {string} file @param {string[]} args */
function runBuilt(file, args) {
  return run(process.execPath, ['--enable-source-maps', path.join(root, 'dist', file), ...args], { cwd: root })
}

/** @param {string} file */
function builtUrl(file) {
  return pathToFileURL(path.join(root, 'dist', file)).href
}
