#!/usr/bin/env node
/**
 * `npm test -- [FILE or FOLDER …] [--changed[=REVISION]] [--grep=/PATTERN/] [--jobs=N] [--tap]`
 *
 * Each test file runs in a process of its own, as compiled by compile.mjs. Tests that start what `npm run build` makes
 * wait for the build, which runs meanwhile. `--changed` runs those that are affected by what differs from the last
 * commit, or from the revision. `--tap` prints the output of the files as it is.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from '../../src/commands/setup/build.mjs'
import { compileTests, outputOf } from './compile.mjs'
import { readTap } from './read-tap.mjs'
import { createReport } from './report.mjs'
import { affectedTests, allTests, namedTests, needsBuild } from './select.mjs'

const JOBS = 2
/** Test files that wait most of their time: they run beside the jobs. */
const WAITING = ['test/service/privacy.test.ts']
const FILE_TIMEOUT_SECONDS = 240
const KILL_AFTER_MILLISECONDS = 10_000
const PIPE_MILLISECONDS = 5_000
const STDERR_LINES = 20
/** By which factor the recorded time of a file grows at most from run to run. */
const GROWTH = 1.2

const root = path.resolve(import.meta.dirname, '../..')
const timesFile = path.join(root, '.earshot/test-seconds.json')
const children = new Set()

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.once(signal, () => {
    for (const child of children) endGroup(child, signal)
    process.exit(128 + os.constants.signals[signal])
  })
}

try {
  process.exitCode = await main() ? 0 : 1
} catch (failure) {
  console.error(`earshot: ${failure instanceof Error ? failure.message : String(failure)}`)
  process.exitCode = 1
}

async function main() {
  const options = readOptions()
  const seconds = readSeconds()
  const { tests, leftOut } = select(options, seconds)
  if (tests.length === 0) {
    console.log('no test is affected')
    return true
  }
  const outDir = await compileTests(root)
  if (!await fetchModels(outDir)) return false
  const report = createReport(tests.length)
  const { waiting, failure } = await runAll(tests, seconds, options, async (file) => {
    const result = await runFile(outDir, file, options)
    // A busy machine must not make a test look expensive for long.
    seconds[file] = Math.min(result.seconds, (seconds[file] ?? Infinity) * GROWTH)
    report.finished(result)
  })
  writeFileSync(timesFile, JSON.stringify(seconds))
  const notRun = waiting.map((file) => ({ file, why: failure ?? 'interrupted' }))
  if (leftOut.length > 0) {
    console.log(`${leftOut.length} affected files are farther from the change and were left out; "npm test" runs them`)
  }
  return report.end(notRun) && notRun.length === 0
}

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    args: process.argv.slice(2).map((arg) => arg === '--changed' ? '--changed=HEAD' : arg),
    options: {
      changed: { type: 'string' }, grep: { type: 'string', multiple: true },
      jobs: { type: 'string' }, tap: { type: 'boolean' },
    },
  })
  return { ...values, names: positionals, jobs: Number(values.jobs ?? JOBS) }
}

function select({ changed, names }, seconds) {
  if (names.length > 0) return { tests: namedTests(root, names), leftOut: [] }
  if (changed === undefined) return { tests: allTests(root), leftOut: [] }
  const affected = affectedTests(root, changed, seconds)
  const count = affected.tests.length + affected.leftOut.length
  console.log(`${affected.changed.length} files differ from ${changed}, ${count} test files are affected`)
  return affected
}

/** The models that the service will ask for; present ones cost a look at their sizes. It says itself why it fails. */
async function fetchModels(outDir) {
  const { runModels } = await import(pathToFileURL(path.join(outDir, 'src/commands/setup/models.js')).href)
  return await runModels(['ensure']) === 0
}

/**
 * Runs the files, `jobs` at a time, those that took longest first, and the build as one of the jobs.
 * Answers with those that could not run because the build failed.
 */
async function runAll(tests, seconds, { jobs }, runOne) {
  const order = [...tests].sort((a, b) => (seconds[b] ?? 0) - (seconds[a] ?? 0))
  const waiting = order.filter((file) => needsBuild(root, file))
  const ready = order.filter((file) => !waiting.includes(file))
  let failure
  const beside = /** @type {Promise<void>[]} */ ([])
  const building = waiting.length === 0 ? undefined : build(root).then(
    () => {
      const built = waiting.splice(0)
      beside.push(...built.filter((file) => WAITING.includes(file)).map((file) => runOne(file)))
      ready.unshift(...built.filter((file) => !WAITING.includes(file)))
    },
    (/** @type {Error} */ cause) => { failure = cause.message },
  )
  const work = async () => {
    for (let file = ready.shift(); file !== undefined; file = ready.shift()) await runOne(file)
  }
  await Promise.all([
    ...Array.from({ length: Math.max(1, building === undefined ? jobs : jobs - 1) }, async () => {
      await work()
      await building
      await work()
    }),
    building?.then(work),
  ])
  await Promise.all(beside)
  return { waiting, failure }
}

/** Answers with what came of one file; never throws. */
async function runFile(outDir, file, { grep, tap }) {
  const startedAt = performance.now()
  const env = {
    ...process.env,
    TAP_TIMEOUT: String(FILE_TIMEOUT_SECONDS),
    ...grep === undefined ? {} : { TAP_GREP: grep.join('\n') },
  }
  const args = ['--enable-source-maps', path.join(outDir, outputOf(file))]
  // A group of its own, so that the services that a test started end with it.
  const child = spawn(process.execPath, args, { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  const output = { stdout: '', stderr: '' }
  for (const stream of /** @type {const} */ (['stdout', 'stderr'])) {
    child[stream].setEncoding('utf8').on('data', (chunk) => {
      output[stream] += chunk
      if (tap) process[stream].write(chunk)
    })
  }
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGTERM')
    setTimeout(() => endGroup(child, 'SIGKILL'), KILL_AFTER_MILLISECONDS).unref()
  }, FILE_TIMEOUT_SECONDS * 1000)
  const ended = await new Promise((resolve) => {
    child.once('error', (cause) => resolve(cause.message))
    child.once('exit', (code, signal) => {
      const ending = code === 0 ? undefined : signal ?? `exit code ${code}`
      child.once('close', () => resolve(ending))
      // A service that a test left behind holds the pipe open.
      setTimeout(() => resolve(ending), PIPE_MILLISECONDS).unref()
    })
  })
  clearTimeout(timer)
  endGroup(child, 'SIGKILL')
  children.delete(child)
  const outcome = readTap(output.stdout)
  keepOutput(file, output)
  const incomplete = outcome.ok ? undefined : 'its output is incomplete'
  const fault = late ? `took longer than ${FILE_TIMEOUT_SECONDS} s` : ended ?? incomplete
  // A failed assertion has been told already.
  const crash = fault !== undefined && (outcome.failed === 0 || late) ? `${fault}\n${tailOf(output.stderr)}` : undefined
  return { ...outcome, file, seconds: (performance.now() - startedAt) / 1000, crash }
}

function endGroup(child, signal) {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // Nothing of it runs.
  }
}

/** The whole output of the last run of a file, for a failure whose lines in the report do not tell enough. */
function keepOutput(file, { stdout, stderr }) {
  const place = path.join(root, '.earshot/test-output', `${file}.tap`)
  mkdirSync(path.dirname(place), { recursive: true })
  writeFileSync(place, stdout + stderr)
}

function tailOf(text) {
  return text.trimEnd().split('\n').slice(-STDERR_LINES).map((line) => `        ${line}`).join('\n')
}

/** @returns {Record<string, number>} */
function readSeconds() {
  return existsSync(timesFile) ? JSON.parse(readFileSync(timesFile, 'utf8')) : {}
}
