/** Where the findings go: a table on the terminal, JSON Lines, a page. */
import { counted } from '../../data/report/counted.js'
import { readFileSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Finding } from '../../data/verification/finding.js'
import { KINDS } from '../../data/verification/kinds.js'
import type { ManifestClip } from '../../data/verification/manifest.js'
import { groupBy } from '../../data/group-by.js'
import type { SetSummary } from '../../data/verification/summary.js'
import { MOST_SHOWN, verificationPage } from '../../data/verification/verification-page.js'
import type { PairAgreement } from '../../data/labels/agreement/agreement.js'
import { describeAgreement } from '../labels/describe.js'
import { addressOf } from '../../data/report/html.js'

/** Bytes of a clip that is written into the page; and of all of them, so that browsers open it. */
const EMBEDDED_BYTES = 400_000
const MOST_EMBEDDED_BYTES = 40_000_000

/** Of the column of kinds, with the space behind it. */
const KIND_WIDTH = Math.max(...Object.keys(KINDS).map(({ length }) => length)) + 2
/** Of the quantiles of a distribution. */
const HEADS = ['5 %', '25 %', '50 %', '75 %', '95 %']

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.wav': 'audio/wav', '.mp3': 'audio/mpeg', '.flac': 'audio/flac', '.ogg': 'audio/ogg', '.oga': 'audio/ogg',
  '.opus': 'audio/ogg', '.webm': 'audio/webm', '.m4a': 'audio/mp4', '.mp4': 'audio/mp4', '.aac': 'audio/aac',
}

export interface Verified {
  readonly manifest: string
  readonly clips: readonly ManifestClip[]
  readonly summary: SetSummary
  /** Ranked. */
  readonly findings: readonly Finding[]
  /** Of labellers; empty where labels of one person are verified. */
  readonly agreement: readonly PairAgreement[]
}

export function describeVerification({ clips, summary, findings, agreement }: Verified, most: number): string {
  const { seconds, speakers, words } = summary
  const counts = [...groupBy(findings, ({ severity, kind }) => `${severity.padEnd(8)} ${kind}`)]
    .map(([name, { length }]) => `  ${String(length).padStart(6)}  ${name}`)
  const rows = summary.distributions.map(({ name, unit, quantiles }) =>
    `  ${name.padEnd(42)}${quantiles.map((value) => value.toFixed(2).padStart(9)).join('')}  ${unit}`)
  const listed = findings.slice(0, most).map(({ cost, kind, clip, line, detail }) =>
    `  ${cost.toFixed(2)}  ${kind.padEnd(KIND_WIDTH)}${clip ?? (line === null ? '(set)' : '')}: ${detail}`)
  return [
    `${counted(clips.length, 'clip')}, ${(seconds / 60).toFixed(1)} minutes, ${counted(speakers, 'speaker')}, `
    + `${words} words`, '',
    `  ${''.padEnd(42)}${HEADS.map((head) => head.padStart(9)).join('')}`, ...rows, '',
    ...agreement.length === 0 ? [] : ['agreement of labellers', describeAgreement(agreement), ''],
    `${findings.length} findings`, ...counts, '',
    ...findings.length === 0 ? [] : [`the ${listed.length} most expensive, by expected cost`, ...listed],
  ].join('\n')
}

/** A finding a line, then a line for each pair of labellers, without the clips on which they differ: findings too. */
export async function writeJsonLines(file: string, { findings, agreement }: Verified): Promise<void> {
  const pairs = agreement.map(({ examples, ...figures }) =>
    ({ agreement: { ...figures, differingClips: examples.length } }))
  await writeFile(file, [...findings, ...pairs].map((line) => `${JSON.stringify(line)}\n`).join(''))
}

/** `embed`: short clips are written into the page, which can then be moved without them. */
export async function writePage(file: string, verified: Verified, embed: boolean): Promise<void> {
  const { manifest, clips, summary, findings, agreement } = verified
  const files = new Map(clips.map(({ clip, file }) => [clip, file]))
  let room = embed ? MOST_EMBEDDED_BYTES : 0
  const addresses = new Map<string, string>()
  for (const { clip, evidence } of findings.slice(0, MOST_SHOWN)) {
    for (const one of [clip, evidence['original']]) {
      if (typeof one !== 'string' || addresses.has(one)) continue
      const audio = files.get(one)
      const bytes = audio === undefined ? undefined : statSync(audio, { throwIfNoEntry: false })?.size
      if (audio === undefined || bytes === undefined) continue
      const isEmbedded = bytes <= Math.min(room, EMBEDDED_BYTES)
      if (isEmbedded) room -= bytes
      addresses.set(one, isEmbedded ? dataAddress(audio) : addressOf(path.relative(path.dirname(file), audio)))
    }
  }
  const audioOf = (clip: string): string | undefined => addresses.get(clip)
  await writeFile(file, verificationPage({ name: path.basename(manifest), summary, findings, audioOf, agreement }))
}

function dataAddress(file: string): string {
  const type = MEDIA_TYPES[path.extname(file).toLowerCase()] ?? 'application/octet-stream'
  return `data:${type};base64,${readFileSync(file).toString('base64')}`
}
