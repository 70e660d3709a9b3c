/**
 * Names of the objects of a clip: `2026-11-30/153709123-REQUEST-SESSION.audio` and the same with `.record`. Their order
 * is that of time. Pseudonyms of request and session are part of the name, so that clips are found for deletion without
 * reading, or being able to decrypt, any of them.
 */
import { PSEUDONYM_DIGITS } from './secrets.js'

/** In the order in which they are written: a clip exists when its record does. */
export type Part = 'audio' | 'record'

export interface ClipName {
  /** The key of its objects without the ending. */
  readonly stem: string
  /** Milliseconds since the epoch. */
  readonly time: number
  /** Pseudonyms; the session is null without one. */
  readonly request: string
  readonly session: string | null
}

const NO_SESSION = 'none'
const DIGITS = `[0-9a-f]{${PSEUDONYM_DIGITS}}`
const OBJECT = new RegExp(
  `^((\\d{4}-\\d\\d-\\d\\d)/(\\d\\d)(\\d\\d)(\\d\\d)(\\d{3})-(${DIGITS})-(${DIGITS}|${NO_SESSION}))\\.(audio|record)$`)

/** `time`: ISO 8601 in UTC with milliseconds. */
export function nameOf(time: string, request: string, session: string | null): ClipName {
  return { stem: `${momentOf(time)}-${request}-${session ?? NO_SESSION}`, time: Date.parse(time), request, session }
}

/** Undefined for objects that are no part of a clip. */
export function readObjectKey(key: string): { readonly name: ClipName; readonly part: Part } | undefined {
  const [, stem, day, hour, minute, second, milliseconds, request, session, part] = OBJECT.exec(key) ?? []
  if (stem === undefined || request === undefined || session === undefined) return undefined
  const time = Date.parse(`${day}T${hour}:${minute}:${second}.${milliseconds}Z`)
  const name = { stem, time, request, session: session === NO_SESSION ? null : session }
  return { name, part: part as Part }
}

/** The beginning of all names of that millisecond, or a key before all of them: `2026-11-30/153709123`. */
export function momentOf(time: string): string {
  const [day = '', clock = ''] = new Date(time).toISOString().split('T')
  return `${day}/${clock.replace(/[:.Z]/g, '')}`
}
