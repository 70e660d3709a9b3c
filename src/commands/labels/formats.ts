/** The formats by name: reading files into utterances, and writing them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { applyLabels } from '../../data/labels/apply-labels.js'
import { exportDelimited, importDelimited } from '../../data/labels/formats/delimited.js'
import { exportManifest, exportNemo, importManifest, importNemo } from '../../data/labels/formats/json-lines.js'
import { exportKaldi, importKaldi, KALDI_FILES } from '../../data/labels/formats/kaldi.js'
import { exportCtm, exportStm, importCtm, importStm } from '../../data/labels/formats/sclite.js'
import type { Exported, Imported, Utterance } from '../../data/labels/formats/utterance.js'
import { UsageError } from '../command.js'

interface Format {
  readonly read: (source: string) => Imported
  readonly write: (utterances: readonly Utterance[]) => Exported
  /** Several files in a folder. */
  readonly isFolder?: true
}

const FORMATS = {
  manifest: {
    read: (source) => {
      const { utterances: clips, losses } = importManifest(textOf(source), source)
      const labelled = applyLabels(clips, [])
      return { utterances: labelled.utterances, losses: [...losses, ...labelled.losses] }
    },
    write: exportManifest,
  },
  nemo: { read: (source) => importNemo(textOf(source), source), write: exportNemo },
  kaldi: { read: readKaldi, write: exportKaldi, isFolder: true },
  csv: {
    read: (source) => importDelimited(textOf(source), source, ','),
    write: (utterances) => exportDelimited(utterances, ','),
  },
  tsv: {
    read: (source) => importDelimited(textOf(source), source, '\t'),
    write: (utterances) => exportDelimited(utterances, '\t'),
  },
  ctm: { read: (source) => importCtm(textOf(source), source), write: exportCtm },
  stm: { read: (source) => importStm(textOf(source), source), write: exportStm },
} satisfies Record<string, Format>

export const FORMAT_NAMES = Object.keys(FORMATS)

/** Throws UsageError. */
export function formatNamed(name: string): Format {
  const format: Format | undefined = Object.entries(FORMATS).find(([known]) => known === name)?.[1]
  if (format === undefined) throw new UsageError(`"${name}" is no format; the formats are ${FORMAT_NAMES.join(', ')}`)
  return format
}

/** `out`: a file, or the folder of a format that has several. */
export function writeExported({ isFolder }: Format, { files }: Exported, out: string): void {
  mkdirSync(isFolder ? out : path.dirname(out), { recursive: true })
  for (const [name, content] of files) writeFileSync(isFolder ? path.join(out, name) : out, content)
}

/** A manifest, or the folder that has a manifest.jsonl. */
export function readManifestFile(given: string) {
  const file = existsSync(path.join(given, 'manifest.jsonl')) ? path.join(given, 'manifest.jsonl') : given
  return importManifest(textOf(file), file)
}

function textOf(file: string): string {
  return readFileSync(file, 'utf8')
}

function readKaldi(folder: string): Imported {
  const present = readdirSync(folder)
  const names = KALDI_FILES.filter((name) => present.includes(name))
  return importKaldi(new Map(names.map((name) => [name, textOf(path.join(folder, name))])), folder)
}
