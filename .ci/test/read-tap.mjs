/** The output of one test file, which is TAP, as plain data. */
import { Parser } from 'tap-parser'

/**
 * @typedef {object} Point An assertion that failed or was skipped.
 * @property {string} name The test and the assertion.
 * @property {string | undefined} place `file:line`
 * @property {string} detail What was expected and found, or why it was skipped.
 */

/** @typedef {{ passed: number, failed: number, failures: Point[], skips: Point[], ok: boolean }} Outcome */

/**
 * @param {string} text
 * @returns {Outcome}
 */
export function readTap(text) {
  const parser = new Parser()
  const outcome = /** @type {Outcome} */ ({ passed: 0, failed: 0, failures: [], skips: [], ok: true })
  collect(parser, outcome)
  parser.end(text)
  return { ...outcome, ok: text !== '' && parser.ok && parser.results?.ok !== false }
}

/**
 * Assertions are the leaves: the line that closes a subtest only sums up.
 * @param {Parser} parser
 * @param {Outcome} outcome
 * @param {readonly string[]} [names]
 */
function collect(parser, outcome, names = []) {
  let closing = /** @type {{ failedBefore: number, child: Parser } | undefined} */ (undefined)
  parser.on('child', (/** @type {Parser} */ child) => {
    const failedBefore = outcome.failed
    closing = { failedBefore, child }
    collect(child, outcome, [...names, child.name])
  })
  parser.on('assert', (/** @type {import('tap-parser').Result} */ result) => {
    const closed = closing?.child.name === result.name ? closing : undefined
    closing = undefined
    if (closed !== undefined && (result.ok || outcome.failed > closed.failedBefore)) return
    count(result, [...names, result.name], outcome)
  })
}

/**
 * @param {import('tap-parser').Result} result
 * @param {readonly string[]} names
 * @param {Outcome} outcome
 */
function count(result, names, outcome) {
  const name = names.filter((part) => part !== '').join(' › ')
  if (result.skip || result.todo) {
    const why = result.skip || result.todo
    outcome.skips.push({ name, place: undefined, detail: why === true ? 'without a reason' : String(why) })
  } else if (result.ok) {
    outcome.passed++
  } else {
    outcome.failed++
    outcome.failures.push({ name, place: placeOf(result.diag ?? {}), detail: detailOf(result.diag ?? {}) })
  }
}

/**
 * @param {{ at?: { fileName?: string, lineNumber?: number }, stack?: string }} diagnostics
 * @returns {string | undefined}
 */
function placeOf({ at, stack }) {
  if (at?.fileName !== undefined) return `${at.fileName}:${at.lineNumber}`
  return /([\w./-]+\.(?:ts|mjs|js)):(\d+)/.exec(stack ?? '')?.[0]
}

/**
 * @param {Record<string, any>} diagnostics
 * @returns {string}
 */
function detailOf({ diff, error, stack, source, found, wanted, ...others }) {
  if (diff !== undefined) return diff
  if (found !== undefined || wanted !== undefined) {
    return `wanted ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}\n${source ?? ''}`
  }
  const { at: _, type: _type, compare: _compare, ...rest } = others
  const told = Object.keys(rest).length > 0 ? JSON.stringify(rest) : ''
  return [error?.message ?? '', told, source ?? '', stack ?? ''].filter((part) => part !== '').join('\n')
}
