/** A client that is generated from /openapi.json: it compiles, and transcribes a clip by both routes. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import openapiTs, { astToString } from 'openapi-typescript'
import t from 'tap'
import { projectRoot } from '../../../../src/domain/project-root.js'
import { REPORT, setUp } from '../fake-service.js'
import { wavOfSeconds } from '../wav.js'

/** As a user of the generated types would write it; the compiler checks paths, options and answers. */
const PROGRAM = `
import createClient from 'openapi-fetch'
import type { paths } from './earshot.js'

export async function transcribe(baseUrl: string, clip: Blob) {
  const client = createClient<paths>({ baseUrl })
  const raw = await client.POST('/v1/transcriptions', {
    params: { query: { words: true } },
    body: clip as unknown as string,
    bodySerializer: () => clip,
    headers: { 'content-type': 'audio/wav' },
  })
  const form = await client.POST('/v1/audio/transcriptions', {
    body: { file: clip as unknown as string, model: 'whisper-1' },
    bodySerializer: ({ file, model = '' }) => {
      const data = new FormData()
      data.append('file', file as unknown as Blob, 'clip.wav')
      data.append('model', model)
      return data
    },
  })
  const missing = await client.GET('/v1/models/{id}', { params: { path: { id: 'nope' } } })
  return { raw: raw.data, form: form.data, code: missing.error?.error.code }
}
`

t.test('a generated client transcribes a clip as raw body and in a form', async (t) => {
  const { url, jobs } = await setUp(t)
  const folder = t.testdir()
  const document = await (await fetch(`${url}/openapi.json`)).text()
  writeFileSync(path.join(folder, 'earshot.d.ts'), astToString(await openapiTs(document)))
  writeFileSync(path.join(folder, 'client.ts'), PROGRAM)
  const compiler = path.join(projectRoot, 'node_modules/typescript/bin/tsc')
  const compilerOptions = {
    strict: true, module: 'nodenext', target: 'es2022', lib: ['es2022', 'dom', 'dom.iterable'], types: [], rootDir: '.',
  }
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['client.ts'] }))
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
  const { stdout } = await promisify(execFile)(process.execPath, [compiler, '-p', folder])
    .catch((failed: { stdout: string }) => failed)
  t.equal(stdout, '', 'it compiles')
  const { transcribe } = await import(path.join(folder, 'client.js')) as {
    transcribe: (url: string, clip: Blob) => Promise<{ raw: { text: string }; form: { text: string }; code: string }>
  }
  const answer = await transcribe(url, new Blob([Buffer.from(wavOfSeconds(1))], { type: 'audio/wav' }))
  t.equal(answer.raw.text, REPORT.text)
  t.equal(answer.form.text, REPORT.text)
  t.equal(answer.code, 'MODEL_NOT_FOUND')
  t.equal(jobs.length, 2)
  t.equal(jobs[0]!.words, true)
})
