/**
 * Kaldi's data folder ("Data preparation" of its documentation): `wav.scp` (recording, path), `segments` (utterance,
 * recording, start, end), `text`, `utt2spk` and `spk2utt`, and `utt2dur`. All are sorted by their first column as
 * bytes, as `validate_data_dir.sh` demands; an utterance id begins with its speaker, so that both orders agree.
 */
import {
  countLost, invalidFormat, Losses, NO_DETAILS, numberedLines, readSeconds, roundedSeconds, type Exported,
  type Imported, type Utterance,
} from './utterance.js'

export const KALDI_FILES = ['wav.scp', 'segments', 'text', 'utt2spk', 'utt2dur'] as const
export type KaldiFile = (typeof KALDI_FILES)[number]

/** File → content. Throws CLIPS_INVALID without wav.scp and text, and for a recording that is a command. */
export function importKaldi(files: ReadonlyMap<string, string>, folder: string): Imported {
  const table = (name: KaldiFile): Map<string, string> => readTable(files.get(name) ?? '', `${folder}/${name}`)
  for (const required of ['wav.scp', 'text'] as const) {
    if (!files.has(required)) throw invalidFormat(folder, `a Kaldi folder has a file ${required}`)
  }
  const [recordings, segments, texts] = [table('wav.scp'), table('segments'), table('text')]
  const [speakers, durations] = [table('utt2spk'), table('utt2dur')]
  const losses = new Losses()
  for (const id of [...segments.keys(), ...segments.size === 0 ? recordings.keys() : []]) {
    if (!texts.has(id)) losses.add('audio without a text')
  }
  const utterances = [...texts].map(([id, text]): Utterance => {
    const part = segments.size === 0 ? undefined : readSegment(segments.get(id), `${folder}/segments, ${id}`)
    const recording = part?.recording ?? id
    const path = recordings.get(recording)
    if (path === undefined) throw invalidFormat(`${folder}/wav.scp`, `it has no line for "${recording}"`)
    if (path.endsWith('|')) {
      throw invalidFormat(`${folder}/wav.scp, ${recording}`, 'a command is not run; write its output to a file')
    }
    const duration = durations.get(id)
    const seconds = part?.seconds ?? (duration === undefined ? null : readSeconds(duration, `${folder}/utt2dur, ${id}`))
    const speaker = speakers.get(id) ?? null
    return { ...NO_DETAILS, path, id, text, seconds, startSeconds: part?.start ?? null, speaker }
  })
  return { utterances, losses: losses.list() }
}

export function exportKaldi(utterances: readonly Utterance[]): Exported {
  const losses = new Losses()
  const named = utterances.flatMap((utterance) => {
    countLost(losses, utterance, ['tags', 'words', 'channel'])
    if (utterance.text.trim() === '') {
      losses.add('the utterance (Kaldi has no empty texts)')
      return []
    }
    return [nameUtterance(utterance, losses)]
  })
  requireUnique(named)
  const hasParts = named.some(({ utterance }) => utterance.startSeconds !== null)
  const bySpeaker = new Map<string, string[]>()
  for (const { id, speaker } of sorted(named, ({ id }) => id)) {
    const ids = bySpeaker.get(speaker) ?? []
    bySpeaker.set(speaker, ids)
    ids.push(id)
  }
  const recordingOf = ({ id, utterance }: Named): string => hasParts ? wordOf(utterance.path) : id
  const files = new Map([
    ['wav.scp', asTable(named.map((one) => [recordingOf(one), one.utterance.path]))],
    ['text', asTable(named.map(({ id, utterance }) => [id, utterance.text.trim().replace(/\s+/g, ' ')]))],
    ['utt2spk', asTable(named.map(({ id, speaker }) => [id, speaker]))],
    ['spk2utt', asTable([...bySpeaker].map(([speaker, ids]) => [speaker, ids.join(' ')]))],
    ...hasParts ? [['segments', asTable(named.map((one) => segmentOf(one, recordingOf(one))))] as const] : [],
    ...named.every(({ utterance }) => utterance.seconds !== null)
      ? [['utt2dur', asTable(named.map(({ id, utterance }) => [id, String(utterance.seconds)]))] as const] : [],
  ])
  return { files, losses: losses.list() }
}

interface Named { readonly id: string; readonly speaker: string; readonly utterance: Utterance }

/** Without a speaker, each utterance is its own, as Kaldi recommends. */
function nameUtterance(utterance: Utterance, losses: Losses): Named {
  const { path, startSeconds } = utterance
  const start = startSeconds === null ? '' : `-${String(Math.round(startSeconds * 1000)).padStart(7, '0')}`
  const own = utterance.id ?? wordOf(path.replace(/\.\w+$/, '')) + start
  const id = wordOf(own)
  const speaker = wordOf(utterance.speaker ?? id)
  const isChanged = id !== own || (utterance.speaker !== null && speaker !== utterance.speaker)
  if (isChanged) losses.add('signs in ids or speakers')
  return { id: id.startsWith(speaker) ? id : `${speaker}-${id}`, speaker, utterance }
}

function requireUnique(named: readonly Named[]): void {
  const seen = new Map<string, string>()
  for (const { id, utterance } of named) {
    const other = seen.get(id)
    if (other !== undefined) {
      throw invalidFormat(utterance.path, `"${other}" would have the same Kaldi id "${id}"; give each clip an "id"`)
    }
    seen.set(id, utterance.path)
  }
}

/** Kaldi separates columns by blanks. */
function wordOf(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N}._:-]+/gu, '_')
}

function segmentOf({ id, utterance: { path, startSeconds, seconds } }: Named, recording: string): [string, string] {
  if (seconds === null) throw invalidFormat(path, 'segments need the length of each utterance; add "seconds"')
  const start = startSeconds ?? 0
  return [id, `${recording} ${roundedSeconds(start)} ${roundedSeconds(start + seconds)}`]
}

function readSegment(line: string | undefined, place: string) {
  const [recording, start, end, ...more] = line?.split(/\s+/) ?? []
  if (recording === undefined || more.length > 0) throw invalidFormat(place, 'expected "utterance recording start end"')
  const from = readSeconds(start, place)
  const seconds = roundedSeconds(readSeconds(end, place) - from)
  if (seconds < 0) throw invalidFormat(place, 'the end is before the start')
  return { recording, start: from, seconds }
}

/** First column → the rest of the line. */
function readTable(content: string, name: string): Map<string, string> {
  const table = new Map<string, string>()
  for (const [number, line] of numberedLines(content)) {
    const [, key = '', rest = ''] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? []
    if (table.has(key)) throw invalidFormat(`${name}, line ${number}`, `"${key}" has a line already`)
    table.set(key, rest)
  }
  return table
}

/** Equal lines once: a recording with several segments has one path. */
function asTable(rows: readonly (readonly [key: string, rest: string])[]): string {
  const lines = new Set(sorted(rows, ([key]) => key).map(([key, rest]) => `${key} ${rest}\n`))
  return [...lines].join('')
}

/** In the order of the bytes, that of `LC_ALL=C sort`. */
function sorted<T>(values: readonly T[], keyOf: (value: T) => string): T[] {
  return [...values].sort((a, b) => Buffer.compare(Buffer.from(keyOf(a)), Buffer.from(keyOf(b))))
}
