/**
 * Runs the commands of docs/lifecycle.md word for word, in one shell, and checks that what they print contains the
 * outputs that the page shows. Needs port 8080, and Debian's package source for the recordings; skips, with a message,
 * where there is none. With --print, the output is shown in any case.
 */
// @ts-check
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const page = readFileSync(path.join(root, 'docs/lifecycle.md'), 'utf8')
const LIMIT_MS = 15 * 60_000

/** @typedef {{ readonly language: string, readonly text: string }} Block */

/** @type {Block[]} */
const blocks = [...page.matchAll(/^```(sh|text)\n([^]*?)^```$/gm)].map(([, language = '', text = '']) => ({ language, text }))
const expected = blocks.filter(({ language }) => language === 'text').flatMap(({ text }) => text.trim().split('\n'))
const commands = blocks.filter(({ language }) => language === 'sh')
  .map(({ text }, index) => `echo "== block ${index + 1}, $SECONDS s" >&2\n${text}`)

if (spawnSync('apt-get', ['--version']).status !== 0) {
  console.log('docs/lifecycle.md was not run: there is no apt-get to fetch the recordings with')
} else {
  process.exitCode = await run()
}

async function run() {
  rmSync(path.join(root, '.earshot/lifecycle'), { recursive: true, force: true })
  const script = `set -euo pipefail\ntrap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n${commands.join('\n')}`
  const shell = spawn('bash', ['-c', script], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS })
  let said = ''
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => { said += text })
  }
  const code = await new Promise((resolve) => shell.on('close', resolve))
  const missing = expected.filter((line) => !said.includes(line))
  if (process.argv.includes('--print')) console.log(said)
  if (code === 0 && missing.length === 0) {
    console.log(`docs/lifecycle.md: ${commands.length} blocks ran, ${expected.length} lines of output are as shown`)
    return 0
  }
  if (!process.argv.includes('--print')) console.log(said)
  console.log(code === 0 ? `not printed:\n${missing.join('\n')}` : `docs/lifecycle.md: exit code ${code}`)
  return 1
}
