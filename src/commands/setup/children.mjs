/**
 * Child processes and failures of the set-up. A `SetupFailure` is a failure that we can explain: it is printed as
 * its sentence, without a stack trace. Signals are forwarded, so that no child outlives
 * its parent.
 */
// @ts-check
import { spawn } from 'node:child_process'
import os from 'node:os'

/** What went wrong and what to do about it; `exitCode` becomes the code of the command. */
export class SetupFailure extends Error {
  /** @param {string} sentence @param {number} [exitCode] */
  constructor(sentence, exitCode = 1) {
    super(sentence)
    this.exitCode = exitCode
  }
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`earshot: ${line}\n`)
}

/**
 * Runs a program to its end, on our terminal. `output` says where its standard output goes: `stderr` keeps ours for the
 * command itself. Returns its exit code; a signal counts from 128, as in a shell.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, started?: (pid: number) => void,
 *   output?: 'inherit' | 'stderr' | 'ignore' }} options
 * @returns {Promise<number>}
 */
export function run(file, args, { cwd, env = process.env, started, output = 'inherit' }) {
  return new Promise((resolve, reject) => {
    // npm is a script on Windows, and scripts need a shell there.
    const shell = process.platform === 'win32' && file === 'npm'
    const stdout = output === 'stderr' ? 2 : output
    const child = spawn(file, args, { cwd, env, shell, stdio: ['inherit', stdout, 'inherit'] })
    const stopForwarding = forwardSignals((signal) => child.kill(signal))
    if (child.pid !== undefined) started?.(child.pid)
    child.once('error', (cause) => {
      stopForwarding()
      reject(new SetupFailure(`${file} could not be started: ${cause.message}`))
    })
    child.once('exit', (code, signal) => {
      stopForwarding()
      resolve(code ?? 128 + (signal ? os.constants.signals[signal] : 0))
    })
  })
}

/**
 * A terminal sends Ctrl-C to parent and child alike. It is not forwarded then: a second signal would kill the child.
 * @param {(signal: NodeJS.Signals) => void} receive
 * @returns {() => void} stops forwarding
 */
export function forwardSignals(receive) {
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) receive(signal)
  }
  for (const signal of signals) process.on(signal, forward)
  return () => { for (const signal of signals) process.off(signal, forward) }
}
