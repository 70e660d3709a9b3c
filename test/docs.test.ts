/** The documentation against the code, in both directions: what a table says must be so, and what is so must be in a table. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { SETTINGS } from '../src/config.js'
import { ERRORS } from '../src/errors.js'
import { projectRoot } from '../src/root.js'
import { METRICS, type MetricEntry } from '../src/telemetry/catalog.js'
import { STAGES, WARNINGS, NO_SPEECH_REASONS } from '../src/types.js'

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8')

/** Rows of the tables whose first cell is a `code` word, as cells without their back ticks. */
function rows(file: string): string[][] {
  return read(file).split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')))
    .map(([first, ...rest]) => [first!.replaceAll('`', ''), ...rest])
}

t.test('docs/errors.md is the table of errors', (t) => {
  const code = Object.entries(ERRORS).map(([name, { status, retryable, message }]) => [name, String(status), retryable ? 'yes' : 'no', message])
  const documented = rows('docs/errors.md').filter(([name]) => /^[A-Z_]+$/.test(name!)).map(([name, status, retryable, message]) => [name, status, retryable, message])
  t.same(documented, code)
  t.end()
})

t.test('docs/configuration.md is the table of settings', (t) => {
  const code = Object.entries(SETTINGS.properties as Record<string, object>).map(([name, schema]) => {
    const { default: fallback, minimum, maximum, description } = schema as { default: unknown; minimum?: number; maximum?: number; description: string }
    const shown = typeof fallback === 'string' && path.isAbsolute(fallback) ? path.relative(projectRoot, fallback) : String(fallback)
    return [name, `\`${shown}\``, minimum === undefined ? '' : `${minimum} to ${maximum}`, description]
  })
  t.same(rows('docs/configuration.md'), code)
  t.end()
})

t.test('docs/metrics.md is the catalog', (t) => {
  const code = Object.entries<MetricEntry>(METRICS).map(([name, { type, labels = {}, help }]) =>
    [name, type, Object.entries(labels).map(([label, values]) => `\`${label}\`${Array.isArray(values) && (values as readonly string[]) !== STAGES ? `=${values.join('\\|')}` : ''}`).join(', '), help])
  t.same(rows('docs/metrics.md').filter(([name]) => /^(asr|http)_/.test(name!)), code.map((row) => row.map((cell) => cell.replaceAll('\\|', '|'))))
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

t.test('links between documents lead somewhere', (t) => {
  const files = ['README.md', ...readdirSync(path.join(projectRoot, 'docs')).filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)]
  for (const file of files) {
    for (const [, target] of read(file).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      t.doesNotThrow(() => readFileSync(path.join(projectRoot, path.dirname(file), target!)), `${file} → ${target}`)
    }
  }
  t.end()
})

t.test('every command of package.json is in docs/contributing.md or the README, and no other', (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const text = read('README.md') + read('docs/contributing.md')
  const named = new Set([...text.matchAll(/npm (?:run ([a-z:]+)|(start|test))\b/g)].map(([, run, short]) => run ?? short!))
  for (const script of Object.keys(scripts)) t.ok(named.has(script), `npm run ${script} is documented`)
  for (const name of named) t.ok(name in scripts, `npm run ${name} exists`)
  t.end()
})
