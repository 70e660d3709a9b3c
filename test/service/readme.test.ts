/**
 * The examples of README.md run as pasted, on the real default model. Only the address is another one. An example whose
 * program is not installed is skipped, with a message.
 */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { withServer } from '../../fixtures/kit/server.js'
import { projectRoot } from '../../src/domain/project-root.js'

const ENTRY = path.join(projectRoot, 'dist/src/main.js')
const WEIGHTS = path.join(projectRoot, 'models/moonshine-tiny-en/weights/encoder_model.onnx')
const missing = [ENTRY, WEIGHTS].find((file) => !existsSync(file))
const ADDRESS = 'http://127.0.0.1:8080'
const SPOKEN = 'What time does the museum open on Sunday?'

/** How a block of a language is run. A file lies in the project, because the examples read a clip of it. */
const RUNNERS: Readonly<Record<string, { readonly program: string; readonly file: string | null }>> = {
  sh: { program: 'curl', file: null },
  js: { program: process.execPath, file: 'readme-example.mjs' },
  python: { program: 'python3', file: 'readme-example.py' },
}

interface Example { readonly language: string; readonly code: string }

/** Blocks of code that send something to the service. */
function examplesOf(markdown: string): Example[] {
  return [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .map(([, language = '', code = '']) => ({ language, code }))
    .filter(({ code }) => code.includes(ADDRESS))
}

async function outputOf({ language, code }: Example, url: string): Promise<string> {
  const { program, file } = RUNNERS[language]!
  const here = code.replaceAll(ADDRESS, url)
  const options = { cwd: projectRoot, env: { ...process.env, NODE_OPTIONS: '' } }
  const run = promisify(execFile)
  if (file === null) return (await run('sh', ['-c', here], options)).stdout
  const script = path.join(projectRoot, '.earshot', file)
  writeFileSync(script, here)
  try {
    return (await run(program, [script], options)).stdout
  } finally {
    rmSync(script)
  }
}

void t.test('the examples of the README', {
  skip: missing === undefined ? false : `${missing} is not there`, timeout: 120_000,
}, async (t) => {
  const examples = examplesOf(readFileSync(path.join(projectRoot, 'README.md'), 'utf8'))
  const count = (language: string): number => examples.filter((example) => example.language === language).length
  t.strictSame([count('sh'), count('js'), count('python')], [2, 2, 1])
  await withServer({ model: 'moonshine-tiny-en', workers: 1, entry: ENTRY }, async ({ url }) => {
    for (const example of examples) {
      const { program } = RUNNERS[example.language]!
      if (spawnSync(program, ['--version']).error !== undefined) {
        t.pass(`skipped: ${program} is not installed`, { skip: `${program} is not installed` })
        continue
      }
      t.match(await outputOf(example, url), SPOKEN, example.code)
    }
  })
})
