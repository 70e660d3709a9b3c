/**
 * `npm run bench -- <name> [options]`: one bench by name, or the list of them.
 *
 * A bench is loaded only when it is started: `--help` opens neither ONNX Runtime nor a model. Whether all its targets
 * were met becomes the exit code, so a bench can guard a release; a bench that lacks something that it needs says what,
 * and ends with a code of its own.
 */
import { spawn } from 'node:child_process'
import { LARGE_MODEL_ALLOCATOR } from '../src/serving/workers/environment.js'
import { BENCHES, type Bench } from './benches.js'
import { EXIT, NothingMeasured, Skipped, UsageError } from './harness/endings.js'

// Both become an orderly exit, which also ends the servers that were started here.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

const [name, ...args] = process.argv.slice(2)
process.exitCode = await main(name, args)
// A keep-alive connection or the threads of a model would keep the process alive for a while.
process.exit()

/** glibc reads its settings when a process starts. */
function lacksAllocator({ hasLargeModels }: Bench): boolean {
  return hasLargeModels && !Object.keys(LARGE_MODEL_ALLOCATOR).every((variable) => variable in process.env)
}

function runAgain(): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit', env: { ...LARGE_MODEL_ALLOCATOR, ...process.env },
  })
  process.once('exit', () => child.kill())
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => { resolve(code ?? 1) })
  })
}

async function main(asked: string | undefined, options: readonly string[]): Promise<number> {
  const bench = BENCHES.find(({ name: own }) => own === asked)
  if (bench === undefined) return list(asked)
  if (options.some(isHelp)) {
    console.log(bench.help())
    return EXIT.met
  }
  if (lacksAllocator(bench)) return runAgain()
  try {
    const { run } = await bench.open()
    return await run(options) ? EXIT.met : EXIT.missed
  } catch (thrown) {
    return explain(bench.name, thrown)
  }
}

function isHelp(option: string): boolean {
  return option === '--help' || option === '-h'
}

/** What was thrown, as the last thing that the bench says; an unexpected failure with its stack. */
function explain(bench: string, thrown: unknown): number {
  if (thrown instanceof Skipped) {
    console.log(`skipped: ${bench} needs what is not here:\n  ${thrown.message.replaceAll('\n', '\n  ')}`)
    return EXIT.skipped
  }
  if (thrown instanceof UsageError) {
    console.error(`${thrown.message}\nnpm run bench -- ${bench} --help says more`)
    return EXIT.usage
  }
  console.error(thrown instanceof NothingMeasured ? thrown.message : thrown)
  return EXIT.missed
}

function list(asked: string | undefined): number {
  const isKnown = asked === undefined || isHelp(asked)
  if (!isKnown) console.error(`there is no bench "${asked}"`)
  const write = isKnown ? console.log : console.error
  write('npm run bench -- <name> [options]; <name> --help says more, docs/benchmarks.md has the figures\n')
  for (const { name: own, says } of BENCHES) write(`  ${own.padEnd(16)}${says}`)
  return isKnown ? EXIT.met : EXIT.usage
}
