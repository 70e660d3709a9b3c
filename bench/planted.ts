/**
 * What verification of data finds of faults that were planted: recall of each kind, and precision of the top of the
 * list. Clips without a planted fault that are in the top list count as wrong, although some of them have a fault of
 * their own; they are printed, so that a person can look.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { seededRandom } from '../fixtures/kit/statistics.js'
import { readPcm } from '../fixtures/kit/pcm.js'
import { ClipCache } from '../src/data/clip-cache.js'
import type { Facts } from '../src/data/verification/facts.js'
import { examineAll } from '../src/commands/verify-data/examine-all.js'
import { withRecognizer } from '../src/commands/clips/recognize.js'
import { readConfig } from '../src/config.js'
import type { Finding } from '../src/data/verification/finding.js'
import { readManifest } from '../src/data/verification/manifest.js'
import { verify } from '../src/data/verification/verify.js'
import { FAULTS, type Clean, type PlantedLine } from './data/planted-faults.js'
import { PLANTED } from './declarations/data.js'
import { defineBench, type Outcome } from './harness/bench.js'
import { readClips, type SpeechClip } from './harness/clips.js'
import { fixed, printTable } from './harness/table.js'
import { requireMeasured } from './harness/endings.js'
import { startProgress } from './harness/progress.js'

const RECALL_TARGET = 0.9
const PRECISION_TARGET = 0.8
const MOST_PRINTED = 20

interface PlantedFault {
  readonly kind: string
  /** Of every line that the fault touches. */
  readonly paths: readonly string[]
}

export const run = defineBench(PLANTED, async ({ model, manifest, limit, each, seed }) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'earshot-planted-'))
  try {
    const clips = await readClips(manifest, limit)
    const faults = await plantFaults(clips, folder, each, seededRandom(seed))
    const findings = await findingsOf(folder, model)
    return print(faults, findings)
  } finally {
    await rm(folder, { recursive: true })
  }
})

/** Writes all clips and the manifest into the folder. */
async function plantFaults(
  clips: readonly SpeechClip[], folder: string, each: number, random: () => number,
): Promise<PlantedFault[]> {
  const faults: PlantedFault[] = []
  const lines = new Map(clips.map((clip) => [clip, [lineOf(clip)]]))
  const free = shuffled(clips, random)
  for (const [kind, { plant }] of Object.entries(FAULTS)) {
    for (let planted = 0, at = 0; planted < each && at < free.length;) {
      const clip = free[at]!
      const placed = plant(await cleanOf(clip, clips, random), random)
      if (placed === undefined) {
        at++
        continue
      }
      free.splice(at, 1)
      planted++
      lines.set(clip, placed.map(({ line }) => line))
      for (const { line, bytes } of placed) if (bytes) await write(folder, line.path, bytes)
      faults.push({ kind, paths: placed.map(({ line }) => line.path) })
    }
  }
  const touched = new Set(faults.flatMap(({ paths }) => paths))
  for (const clip of clips) {
    const file = path.join(folder, lineOf(clip).path)
    const isWritten = touched.has(lineOf(clip).path) && await readFile(file).then(() => true, () => false)
    if (!isWritten) await write(folder, lineOf(clip).path, await readFile(clip.file))
  }
  const text = [...lines.values()].flat().map((line) => `${JSON.stringify(line)}\n`).join('')
  await writeFile(path.join(folder, 'manifest.jsonl'), text)
  return faults
}

/** Whole speakers are in one split, so that only planted clips leak. */
function lineOf({ file, text, seconds, speaker, source }: SpeechClip): PlantedLine {
  const sum = [...speaker].reduce((total, letter) => total + letter.codePointAt(0)!, 0)
  const split = sum % 3 === 0 ? 'test' : 'train'
  return { path: `${source}/${path.basename(file)}`, text, seconds, speaker, split }
}

async function cleanOf(clip: SpeechClip, clips: readonly SpeechClip[], random: () => number): Promise<Clean> {
  const others = clips.filter((other) => other !== clip && other.source === clip.source && other.text !== clip.text)
  const other = others[Math.floor(random() * others.length)] ?? clip
  const bytes = await readFile(clip.file)
  return {
    line: lineOf(clip), bytes, waveform: readPcm(bytes),
    other: { line: lineOf(other), waveform: readPcm(await readFile(other.file)) },
  }
}

/** Fisher and Yates. */
function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const drawn = [...values]
  for (let last = drawn.length - 1; last > 0; last--) {
    const at = Math.floor(random() * (last + 1))
    const moved = drawn[at]!
    drawn[at] = drawn[last]!
    drawn[last] = moved
  }
  return drawn
}

async function write(folder: string, name: string, bytes: Buffer): Promise<void> {
  const file = path.join(folder, name)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, bytes)
}

async function findingsOf(folder: string, model: string): Promise<Finding[]> {
  const config = readConfig({ ...process.env, EARSHOT_MODELS: model })
  const { clips, findings } = await readManifest(path.join(folder, 'manifest.jsonl'))
  const cache = await ClipCache.open<Facts>(path.join(folder, 'facts'), 'planted')
  try {
    const progress = startProgress('clips', clips.length)
    const onProgress = (): void => { progress.step() }
    const examined = await withRecognizer(config, (recognize) =>
      examineAll(clips, { config, cache, recognize, onProgress }))
    return verify({ clips: examined }, findings)
  } finally {
    await cache.close()
  }
}

/** A habit of many clips is one finding about the set, with their names. */
function clipsOf({ clip, kind, evidence }: Finding): readonly string[] {
  if (clip !== null) return [clip]
  const { clips } = evidence
  return kind === 'label_convention' && typeof clips === 'object' && clips !== null ? clips : []
}

interface Row {
  readonly kind: string
  readonly planted: number
  readonly found: number
  readonly isCovered: boolean
  readonly wanted: number
}

function print(faults: readonly PlantedFault[], findings: readonly Finding[]): Outcome {
  requireMeasured({ 'planted faults': faults.length })
  const rows = Object.entries(FAULTS).map(([kind, { foundBy, recall = RECALL_TARGET }]): Row => {
    const planted = faults.filter((fault) => fault.kind === kind)
    const isCovered = foundBy.length > 0
    const isFound = ({ paths }: PlantedFault): boolean => findings.some((one) =>
      clipsOf(one).some((clip) => paths.includes(clip)) && (!isCovered || foundBy.includes(one.kind)))
    return { kind, planted: planted.length, found: planted.filter(isFound).length, isCovered, wanted: recall }
  })
  printTable(['fault', 'planted', 'found', 'recall', ''], rows.map(({ kind, planted, found, isCovered }) => [
    kind, planted, found, fixed(found / planted, 2), isCovered ? '' : 'no check yet; found by any other',
  ]))
  const touched = new Set(faults.flatMap(({ paths }) => paths))
  const covered = rows.filter(({ isCovered }) => isCovered).reduce((sum, { planted }) => sum + planted, 0)
  const top = findings.filter(({ clip }) => clip !== null).slice(0, covered)
  const wrong = top.filter(({ clip }) => !touched.has(clip!))
  const precision = 1 - wrong.length / top.length
  console.log(`\nprecision of the top ${top.length}: ${fixed(precision, 2)}; of them without a planted fault:`)
  for (const { kind, clip, detail } of wrong.slice(0, MOST_PRINTED)) console.log(`  ${kind}  ${clip}: ${detail}`)
  const missed = rows.filter(({ isCovered, planted, found, wanted }) => isCovered && found < wanted * planted)
    .map(({ kind, planted, found }) => `${kind}: ${found} of ${planted}`)
  if (precision < PRECISION_TARGET) missed.push(`precision ${fixed(precision, 2)}`)
  const judged = { 'planted faults': faults.length, 'top findings': top.length }
  return { missed, judged, results: { rows, precision, top: top.length, wrong, faults } }
}
