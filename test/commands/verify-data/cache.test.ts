/** The file of facts: what is read again, after another run and after a run that was killed. */
import { appendFileSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { FactsCache } from '../../../src/commands/verify-data/cache.js'
import { clipAt } from '../../data/verification/made-up.js'

const { facts: FACTS } = clipAt(1)

t.test('facts are known to a later run with the same settings, and only to its owner', async (t) => {
  const file = path.join(t.testdir(), 'inner/facts.jsonl')
  const first = await FactsCache.open(file, 'one')
  t.equal(first.get('a'), undefined)
  await first.add('a', FACTS)
  await first.close()
  const again = await FactsCache.open(file, 'one')
  t.same(again.get('a'), FACTS)
  await again.close()
  const other = await FactsCache.open(file, 'two')
  t.equal(other.get('a'), undefined)
  await other.close()
  t.equal(statSync(file).mode & 0o777, 0o600)
})

t.test('half a line of a killed run is cut off, the lines before it stay', async (t) => {
  const file = path.join(t.testdir(), 'facts.jsonl')
  const killed = await FactsCache.open(file, 'one')
  await killed.add('a', FACTS)
  await killed.close()
  appendFileSync(file, `{"settings":"one","sha256":"b","facts":{"x":"${'y'.repeat(200_000)}`)
  const next = await FactsCache.open(file, 'one')
  t.same(next.get('a'), FACTS)
  await next.add('b', FACTS)
  await next.close()
  t.equal(readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').length, 2)
  const last = await FactsCache.open(file, 'one')
  t.same(last.get('b'), FACTS)
  await last.close()
})

t.test('another file is not taken for a cache', async (t) => {
  const folder = t.testdir({ 'a.jsonl': 'path,text\n', 'b.jsonl': '{"path":"a.wav"}\n' })
  for (const name of ['a.jsonl', 'b.jsonl']) {
    await t.rejects(FactsCache.open(path.join(folder, name), 'one'), { code: 'CLIPS_INVALID', message: /line 1/ })
  }
})
