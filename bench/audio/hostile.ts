/**
 * Broken files of every format, and files that hold hours in a few bytes, through the front end in a process of its
 * own (front-end-child.ts): a report or a typed error, soon, and without filling the memory.
 *
 * The files are those of fixtures/media, made of a synthetic voice, and the hand-made WAV files of fixtures/hostile.ts.
 * Targets: no crash, no hang, no error without a code; none takes over 2 s; the highest resident memory of a process
 * that meets all broken files of one format one after the other grows by at most 300 MB over that of one sound file.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { hostileWavs } from '../../fixtures/hostile.js'
import { projectRoot } from '../../src/domain/project-root.js'
import type { Outcome } from '../named-tables.js'
import { SERVED } from '../served.js'
import { groupBy, percentile } from '../statistics.js'
import { fixed, megabytes, printTable } from '../table.js'
import { bombs } from './bombs.js'
import type { AudioBench } from './context.js'
import { corrupt } from './corruption.js'
import type { Result } from './front-end-child.js'
import { startFrontEnd } from './front-end-process.js'
import { startProgress } from './progress.js'

const MEDIA = path.join(projectRoot, 'fixtures/media')
const SOUND_WAV = path.join(projectRoot, 'fixtures/clips/warm-up.wav')
const FILES = 1000
const MOST_MS = 2000
const MOST_GROWTH_BYTES = 300 * 1024 ** 2

interface Hostile { readonly format: string; readonly name: string; readonly bytes: Uint8Array }
interface Met extends Hostile, Result { readonly growthBytes: number }

export async function measure({ rows }: AudioBench): Promise<Outcome> {
  const files = [...corruptedFiles(), ...handMade(), ...bombs().map(({ name, bytes }) => ({ format: `bomb: ${name}`, name, bytes }))]
  const groups = [...groupBy(files, ({ format }) => format)].filter(([format]) => rows === undefined || rows.includes(format))
  const progress = startProgress('hostile', groups.reduce((sum, [, own]) => sum + own.length, 0))
  const met: Met[] = []
  for (const [, own] of groups) met.push(...await meetAll(own, progress.step))
  printMet(met)
  return { missed: missedOf(met), results: met.map(({ bytes, ...one }) => ({ ...one, bytes: bytes.length })) }
}

function corruptedFiles(): Hostile[] {
  if (!existsSync(MEDIA)) console.log('fixtures/media is not there: WAV files only\n')
  const media = existsSync(MEDIA) ? readdirSync(MEDIA).sort().map((file) => path.join(MEDIA, file)) : []
  const sources = [SOUND_WAV, ...media].map((file) => ({ file: path.basename(file), format: path.extname(file).slice(1), whole: readFileSync(file) }))
  return Array.from({ length: FILES }, (_, index) => {
    const { file, format, whole } = sources[index % sources.length]!
    const { kind, bytes } = corrupt(whole, index)
    return { format, name: `${file}, ${kind}, ${index}`, bytes }
  })
}

function handMade(): Hostile[] {
  return hostileWavs().map(({ name, bytes }) => ({ format: 'wav, hand-made', name, bytes }))
}

/** One process for all files of a format; what a sound WAV file needs there is where its memory begins. */
async function meetAll(files: readonly Hostile[], step: () => void): Promise<Met[]> {
  const frontEnd = startFrontEnd()
  const { maxAudioSeconds } = SERVED
  let { peakBytes } = await frontEnd.work({ bytes: readFileSync(SOUND_WAV), maxAudioSeconds })
  const met: Met[] = []
  for (const file of files) {
    const result = await frontEnd.work({ bytes: file.bytes, maxAudioSeconds })
    met.push({ ...file, ...result, growthBytes: Math.max(0, result.peakBytes - peakBytes) })
    peakBytes = Math.max(peakBytes, result.peakBytes)
    step()
  }
  frontEnd.stop()
  return met
}

function isTyped({ outcome }: Result): boolean {
  return outcome === 'report' || /^[A-Z_]+$/.test(outcome)
}

function growthOf(met: readonly Met[]): number {
  return met.reduce((sum, { growthBytes }) => sum + growthBytes, 0)
}

function printMet(met: readonly Met[]): void {
  printTable(['format', 'files', 'report', 'typed error', 'neither', 'ms, p99', 'slowest', 'growth MB'], [...groupBy(met, ({ format }) => format)].map(([format, own]) => [
    format, own.length,
    own.filter(({ outcome }) => outcome === 'report').length,
    own.filter((one) => isTyped(one) && one.outcome !== 'report').length,
    own.filter((one) => !isTyped(one)).length,
    fixed(percentile(own.map(({ milliseconds }) => milliseconds), 0.99), 0), fixed(Math.max(...own.map(({ milliseconds }) => milliseconds)), 0), megabytes(growthOf(own)),
  ]))
  const [slowest, largest] = [met.toSorted((a, b) => b.milliseconds - a.milliseconds)[0]!, met.toSorted((a, b) => b.growthBytes - a.growthBytes)[0]!]
  console.log(`\nslowest: ${slowest.name} (${slowest.bytes.length} bytes), ${fixed(slowest.milliseconds, 0)} ms, ${slowest.outcome}`)
  console.log(`largest: ${largest.name} (${largest.bytes.length} bytes), ${megabytes(largest.growthBytes)} MB, ${largest.outcome}\n`)
}

function missedOf(met: readonly Met[]): string[] {
  return [
    ...met.filter((one) => !isTyped(one)).map(({ name, outcome }) => `${name}: ${outcome}`),
    ...met.filter(({ milliseconds }) => milliseconds > MOST_MS).map(({ name, milliseconds }) => `${name}: ${fixed(milliseconds, 0)} ms, and 2 s are allowed`),
    ...[...groupBy(met, ({ format }) => format)].filter(([, own]) => growthOf(own) > MOST_GROWTH_BYTES).map(([format, own]) => `${format}: memory grew by ${megabytes(growthOf(own))} MB, and ${megabytes(MOST_GROWTH_BYTES)} are allowed`),
  ]
}
