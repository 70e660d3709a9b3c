/** What /openapi.json is by itself: valid, small, and complete. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { validate as validateWithReadme } from '@readme/openapi-parser'
import { Validator } from '@seriousme/openapi-schema-validator'
import t, { type Test } from 'tap'
import { ERRORS, type ErrorCode } from '../../../../src/domain/errors.js'
import { setUp } from '../fake-service.js'
import { makeKeys } from '../keys.js'
import { documentOf, operationsOf, resolve, type Document } from './document.js'


/**
 * Without references, the document of all routes had 146 kB before it described errors, headers and examples. Events
 * and live sessions came later.
 */
const MOST_BYTES = 149_000

async function withLabellingAndKeys(t: Test): Promise<Document> {
  const { file } = await makeKeys(t, { scraper: ['metrics'] })
  const folder = path.dirname(file)
  writeFileSync(path.join(folder, 'clips.jsonl'), '')
  const { url } = await setUp(t, {
    EARSHOT_KEYS_FILE: file,
    EARSHOT_LABEL_FILE: path.join(folder, 'labels.jsonl'), EARSHOT_LABEL_CLIPS: path.join(folder, 'clips.jsonl'),
  })
  return documentOf(url)
}

async function everyDocument(t: Test): Promise<readonly Document[]> {
  return [await documentOf((await setUp(t)).url), await withLabellingAndKeys(t)]
}

t.test('two validators accept it, with the routes of labelling and access keys too', async (t) => {
  for (const document of await everyDocument(t)) {
    const specification = structuredClone<object>(document) as Record<string, unknown>
    const { valid, errors } = await new Validator().validate(specification)
    t.ok(valid, JSON.stringify(errors))
    const result = await validateWithReadme(structuredClone(document) as never)
    t.ok(result.valid, JSON.stringify(result))
  }
  const broken = { ...(await everyDocument(t))[0], info: { title: 'no version' } }
  t.notOk((await new Validator().validate(structuredClone<object>(broken) as Record<string, unknown>)).valid, 'the first one sees a fault')
  t.notOk((await validateWithReadme(structuredClone(broken) as never)).valid, 'so does the second')
})

t.test('every operation has a unique name, a tag that is described, a summary and a place in one style', async (t) => {
  for (const document of await everyDocument(t)) {
    const operations = operationsOf(document)
    const names = operations.map(({ operationId }) => operationId)
    t.equal(new Set(names).size, names.length)
    for (const name of names) t.match(name, /^[a-z]+(?:[A-Z][a-z]+)*$/)
    const tags = new Set(operations.flatMap((operation) => operation.tags ?? []))
    t.same(document.tags.map(({ name }) => name).sort(), [...tags].sort(), 'tags that are used are described')
    for (const { operationId, tags: own, summary } of operations) {
      t.equal(own?.length, 1, operationId)
      t.ok(summary, operationId)
    }
  }
})

t.test('it has a valid licence, and an address that a prefix does not break', async (t) => {
  const { info, servers, openapi } = await documentOf((await setUp(t)).url)
  t.equal(openapi, '3.1.0')
  t.same(info.license, { name: 'MIT', identifier: 'MIT' })
  t.equal(new URL(servers[0]!.url, 'https://proxy.example/speech/openapi.json').href, 'https://proxy.example/speech/')
})

t.test('shared parts are components: each is used, and none is repeated', async (t) => {
  const document = await withLabellingAndKeys(t)
  const text = JSON.stringify(document)
  t.ok(text.length < MOST_BYTES, `${text.length} bytes`)
  for (const [kind, components] of Object.entries(document.components)) {
    if (kind === 'securitySchemes' || kind === 'headers') continue
    for (const name of Object.keys(components)) {
      t.ok(text.includes(`"$ref":"#/components/${kind}/${name}"`), `${kind}/${name} is used`)
    }
  }
  for (const [name, schema] of Object.entries(document.components.schemas!)) {
    const written = text.split(JSON.stringify(schema)).length - 1
    t.equal(written, 1, `${name} is written once`)
  }
  for (const operation of operationsOf(document)) {
    for (const [status, response] of Object.entries(operation.responses)) {
      for (const [type, { schema }] of Object.entries(resolve(document, response).content ?? {})) {
        t.ok(JSON.stringify(schema).length < 700, `${operation.operationId} ${status} ${type}`)
      }
    }
  }
  t.notMatch(text, /~kind|"\$id"/)
})

t.test('no parameter and no field has a value that a page would fill in', async (t) => {
  const document = await withLabellingAndKeys(t)
  const { schemas, parameters } = document.components
  const prefilled = JSON.stringify([schemas, parameters, operationsOf(document).map((operation) =>
    [operation.parameters, operation.requestBody])]).match(/"(?:default|example|examples)":/g)
  t.equal(prefilled, null)
})

t.test('a file is a string of bytes wherever one is sent', async (t) => {
  const document = await documentOf((await setUp(t)).url)
  const bodies = Object.fromEntries(operationsOf(document).map(({ operationId, requestBody }) =>
    [operationId, requestBody?.content]))
  const file = { type: 'string', format: 'binary', contentMediaType: 'application/octet-stream' }
  const form = resolve(document, bodies.createTranscription!['multipart/form-data']!.schema)
  t.match(form.properties.file, file)
  for (const name of ['transcribe', 'search', 'putCatalogue']) {
    for (const [type, { schema }] of Object.entries(bodies[name]!)) {
      if (type === 'multipart/form-data') continue
      t.match(resolve(document, schema), file, `${name} ${type}`)
    }
  }
})

t.test('errors stand at their status, each with an example, and those of set-up commands nowhere', async (t) => {
  const document = await withLabellingAndKeys(t)
  const described = new Set<string>()
  for (const operation of operationsOf(document)) {
    for (const [status, given] of Object.entries(operation.responses)) {
      t.match(status, /^[2345]\d\d$/, operation.operationId)
      if (status < '400' || operation.operationId === 'getReadiness' && status === '503') continue
      const response = resolve(document, given)
      const [, { properties }] = response.content!['application/json']!.schema.allOf
      const codes = properties.error.properties.code.enum as ErrorCode[]
      t.same(Object.keys(response.content!['application/json']!.examples!), codes)
      for (const code of codes) {
        described.add(code)
        t.equal(ERRORS[code].status, Number(status), `${operation.operationId} ${code}`)
        t.match(response.description, code)
      }
    }
  }
  const unsent = Object.keys(ERRORS).filter((code) => !described.has(code)).sort()
  t.same(unsent, [
    'BASELINE_INVALID', 'BASELINE_MISMATCH', 'CANCELLED', 'CLIPS_INVALID', 'COLLECTION_INVALID', 'CONFIDENCE_INVALID',
    'CONFIG_INVALID', 'METHOD_NOT_ALLOWED', 'MODEL_CARD_INVALID', 'MODEL_FETCH_FAILED', 'MODEL_FILE_ALTERED',
    'MODEL_FILE_MISSING', 'MODEL_INVALID', 'PROVIDER_UNAVAILABLE', 'ROUTE_NOT_FOUND',
  ])
})

t.test('headers are described, and where they are sent', async (t) => {
  const document = await documentOf((await setUp(t)).url)
  for (const operation of operationsOf(document)) {
    for (const [status, given] of Object.entries(operation.responses)) {
      const { headers } = resolve(document, given)
      const names = Object.keys(headers)
      t.ok(names.includes('x-request-id'), `${operation.operationId} ${status}`)
      for (const name of names) t.ok(resolve(document, headers[name]!).schema.type, name)
      t.equal(names.includes('retry-after'), ['429', '503'].includes(status), `${operation.operationId} ${status}`)
    }
  }
})
