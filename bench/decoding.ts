/**
 * Decoding alone: time of every file of fixtures/media, first in a process of its own and then again, and the peak of
 * memory of each bomb of fixtures/bombs.ts. Every file and every bomb gets a process: what one has compiled or
 * allocated must not help or burden the next.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { bombs } from '../fixtures/bombs.js'
import { median } from '../fixtures/kit/statistics.js'
import { decodeAudio } from '../src/audio/decode.js'
import { SpeechError } from '../src/domain/errors.js'
import { projectRoot } from '../src/domain/project-root.js'
import { defineBench, type RunBench } from './harness/bench.js'
import { count } from './harness/options.js'
import { fixed, megabytes, printTable } from './harness/table.js'

const MEDIA = path.join(projectRoot, 'fixtures/media')
/** The default limit of the service. */
const MAX_SECONDS = 300
/** First argument of the process of one file; its name and the repetitions follow. */
const ONE = '--one'

interface Decoded {
  readonly seconds: number
  readonly firstMs: number
  readonly againMs: number
  readonly startBytes: number
  readonly peakBytes: number
  readonly outcome: string
}

const decodeAll = defineBench('decoding', { repeat: count(9) }, async ({ repeat }) => {
  const files = readdirSync(MEDIA).map((name) => ({ name, ...inOwnProcess(name, repeat) }))
  printTable(['file', 'audio s', 'first ms', 'again ms', 'MB at start', 'MB at peak'], files.map((file) => [
    file.name, fixed(file.seconds, 2), fixed(file.firstMs, 0), fixed(file.againMs), megabytes(file.startBytes),
    megabytes(file.peakBytes),
  ]))
  console.log()
  const bombed = bombs().map(({ name, bytes, code = 'read' }) =>
    ({ name, kilobytes: bytes.byteLength / 1000, expected: code, ...inOwnProcess(name, 1) }))
  printTable(['bomb', 'kB', 'outcome', 'ms', 'MB more at peak'], bombed.map((bomb) => [
    bomb.name, fixed(bomb.kilobytes, 0), bomb.outcome, fixed(bomb.firstMs, 0),
    megabytes(bomb.peakBytes - bomb.startBytes),
  ]))
  const wrong = bombed.filter(({ outcome, expected }) => outcome !== expected)
  const missed = wrong.map(({ name, outcome, expected }) => `${name}: ${outcome}, ${expected} wanted`)
  return { missed, results: { files, bombs: bombed } }
})

export const run: RunBench = async (args) => {
  const [first, name, repeat] = args
  if (first !== ONE || name === undefined) return decodeAll(args)
  console.log(JSON.stringify(await decodeOne(name, Number(repeat))))
  return true
}

function inOwnProcess(name: string, repeat: number): Decoded {
  const args = [...process.argv.slice(1, 3), ONE, name, String(repeat)]
  return JSON.parse(execFileSync(process.execPath, args, {
    encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'],
  })) as Decoded
}

async function decodeOne(name: string, repeat: number): Promise<Decoded> {
  const isFile = readdirSync(MEDIA).includes(name) // making the bombs takes memory of its own
  const bytes = isFile ? readFileSync(path.join(MEDIA, name)) : bombs().find((bomb) => bomb.name === name)?.bytes
  if (bytes === undefined) throw new Error(`there is no file and no bomb ${name}`)
  const startBytes = process.memoryUsage.rss()
  const times: number[] = []
  let outcome = 'read'
  let seconds = 0
  for (let round = 0; round <= repeat; round++) {
    const since = performance.now()
    try {
      const { samples, sampleRate } = (await decodeAudio(bytes, { maxSeconds: MAX_SECONDS })).waveform
      seconds = samples.length / sampleRate
    } catch (thrown) {
      if (!(thrown instanceof SpeechError)) throw thrown
      outcome = thrown.code
    }
    times.push(performance.now() - since)
  }
  const [firstMs = NaN, ...again] = times
  const peakBytes = process.resourceUsage().maxRSS * 1024
  return { seconds, firstMs, againMs: median(again), startBytes, peakBytes, outcome }
}
