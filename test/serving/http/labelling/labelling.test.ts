/** The routes behind /label: clips, suggestions, completions, warnings and labels, and who may use them. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { CollectedClip } from '../../../../src/data/collection/collected-clip.js'
import { TAGS } from '../../../../src/serving/http/pages/label/tags.js'
import { projectRoot } from '../../../../src/domain/project-root.js'
import { CLIP, errorOf, post, REPORT, setUp } from '../fake-service.js'
import { makeKeys } from '../keys.js'

const GUIDE = readFileSync(path.join(projectRoot, 'docs/labelling.md'), 'utf8')
const JSON_TYPE = { 'content-type': 'application/json' }

function makeClips(
  t: Test, folder = t.testdir(),
): { folder: string; environment: Record<string, string>; labelFile: string } {
  const lines = ['a', 'b', 'c/d'].map((id) => JSON.stringify({ path: 'a.wav', id, text: id === 'a' ? 'Tents.' : undefined }))
  writeFileSync(path.join(folder, 'a.wav'), CLIP)
  writeFileSync(path.join(folder, 'manifest.jsonl'), `${lines.join('\n')}\n`)
  const labelFile = path.join(folder, 'labels.jsonl')
  const environment = {
    EARSHOT_LABEL_FILE: labelFile, EARSHOT_LABEL_CLIPS: path.join(folder, 'manifest.jsonl'), EARSHOT_LABEL_TWICE: '0',
  }
  return { folder, environment, labelFile }
}

const said = (clip: string, fields: object = {}): string =>
  JSON.stringify({ clip, author: 'ann', text: 'Show me tents.', tags: [], state: 'labelled', ...fields })

t.test('without a label file there are no such routes and pages', async (t) => {
  const { url } = await setUp(t)
  for (const route of ['/label', '/clips', '/v1/labelling/next?author=ann', '/v1/labelling/guide']) {
    t.match(await errorOf(await fetch(`${url}${route}`)), { status: 404, code: 'ROUTE_NOT_FOUND' }, route)
  }
})

t.test('a label file needs clips, a guide and labels that can be read', async (t) => {
  const { environment, folder, labelFile } = makeClips(t)
  await t.rejects(setUp(t, { ...environment, EARSHOT_LABEL_CLIPS: '' }), { code: 'CONFIG_INVALID' })
  await t.rejects(setUp(t, { ...environment, EARSHOT_LABEL_CLIPS: `${folder}/none.jsonl` }), { code: 'CLIPS_INVALID' })
  await t.rejects(setUp(t, { ...environment, EARSHOT_LABEL_GUIDE: `${folder}/a.wav` }), { code: 'CLIPS_INVALID' })
  const slow = GUIDE.replace('wrong: /%/ => percent', 'wrong: /(a+)+~/ => percent\nwrong: /%/ => percent')
  writeFileSync(path.join(folder, 'slow.md'), slow)
  await t.rejects(setUp(t, { ...environment, EARSHOT_LABEL_GUIDE: `${folder}/slow.md` }), {
    code: 'CLIPS_INVALID', message: /"symbols" takes seconds/,
  })
  writeFileSync(labelFile, '{"clip":"a"}\n')
  await t.rejects(setUp(t, environment), { code: 'CLIPS_INVALID' })
})

t.test('each labeller gets clips in turn, and the label is in the file when it is answered', async (t) => {
  const { environment, labelFile } = makeClips(t)
  const { url, logged } = await setUp(t, environment)
  const next = async (query: string): Promise<any> => (await fetch(`${url}/v1/labelling/next?${query}`)).json()
  t.match(await next('author=ann'), { clip: { id: 'a', label: null }, progress: { clips: 3, labelled: 0, leftForYou: 3 } })
  t.match(await next('author=ann&onScreen=a'), { clip: { id: 'b' } })
  t.match(await next('author=ben'), { clip: { id: 'c/d' } }, 'those on the screen of ann are not for ben')
  const response = await post(`${url}/v1/labelling/labels`, said('a', { tags: ['noise'] }), JSON_TYPE)
  t.equal(response.status, 201)
  t.match(await response.json(), { clip: 'a', author: 'ann', secondOpinion: false })
  t.match(JSON.parse(readFileSync(labelFile, 'utf8')), { clip: 'a', text: 'Show me tents.', tags: ['noise'] })
  t.match(await next('author=ann'), { clip: { id: 'b' }, progress: { labelled: 1, yours: 1, leftForYou: 2 } })
  const shown = await (await fetch(`${url}/v1/labelling/clip?clip=a&author=ann`)).json()
  t.match(shown, { clip: { id: 'a', label: { text: 'Show me tents.' } } })
  t.notMatch(logged.join(), /tents/i, 'no word of a label is logged')
  t.match(await (await fetch(`${url}/v1/labelling/clips`)).json(), {
    total: 3, clips: [{ id: 'c/d', labels: 0 }, { id: 'b' }, { id: 'a', labels: 1 }],
  })
})

t.test('what is no clip, no author or no label is refused', async (t) => {
  const { environment, labelFile } = makeClips(t)
  const { url } = await setUp(t, environment)
  const refusals: [route: string, body?: string][] = [
    ['/v1/labelling/next'], ['/v1/labelling/next?author=%00'], ['/v1/labelling/next?author=ann&from=yesterday'],
    ['/v1/labelling/labels', '{'], ['/v1/labelling/labels', said('a', { state: 'good' })],
    ['/v1/labelling/labels', said('a', { text: null })], ['/v1/labelling/labels', said('a', { text: 'x'.repeat(2_001) })],
    ['/v1/labelling/labels', said('a', { more: 1 })], ['/v1/labelling/labels', said('a', { text: ' ' })],
    ['/v1/labelling/labels', said('a', { tags: ['not speech'] })],
  ]
  for (const [route, body] of refusals) {
    const response = await (body === undefined ? fetch(`${url}${route}`) : post(`${url}${route}`, body, JSON_TYPE))
    t.match(await errorOf(response), { status: 400, code: 'REQUEST_INVALID' }, `${route} ${body?.slice(0, 60)}`)
  }
  for (const route of ['clip', 'audio', 'suggestions']) {
    const response = await fetch(`${url}/v1/labelling/${route}?clip=../../package.json`)
    t.match(await errorOf(response), { status: 404, code: 'CLIP_NOT_FOUND' }, route)
  }
  const unknown = await post(`${url}/v1/labelling/labels`, said('z'), JSON_TYPE)
  t.match(await errorOf(unknown), { status: 404, code: 'CLIP_NOT_FOUND' })
  const large = await post(`${url}/v1/labelling/labels`, said('a', { tags: ['x'.repeat(20_000)] }), JSON_TYPE)
  t.match(await errorOf(large), { status: 413, code: 'UPLOAD_TOO_LARGE' })
  t.throws(() => readFileSync(labelFile), 'nothing was written')
})

t.test('a store that does not respond is said so, and the label file is for its owner alone', async (t) => {
  const { environment, labelFile } = makeClips(t)
  const collected = {
    async *select() { yield* [] as CollectedClip[]; throw new Error('no route') }, audio: async () => undefined,
  }
  const { url } = await setUp(t, { ...environment, EARSHOT_LABEL_CLIPS: '' }, { collected })
  const response = await fetch(`${url}/v1/labelling/next?author=ann`)
  t.match(await errorOf(response), { status: 503, code: 'COLLECTION_UNAVAILABLE' })
  const labelled = await setUp(t, environment)
  await post(`${labelled.url}/v1/labelling/labels`, said('a'), JSON_TYPE)
  t.equal(statSync(labelFile).mode & 0o777, 0o600)
})

t.test('suggestions are the label of the manifest and the n-best list; they are no traffic', async (t) => {
  const { environment } = makeClips(t)
  const alternative = (text: string, posterior: number) =>
    ({ text, posterior, confidence: 0.9, logProbability: -1, phrases: [] })
  const alternatives = [alternative('Tents.', 0.8), alternative('Tense.', 0.1)]
  const { url, jobs, metric } = await setUp(t, environment, { answer: async () => ({ ...REPORT, alternatives }) })
  const reply = await (await fetch(`${url}/v1/labelling/suggestions?clip=a`)).json()
  t.same((reply as any).suggestions, [
    { text: 'Tents.', source: 'manifest', probability: null }, { text: 'Tense.', source: 'recognizer', probability: 0.1 },
  ])
  t.match(reply, { speech: [{ startSeconds: 0.25, endSeconds: 61.5 }, {}], audioSeconds: 2 })
  t.match(jobs, [{ nBest: 5, numbers: 'words', client: 'labelling' }])
  t.same(await metric('asr_requests_total'), [])
  const audio = await fetch(`${url}/v1/labelling/audio?clip=a`)
  t.same(Buffer.from(await audio.arrayBuffer()), CLIP)
  t.equal(audio.headers.get('cache-control'), 'no-store')
})

t.test('a failure of recognition is an error, not an empty list', async (t) => {
  const { environment } = makeClips(t)
  const { SpeechError } = await import('../../../../src/domain/errors.js')
  const { url } = await setUp(t, environment, { answer: async () => { throw new SpeechError('QUEUE_FULL') } })
  t.match(await errorOf(await fetch(`${url}/v1/labelling/suggestions?clip=a`)), { status: 429, code: 'QUEUE_FULL' })
})

t.test('the guide warns, and the catalogue completes', async (t) => {
  const { environment } = makeClips(t)
  const { url, catalogues } = await setUp(t, environment)
  await catalogues.put('shop', Buffer.from('id,name\n1,Hiking Boots\n'), 'csv')
  const reply = await fetch(`${url}/v1/labelling/completions?text=show%20me%20hik`)
  t.same(await reply.json(), { completions: [{ name: 'Hiking Boots', replaces: 3 }] })
  const warned = await post(`${url}/v1/labelling/warnings`, '{"text":"OK, ten tents."}', JSON_TYPE)
  t.match(await warned.json(), { warnings: [{ rule: 'spelling', found: 'OK', suggestion: 'okay', start: 0, end: 2 }] })
  t.match(await (await fetch(`${url}/v1/labelling/guide`)).json(), { language: 'en', rules: [{ id: 'fillers' }] })
})

t.test('with keys, the pages are open, and clips and labels need the scope "labelling"', async (t) => {
  const { file, keys } = await makeKeys(t, { labeller: ['labelling'], phone: ['transcribe', 'labels', 'metrics'] })
  const { environment } = makeClips(t, path.dirname(file))
  const { url } = await setUp(t, { ...environment, EARSHOT_KEYS_FILE: file })
  t.equal((await fetch(`${url}/label`)).status, 200)
  t.equal((await fetch(`${url}/clips`)).status, 200)
  const get = (route: string, key?: string): Promise<Response> =>
    fetch(`${url}/v1/labelling/${route}`, key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } })
  for (const route of ['next?author=ann', 'audio?clip=a', 'suggestions?clip=a', 'clips', 'guide', 'completions?text=a']) {
    t.match(await errorOf(await get(route)), { status: 401, code: 'KEY_MISSING' }, route)
    t.match(await errorOf(await get(route, keys.phone)), { status: 403, code: 'KEY_SCOPE' }, route)
    t.equal((await get(route, keys.labeller)).status, 200, route)
  }
})

t.test('the tags of the page are those of the guide, each with a key of its own', async (t) => {
  const section = GUIDE.slice(GUIDE.indexOf('## Tags, skip'), GUIDE.indexOf('## The page'))
  const documented = [...section.matchAll(/^\| ([a-z -]+) \|/gm)].map(([, name]) => name).filter((name) => name !== 'tag')
  t.same(TAGS.map(({ name }) => name), documented.filter((name) => !/^-+$/.test(name ?? '')))
  t.equal(new Set(TAGS.map(({ key }) => key)).size, TAGS.length)
  t.notOk(TAGS.some(({ key }) => 'eusbw12345'.includes(key)), 'no other key')
})
