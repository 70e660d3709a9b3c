/**
 * Decoding alone: time of every file of fixtures/media, first in a process of its own and then again, and the peak of
 * memory that each bomb of fixtures/bombs.ts reaches. Every file and every bomb gets a process: what one has compiled
 * or allocated must not help or burden the next.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { bombs } from '../fixtures/bombs.js'
import { decodeAudio } from '../src/audio/decode.js'
import { SpeechError } from '../src/domain/errors.js'
import { projectRoot } from '../src/domain/project-root.js'
import { beginRun } from './machine.js'
import { countOption, parseOptions } from './options.js'
import type { RunBench } from './run.js'
import { median } from './statistics.js'
import { fixed, megabytes, printTable } from './table.js'

const MEDIA = path.join(projectRoot, 'fixtures/media')
/** The limit of the service by default. */
const MAX_SECONDS = 300

interface Decoded { readonly seconds: number; readonly firstMs: number; readonly againMs: number; readonly startBytes: number; readonly peakBytes: number; readonly outcome: string }

export const run: RunBench = async (args) => {
  const given = parseOptions(args, { repeat: { type: 'string', default: '9' }, only: { type: 'string', default: '' } })
  const repeat = countOption('repeat', given.repeat, 9)
  if (given.only !== '') {
    console.log(JSON.stringify(await decodeOnce(given.only, repeat)))
    return true
  }
  const bench = await beginRun('decoding', { repeat })
  const files = readdirSync(MEDIA).map((name) => ({ name, ...inOwnProcess(name, repeat) }))
  printTable(['file', 'audio s', 'first ms', 'again ms', 'MB at start', 'MB at peak'], files.map((file) => [
    file.name, fixed(file.seconds, 2), fixed(file.firstMs, 0), fixed(file.againMs, 1), megabytes(file.startBytes), megabytes(file.peakBytes),
  ]))
  console.log()
  const bombed = bombs().map(({ name, bytes, code }) => ({ name, kilobytes: bytes.byteLength / 1000, expected: code ?? 'read', ...inOwnProcess(name, 1) }))
  printTable(['bomb', 'kB', 'outcome', 'ms', 'MB more at peak'], bombed.map((bomb) => [
    bomb.name, fixed(bomb.kilobytes, 0), bomb.outcome, fixed(bomb.firstMs, 0), megabytes(bomb.peakBytes - bomb.startBytes),
  ]))
  await bench.save({ files, bombs: bombed })
  return bombed.every(({ outcome, expected }) => outcome === expected)
}

function inOwnProcess(name: string, repeat: number): Decoded {
  return JSON.parse(execFileSync(process.execPath, [process.argv[1]!, 'decoding', '--only', name, '--repeat', String(repeat)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as Decoded
}

async function decodeOnce(name: string, repeat: number): Promise<Decoded> {
  const isFile = readdirSync(MEDIA).includes(name) // making the bombs takes memory of its own
  const bytes = isFile ? readFileSync(path.join(MEDIA, name)) : bombs().find((bomb) => bomb.name === name)!.bytes
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
  return { seconds, firstMs, againMs: median(again), startBytes, peakBytes: process.resourceUsage().maxRSS * 1024, outcome }
}
