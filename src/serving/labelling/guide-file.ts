/**
 * The labelling guide of a service. Its patterns run on the thread of the server at each pause in typing, so a pattern
 * that backtracks for seconds would stop the service: it is refused at the start.
 */
import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { parseGuide, type Guide } from '../../data/labels/guide.js'
import { SpeechError } from '../../domain/errors.js'

/** As long as a label may be. */
const CHARACTERS = 2_000
/** What makes patterns backtrack: one character, words, or pieces of addresses and numbers, again and again. */
const PIECES = [
  'a', 'A', '1', '@', '.', '-', '_', ' ', '"', '(', '[', '\'', 'a ', 'a-', 'a.', 'a@', 'a@a.', '1,', 'A. ',
]
/** Of processor time. A harmless pattern takes a few milliseconds for all of these texts. */
const LIMIT_MS = 500
/** A busy machine gives a process only a part of the time. */
const LONGEST_WAITS_MS = [1_000, 4_000, 16_000]

/** Throws CLIPS_INVALID for a guide that cannot be read or used. */
export function readGuideFile(file: string): Guide {
  const guide = parseGuide(readText(file))
  const texts = PIECES.map((piece) => piece.repeat(Math.ceil(CHARACTERS / piece.length)).slice(0, CHARACTERS))
  for (const { id, wrong } of guide.rules) {
    for (const { pattern } of wrong) requireFast(id, pattern, texts)
  }
  return guide
}

function requireFast(id: string, pattern: RegExp, texts: readonly string[]): void {
  for (const timeout of LONGEST_WAITS_MS) {
    const before = process.cpuUsage()
    try {
      runInNewContext('for (const text of texts) [...text.matchAll(pattern)]', { texts, pattern }, { timeout })
      return
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw cause
      const { user, system } = process.cpuUsage(before)
      const isSlow = (user + system) / 1000 >= LIMIT_MS || timeout === LONGEST_WAITS_MS.at(-1)
      if (isSlow) throw tooSlow(id, pattern, cause)
    }
  }
}

function tooSlow(id: string, pattern: RegExp, cause: unknown): SpeechError {
  const detail = `a pattern of the rule "${id}" takes seconds on some texts: ${String(pattern)}; `
    + 'repeat classes of characters that exclude what follows them'
  return new SpeechError('CLIPS_INVALID', `the labelling guide cannot be used: ${detail}`, { cause })
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new SpeechError('CLIPS_INVALID', `the labelling guide cannot be read: ${(cause as Error).message}`, { cause })
  }
}
