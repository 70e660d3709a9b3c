/**
 * One set-up at a time: `npm ci` empties node_modules, which must not happen during another run.
 *
 * The lock is a file with the ids of its holder and of the holder's child, touched while it is held. It is stale
 * when the holder is dead, or when it was not touched for long (its id then belongs to another process), unless the
 * child, for example an orphaned `npm ci`, still runs.
 */
// @ts-check
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { say } from './children.mjs'

const TOUCH_MILLISECONDS = 2_000
const STALE_MILLISECONDS = 30_000
/** No install takes longer than this. */
const ORPHAN_MILLISECONDS = 900_000
const POLL_MILLISECONDS = 250

/** @typedef {{ holder: number, child?: number }} Claim */

/**
 * Runs `work` while holding the lock; `work` gets a function that notes the id of a child process.
 * @template T
 * @param {string} root
 * @param {(noteChild: (pid: number) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(root, work) {
  const file = path.join(root, '.earshot', 'setup.lock')
  mkdirSync(path.dirname(file), { recursive: true })
  await acquire(file)
  const touching = setInterval(() => touch(file), TOUCH_MILLISECONDS).unref()
  try {
    return await work((child) => writeFileSync(file, JSON.stringify({ holder: process.pid, child })))
  } finally {
    clearInterval(touching)
    if (isOurs(file)) rmSync(file, { force: true })
  }
}

/** @param {string} file */
async function acquire(file) {
  for (let told = false; !take(file); await sleep(POLL_MILLISECONDS)) {
    const text = readIfThere(file)
    if (text === undefined) continue
    if (isStale(file, text)) discard(file, text)
    else if (!told) {
      told = true
      say(`waiting for another set-up (process ${parse(text).holder || 'unknown'}) to finish`)
    }
  }
}

/** @param {string} file */
function take(file) {
  try {
    writeFileSync(file, JSON.stringify({ holder: process.pid }), { flag: 'wx' })
    return true
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false
    throw cause
  }
}

/** @param {string} file @param {string} text */
function isStale(file, text) {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) return false
  const untouchedMilliseconds = Date.now() - found.mtimeMs
  const { holder, child } = parse(text)
  if (holder !== process.pid && isAlive(holder) && untouchedMilliseconds < STALE_MILLISECONDS) return false
  return child === undefined || !isAlive(child) || untouchedMilliseconds > ORPHAN_MILLISECONDS
}

/**
 * Moved aside before it is deleted: if another run took the lock meanwhile, it is put back.
 * @param {string} file @param {string} text
 */
function discard(file, text) {
  const aside = `${file}.${process.pid}`
  try {
    renameSync(file, aside)
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return
    throw cause
  }
  if (readIfThere(aside) === text) rmSync(aside, { force: true })
  else renameSync(aside, file)
}

/** @param {string} file */
function touch(file) {
  if (!isOurs(file)) return
  const now = new Date()
  utimesSync(file, now, now)
}

/** After the machine was suspended for long, another process may hold it. @param {string} file */
function isOurs(file) {
  return parse(readIfThere(file) ?? '').holder === process.pid
}

/**
 * An unreadable claim, half written when its holder died, belongs to no process.
 * @param {string} text
 * @returns {Claim}
 */
function parse(text) {
  return /^\{.*\}$/.test(text) ? JSON.parse(text) : { holder: 0 }
}

/** @param {number} pid */
function isAlive(pid) {
  if (pid <= 0) return false
  try {
    return process.kill(pid, 0)
  } catch (cause) {
    return codeOf(cause) === 'EPERM'
  }
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}

/** @param {unknown} cause */
function codeOf(cause) {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}
