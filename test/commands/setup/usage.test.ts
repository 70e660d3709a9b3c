/** Every npm command, alone and with --help: a list or a usage, and nothing is started or fetched for it. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { projectRoot } from '../../../src/domain/project-root.js'

const { scripts } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}

interface Ended { readonly exitCode: number | null; readonly out: string; readonly err: string }

/** The program of a command, with a models folder of its own: a model that was fetched for it would be there. */
function run(command: string, args: readonly string[], modelsDir: string): Promise<Ended> {
  const { npm_lifecycle_event: _ours, ...environment } = process.env
  const env = { ...environment, NODE_OPTIONS: '', EARSHOT_MODELS_DIR: modelsDir, EARSHOT_PORT: '0' }
  const [, program = '', ...first] = command.split(' ')
  const child = spawn(process.execPath, [program, ...first, ...args], { cwd: projectRoot, env })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { err += chunk.toString() })
  return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, out, err })))
}

/** What a command prints without arguments: a list with 0, or its usage with 2. Others do their work. */
const ALONE: Readonly<Record<string, { readonly exitCode: number; readonly prints: RegExp }>> = {
  'models': { exitCode: 0, prints: /^name +family +languages .*\n(.*\n)*moonshine-tiny-en +moonshine/ },
  'bench': { exitCode: 0, prints: /^npm run bench -- <name> .*\n\n( {2}\S+ .*\n){10}/ },
  'fixtures': { exitCode: 0, prints: /^npm run fixtures -- NAME.*\n.*\n\n( {2}\S+\n)+$/ },
  'inspect': { exitCode: 2, prints: /^earshot: which file\?\n\nnpm run inspect -- / },
  'baseline': { exitCode: 2, prints: /^earshot: make, merge or show\?\n\nnpm run baseline -- / },
  'calibrate': { exitCode: 2, prints: /^earshot: --clips names the labelled clips\n\nnpm run calibrate -- / },
  'verify-data': { exitCode: 2, prints: /^earshot: one manifest is needed\n\nnpm run verify-data -- / },
  'labels': { exitCode: 2, prints: /^earshot: one of check, agree, import, export is needed\n\nnpm run labels -- / },
  'public-speech': { exitCode: 2, prints: /^earshot: expected one folder\n\nnpm run public-speech -- / },
  'collected': { exitCode: 2, prints: /^earshot: one of list, summary, export, delete is needed\n\nnpm run collected -- / },
  'compare-models': { exitCode: 2, prints: /^earshot: .*\n\nnpm run compare-models -- / },
  'analyze-errors': { exitCode: 2, prints: /^earshot: one manifest is needed\n\nnpm run analyze-errors -- / },
  'model-card': { exitCode: 2, prints: /^earshot: a model and a manifest are needed\n\nnpm run model-card -- / },
  'keys': { exitCode: 2, prints: /^earshot: one of add, list, revoke is needed\n\nnpm run keys -- / },
}
const WORK_ALONE = ['start', 'test', 'test:models', 'dev', 'build', 'check']

function modelsDirOf(t: Test): string {
  return path.join(t.testdir(), 'models')
}

t.test('every command of package.json is in this table', async (t) => {
  t.ok(existsSync(path.join(projectRoot, 'dist/src/main.js')), 'the commands of this file are built')
  t.same(Object.keys(scripts).sort(), [...Object.keys(ALONE), ...WORK_ALONE].sort())
})

t.test('a command without arguments lists or explains itself', async (t) => {
  for (const [name, { exitCode, prints }] of Object.entries(ALONE)) {
    const modelsDir = modelsDirOf(t)
    const ended = await run(scripts[name]!, [], modelsDir)
    t.equal(ended.exitCode, exitCode, name)
    t.match(exitCode === 0 ? ended.out : ended.err, prints, name)
    t.notMatch(ended.err, /\n\s+at /, `${name} prints no stack`)
    t.notOk(existsSync(modelsDir), `${name} fetches nothing`)
  }
})

t.test('every command explains itself with --help', async (t) => {
  for (const [name, command] of Object.entries(scripts)) {
    const modelsDir = modelsDirOf(t)
    const { exitCode, out, err } = await run(command, ['--help'], modelsDir)
    t.match({ exitCode, err }, { exitCode: 0, err: '' }, name)
    t.match(out, new RegExp(`^npm (run )?${name === 'test:models' ? 'test' : name}\\b`), name)
    t.notOk(existsSync(modelsDir), `${name} fetches nothing`)
  }
})

t.test('a command that takes no arguments says so, and does not start', async (t) => {
  for (const name of ['start', 'dev', 'build', 'check']) {
    const { exitCode, err } = await run(scripts[name]!, ['--port', '9000'], modelsDirOf(t))
    t.equal(exitCode, 2, name)
    t.match(err, /^earshot: "--port" is too much\n\nnpm (start|run \w+)\n/, name)
  }
})
