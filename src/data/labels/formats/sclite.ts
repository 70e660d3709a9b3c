/**
 * The formats of NIST's scoring program sclite (SCTK, "Input file formats"). CTM has a line for each word: recording,
 * channel, start, duration, word, and perhaps a confidence. STM has a line for each utterance: recording, channel,
 * speaker, start, end, perhaps labels in angle brackets, and the words. `;;` begins a comment.
 */
import {
  countLost, invalidFormat, Losses, NO_DETAILS, numberedLines, readSeconds, roundedSeconds, type Exported,
  type Imported, type TimedWord, type Utterance,
} from './utterance.js'

const COMMENT = /^\s*;;/
const DEFAULT_CHANNEL = '1'
const UNKNOWN_SPEAKER = 'unknown'
/** Instead of words: scorers skip the time. */
const IGNORED = /^IGNORE_TIME_SEGMENT_IN_SCORING$/i

/** The words of a recording and channel are one utterance. Throws CLIPS_INVALID for alternations. */
export function importCtm(content: string, name: string): Imported {
  const groups = new Map<string, { path: string; channel: string; words: TimedWord[] }>()
  for (const [number, line] of numberedLines(content)) {
    if (COMMENT.test(line)) continue
    const place = `${name}, line ${number}`
    const [path = '', channel = '', start, duration, text, confidence, ...more] = line.trim().split(/\s+/)
    if (text === undefined || more.length > 0) {
      throw invalidFormat(place, 'expected "recording channel start duration word [confidence]"')
    }
    if (/^<ALT/i.test(text)) throw invalidFormat(place, 'alternations have no one text; choose one of them')
    const group = groups.get(`${path} ${channel}`) ?? { path, channel, words: [] }
    groups.set(`${path} ${channel}`, group)
    group.words.push({
      text, startSeconds: readSeconds(start, place), durationSeconds: readSeconds(duration, place),
      confidence: confidence === undefined || confidence === 'NA' ? null : readSeconds(confidence, place),
    })
  }
  const utterances = [...groups.values()].map(({ path, channel, words }): Utterance => {
    const inOrder = words.sort((a, b) => a.startSeconds - b.startSeconds)
    return { ...NO_DETAILS, path, channel, text: inOrder.map(({ text }) => text).join(' '), words: inOrder }
  })
  return { utterances, losses: [] }
}

/**
 * Clips without word times are left out: times that nobody measured would be scored as if they were real. Throws
 * CLIPS_INVALID where no clip is left.
 */
export function exportCtm(utterances: readonly Utterance[]): Exported {
  if (utterances.every(({ words }) => words === null)) {
    throw invalidFormat('CTM', 'no clip has word times, and CTM has nothing else; STM has texts without them')
  }
  const losses = new Losses()
  const lines = utterances.flatMap((utterance): [key: string, start: number, line: string][] => {
    if (utterance.words === null) {
      losses.add('the utterance (CTM has words with times)')
      return []
    }
    countLost(losses, utterance, ['tags', 'speaker', 'id'])
    const spoken = utterance.words.map(({ text }) => text).join(' ')
    if (utterance.text !== spoken) losses.add('a text other than its words')
    const path = asColumn(utterance.path, losses)
    const channel = utterance.channel ?? DEFAULT_CHANNEL
    return utterance.words.map(({ text, startSeconds, durationSeconds, confidence }) => [
      `${path} ${channel}`, startSeconds,
      [path, channel, startSeconds, durationSeconds, asColumn(text, losses), ...confidence === null ? [] : [confidence]]
        .join(' '),
    ])
  })
  lines.sort(([a, start], [b, other]) => a < b ? -1 : a > b ? 1 : start - other)
  const content = lines.map(([, , line]) => `${line}\n`).join('')
  return { files: new Map([['labels.ctm', content]]), losses: losses.list() }
}

/** Labels in angle brackets become tags. */
export function importStm(content: string, name: string): Imported {
  const losses = new Losses()
  const utterances = numberedLines(content).flatMap(([number, line]): Utterance[] => {
    if (COMMENT.test(line)) return []
    const place = `${name}, line ${number}`
    const [, path, channel, speaker, start, end, labels, words = ''] =
      /^\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)(?:\s+<([^<>\s]*)>)?(?:\s+(.*?))?\s*$/.exec(line) ?? []
    if (path === undefined) throw invalidFormat(place, 'expected "recording channel speaker start end words"')
    if (IGNORED.test(words)) {
      losses.add('a time that is not scored')
      return []
    }
    const from = readSeconds(start, place)
    const seconds = roundedSeconds(readSeconds(end, place) - from)
    if (seconds < 0) throw invalidFormat(place, 'the end is before the start')
    return [{
      ...NO_DETAILS, path, channel: channel!, speaker: speaker === UNKNOWN_SPEAKER ? null : speaker!, text: words,
      startSeconds: from, seconds, tags: labels?.split(',').filter((label) => label !== '') ?? [],
    }]
  })
  return { utterances, losses: losses.list() }
}

export function exportStm(utterances: readonly Utterance[]): Exported {
  const losses = new Losses()
  const lines = utterances.map((utterance): [path: string, start: number, line: string] => {
    const { path, channel, speaker, startSeconds, seconds, tags, text } = utterance
    if (seconds === null) throw invalidFormat(path, 'STM needs the length of each clip; add "seconds" to the manifest')
    countLost(losses, utterance, ['words', 'id'])
    const start = startSeconds ?? 0
    const labels = tags.map((tag) => asColumn(tag, losses).replace(/[,<>]/g, '_'))
    // A text that begins with a mark in angle brackets would be read as labels.
    const hasLabels = labels.length > 0 || text.trimStart().startsWith('<')
    const columns = [
      asColumn(path, losses), channel ?? DEFAULT_CHANNEL, asColumn(speaker ?? UNKNOWN_SPEAKER, losses),
      start, roundedSeconds(start + seconds), ...hasLabels ? [`<${labels.join(',')}>`] : [],
    ]
    return [path, start, [...columns, text.trim().replace(/\s+/g, ' ')].join(' ').trimEnd()]
  })
  lines.sort(([a, start], [b, other]) => a < b ? -1 : a > b ? 1 : start - other)
  const content = lines.map(([, , line]) => `${line}\n`).join('')
  return { files: new Map([['labels.stm', content]]), losses: losses.list() }
}

/** Columns are separated by blanks. */
function asColumn(text: string, losses: Losses): string {
  const column = text.trim().replace(/\s+/g, '_')
  if (column !== text) losses.add('blanks in names')
  return column === '' ? '_' : column
}
