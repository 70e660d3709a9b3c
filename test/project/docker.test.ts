/**
 * The Dockerfile read, not built: what it copies exists and is not ignored, what it starts is what the build makes,
 * and its health check asks a route that there is.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { projectRoot } from '../../src/domain/project-root.js'
import { SETTINGS } from '../../src/domain/settings.js'
import { copyAssets } from '../../src/commands/setup/build.mjs'

interface Instruction { readonly keyword: string; readonly rest: string; readonly stage: string }

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8')
const instructions = readDockerfile()
const copies = instructions.filter(({ keyword }) => keyword === 'COPY').map(({ rest, stage }) => {
  const words = rest.split(/\s+/)
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length)
  return { stage, from, sources: words.filter((word) => !word.startsWith('--')).slice(0, -1) }
})

t.test('everything that is copied is in the repository and not ignored', async (t) => {
  const ignored = read('.dockerignore').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const sources = copies.filter(({ from }) => from === undefined).flatMap(({ sources }) => sources)
  t.ok(sources.includes('package-lock.json'))
  for (const source of sources) {
    t.ok(existsSync(path.join(projectRoot, source)), `${source} exists`)
    const isIgnored = (pattern: string): boolean =>
      path.matchesGlob?.(source, pattern) || source === pattern || source.startsWith(`${pattern}/`)
    const isKept = ignored.includes(`!${source}`)
    t.ok(isKept || !ignored.some(isIgnored), `${source} is not ignored`)
  }
  const kept = ['node_modules', 'dist', '.git', 'models/*/weights', 'models/*/compiled']
  for (const name of kept) t.ok(ignored.includes(name), `${name} stays out`)
})

t.test('stages are defined before they are used, for every variant', async (t) => {
  const stages = instructions.filter(({ keyword }) => keyword === 'FROM')
    .map(({ rest, stage }) => ({ base: rest.replace(/ AS .*/, ''), stage }))
  const names = stages.map(({ stage }) => stage)
  for (const variant of ['cpu', 'cuda']) {
    for (const [order, stage] of stages.entries()) {
      const base = stage.base.replace('${VARIANT}', variant)
      t.ok(base.startsWith('${') || names.slice(0, order).includes(base), `${base} (${variant})`)
    }
  }
  for (const { from, stage } of copies) {
    if (from === undefined) continue
    t.ok(names.includes(from) && names.indexOf(from) < names.indexOf(stage), `${stage} copies from ${from}`)
  }
})

t.test('what comes from another stage is made there', async (t) => {
  const runs = (stage: string): string[] => instructions
    .filter((one) => one.keyword === 'RUN' && one.stage === stage).map(({ rest }) => rest)
  const made = ['/app/node_modules', '/app/dist/src', '/app/models', '/usr/local/bin/node']
  const copied = copies.filter(({ from }) => from !== undefined).flatMap(({ sources }) => sources)
  t.same(copied.filter((source) => !made.includes(source)), [])
  t.ok(runs('build-cpu').includes('npm ci --include=dev'))
  t.ok(runs('build-cpu').includes('node src/commands/setup/start.mjs build'))
  t.ok(copies.some(({ stage, sources }) => stage === 'build-cpu' && sources.includes('models')))
})

t.test('the image has what the service needs, without set-up, tests and benches', async (t) => {
  const installed = instructions.filter(({ rest, stage }) => stage === 'libraries-cpu' && rest.startsWith('npm ci'))
  t.match(installed, [{ rest: /^npm ci --omit=dev / }], 'packages are those of production')
  const inImage = copies.filter(({ stage }) => stage === 'service').flatMap(({ sources }) => sources)
  const allowed = [
    /^package\.json$/, /^LICENSE$/, /^NOTICE$/, /^fixtures\/\w+\/warm-up\.\w+$/, /^fixtures\/clips\/(play-some|set-a-timer)[\w-]+\.wav$/, /^docs\/labelling\.md$/,
    /^\/app\/(node_modules|dist\/src|models)$/,
  ]
  t.same(inImage.filter((source) => !allowed.some((pattern) => pattern.test(source))), [])
  const last = instructions.findLast(({ stage, keyword }) => stage === 'build' && keyword === 'RUN')
  t.equal(last?.rest, 'rm -rf dist/src/commands/setup')
})

t.test('every file of the pages comes with the build, beside the code that reads it', async (t) => {
  const dist = t.testdir()
  copyAssets(projectRoot, dist)
  const pages = path.join(projectRoot, 'src/serving/http/pages')
  const folders = readdirSync(pages, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  t.ok(folders.some(({ name }) => name === 'drift'))
  for (const { name } of folders) {
    t.same(readdirSync(path.join(dist, 'src/serving/http/pages', name)), readdirSync(path.join(pages, name)), name)
  }
  t.match(read('src/serving/http/pages/pages.ts'), /new URL\(`\.\/\$\{name\}\/`, import\.meta\.url\)/)
})

t.test('the image starts the file that the build makes of src/main.ts', async (t) => {
  const [command] = instructions.filter(({ keyword, stage }) => keyword === 'CMD' && stage === 'service')
  const words = JSON.parse(command?.rest ?? '[]') as string[]
  t.equal(words[0], 'node', 'without a shell, so that signals arrive')
  t.equal(words.at(-1), 'dist/src/main.js')
  t.ok(existsSync(path.join(projectRoot, 'src/main.ts')))
  t.match(JSON.parse(read('.ci/tsconfig.build.json')), { compilerOptions: { rootDir: '..', outDir: '../dist' } })
})

t.test('health is asked at a route that there is, on the port that is exposed', async (t) => {
  const check = instructions.find(({ keyword }) => keyword === 'HEALTHCHECK')!.rest
  const route = /\}(\/\w+)`/.exec(check)?.[1]
  const files = readdirSync(path.join(projectRoot, 'src/serving/http'), { recursive: true, encoding: 'utf8' })
  const routes = files.filter((name) => name.endsWith('.ts')).map((name) => read(`src/serving/http/${name}`)).join()
  t.ok(route)
  t.ok(routes.includes(`'${route}'`), route!)
  const exposed = instructions.find(({ keyword }) => keyword === 'EXPOSE')!.rest
  t.ok(check.includes(`|| ${exposed}}`))
  t.match(read('src/domain/settings.ts'), new RegExp(`EARSHOT_PORT: whole\\(${exposed},`))
})

t.test('it does not run as root', async (t) => {
  const user = instructions.findLast(({ keyword }) => keyword === 'USER')!
  t.equal(user.stage, 'service')
  t.match(user.rest, /^[1-9]\d*:[1-9]\d*$/, 'by number, which Kubernetes can check')
})

t.test('every setting of the image is one of ours', async (t) => {
  const known = Object.keys(SETTINGS.properties)
  const named = new Set([...read('Dockerfile').matchAll(/\bEARSHOT_\w+/g)].map(([name]) => name))
  t.same([...named].filter((name) => !known.includes(name)), [])
})

/** Continued lines joined, comments dropped, each instruction with the stage it stands in. */
function readDockerfile(): Instruction[] {
  const text = read('Dockerfile').replace(/^#.*\n/gm, '').replace(/\\\n/g, ' ')
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  let stage = ''
  return lines.map((line) => {
    const [, keyword = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? []
    if (keyword === 'FROM') [, stage = ''] = / AS (\S+)$/.exec(rest) ?? []
    return { keyword, rest: keyword === 'HEALTHCHECK' ? rest : rest.replace(/\s+/g, ' '), stage }
  })
}
