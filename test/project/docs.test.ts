/**
 * The documentation against the code, in both directions: what a table says must be so, and what is so must be in a
 * table.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { SCOPES } from '../../src/domain/scopes.js'
import { SETTINGS } from '../../src/domain/settings.js'
import { CAUSES } from '../../src/monitoring/drift/causes.js'
import { FAMILIES, FEATURES, type DriftFeature } from '../../src/monitoring/drift/features.js'
import { ERRORS } from '../../src/domain/errors.js'
import { projectRoot } from '../../src/domain/project-root.js'
import { METRICS, type MetricDefinition } from '../../src/monitoring/metrics/definitions.js'
import { STAGES, WARNINGS, NO_SPEECH_REASONS } from '../../src/domain/report.js'
import { setUp } from '../serving/http/fake-service.js'

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8')

/** Rows of the tables whose first cell is a `code` word, as cells without their back ticks. */
function rows(file: string): string[][] {
  return read(file).split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')))
    .map(([first, ...rest]) => [first!.replaceAll('`', ''), ...rest])
}

t.test('docs/errors.md is the table of errors', (t) => {
  const code = Object.entries(ERRORS).map(([name, { status, retryable, message }]) => [
    name,
    String(status),
    retryable ? 'yes' : 'no',
    message,
  ])
  const documented = rows('docs/errors.md')
    .filter(([name]) => /^[A-Z_]+$/.test(name!))
    .map(([name, status, retryable, message]) => [name, status, retryable, message])
  t.same(documented, code)
  t.end()
})

t.test('docs/configuration.md is the table of settings', (t) => {
  const code = Object.entries(SETTINGS.properties as Record<string, object>).map(([name, schema]) => {
    const {
      default: fallback,
      minimum,
      maximum,
      description,
    } = schema as { default: unknown; minimum?: number; maximum?: number; description: string }
    const shown =
      typeof fallback === 'string' && path.isAbsolute(fallback)
        ? path.relative(projectRoot, fallback)
        : String(fallback)
    return [name, `\`${shown}\``, minimum === undefined ? '' : `${minimum} to ${maximum}`, description]
  })
  t.same(rows('docs/configuration.md'), code)
  t.end()
})

t.test('docs/metrics.md is the catalog', (t) => {
  const code = Object.entries<MetricDefinition>(METRICS).map(([name, { type, labels = {}, help }]) => [
    name,
    type,
    Object.entries(labels)
      .map(
        ([label, values]) =>
          `\`${label}\`${Array.isArray(values) && (values as readonly string[]) !== STAGES ? `=${values.join('\\|')}` : ''}`,
      )
      .join(', '),
    help,
  ])
  t.same(
    rows('docs/metrics.md').filter(([name]) => /^(asr|http)_/.test(name!)),
    code.map((row) => row.map((cell) => cell.replaceAll('\\|', '|'))),
  )
  t.end()
})

t.test('docs/drift.md is the table of watched features', (t) => {
  const bins = ({ binning }: DriftFeature): string => binning.kind === 'quantiles' ? 'quantiles'
    : binning.kind === 'edges' ? `from ${binning.edges.join(', ')}` : `${binning.categories.join(', ')}, other`
  const code = Object.entries<DriftFeature>(FEATURES).map(([name, feature]) => [
    name,
    feature.family,
    feature.unit,
    bins(feature),
    feature.help,
  ])
  t.same(
    rows('docs/drift.md').filter((cells) => cells.length === 5 && (FAMILIES as readonly string[]).includes(cells[1]!)),
    code,
  )
  t.end()
})

t.test('docs/drift.md has every likely cause, in the order in which they are tried', (t) => {
  const documented = rows('docs/drift.md').filter(([name, ...rest]) => rest.length === 3 && /^\w+$/.test(name!))
  t.same(
    documented,
    Object.entries(CAUSES).map(([name, { title, help, advice }]) => [name, title, help, advice]),
  )
  t.end()
})

t.test('stages, warnings and reasons are explained, and nothing else is', (t) => {
  const explained = (heading: string): string[] => {
    const section = read('docs/api.md').split(/^## /m).find((part) => part.startsWith(heading)) ?? ''
    return [...section.matchAll(/^\| `([a-z_]+)`/gm)].map(([, name]) => name!)
  }
  t.same(explained('Stages'), STAGES)
  t.same(explained('Warnings'), WARNINGS)
  t.same(explained('No speech'), NO_SPEECH_REASONS)
  t.end()
})

t.test('links between documents lead to a file, and to a heading that it has', (t) => {
  const files = [
    'README.md',
    'CHANGELOG.md',
    'SECURITY.md',
    'CONTRIBUTING.md',
    ...['docs', 'bench', 'src', 'deploy'].flatMap((folder) =>
      readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.md'))
        .map((file) => `${folder}/${file}`),
    ),
  ]
  for (const file of files) {
    for (const [, target, heading] of read(file).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)) {
      const linked = target === '' ? file : path.join(path.dirname(file), target!)
      t.ok(existsSync(path.join(projectRoot, linked)), `${file} → ${linked}`)
      if (heading !== undefined && existsSync(path.join(projectRoot, linked)))
        t.ok(anchors(linked).has(heading), `${file} → ${linked}#${heading}`)
    }
  }
  t.end()
})

/**
 * What GitHub makes of the headings of a document: lower case, without punctuation, hyphens for blanks, a number behind
 * what is there already.
 */
function anchors(file: string): Set<string> {
  const found = new Set<string>()
  for (const [, heading] of read(file).replace(/^```[^]*?^```/gm, '').matchAll(/^#+ +(.+?) *$/gm)) {
    const slug = heading!.toLowerCase().replace(/[^\p{Letter}\p{Mark}\p{Number}_ -]/gu, '').replaceAll(' ', '-')
    let name = slug
    for (let count = 1; found.has(name); count++) name = `${slug}-${count}`
    found.add(name)
  }
  return found
}

t.test('every command of package.json is in CONTRIBUTING.md or the README, and no other', (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const text = read('README.md') + read('CONTRIBUTING.md')
  const named = new Set(
    [...text.matchAll(/npm (?:run ([a-z:-]+)|(start|test))\b/g)].map(([, run, short]) => run ?? short!),
  )
  for (const script of Object.keys(scripts)) t.ok(named.has(script), `npm run ${script} is documented`)
  for (const name of named) t.ok(name in scripts, `npm run ${name} exists`)
  t.end()
})

t.test('docs/access.md is the table of scopes, and of the routes that ask for them', async (t) => {
  const documented = rows('docs/access.md')
  t.same(documented.filter(([name]) => name! in SCOPES), Object.entries(SCOPES))
  const { app } = await setUp(t, {
    EARSHOT_LABEL_FILE: path.join(t.testdir(), 'labels.jsonl'),
    EARSHOT_LABEL_CLIPS: path.join(projectRoot, 'fixtures/clips/manifest.jsonl'),
  })
  const code = app.routeAccess().filter(({ method, access }) => method !== 'HEAD' && access !== 'open')
  t.same(
    documented.filter(([name]) => /^[A-Z]+ \//.test(name!)).sort(),
    code.map(({ method, url, access }) => [`${method} ${url}`, access === 'any' ? 'any key' : `\`${access!}\``]).sort(),
  )
})
