/**
 * node examples/openai-client.mjs CLIP [ADDRESS]: the segments of a clip with their times, with OpenAI's client for
 * JavaScript. It sends EARSHOT_KEY as the access key; a service without keys ignores it.
 */
import { createReadStream } from 'node:fs'
import OpenAI from 'openai'

const [clip, address = 'http://127.0.0.1:8080'] = process.argv.slice(2)
if (clip === undefined) {
  console.error('node examples/openai-client.mjs CLIP [ADDRESS]')
  process.exit(2)
}
const client = new OpenAI({ baseURL: `${address}/v1`, apiKey: process.env.EARSHOT_KEY || 'none' })
try {
  const { segments } = await client.audio.transcriptions.create({
    file: createReadStream(clip), model: 'whisper-1', response_format: 'verbose_json',
  })
  for (const { start, end, text } of segments) console.log(`${start.toFixed(2)} ${end.toFixed(2)} ${text.trim()}`)
} catch (failure) {
  if (!(failure instanceof OpenAI.APIError)) throw failure
  console.error(failure.message)
  process.exitCode = 1
}
