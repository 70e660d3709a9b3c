/**
 * Catalogues changing places under requests: nothing is lost, nothing half-done is seen, old versions end with their
 * last request.
 */
import { rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { loadCatalogue } from '../../../src/search/catalogue/files.js'
import { CatalogueStore, type Publisher, type StoreLimits } from '../../../src/search/catalogue/store.js'
import { SpeechError } from '../../../src/domain/errors.js'

interface Workers extends Publisher { readonly lists: Set<string>; readonly forgotten: string[] }

/** Workers that take their time. */
function makeWorkers(
  publish: (id: string) => Promise<void> = async () => undefined, unspellable: number[] = [],
): Workers {
  const lists = new Set<string>()
  const forgotten: string[] = []
  return {
    lists, forgotten,
    async publish({ id }) {
      await publish(id)
      lists.add(id)
      return { seconds: 0.5, unspellable }
    },
    forget(id) {
      lists.delete(id)
      forgotten.push(id)
    },
  }
}

const LIMITS: StoreLimits = { maxCatalogues: 3, maxCatalogueEntries: 10 }
const csv = (...names: string[]): Buffer =>
  Buffer.from(['id,name', ...names.map((name, index) => `${index},${name}`)].join('\n'))
const tick = (milliseconds = 5): Promise<void> => new Promise((resolve) => { setTimeout(resolve, milliseconds) })

t.test('a catalogue is there when the workers have it, and not before', async (t) => {
  let finish: () => void = () => undefined
  let isAsked: () => void = () => undefined
  const asked = new Promise<void>((resolve) => { isAsked = resolve })
  const workers = makeWorkers(() => new Promise((resolve) => {
    finish = resolve
    isAsked()
  }))
  const store = new CatalogueStore(workers, LIMITS)
  const putting = store.put('shop', csv('tea'), 'csv')
  await asked
  t.throws(() => store.get('shop'), { code: 'CATALOGUE_NOT_FOUND', parameter: 'catalogue' })
  finish()
  t.match(await putting, { catalogue: { name: 'shop', version: 1 }, compileSeconds: 0.5 })
  t.equal(store.get('shop').catalogue.entries[0]!.name, 'tea')
})

t.test('a failed put leaves the version before serving, whatever failed', async (t) => {
  const workers = makeWorkers(async (id) => { if (id === 'shop@5') throw new SpeechError('CATALOGUE_NOT_TAKEN') })
  const store = new CatalogueStore(workers, LIMITS)
  await store.put('shop', csv('tea'), 'csv')
  await store.put('other', csv('a', 'b', 'c', 'd'), 'csv')
  await store.put('third', csv('a'), 'csv')
  const before = store.get('shop')
  await t.rejects(store.put('shop', csv('tea\u0000'), 'csv'), { code: 'CATALOGUE_INVALID' })
  await t.rejects(
    store.put('shop', csv(...Array.from({ length: 6 }, (_, i) => `n${i}`)), 'csv'),
    { code: 'CATALOGUE_TOO_LARGE', message: /EARSHOT_MAX_CATALOGUE_ENTRIES/ },
  )
  await t.rejects(store.put('fourth', csv('a'), 'csv'), {
    code: 'CATALOGUE_TOO_LARGE', message: /EARSHOT_MAX_CATALOGUES/,
  })
  await t.rejects(store.put('Not A Name', csv('a'), 'csv'), { code: 'REQUEST_INVALID' })
  await store.put('third', csv('b'), 'csv')
  await t.rejects(store.put('shop', csv('coffee'), 'csv'), { code: 'CATALOGUE_NOT_TAKEN' })
  t.equal(store.get('shop'), before)
  t.same([...workers.lists], ['shop@1', 'other@2', 'third@4'])
  t.same(store.list().map(({ catalogue }) => catalogue.name), ['other', 'shop', 'third'])
  t.equal((await store.put('shop', csv('coffee'), 'csv')).catalogue.entries[0]!.name, 'coffee', 'the next one is taken')
})

t.test('one catalogue is taken in at a time; another is asked to come back', async (t) => {
  const store = new CatalogueStore(makeWorkers(() => tick(30)), LIMITS)
  const first = store.put('shop', csv('tea'), 'csv')
  await t.rejects(store.put('shop', csv('coffee'), 'csv'), { code: 'QUEUE_FULL', retryable: true })
  await first
  t.equal(store.get('shop').catalogue.entries[0]!.name, 'tea')
})

t.test('requests under way keep their version, and it is forgotten when the last of them has ended', async (t) => {
  const workers = makeWorkers()
  const store = new CatalogueStore(workers, LIMITS)
  await store.put('shop', csv('tea'), 'csv')
  const [one, two] = [store.lease('shop'), store.lease('shop')]
  await store.put('shop', csv('coffee'), 'csv')
  t.equal(one.catalogue.entries[0]!.name, 'tea')
  t.equal(store.lease('shop').catalogue.entries[0]!.name, 'coffee')
  t.ok(workers.lists.has(two.listId))
  one.release()
  t.ok(workers.lists.has(two.listId))
  two.release()
  t.same(workers.forgotten, ['shop@1'])
  const last = store.lease('shop')
  store.delete('shop')
  t.throws(() => store.lease('shop'), { code: 'CATALOGUE_NOT_FOUND' })
  t.throws(() => { store.delete('shop') }, { code: 'CATALOGUE_NOT_FOUND' })
  t.same([...workers.lists], ['shop@2'])
  last.release()
  t.same([...workers.lists], ['shop@2'], 'the lease from before is still held')
})

t.test('under load, every request finds its list on the workers, from its beginning to its end', async (t) => {
  const workers = makeWorkers(() => tick(2))
  const store = new CatalogueStore(workers, LIMITS)
  await store.put('shop', csv('name 0'), 'csv')
  let putting = true
  const seen = new Set<number>()
  const request = async (): Promise<void> => {
    while (putting) {
      const { catalogue, listId, release } = store.lease('shop')
      t.ok(workers.lists.has(listId))
      await tick(1 + Math.random() * 10)
      if (!workers.lists.has(listId)) t.fail(`${listId} was forgotten under a request`)
      t.equal(catalogue.entries[0]!.name, `name ${catalogue.version - 1}`)
      seen.add(catalogue.version)
      release()
    }
  }
  const requests = Array.from({ length: 20 }, request)
  for (let version = 1; version <= 12; version++) await store.put('shop', csv(`name ${version}`), 'csv')
  putting = false
  await Promise.all(requests)
  t.ok(seen.size > 6, `${seen.size} versions were seen`)
  t.same([...workers.lists], ['shop@13'], 'only the newest is left')
})

t.test('the report says what a person may want to mend, and all is served', async (t) => {
  const store = new CatalogueStore(makeWorkers(undefined, [3]), LIMITS)
  const { report, catalogue } = await store.put('shop', csv('Knight', 'night', 'NIGHT!', 'bed', 'bad', '12'), 'csv')
  t.equal(catalogue.entries.length, 6)
  t.same(report.duplicateNames, { count: 1, listed: [{ names: ['night'], ids: ['1', '2'] }] })
  t.same(
    report.soundAlikes, { count: 1, listed: [{ names: ['knight', 'night'], ids: ['0', '1'] }] },
    'bed and bad are told apart by ear',
  )
  t.same(report.unspellable, { count: 1, listed: ['3'] })
})

t.test('catalogues from files are awaited; a fault names its file', async (t) => {
  const file = path.join(os.tmpdir(), `earshot-catalogue-${process.pid}.csv`)
  t.teardown(() => { rmSync(file, { force: true }) })
  const store = new CatalogueStore(makeWorkers(), LIMITS)
  store.await(['shop'])
  t.same(store.awaited, ['shop'])
  await t.rejects(loadCatalogue(store, { name: 'shop', path: file }, 1_000), {
    code: 'CONFIG_INVALID', message: /EARSHOT_CATALOGUES: .*csv cannot be read/,
  })
  writeFileSync(file, 'id,name\n1,\n')
  await t.rejects(loadCatalogue(
    store, { name: 'shop', path: '/dev/zero' }, 1_000,
  ), { code: 'CONFIG_INVALID', message: /not a regular file/ })
  await t.rejects(loadCatalogue(
    store, { name: 'shop', path: file }, 1_000,
  ), { code: 'CATALOGUE_INVALID', message: /\.csv: .*line 2/ })
  await t.rejects(loadCatalogue(store, { name: 'shop', path: file }, 5), { code: 'CATALOGUE_TOO_LARGE' })
  writeFileSync(file, 'id,name\n1,tea\n')
  t.equal((await loadCatalogue(store, { name: 'shop', path: file }, 1_000)).catalogue.entries.length, 1)
  t.same(store.awaited, [])
})
