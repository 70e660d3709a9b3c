/**
 * `npm run dev`: the compiler watches, and the service is started anew after every compile without errors,
 * its log readable.
 *
 * Not `node --watch`: it follows the imports of the main process and would miss the workers'.
 */
// @ts-check
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { compilerPath, copyAssets } from './build.mjs'
import { forwardSignals } from './children.mjs'

/** @param {string} root @returns {Promise<number>} */
export async function develop(root) {
  const args = [compilerPath(root), '--project', '.ci/tsconfig.build.json', '--watch', '--preserveWatchOutput']
  const compiler = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let service
  const stopForwarding = forwardSignals((signal) => {
    compiler.kill(signal)
    service?.kill(signal)
  })
  for await (const line of createInterface({ input: compiler.stdout })) {
    console.log(line)
    if (!/Found 0 errors/.test(line)) continue
    await stop(service)
    copyAssets(root, path.join(root, 'dist'))
    service = startService(root)
  }
  await stop(service)
  stopForwarding()
  return 0
}

/** Its log readable, also where no terminal shows it. @param {string} root */
function startService(root) {
  const args = ['--enable-source-maps', path.join(root, 'dist/src/main.js')]
  const env = { EARSHOT_LOG_FORMAT: 'pretty', ...process.env }
  return spawn(process.execPath, args, { cwd: root, env, stdio: 'inherit' })
}

/**
 * Lets it close gracefully; a second signal would cut that short.
 * @param {import('node:child_process').ChildProcess | undefined} service
 */
async function stop(service) {
  if (service === undefined || service.exitCode !== null || service.signalCode !== null) return
  const exited = once(service, 'exit')
  if (!service.killed) service.kill('SIGTERM')
  await exited
}
