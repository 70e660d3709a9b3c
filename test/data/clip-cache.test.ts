/** What is kept, what a damaged file costs, and what is held in memory. */
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import type { Recognition } from '../../src/data/comparison/pairs.js'
import { ClipCache, sha256Of } from '../../src/data/clip-cache.js'
import { REPORT } from '../serving/http/fake-service.js'

const recognition = (text: string): Recognition => ({ report: { ...REPORT, text }, seconds: 0.25, run: 'a run' })
const clip = (name: string): string => sha256Of(name)

t.test('what was put is there, also for the next program, and the last one of a clip counts', async (t) => {
  const folder = path.join(t.testdir(), 'new/folder')
  const first = await ClipCache.open<Recognition>(folder, 'configuration')
  t.equal(await first.get(clip('one')), undefined)
  await Promise.all([first.put(clip('one'), recognition('früh\n"quoted"')), first.put(clip('two'), recognition('two'))])
  t.same(await first.get(clip('one')), recognition('früh\n"quoted"'))
  await first.put(clip('two'), recognition('two again'))
  t.same(await first.get(clip('two')), recognition('two again'))
  await first.close()
  const second = await ClipCache.open<Recognition>(folder, 'configuration')
  t.equal(second.size, 2)
  t.same(await second.get(clip('one')), recognition('früh\n"quoted"'))
  t.same(await second.get(clip('two')), recognition('two again'))
  await second.close()
  const other = await ClipCache.open<Recognition>(folder, 'other configuration')
  t.equal(await other.get(clip('one')), undefined, 'another configuration has its own results')
  await other.close()
  t.equal((await stat(path.join(folder, 'configuration.jsonl'))).mode & 0o777, 0o600, 'only its owner can read it')
})

t.test('a line that was torn at any byte is absent, and what is added after it is found', async (t) => {
  const folder = t.testdir()
  const file = path.join(folder, 'torn.jsonl')
  const whole = await ClipCache.open<Recognition>(folder, 'torn')
  await whole.put(clip('kept'), recognition('kept'))
  await whole.put(clip('lost'), recognition('lost'))
  await whole.close()
  const bytes = await readFile(file)
  const start = bytes.indexOf('\n') + 1
  for (const end of [start, start + 5, start + 100, start + 200, start + 900, bytes.length - 2]) {
    await writeFile(file, bytes.subarray(0, end))
    const cache = await ClipCache.open<Recognition>(folder, 'torn')
    t.same(await cache.get(clip('kept')), recognition('kept'), `${end} bytes`)
    t.equal(await cache.get(clip('lost')), undefined)
    await cache.put(clip('lost'), recognition('again'))
    t.same(await cache.get(clip('lost')), recognition('again'))
    await cache.close()
    const next = await ClipCache.open<Recognition>(folder, 'torn')
    t.same(await next.get(clip('lost')), recognition('again'))
    await next.close()
  }
})

t.test('an altered letter is noticed, and lines of something else are passed over', async (t) => {
  const folder = t.testdir()
  const file = path.join(folder, 'altered.jsonl')
  const cache = await ClipCache.open<Recognition>(folder, 'altered')
  await cache.put(clip('one'), recognition('play jazz'))
  await cache.put(clip('two'), recognition('stop'))
  await cache.close()
  await writeFile(file, (await readFile(file, 'utf8')).replace('play jazz', 'play fazz'))
  await appendFile(file, `\n{"no":"recognition"}\n${'x'.repeat(200_000)}\n\n`)
  const next = await ClipCache.open<Recognition>(folder, 'altered')
  t.equal(await next.get(clip('one')), undefined)
  t.same(await next.get(clip('two')), recognition('stop'))
  await next.put(clip('three'), recognition('behind the long line'))
  t.same(await next.get(clip('three')), recognition('behind the long line'))
  await next.close()
})

t.test('lines are found where they cross the pieces in which a file is read', async (t) => {
  const folder = t.testdir()
  const cache = await ClipCache.open<Recognition>(folder, 'many')
  const names = Array.from({ length: 150 }, (_, index) => `clip ${index}`)
  for (const [index, name] of names.entries()) await cache.put(clip(name), recognition('word '.repeat(index * 7 % 400)))
  await cache.close()
  const next = await ClipCache.open<Recognition>(folder, 'many')
  t.equal(next.size, names.length)
  for (const [index, name] of names.entries()) {
    t.equal((await next.get(clip(name)))?.report.text.length, 5 * (index * 7 % 400))
  }
  await next.close()
})
