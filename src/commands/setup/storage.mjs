/**
 * What a person has to know about the disk: whether there is room for a step of the set-up, and what an error of the
 * file system means. Each is one sentence with the folder, the bytes and what to do.
 */
// @ts-check
import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { SetupFailure } from './children.mjs'

const FULL = ['ENOSPC', 'EDQUOT']
const DENIED = ['EACCES', 'EPERM', 'EROFS']
/** With less room than this, a failed step is taken to have failed for want of it. */
const FULL_BELOW_BYTES = 2_000_000

/** @typedef {(folder: string) => { bavail: number, bsize: number, blocks: number }} Statfs */

/**
 * Throws when `folder`, or the nearest one above it that there is, has less room than `bytes` for `what`.
 * @param {string} folder @param {number} bytes @param {string} what @param {Statfs} [statfs]
 */
export function requireSpace(folder, bytes, what, statfs = statfsSync) {
  const free = freeBytes(folder, statfs)
  if (free !== undefined && free < bytes) throw new SetupFailure(spaceSentence(folder, bytes, what, free))
}

/**
 * Throws when `folder` has next to no room left: the step failed because of that.
 * @param {string} folder @param {number} bytes @param {string} what @param {Statfs} [statfs]
 */
export function explainFullDisk(folder, bytes, what, statfs = statfsSync) {
  const free = freeBytes(folder, statfs)
  if (free !== undefined && free < FULL_BELOW_BYTES) throw new SetupFailure(spaceSentence(folder, bytes, what, free))
}

/**
 * An error of the file system as a sentence; undefined for another error.
 * @param {unknown} thrown @param {string} what the step, as in "the build" @param {string} fallback folder of the step
 * @returns {SetupFailure | undefined}
 */
export function explainStorage(thrown, what, fallback) {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined
  const code = String(thrown.code)
  const place = 'path' in thrown && typeof thrown.path === 'string' ? nearest(path.dirname(thrown.path)) : fallback
  if (FULL.includes(code)) return new SetupFailure(`the disk of ${place} is full (${code}), and ${what} needs room `
    + 'there: free some and start again')
  return DENIED.includes(code) ? deniedFailure(place, what, code) : undefined
}

/** Throws when this user cannot write into `folder`. @param {string} folder @param {string} what */
export function requireWritable(folder, what) {
  const place = nearest(folder)
  try {
    accessSync(place, constants.W_OK)
  } catch (cause) {
    throw deniedFailure(place, what, cause instanceof Error && 'code' in cause ? String(cause.code) : 'EACCES')
  }
}

/** @param {string} folder */
export function isWritable(folder) {
  try {
    accessSync(nearest(folder), constants.W_OK)
    return true
  } catch {
    return false // the question itself
  }
}

/** @param {string} place @param {string} what @param {string} code */
function deniedFailure(place, what, code) {
  const advice = code === 'EROFS'
    ? 'its file system is read-only: mount it writable, or run "npm run build" before it is mounted'
    : `user ${userName()} may not write there: run as the owner of the folder, or give it to this user with chown -R`
  return new SetupFailure(`${place} cannot be written (${code}), and ${what} has to: ${advice}`)
}

function userName() {
  const { username, uid } = os.userInfo()
  return username === '' ? uid : username
}

/** @param {string} folder @param {number} bytes @param {string} what @param {number} free */
function spaceSentence(folder, bytes, what, free) {
  return `the disk of ${nearest(folder)} is full: ${what} needs ${megabytes(bytes)} there, and ${megabytes(free)} are `
    + 'free; free some and start again'
}

/**
 * Undefined where a file system does not say.
 * @param {string} folder @param {Statfs} statfs
 */
function freeBytes(folder, statfs) {
  const { bavail, bsize, blocks } = statfs(nearest(folder))
  return blocks === 0 ? undefined : bavail * bsize
}

/** The folder, or the nearest one above it that there is. @param {string} folder @returns {string} */
function nearest(folder) {
  return existsSync(folder) || folder === path.dirname(folder) ? folder : nearest(path.dirname(folder))
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
}
