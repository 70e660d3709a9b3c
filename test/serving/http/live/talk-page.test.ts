/** The page to talk to without a browser: its routes, the setting that turns it off, and the client module. */
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { projectRoot } from '../../../../src/domain/project-root.js'
import { NO_SPEECH_REASONS, WARNINGS } from '../../../../src/domain/report.js'
import { ENDPOINT_REASONS } from '../../../../src/domain/live.js'
import * as plain from '../../../../src/serving/http/pages/talk/words.js'
import { AudioMemory } from '../../../../src/serving/http/pages/talk/memory.js'
import { setUp } from '../fake-service.js'

const FOLDER = path.join(projectRoot, 'src/serving/http/pages/talk')
const MODULE = path.join(FOLDER, 'earshot-client.js')
const TYPES = path.join(FOLDER, 'earshot-client.d.ts')
const MAX_BYTES = 10_000

t.test('the page is at /, and its files, the client and samples below /talk', async (t) => {
  const { url } = await setUp(t)
  const first = await fetch(`${url}/`)
  t.match(await first.text(), /<title>Talk · Earshot</)
  t.equal(first.headers.get('content-security-policy'),
    'default-src \'self\'; base-uri \'none\'; form-action \'none\'; frame-ancestors \'none\'')
  for (const [file, type] of [
    ['earshot-client.js', 'text/javascript; charset=utf-8'], ['earshot-client.d.ts', 'text/plain; charset=utf-8'],
    ['warm-up.wav', 'audio/wav'], ['play-some-jazz-music.wav', 'audio/wav'],
    ['set-a-timer-for-ten-minutes.wav', 'audio/wav'],
  ] as const) {
    const answer = await fetch(`${url}/talk/${file}`)
    t.same([answer.status, answer.headers.get('content-type')], [200, type], file)
  }
  t.equal((await fetch(`${url}/talk/silence.wav`)).status, 404, 'no other clip')
})

t.test('it can be turned off, and is off without live sessions', async (t) => {
  for (const off of [{ EARSHOT_TALK_PAGE: 'false' }, { EARSHOT_LIVE_SESSIONS: '0' }]) {
    const { url } = await setUp(t, off)
    const first = await fetch(`${url}/`, { redirect: 'manual' })
    t.same([first.status, first.headers.get('location')], [302, 'docs'])
    t.equal((await fetch(`${url}/talk/earshot-client.js`)).status, 404)
  }
})

t.test('nothing of the page comes from elsewhere, and the client is small', async (t) => {
  const bytes = readFileSync(MODULE)
  t.ok(bytes.length < MAX_BYTES, `${bytes.length} bytes`)
  t.notMatch(bytes.toString(), /^import\b/m, 'without dependencies')
  for (const file of readdirSync(FOLDER)) {
    t.notMatch(readFileSync(path.join(FOLDER, file), 'utf8'), /(?:src|href|from|url\()\s*=?\s*['"(]?https?:/, file)
  }
})

t.test('the client is what its types say', async (t) => {
  const folder = t.testdir()
  copyFileSync(TYPES, path.join(folder, 'earshot-client.d.ts'))
  copyFileSync(MODULE, path.join(folder, 'made.js'))
  const check = (lines: string): string[] => {
    writeFileSync(path.join(folder, 'check.ts'), `import * as made from './made.js'
import type * as declared from './earshot-client.d.ts'\n${lines}`)
    const program = ts.createProgram([path.join(folder, 'check.ts')], {
      strict: true, noEmit: true, allowJs: true, checkJs: true, types: [], lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
      target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext, allowImportingTsExtensions: true,
      exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true,
    })
    return ts.getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
  }
  t.same(check(`export const client: typeof declared = made
export const names: keyof typeof declared = {} as keyof typeof made`), [])
  t.match(check('export const wrong: { send(file: number): void } = {} as made.EarshotSession'), [/not assignable/],
    'the check sees what differs')
})

t.test('every warning, reason and endpoint has plain words', async (t) => {
  t.same(Object.keys(plain.WARNINGS).sort(), [...WARNINGS].sort())
  t.same(Object.keys(plain.NO_SPEECH).sort(), [...NO_SPEECH_REASONS].sort())
  t.same(Object.keys(plain.REASONS).sort(), [...ENDPOINT_REASONS].sort())
})

t.test('the audio of an utterance is cut from what was heard; what is held is bounded', async (t) => {
  const memory = new AudioMemory()
  const heard = Float32Array.from({ length: 1000 }, (_, index) => index)
  for (let at = 0; at < heard.length; at += 40) memory.add(heard.slice(at, at + 40), 100)
  t.same([...memory.between(0.35, 0.45)], [35, 36, 37, 38, 39, 40, 41, 42, 43, 44], 'over the edge of a block')
  t.same([...memory.between(0, 10)], [...heard])
  t.same([...memory.between(9.98, 10.02)], [998, 999, 0, 0], 'zeros for what is not there')
  const minutes = new AudioMemory()
  for (let second = 0; second < 300; second++) minutes.add(new Float32Array(10).fill(second), 10)
  t.same([...new Set(minutes.between(170, 190))], [0, 180, 181, 182, 183, 184, 185, 186, 187, 188, 189], 'two minutes')
})
