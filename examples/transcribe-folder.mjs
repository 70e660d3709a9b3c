/**
 * node examples/transcribe-folder.mjs FOLDER [ADDRESS]: the transcript of every audio file of a folder, one JSON object
 * a line, in the order of the names. An audio file has one of the extensions below; hidden files, folders and all
 * others are skipped. Four at once; a refusal is tried again after the seconds of its Retry-After. It ends with 1 if a
 * file failed. EARSHOT_KEY is the access key.
 */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const AT_ONCE = 4
const TRIES = 10
const AUDIO = new RegExp('^[^.].*\\.(wave?|rf64|bw64|w64|webm|mka|mkv|og[ga]|opus|mp4|m4a|3gp|mov|aac|mp3|flac|amr|awb'
  + '|aif[fc]?|caf|au|snd|gsm)$', 'i')
const [folder, address = 'http://127.0.0.1:8080'] = process.argv.slice(2)
const key = process.env.EARSHOT_KEY
const headers = key ? { authorization: `Bearer ${key}` } : {}

if (folder === undefined) {
  console.error('node examples/transcribe-folder.mjs FOLDER [ADDRESS]')
  process.exit(2)
}

async function transcribe(file) {
  const body = await readFile(path.join(folder, file))
  for (let tries = 1; ; tries++) {
    const response = await fetch(`${address}/v1/transcriptions`, { method: 'POST', headers, body })
    const answer = await response.json()
    if (response.ok && answer.text) return { file, text: answer.text }
    if (response.ok) return { file, text: '', reason: answer.noSpeechReason }
    const wait = Number(response.headers.get('retry-after'))
    if (tries === TRIES || !(wait > 0)) return { file, error: answer.error.code, message: answer.error.message }
    await sleep(wait * 1000)
  }
}

const entries = await readdir(folder, { withFileTypes: true })
const files = entries.filter((entry) => entry.isFile() && AUDIO.test(entry.name)).map(({ name }) => name).sort()
if (files.length === 0) {
  console.error(`${folder} has no audio files`)
  process.exitCode = 1
}
const answers = new Map()
let [next, printed] = [0, 0]

async function takeTurns() {
  while (next < files.length) {
    const index = next++
    answers.set(index, await transcribe(files[index]))
    for (; answers.has(printed); printed++) {
      const answer = answers.get(printed)
      answers.delete(printed)
      console.log(JSON.stringify(answer))
      if (answer.error !== undefined) process.exitCode = 1
    }
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, takeTurns))
