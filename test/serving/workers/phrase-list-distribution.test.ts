/** Phrase lists in the workers, against scripted processes: given to all, before the first job, taken back. */
import { createHash } from 'node:crypto'
import t from 'tap'
import { ListAssembler, partsOf } from '../../../src/domain/list-parts.js'
import type { JobRequest } from '../../../src/serving/workers/job.js'
import type { WorkerPool } from '../../../src/serving/workers/pool.js'
import { job, makePool, textOf, until } from './scripted-pool.js'

const list = (id: string): { id: string; phrases: { spellings: string[]; weight: number }[] } => ({
  id,
  phrases: [{ spellings: ['a', 'A'], weight: 1 }],
})

/** One job for each worker at a time, so that every worker is asked. */
async function everywhere(pool: WorkerPool, command: string, extra: Partial<JobRequest> = {}): Promise<Set<string>> {
  const both = [
    pool.run(job('sleep:40')),
    pool.run(job(command, extra)),
    pool.run(job('sleep:40')),
    pool.run(job(command, extra)),
    pool.run(job(command, extra)),
  ]
  const texts = await Promise.all(both.map(textOf))
  return new Set(texts.filter((text) => text !== 'slept'))
}

t.test('a published list is on every worker, busy or idle, and a job may name it from then on', async (t) => {
  const { pool } = makePool(t)
  await pool.start()
  const busy = pool.run(job('sleep:100'))
  t.same(await pool.phraseLists.publish(list('slow@1')), { seconds: 0.15, unspellable: [1] })
  t.same(
    await everywhere(pool, 'phrases', { phrases: 'slow@1', nBest: 3, biasStrength: 0.5 }),
    new Set(['slow@1 3 0.5']),
  )
  t.equal(await textOf(busy), 'slept')
  t.equal(await textOf(pool.run(job('phrases', { phrases: 'never@1' }))), 'CATALOGUE_NOT_FOUND')
  pool.phraseLists.forget('slow@1')
  t.same(await everywhere(pool, 'lists'), new Set(['']))
})

t.test('workers compile one after the other, and the others run jobs meanwhile', async (t) => {
  const { pool } = makePool(t)
  await pool.start()
  const since = performance.now()
  let isPublished = false
  const published = pool.phraseLists.publish(list('heavy@1')).then(() => { isPublished = true })
  while (!isPublished) {
    const askedAt = performance.now()
    t.equal(await textOf(pool.run(job('say:hello'))), 'hello')
    t.ok(
      performance.now() - askedAt < 400,
      `answered after ${performance.now() - askedAt} ms by a worker that does not compile`,
    )
  }
  await published
  t.ok(performance.now() - since >= 1_000, 'two compilations of half a second')
})

t.test('a worker takes a list between two jobs, and jobs before it has answered where no other is idle', async (t) => {
  const { pool } = makePool(t, { workers: 1 })
  await pool.start()
  const order: string[] = []
  const ordered = (name: string) => (): void => { order.push(name) }
  const all = [
    pool.run(job('sleep:100')).then(ordered('before')),
    pool.phraseLists.publish(list('slow@1')).then(ordered('list')),
    pool.run(job('lists')).then(ordered('meanwhile')),
  ]
  await Promise.all(all)
  t.same(order, ['before', 'meanwhile', 'list'])
  t.same(await everywhere(pool, 'lists'), new Set(['slow@1']))
})

t.test(
  'a list published before the workers start is there when they are ready, and so it is on a replacement',
  async (t) => {
    const { pool, log } = makePool(t)
    const published = pool.phraseLists.publish(list('slow@2'))
    await pool.start()
    await published
    t.same(await everywhere(pool, 'lists'), new Set(['slow@2']))
    await pool.phraseLists.publish(list('shop@3'))
    t.equal(await textOf(pool.run(job('die'))), 'RECOGNIZER_CRASHED', 'on both workers')
    t.equal(log.replaced.length, 2)
    t.same(await everywhere(pool, 'lists'), new Set(['slow@2 shop@3']), 'the first job of a new worker finds both')
  },
)

t.test('what a worker refuses is not published, and no worker keeps it', async (t) => {
  const { pool, log } = makePool(t)
  await pool.start()
  await pool.phraseLists.publish(list('shop@1'))
  await t.rejects(pool.phraseLists.publish(list('refused@2')), { code: 'CATALOGUE_NOT_TAKEN', message: /as scripted/ })
  t.same(await everywhere(pool, 'lists'), new Set(['shop@1']))
  t.equal(log.replaced.length, 0)
})

t.test('a list that kills workers is taken back after the second, and the others go on', async (t) => {
  const { pool, log } = makePool(t)
  await pool.start()
  await pool.phraseLists.publish(list('shop@1'))
  await t.rejects(pool.phraseLists.publish(list('poison@2')), {
    code: 'CATALOGUE_NOT_TAKEN',
    message: /2 workers ended/,
  })
  await until(() => pool.readiness().ready)
  t.ok(log.replaced.length >= 2)
  t.same(await everywhere(pool, 'lists'), new Set(['shop@1']))
})

t.test('patience ends, and so does the pool', async (t) => {
  const { pool } = makePool(t, { startSeconds: 0.1 })
  await t.rejects(
    pool.phraseLists.publish(list('shop@1')),
    { code: 'CATALOGUE_NOT_TAKEN', message: /within 0.1 s/ },
    'nobody was started',
  )
  const { pool: closing } = makePool(t)
  const published = closing.phraseLists.publish(list('shop@1'))
  await Promise.all([t.rejects(published, { code: 'SHUTTING_DOWN' }), closing.close(0)])
})

t.test('a large list arrives complete and in parts, and jobs run in between', async (t) => {
  const phrases = Array.from({ length: 3_000 }, (_, index) => ({
    spellings: [`${'long name '.repeat(10)}${index}`, `other ${index}`],
    weight: index,
  }))
  const { pool } = makePool(t, { workers: 1 })
  await pool.start()
  let isPublished = false
  const published = pool.phraseLists.publish({ id: 'large@1', phrases }).then(() => { isPublished = true })
  t.equal(await textOf(pool.run(job('say:hello'))), 'hello')
  t.notOk(isPublished, 'a job overtakes the parts of the list')
  await published
  const digest = createHash('sha256').update(JSON.stringify({ id: 'large@1', phrases })).digest('hex')
  t.equal(await textOf(pool.run(job('digest:large@1'))), digest)
  const parts = (await textOf(pool.run(job('parts:large@1')))).split(' ').map(Number)
  t.ok(parts.length > 3, `${parts.length} parts`)
  pool.phraseLists.forget('large@1')
  t.equal(await textOf(pool.run(job('lists'))), '')
})

t.test('a list that is forgotten while it is sent is forgotten by the workers too', async (t) => {
  const phrases = Array.from({ length: 3_000 }, (_, index) => ({ spellings: ['name '.repeat(20)], weight: index }))
  const { pool } = makePool(t, { workers: 1 })
  await pool.start()
  const published = pool.phraseLists.publish({ id: 'large@1', phrases })
  pool.phraseLists.forget('large@1')
  await t.rejects(published, { code: 'CATALOGUE_NOT_TAKEN', message: /removed in the meantime/ })
  await pool.phraseLists.publish(list('shop@2'))
  t.same(await everywhere(pool, 'lists'), new Set(['shop@2']))
})

t.test('parts hold few characters and few phrases each, every phrase once and in order', (t) => {
  for (const [count, characters] of [[0, 1], [1, 5], [5_000, 1], [400, 4_800], [3, 100_000]] as const) {
    const whole = {
      id: 'x',
      phrases: Array.from({ length: count }, (_, weight) => ({ spellings: ['a'.repeat(characters)], weight })),
    }
    const arriving = new ListAssembler()
    const parts = [...partsOf(whole)]
    const arrived = parts.map((part) => arriving.add(part))
    t.same(arrived.at(-1), whole)
    t.ok(arrived.slice(0, -1).every((one) => one === undefined))
    t.ok(
      parts.every(
        ({ list }) =>
          list.phrases.length <= 1_024 && (list.phrases.length <= 1 || list.phrases.length * characters <= 65_536),
      ),
    )
  }
  t.end()
})
