/** What the set-up says about the disk: one sentence with the folder, the bytes and what to do. */
import path from 'node:path'
import t from 'tap'
import { showInstalling } from '../../../src/commands/setup/progress.mjs'
import { explainFullDisk, explainStorage, requireSpace } from '../../../src/commands/setup/storage.mjs'
import { lackOfRoom, requireRoom } from '../../../src/commands/setup/weights.js'

const disk = (freeBytes: number, blocks = 1_000) => () => ({ bavail: freeBytes / 4_000, bsize: 4_000, blocks })

t.test('a step is refused before it begins where there is no room for it', async (t) => {
  const folder = t.testdir()
  const install = (freeBytes: number): void => requireSpace(folder, 600_000_000, 'the installation', disk(freeBytes))
  t.doesNotThrow(() => install(600_000_000))
  t.throws(() => install(120_000_000), {
    message: `the disk of ${folder} is full: the installation needs 600 MB there, and 120 MB are free; free some and start again`,
  })
  t.doesNotThrow(() => requireSpace(folder, 1e12, 'it', disk(0, 0)), 'a file system that does not say')
  t.throws(() => requireSpace(path.join(folder, 'not/there'), 1e9, 'it', disk(0)), { message: new RegExp(`of ${folder} is`) })
})

t.test('a step that failed on a full disk failed because of it', async (t) => {
  const folder = t.testdir()
  t.throws(() => explainFullDisk(folder, 16_000_000, 'the build', disk(400_000)),
    { message: /is full: the build needs 16 MB there, and 0\.4 MB are free/ })
  t.doesNotThrow(() => explainFullDisk(folder, 16_000_000, 'the build', disk(16_000_000)))
})

t.test('errors of the file system are a sentence, others are not explained', async (t) => {
  const folder = t.testdir()
  const failure = (code: string): string | undefined => {
    const thrown = Object.assign(new Error(`${code}: no`), { code, path: path.join(folder, 'x/file') })
    return explainStorage(thrown, 'the build', '/elsewhere')?.message
  }
  for (const code of ['ENOSPC', 'EDQUOT']) t.match(failure(code), `the disk of ${folder} is full (${code}), and the build needs room`)
  for (const code of ['EACCES', 'EPERM']) t.match(failure(code), `${folder} cannot be written (${code}), and the build has to: user `)
  t.match(failure('EROFS'), /read-only: mount it writable/)
  t.equal(failure('ENOENT'), undefined)
  t.equal(explainStorage(new Error('a fault of ours'), 'the build', folder), undefined)
})

t.test('a model is not fetched to a disk without room for it', async (t) => {
  const folder = t.testdir()
  await requireRoom(path.join(folder, 'a-model'), 'a-model', 1_000_000, async () => disk(1_000_000)())
  await t.rejects(requireRoom(path.join(folder, 'a-model'), 'a-model', 30_000_000, async () => disk(8_000_000)()), {
    code: 'MODEL_FETCH_FAILED',
    detail: `the disk of ${folder} is full: a-model needs 30.0 MB there, and 8.0 MB are free; free some and start again`,
  })
})

t.test('graphs are not compiled where there is no place for them', async (t) => {
  const folder = t.testdir()
  t.equal(await lackOfRoom(path.join(folder, 'a/compiled'), 'the compiled a', 1e6, async () => disk(1e6)()), undefined)
  t.same(await lackOfRoom(path.join(folder, 'a/compiled'), 'the compiled a', 84e6, async () => disk(8e6)()), {
    isFull: true, problem: `the disk of ${folder} is full: the compiled a needs 84.0 MB there, and 8.0 MB are free`,
  })
})

t.test('the installation shows how far it is: a line that is rewritten on a terminal, lines in a log', async (t) => {
  const line = 'earshot: (preparing|\\d of 9 packages), 0 s'
  for (const [isTTY, form] of [[true, `^(\\r${line}\u001b\\[K)+\\n$`], [false, `^(${line}\\n)+$`]] as const) {
    let written = ''
    // An old installation is removed first.
    const counts = [3, 1, 0, 0, 2, 5]
    let shown = 0
    const count = (): number => counts[Math.min(shown++, counts.length - 1)]!
    const end = showInstalling(9, count, { isTTY, write: (text: string) => { written += text } }, 5)
    while (shown < counts.length) await new Promise((resolve) => setTimeout(resolve, 5))
    end()
    t.match(written, new RegExp(form))
    const said = [...written.matchAll(/preparing|\d of 9/g)].map(([text]) => text)
    t.same(said.slice(0, counts.length), ['preparing', 'preparing', 'preparing', 'preparing', '2 of 9', '5 of 9'])
    const before = written
    await new Promise((resolve) => setTimeout(resolve, 20))
    t.equal(written, before, 'and it ends')
  }
})
