/** What /openapi.json says of the answers against what the routes send, in both directions. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import t, { type Test } from 'tap'
import { SpeechError } from '../../../../src/domain/errors.js'
import { REPORT, setUp } from '../fake-service.js'
import { wavOfSeconds } from '../wav.js'
import { documentOf, operationsOf, resolve, type Document, type Header } from './document.js'

/** Of HTTP itself, or of every answer of the service, for browsers. */
const UNDESCRIBED = new Set([
  'connection', 'content-length', 'content-type', 'content-encoding', 'date', 'keep-alive', 'transfer-encoding', 'vary',
  'content-security-policy', 'cross-origin-resource-policy', 'referrer-policy', 'x-content-type-options',
])
const CLIP = wavOfSeconds(1)
const LABELLED = 'play some jazz'

/** Compares one answer with the document; returns where it stands there. */
async function compare(t: Test, document: Document, operationId: string, response: Response): Promise<string> {
  const name = `${operationId} ${response.status}`
  const operation = operationsOf(document).find((one) => one.operationId === operationId)!
  const given = operation.responses[response.status]
  if (given === undefined) {
    t.fail(`${name} is not described: ${await response.text()}`)
    return name
  }
  const { headers, content } = resolve(document, given)
  for (const [header] of response.headers) {
    if (!UNDESCRIBED.has(header)) t.ok(Object.hasOwn(headers, header), `${name}: ${header} is described`)
  }
  for (const [header, reference] of Object.entries(headers)) {
    if (resolve<Header>(document, reference).required === true) t.ok(response.headers.has(header), `${name}: ${header}`)
  }
  const body = await response.text()
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
  if (content === undefined) {
    t.equal(body, '', name)
    return name
  }
  const { schema } = content[type] ?? {}
  t.ok(schema, `${name}: ${type} is described`)
  if (schema !== undefined) {
    const check = schemaCheck(document, schema)
    t.ok(check(type === 'application/json' ? JSON.parse(body) : body), `${name} ${type}: ${JSON.stringify(check.errors)}`)
  }
  return `${name} ${type}`
}

function schemaCheck(document: Document, schema: object) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: 'document', components: document.components })
  return ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"document#/components')))
}

function form(fields: Readonly<Record<string, string>> = {}, file: Uint8Array | undefined = CLIP): FormData {
  const data = new FormData()
  if (file !== undefined) data.append('file', new Blob([Buffer.from(file)]), 'clip.wav')
  for (const [name, value] of Object.entries(fields)) data.append(name, value)
  return data
}

t.test('answers and errors of the routes are as described', async (t) => {
  const words = [{ text: 'play', startSeconds: 0.3, endSeconds: 0.6, confidence: 0.9, logProbability: -0.1, correctness: null }]
  const tokens = [{ token: 'play', logProbability: -0.1, bytes: [112] }]
  const segments = REPORT.segments.map((segment) => ({ ...segment, words, tokenLogProbabilities: tokens }))
  let failing: SpeechError | undefined
  const { url, catalogues } = await setUp(t, {}, {
    answer: async () => {
      if (failing !== undefined) throw failing
      return { ...REPORT, segments }
    },
  })
  const document = await documentOf(url)
  const seen = new Set<string>()
  const see = async (id: string, path: string, options: RequestInit = {}): Promise<void> => {
    seen.add(await compare(t, document, id, await fetch(`${url}${path}`, options)))
  }
  const post = (body: NonNullable<RequestInit['body']>): RequestInit => ({ method: 'POST', body })
  const json = (body: object): RequestInit =>
    ({ method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
  const openAi = (fields: Record<string, string>): Promise<void> =>
    see('createTranscription', '/v1/audio/transcriptions', post(form({ model: 'whisper-1', ...fields })))

  for (const response_format of ['json', 'verbose_json', 'text', 'srt', 'vtt']) await openAi({ response_format })
  await openAi({ response_format: 'verbose_json', 'timestamp_granularities[]': 'word', 'include[]': 'logprobs' })
  await openAi({ 'languages[]': 'en', prompt: 'Glossary: jazz, rock', user: 'x' })
  await openAi({ response_format: 'nonsense' })
  await openAi({ language: 'xx' })
  await openAi({ model: 'nope' })
  await openAi({ stream: 'true' })
  await see('createTranscription', '/v1/audio/transcriptions', post(form({ model: 'whisper-1' }, new Uint8Array(0))))
  await see('createTranscription', '/v1/audio/transcriptions', post(form({ model: 'whisper-1' }, Buffer.from('no audio'))))

  await see('transcribe', '/v1/transcriptions?words=true&languages=en&languages=de&unknown=1', post(CLIP))
  await see('transcribe', '/v1/transcriptions?format=text', post(CLIP))
  const events = { ...post(CLIP), headers: { accept: 'text/event-stream' } }
  await see('transcribe', '/v1/transcriptions', events)
  await see('search', '/v1/search?phrases=jazz', events)
  await see('createClientSecret', '/v1/realtime/client_secrets', json({}))
  await see('createClientSecret', '/v1/realtime/client_secrets', json({ expires_after: { seconds: 1 } }))
  await see('transcribe', '/v1/transcriptions', post(form()))
  await see('transcribe', '/v1/transcriptions?nBest=many', post(CLIP))
  await see('transcribe', '/v1/transcriptions?catalogue=nope', post(CLIP))
  await see('transcribe', '/v1/transcriptions', { ...post(CLIP), headers: { host: 'x', origin: 'https://evil.example' } })
  for (const code of ['QUEUE_FULL', 'RECOGNIZER_FAILED', 'RECOGNIZER_CRASHED', 'OUT_OF_MEMORY', 'NOT_READY',
    'DEADLINE_PASSED', 'AUDIO_TOO_COSTLY'] as const) {
    failing = new SpeechError(code)
    await see('transcribe', '/v1/transcriptions', post(CLIP))
    await see('search', '/v1/search?phrases=jazz', post(CLIP))
  }
  failing = undefined

  await see('search', '/v1/search?phrases=jazz', post(CLIP))
  await see('search', '/v1/search', post(CLIP))
  const csv = { method: 'PUT', body: 'id,name\n1,Jazz\n', headers: { 'content-type': 'text/csv' } }
  await see('putCatalogue', '/v1/catalogues/shop', csv)
  await see('putCatalogue', '/v1/catalogues/shop', { ...csv, body: 'nonsense' })
  await see('listCatalogues', '/v1/catalogues')
  await see('getCatalogue', '/v1/catalogues/shop')
  await see('getCatalogue', '/v1/catalogues/nope')
  await see('deleteCatalogue', '/v1/catalogues/shop', { method: 'DELETE' })
  await see('deleteCatalogue', '/v1/catalogues/nope', { method: 'DELETE' })
  t.same(catalogues.list(), [])

  const answer = await (await fetch(`${url}/v1/transcriptions`, post(CLIP))).json() as { feedbackToken: string }
  const { feedbackToken: token } = answer
  await see('sendFeedback', '/v1/feedback', json({ token, event: 'accepted' }))
  await see('sendFeedback', '/v1/feedback', json({ token, event: 'accepted' }))
  await see('sendFeedback', '/v1/feedback', json({ token: 'nonsense', event: 'accepted' }))
  const label = { token, reference: LABELLED, transcript: LABELLED, source: 'random' }
  await see('sendReferenceTranscript', '/v1/labels', json(label))
  await see('sendReferenceTranscript', '/v1/labels', json({ ...label, transcript: 'another' }))
  await see('deleteCollectedClip', '/v1/collected/x', { method: 'DELETE' })
  await see('deleteCollectedSession', '/v1/collected?session=x', { method: 'DELETE' })
  await see('deleteCollectedSession', '/v1/collected', { method: 'DELETE' })

  await see('listModels', '/v1/models')
  await see('getModel', '/v1/models/moonshine-tiny-en')
  await see('getModel', '/v1/models/nope')
  await see('getHealth', '/healthz')
  await see('getReadiness', '/readyz')
  await see('getMetrics', '/metrics')
  await see('getDrift', '/v1/drift')

  const succeeding = operationsOf(document).flatMap(({ operationId, responses }) =>
    Object.entries(responses).filter(([status]) => status.startsWith('2')).flatMap(([status, given]) =>
      Object.keys(resolve(document, given).content ?? { '': {} }).map((type) => `${operationId} ${status} ${type}`.trim())))
  t.same(succeeding.filter((one) => !seen.has(one) && !one.startsWith('deleteCollected')), [], 'each success was seen')
})

t.test('a service that is not ready answers as described', async (t) => {
  const { url } = await setUp(t, {}, {
    readiness: () => ({ ready: false, workers: { idle: 0, busy: 0, starting: 1 }, missing: 'a worker' }),
  })
  const document = await documentOf(url)
  t.match(await compare(t, document, 'getReadiness', await fetch(`${url}/readyz`)), /503/)
})

t.test('each example is what its schema allows', async (t) => {
  const document = await documentOf((await setUp(t)).url)
  let examples = 0
  for (const { operationId, responses } of operationsOf(document)) {
    for (const [status, given] of Object.entries(responses)) {
      for (const [type, media] of Object.entries(resolve(document, given).content ?? {})) {
        const check = schemaCheck(document, media.schema)
        for (const [name, example] of Object.entries(media.examples ?? {})) {
          examples++
          const { value } = resolve<{ value: unknown }>(document, example)
          t.ok(check(value), `${operationId} ${status} ${type} ${name}: ${JSON.stringify(check.errors)}`)
        }
      }
    }
  }
  t.ok(examples > 100, `${examples} examples`)
})
