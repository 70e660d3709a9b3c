/** node examples/transcribe.mjs CLIP [ADDRESS]: the transcript of a clip, with fetch alone. */
import { readFile } from 'node:fs/promises'

const [clip, address = 'http://127.0.0.1:8080'] = process.argv.slice(2)
const response = await fetch(`${address}/v1/transcriptions`, { method: 'POST', body: await readFile(clip) })
const answer = await response.json()
if (response.ok) {
  console.log(answer.text || `no words: ${answer.noSpeechReason}`)
} else {
  console.error(`${response.status} ${answer.error.code}: ${answer.error.message}`)
  process.exitCode = 1
}
