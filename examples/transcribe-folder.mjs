/**
 * node examples/transcribe-folder.mjs FOLDER [ADDRESS]: the transcript of every file of a folder, one JSON object a
 * line. Four at once; a refusal is tried again after the seconds of its Retry-After.
 */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const AT_ONCE = 4
const TRIES = 10
const [folder = '.', address = 'http://127.0.0.1:8080'] = process.argv.slice(2)
const files = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name)

async function transcribe(name) {
  const body = await readFile(path.join(folder, name))
  for (let tries = 1; ; tries++) {
    const response = await fetch(`${address}/v1/transcriptions`, { method: 'POST', body })
    const answer = await response.json()
    if (response.ok) return { file: name, text: answer.text }
    const wait = Number(response.headers.get('retry-after'))
    if (tries === TRIES || !(wait > 0)) return { file: name, error: answer.error.code, message: answer.error.message }
    await sleep(wait * 1000)
  }
}

async function takeTurns() {
  for (let name = files.shift(); name !== undefined; name = files.shift()) {
    console.log(JSON.stringify(await transcribe(name)))
  }
}

files.sort()
await Promise.all(Array.from({ length: AT_ONCE }, takeTurns))
