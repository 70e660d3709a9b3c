/** The runner of the tests: what it reads from their output, and which tests it takes for a change. */
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { readTap } from '../../.ci/test/read-tap.mjs'
import { affectedTests, allTests, namedTests } from '../../.ci/test/select.mjs'

const OUTPUT = `TAP version 14
# Subtest: outer
    # Subtest: inner
        ok 1 - fine
        not ok 2 - wrong
          ---
          diff: |
            -1
            +2
          at:
            fileName: test/a.test.ts
            lineNumber: 12
          ...
        1..2
        # failed 1 of 2 tests
    not ok 1 - inner # time=1ms
    1..1
    # failed 1 test
not ok 1 - outer # time=2ms
ok 2 - elsewhere # SKIP no Chromium
# Subtest: throws
    1..0
not ok 3 - it throws
  ---
  stack: |
    Test.<anonymous> (test/b.test.ts:7:3)
  ...
1..3
`

t.test('an assertion counts once, with its place and the tests around it', async (t) => {
  const { passed, failed, failures, skips, ok } = readTap(OUTPUT)
  t.same([passed, failed, ok], [1, 2, false])
  t.same(failures[0], { name: 'outer › inner › wrong', place: 'test/a.test.ts:12', detail: '-1\n+2\n' })
  t.match(failures[1], { name: 'it throws', place: 'test/b.test.ts:7' })
  t.match(skips, [{ name: 'elsewhere', detail: 'no Chromium' }])
})

t.test('output that ends early is no success', async (t) => {
  t.notOk(readTap('TAP version 14\nok 1 - fine\n').ok)
  t.notOk(readTap('').ok)
  t.ok(readTap('TAP version 14\nok 1 - fine\n1..1\n').ok)
})

const PROJECT = {
  'package.json': '{}',
  src: {
    'a.ts': '/** A */\n',
    'b.ts': `import { a } from './a.js'\n`,
    'c.ts': `import type { A } from './a.js'\n`,
  },
  test: {
    'a.test.ts': '',
    'b.test.ts': `import { b } from '../src/b.js'\n`,
    'c.test.ts': `import { c } from '../src/c.js'\n`,
    'layers.test.ts': '',
    models: { 'weights.test.ts': '' },
  },
  bench: {}, fixtures: {}, '.ci': {},
}

t.test('a change affects its mirror, and what imports it at run time', async (t) => {
  const root = t.testdir(PROJECT)
  const identity = ['-c', 'user.name=test', '-c', 'user.email=test@localhost']
  const git = (...args: string[]): Buffer => execFileSync('git', [...identity, ...args], { cwd: root, stdio: 'pipe' })
  git('init', '--quiet')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'first')
  const affected = (seconds = {}): string[] => affectedTests(root, 'HEAD', seconds).tests
  t.same(affected(), [])
  writeFileSync(path.join(root, 'src/a.ts'), 'changed')
  t.same(affected(), ['test/a.test.ts', 'test/b.test.ts', 'test/layers.test.ts'])
  const without = affected({ 'test/b.test.ts': 1000 })
  t.same(without, ['test/a.test.ts', 'test/layers.test.ts'], 'what takes too long is left out')
  writeFileSync(path.join(root, 'test/d.test.ts'), '')
  t.ok(affected().includes('test/d.test.ts'), 'a new file')
  rmSync(path.join(root, 'src/a.ts'))
  t.ok(affected().includes('test/b.test.ts'), 'a deleted file')
})

t.test('tests on the weights of all models run only when they are named', async (t) => {
  const root = t.testdir(PROJECT)
  t.notOk(allTests(root).includes('test/models/weights.test.ts'))
  t.same(namedTests(root, ['test/models']), ['test/models/weights.test.ts'])
  t.same(namedTests(root, ['test/a.test.ts', './test/a.test.ts']), ['test/a.test.ts'])
  t.throws(() => namedTests(root, ['test/nonsense.test.ts']), /neither a file/)
})
