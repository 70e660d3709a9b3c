/**
 * The corrected manifest: lines that nothing can be learned from are left out, declared lengths and rates become those
 * of the audio. Every other field stays as it was, and no audio is touched. Labels are not changed: which of two is
 * right needs a person.
 */
import path from 'node:path'
import type { ExaminedClip } from './facts.js'
import type { Finding } from './finding.js'
import type { Kind } from './kinds.js'

/** The later line of a copy, and clips that cannot be decoded or have neither label nor speech to learn from. */
const DROPPED: readonly Kind[] = ['unreadable', 'duplicate_bytes', 'duplicate_audio', 'leak_audio', 'no_speech']

export interface FixedManifest {
  /** JSON, one a clip that stays. */
  readonly lines: readonly string[]
  readonly dropped: number
  readonly corrected: number
}

/** Folders of the manifest and of the corrected one: paths are relative to these. */
export interface Folders { readonly from: string; readonly to: string }

export function fixManifest(
  clips: readonly ExaminedClip[], findings: readonly Finding[], folders: Folders,
): FixedManifest {
  const droppedLines = new Set(findings.filter(({ kind }) => DROPPED.includes(kind)).map(({ line }) => line))
  const wrongLines = new Set(
    findings.filter(({ kind }) => kind === 'length_mismatch' || kind === 'truncated').map(({ line }) => line))
  const wrongRates = new Set(
    findings.filter(({ kind, evidence }) => kind === 'rate_mismatch' && 'manifestRate' in evidence)
      .map(({ line }) => line))
  const kept = clips.filter(({ listed }) => !droppedLines.has(listed.line))
  let corrected = 0
  const lines = kept.map(({ listed: { line, fields }, facts: { audio } }) => {
    const changes = {
      ...wrongLines.has(line) && audio !== null && lengthFields(fields, audio.seconds),
      ...wrongRates.has(line) && audio !== null && { sampleRate: audio.headerRate },
    }
    if (Object.keys(changes).length > 0) corrected++
    return JSON.stringify({ ...fields, ...changes, ...movedPath(fields, folders) })
  })
  return { lines, dropped: clips.length - kept.length, corrected }
}

/** The name that the line has for the length, in milliseconds' precision. */
function lengthFields(fields: Readonly<Record<string, unknown>>, seconds: number): Record<string, number> {
  const rounded = Math.round(1_000 * seconds) / 1_000
  return Object.fromEntries(['seconds', 'duration'].filter((name) => name in fields).map((name) => [name, rounded]))
}

function movedPath(fields: Readonly<Record<string, unknown>>, { from, to }: Folders): Record<string, string> {
  if (from === to) return {}
  return Object.fromEntries(['path', 'audio_filepath'].flatMap((name) => {
    const file = fields[name]
    if (typeof file !== 'string' || path.isAbsolute(file)) return []
    return [[name, path.relative(to, path.resolve(from, file)).replaceAll(path.sep, '/')]]
  }))
}
