/**
 * node examples/transcribe.mjs CLIP [ADDRESS]: the transcript of a clip, with fetch alone. EARSHOT_KEY is the access
 * key.
 */
import { readFile } from 'node:fs/promises'

const [clip, address = 'http://127.0.0.1:8080'] = process.argv.slice(2)
if (clip === undefined) {
  console.error('node examples/transcribe.mjs CLIP [ADDRESS]')
  process.exit(2)
}
const key = process.env.EARSHOT_KEY
const headers = key ? { authorization: `Bearer ${key}` } : {}
const body = await readFile(clip)
const response = await fetch(`${address}/v1/transcriptions`, { method: 'POST', headers, body })
const answer = await response.json()
if (response.ok) {
  console.log(answer.text || `no words: ${answer.noSpeechReason}`)
} else {
  console.error(`${response.status} ${answer.error.code}: ${answer.error.message}`)
  process.exitCode = 1
}
