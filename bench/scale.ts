/**
 * `verify-data` on many clips: time by clip, memory of all its processes, and whether a run that was killed half-way
 * continues where it ended and finds the same. Resident memory counts shared pages once for each process, so it is an
 * upper bound.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, statfs } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { writeManyClips } from './data/many-clips.js'
import { SCALE } from './declarations/data.js'
import { defineBench, type Outcome } from './harness/bench.js'
import { readClips } from './harness/clips.js'
import { UsageError } from './harness/endings.js'
import { processTree, residentBytes } from './harness/processes.js'
import { fixed, megabytes, printTable } from './harness/table.js'
import { startProgress } from './harness/progress.js'

const CHILD = fileURLToPath(new URL('./data/verify-process.js', import.meta.url))
/** Targets. */
const MOST_BYTES = 2 * 2 ** 30
const POLL_MS = 500
/** Recognition processes notice that the process that started them is gone. */
const ORPHAN_SECONDS = 30
/** Twice what a clip of 5 s takes on the disk. */
const ROOM_BYTES_PER_CLIP = 320_000

interface Run {
  readonly seconds: number
  /** Of all processes, and of the one that reads and compares. */
  readonly peakBytes: number
  readonly mainPeakBytes: number
  readonly exitCode: number | null
  /** From the start to the last clip; the rest are the checks. */
  readonly examinedSeconds: number
}

export const run = defineBench(SCALE, async ({ manifest, more, clips: many, seed }) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'earshot-scale-'))
  try {
    await requireRoom(folder, many)
    const clips = [...await readClips(manifest), ...more === undefined ? [] : await readClips(more)]
    const set = await writeManyClips(clips, many, folder, seed)
    console.log(`${many} clips of ${clips.length} recordings, ${fixed(set.seconds / 3600)} h, `
      + `${megabytes(set.bytes)} MB`)
    const whole = await verify(set.manifest, path.join(folder, 'whole'), many)
    print('unbroken', whole, many)
    const killed = await verify(set.manifest, path.join(folder, 'resumed'), many, many / 2)
    const known = await cachedClips(path.join(folder, 'resumed'))
    print(`killed with SIGKILL, ${known} clips kept`, killed, known)
    const resumed = await verify(set.manifest, path.join(folder, 'resumed'), many)
    print('resumed', resumed, many - known)
    return await judge(folder, { whole, killed, resumed, known, many, seconds: set.seconds })
  } finally {
    await rm(folder, { recursive: true })
  }
})

async function requireRoom(folder: string, many: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < many * ROOM_BYTES_PER_CLIP) {
    throw new UsageError(`${folder} has no room for ${many} clips: set TMPDIR, or --clips to fewer`)
  }
}

/** `killAt`: as many clips are done, and the process gets SIGKILL. */
async function verify(manifest: string, out: string, many: number, killAt = Infinity): Promise<Run> {
  const args = [manifest, '--cache', `${out}-cache`, '--json', `${out}.jsonl`, '--fail-on', 'never', '--top', '0']
  const progress = startProgress('clips', Math.min(many, killAt))
  let shown = 0
  const since = performance.now()
  const child = spawn(process.execPath, ['--enable-source-maps', CHILD, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const stop = (): void => { child.kill('SIGKILL') }
  process.once('exit', stop)
  let [peakBytes, mainPeakBytes, examinedSeconds, recognizers] = [0, 0, NaN, [] as number[]]
  const watch = setInterval(() => {
    const processes = processTree(child.pid!)
    recognizers = processes.slice(1).map(({ processId }) => processId)
    peakBytes = Math.max(peakBytes, residentBytes(processes))
    mainPeakBytes = Math.max(mainPeakBytes, processes[0]?.residentBytes ?? 0)
  }, POLL_MS)
  createInterface({ input: child.stderr }).on('line', (line) => {
    const done = Number(/(\d+) of \d+ clips$/.exec(line)?.[1] ?? NaN)
    if (Number.isNaN(done)) console.error(line)
    else if (done === many) examinedSeconds = (performance.now() - since) / 1000
    if (done > shown) progress.step(done - shown)
    if (done > shown) shown = done
    if (done >= killAt) stop()
  })
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  }).finally(() => {
    clearInterval(watch)
    process.off('exit', stop)
  })
  const seconds = (performance.now() - since) / 1000
  if (killAt < Infinity) await requireEnded(recognizers)
  return { seconds, peakBytes, mainPeakBytes, exitCode, examinedSeconds }
}

/** Throws where a recognition process outlives the process that started it. */
async function requireEnded(processIds: readonly number[]): Promise<void> {
  for (let waited = 0; waited < ORPHAN_SECONDS; waited++) {
    if (processIds.every((id) => processTree(id).length === 0)) return
    await sleep(1000)
  }
  throw new Error(`recognition processes still run ${ORPHAN_SECONDS} s after their parent was killed`)
}

/** Lines of the cache. */
async function cachedClips(out: string): Promise<number> {
  const folder = `${out}-cache`
  const texts = await Promise.all((await readdir(folder)).map((name) => readFile(path.join(folder, name), 'latin1')))
  return texts.join('').split('\n').length - 1
}

function print(what: string, { seconds, examinedSeconds, peakBytes, mainPeakBytes }: Run, measured: number): void {
  printTable(['run', 's', 'ms a clip', 'checks s', 'all MB', 'main MB'], [[
    what, fixed(seconds), fixed(1000 * seconds / measured), fixed(seconds - examinedSeconds), megabytes(peakBytes),
    megabytes(mainPeakBytes),
  ]])
}

interface Runs {
  readonly whole: Run
  readonly killed: Run
  readonly resumed: Run
  readonly known: number
  readonly many: number
  readonly seconds: number
}

async function judge(folder: string, runs: Runs): Promise<Outcome> {
  const { whole, resumed, many, known } = runs
  const [expected, found] = await Promise.all(['whole', 'resumed'].map((name) =>
    readFile(path.join(folder, `${name}.jsonl`), 'utf8')))
  const findings = expected!.split('\n').filter((line) => line !== '').length
  const measured = await cachedClips(path.join(folder, 'resumed'))
  console.log(`${findings} findings; those of the resumed run are ${expected === found ? 'the same' : 'others'}; `
    + `${measured - known} of ${many} clips were measured after the kill`)
  const missed: string[] = []
  if (whole.exitCode !== 0 || resumed.exitCode !== 0) missed.push('a run failed')
  if (expected !== found) missed.push('the findings of the resumed run differ')
  if (measured > many) missed.push(`${measured - many} clips were measured twice`)
  if (whole.peakBytes > MOST_BYTES) missed.push(`${megabytes(whole.peakBytes)} MB of memory`)
  return { missed, judged: { clips: many }, results: { ...runs, findings, isSame: expected === found, measured } }
}
