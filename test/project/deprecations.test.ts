/** Every replaced name of docs/deprecations.md still works, beside the new one. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { deprecatedSettings, readConfig, unknownSettings } from '../../src/config.js'
import { DEPRECATIONS, renamed, type Deprecation } from '../../src/domain/deprecations.js'
import { projectRoot } from '../../src/domain/project-root.js'
import type { Report } from '../../src/domain/report.js'
import { parseManifest } from '../../src/engine/manifest-check.js'
import { SETTINGS } from '../../src/domain/settings.js'
import { CLIP, post, REPORT, setUp } from '../serving/http/fake-service.js'

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8')
const of = (kind: Deprecation['kind']): [string, string][] => [...renamed(kind)]

t.test('docs/deprecations.md is the table', async (t) => {
  const rows = read('docs/deprecations.md').split('\n').filter((line) => line.startsWith('| ') && line.includes('`'))
    .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim().replaceAll('`', '')))
  t.same(rows, DEPRECATIONS.map(({ kind, old, replacement, removedIn }) => [kind, old, replacement, removedIn]))
  const version = (JSON.parse(read('package.json')) as { version: string }).version
  t.same(
    DEPRECATIONS.filter(({ removedIn }) => removedIn.localeCompare(version, 'en', { numeric: true }) <= 0),
    [],
    'none has outlived its time',
  )
})

t.test('settings are read under their old names, and named for the log', async (t) => {
  for (const [old, replacement] of of('setting')) {
    t.ok(replacement in SETTINGS.properties, replacement)
    t.notOk(old in SETTINGS.properties, old)
    t.same(readConfig({ [old]: '2' }), readConfig({ [replacement]: '2' }), old)
    t.notSame(readConfig({ [old]: '2' }), readConfig({}), 'it has an effect')
    t.same(readConfig({ [old]: '2', [replacement]: '2' }), readConfig({ [replacement]: '2' }))
    t.throws(() => readConfig({ [old]: '2', [replacement]: '3' }), { code: 'CONFIG_INVALID' })
    t.same(unknownSettings({ [old]: '2' }), [])
    t.same(deprecatedSettings({ [old]: '2', [replacement]: '2' }), [{ setting: old, replacement }])
    t.same(deprecatedSettings({ [old]: '', [replacement]: '2' }), [])
  }
})

t.test('metrics are exported under both names, with the same values', async (t) => {
  const { url, metric } = await setUp(t, {}, { answer: async () => REPORT })
  await post(`${url}/v1/transcriptions`, CLIP)
  for (const [old, replacement] of of('metric')) {
    const values = async (name: string): Promise<string[]> => (await metric(name)).map((line) => line.replace(name, ''))
    t.ok((await values(old)).some((line) => !line.endsWith(' 0')), 'counted')
    t.same(await values(old), await values(replacement), old)
  }
})

t.test('answers have both fields, with the same values', async (t) => {
  const answer: Report = {
    ...REPORT,
    decodingPasses: 2, changedByBiasing: true,
    alternatives: [{ text: 'play some jazz', confidence: 0.9, logProbability: -0.4, phrases: [0], posterior: 0.7 }],
    phraseScores: [{ phrase: 0, logProbability: -0.4, logLikelihoodRatio: 0.2, probability: 0.8 }],
  }
  const { url } = await setUp(t, {}, { answer: async () => answer })
  for (const route of ['transcriptions', 'search']) {
    const body = await (await post(`${url}/v1/${route}?phrases=jazz`, CLIP)).json() as object
    for (const [old, replacement] of of('answer field')) {
      t.not(valueAt(body, replacement), undefined, `${route}: ${replacement}`)
      t.not(valueAt(body, replacement), null, `${route}: ${replacement}`)
      if (!Array.isArray(valueAt(body, old))) t.same(valueAt(body, old), valueAt(body, replacement), `${route}: ${old}`)
    }
  }
  const { url: openApi } = await setUp(t)
  const { components } = (await (await fetch(`${openApi}/openapi.json`)).json()) as {
    components: { schemas: { Report: { properties: Record<string, { deprecated?: boolean }> } } }
  }
  for (const [old] of of('answer field').filter(([name]) => !/[.[]/.test(name))) {
    t.equal(components.schemas.Report.properties[old]?.deprecated, true, `${old} is marked in the OpenAPI document`)
  }
})

t.test('manifests are read under their old names', async (t) => {
  const text = read('models/moonshine-tiny-en/model.json')
  const manifest = JSON.parse(text) as Record<'padding' | 'decoding', Record<string, unknown>>
  const { padding, decoding: { kind, ...decoding }, ...others } = manifest
  const hearing: Record<string, unknown> = {}
  for (const [old, replacement] of of('manifest field').filter(([name]) => name.includes('.'))) {
    hearing[old.split('.')[1]!] = valueAt({ padding }, replacement)
  }
  t.equal(Object.keys(hearing).length, Object.keys(padding).length, 'every field')
  t.equal(kind, 'encoder-decoder')
  t.same(parseManifest(JSON.stringify({ ...others, hearing, decoding }), 'old'), parseManifest(text, 'new'))
  t.throws(() => parseManifest(JSON.stringify({ ...others, hearing: { ...hearing, doubtBelow: 1 }, decoding }), 'old'), {
    code: 'MODEL_INVALID',
  })
})

t.test('the image has programs at both paths', async (t) => {
  const dockerfile = read('Dockerfile')
  for (const [old, replacement] of of('program')) {
    const target = path.posix.relative(path.posix.dirname(old), replacement)
    t.ok(dockerfile.includes(`echo "import '${target}'" > ${old}`), old)
  }
})

/** `evidence[].margin` is the field of the first element. */
function valueAt(value: unknown, name: string): unknown {
  return name.split('.').reduce<unknown>((inner, part) => {
    const field = (inner as Record<string, unknown> | undefined)?.[part.replace('[]', '')]
    return part.endsWith('[]') ? (field as unknown[] | undefined)?.[0] : field
  }, value)
}
