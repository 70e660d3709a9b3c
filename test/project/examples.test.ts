/** The programs of examples/ against a running service whose recognizer is a fake one. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { projectRoot } from '../../src/domain/project-root.js'
import { CLIP, REPORT, setUp } from '../serving/http/fake-service.js'

const missing = (program: string): string | false =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined ? false : `${program} is not installed`

interface Ended { readonly code: number | null; readonly out: string }

/** Standard output and standard error together. */
function run(program: string, args: readonly string[], key = ''): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: projectRoot, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, EARSHOT_KEY: key } })
    let out = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { out += String(chunk) })
    child.once('error', reject).once('close', (code) => { resolve({ code, out: out.trim() }) })
  })
}

function clips(t: Test): string {
  const folder = path.join(t.testdir({}), 'clips')
  mkdirSync(folder)
  for (const name of ['a.wav', 'b.wav']) writeFileSync(path.join(folder, name), CLIP)
  writeFileSync(path.join(folder, 'c.wav'), 'no audio')
  return folder
}

t.test('curl prints the transcript', { skip: missing('curl') }, async (t) => {
  const { url } = await setUp(t)
  t.same(await run('sh', ['examples/transcribe.sh', path.join(clips(t), 'a.wav'), url]), { code: 0, out: REPORT.text })
})

t.test('Python prints the transcript, or the message of an error', { skip: missing('python3') }, async (t) => {
  const [{ url }, folder] = [await setUp(t), clips(t)]
  const program = 'examples/transcribe.py'
  t.same(await run('python3', [program, path.join(folder, 'a.wav'), url]), { code: 0, out: REPORT.text })
  t.match(await run('python3', [program, path.join(folder, 'c.wav'), url]), { code: 1, out: /^415: / })
})

t.test('fetch prints the transcript, or the code of an error', async (t) => {
  const [{ url }, folder] = [await setUp(t), clips(t)]
  const of = (clip: string) => run(process.execPath, ['examples/transcribe.mjs', path.join(folder, clip), url])
  t.same(await of('a.wav'), { code: 0, out: REPORT.text })
  t.match(await of('c.wav'), { code: 1, out: /^415 AUDIO_UNSUPPORTED: / })
})

const SEGMENTS = REPORT.segments
  .map(({ startSeconds, endSeconds, text }) => `${startSeconds.toFixed(2)} ${endSeconds.toFixed(2)} ${text}`).join('\n')
const noPackage = spawnSync('python3', ['-c', 'import openai'], { stdio: 'ignore' }).status === 0
  ? false : 'Python has no package openai'

for (const { program, name, skip } of [
  { program: process.execPath, name: 'openai-client.mjs', skip: false },
  { program: 'python3', name: 'openai_client.py', skip: noPackage },
]) {
  t.test(`OpenAI's client prints segments, or the message of an error: ${name}`, { skip }, async (t) => {
    const [{ url }, folder] = [await setUp(t), clips(t)]
    const of = (clip: string) => run(program, [`examples/${name}`, path.join(folder, clip), url])
    t.same(await of('a.wav'), { code: 0, out: SEGMENTS })
    t.match(await of('c.wav'), { code: 1, out: /415/ })
  })
}

t.test('every program is in the list, and only programs that exist', (t) => {
  const listed = readFileSync(path.join(projectRoot, 'examples/README.md'), 'utf8')
  for (const name of readdirSync(path.join(projectRoot, 'examples'))) {
    if (name !== 'README.md') t.ok(listed.includes(name), name)
  }
  for (const [file] of listed.matchAll(/examples\/[\w.-]+/g)) {
    t.ok(existsSync(path.join(projectRoot, file)), file)
  }
  t.end()
})

const PROGRAMS = [
  ['sh', 'transcribe.sh'], [process.execPath, 'transcribe.mjs'], [process.execPath, 'transcribe-folder.mjs'],
  [process.execPath, 'openai-client.mjs'], ['python3', 'transcribe.py'], ['python3', 'openai_client.py'],
] as const

for (const [program, name] of PROGRAMS) {
  const skip = missing(program) || (name === 'openai_client.py' && noPackage)
  t.test(`${name} sends the access key, and says what it takes`, { skip }, async (t) => {
    const sent = new Set<string | undefined>()
    const server = http.createServer((request, response) => {
      sent.add(request.headers.authorization)
      request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{"text":"yes"}'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => { server.closeAllConnections(); server.close() })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const folder = clips(t)
    const clip = name === 'transcribe-folder.mjs' ? folder : path.join(folder, 'a.wav')
    await run(program, [`examples/${name}`, clip, url], 'earshot_1')
    t.same([...sent], ['Bearer earshot_1'])
    t.match(await run(program, [`examples/${name}`]), { code: 2, out: new RegExp(`^\\w+ examples/${name} `) })
    t.equal(sent.size, 1, 'nothing is sent without arguments')
  })
}

t.test('the audio files of a folder are transcribed in order, and a broken file does not end it', async (t) => {
  const { url } = await setUp(t)
  const folder = clips(t)
  for (const name of ['.hidden.wav', 'notes.txt', 'keys.json']) writeFileSync(path.join(folder, name), 'a secret')
  const { code, out } = await run(process.execPath, ['examples/transcribe-folder.mjs', folder, url])
  t.equal(code, 1, 'one failed')
  const lines = out.split('\n').map((line) => JSON.parse(line) as { file: string })
  t.equal(lines.length, 3)
  t.match(lines, [
    { file: 'a.wav', text: REPORT.text }, { file: 'b.wav', text: REPORT.text },
    { file: 'c.wav', error: 'AUDIO_UNSUPPORTED' },
  ])
})

t.test('a text without words has its reason', async (t) => {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => response.end('{"text":"","noSpeechReason":"too_quiet"}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.closeAllConnections(); server.close() })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { code, out } = await run(process.execPath, ['examples/transcribe-folder.mjs', clips(t), url])
  t.equal(code, 0)
  t.equal(out.split('\n')[0], '{"file":"a.wav","text":"","reason":"too_quiet"}')
})

t.test('a refusal is tried again after the time that it names', async (t) => {
  let asked = 0
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => {
      if (++asked > 3) response.end('{"text":"at last"}')
      else response.writeHead(429, { 'retry-after': '1' }).end('{"error":{"code":"QUEUE_FULL","message":"busy"}}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.closeAllConnections(); server.close() })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { out } = await run(process.execPath, ['examples/transcribe-folder.mjs', clips(t), url])
  t.equal(asked, 6, 'three refusals and three answers')
  t.equal(out.match(/at last/g)?.length, 3)
})
