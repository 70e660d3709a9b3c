/** What EARSHOT_COLLECT may say, and that the place it names is opened. */
import path from 'node:path'
import t from 'tap'
import { readConfig } from '../../../src/config.js'
import { openClipStore, secretsFor } from '../../../src/data/collection/open-store.js'
import { all, clipOf } from './made-up.js'
import { startServer } from './s3-process.js'

const S3 = {
  EARSHOT_COLLECT_S3_ENDPOINT: 'https://s3.example.com', EARSHOT_COLLECT_S3_ACCESS_KEY_ID: 'S3RVER',
  EARSHOT_COLLECT_S3_SECRET_ACCESS_KEY: 'S3RVER',
}

t.test('a place is a directory, or a bucket with its settings', (t) => {
  t.equal(readConfig({}).collect, undefined, 'off by default')
  t.equal(readConfig({ EARSHOT_COLLECT: 'dir:/var/clips' }).collect, 'dir:/var/clips')
  for (const place of ['s3:clips', 's3:clips/a/b-c', 's3:my.bucket-1/x/']) {
    t.equal(readConfig({ EARSHOT_COLLECT: place, ...S3 }).collect, place)
  }
  for (const place of ['/var/clips', 'dir:', 's3:', 's3:UPPER', 's3:a', 's3:clips/../other', 's3:clips//x', 'gs:clips', 'on']) {
    t.throws(() => readConfig({ EARSHOT_COLLECT: place, ...S3 }), { code: 'CONFIG_INVALID', message: /EARSHOT_COLLECT / })
  }
  for (const [name, value] of [
    ['EARSHOT_COLLECT_S3_ENDPOINT', ''], ['EARSHOT_COLLECT_S3_ENDPOINT', 's3.example.com'],
    ['EARSHOT_COLLECT_S3_ENDPOINT', 'https://s3.example.com/bucket'], ['EARSHOT_COLLECT_S3_ENDPOINT', 'https://a:b@host'],
    ['EARSHOT_COLLECT_S3_ACCESS_KEY_ID', ''], ['EARSHOT_COLLECT_S3_SECRET_ACCESS_KEY', ''],
  ] as const) {
    const settings = { EARSHOT_COLLECT: 's3:clips', ...S3, [name]: value }
    t.throws(() => readConfig(settings), { code: 'CONFIG_INVALID', message: new RegExp(name) }, `${name}=${value}`)
    t.doesNotThrow(() => readConfig({ ...settings, EARSHOT_COLLECT: '' }), 'without collection nothing is asked for')
  }
  for (const share of ['EARSHOT_COLLECT_UNIFORM', 'EARSHOT_COLLECT_DOUBTFUL', 'EARSHOT_COLLECT_CORRECTED']) {
    t.throws(() => readConfig({ [share]: '1.1' }), { code: 'CONFIG_INVALID' })
    t.throws(() => readConfig({ [share]: '-0.1' }), { code: 'CONFIG_INVALID' })
  }
  t.throws(() => readConfig({ EARSHOT_COLLECT_CONSENT: 'nobody' }), { code: 'CONFIG_INVALID' })
  t.end()
})

t.test('clips go to a directory and to a bucket', async (t) => {
  const { port } = await startServer(t, t.testdir({ server: {}, clips: {} }), 'lax')
  for (const environment of [
    { EARSHOT_COLLECT: `dir:${path.join(t.testdirName, 'clips')}` },
    { EARSHOT_COLLECT: 's3:clips/of/earshot/', ...S3, EARSHOT_COLLECT_S3_ENDPOINT: `http://127.0.0.1:${port}/` },
  ]) {
    const config = readConfig(environment)
    await t.rejects(openClipStore(config, secretsFor(config), { create: false }), { code: 'COLLECTION_INVALID' })
    const store = await openClipStore(config, secretsFor(config))
    await store.put(await clipOf('one', '2026-05-04T09:30:00.000Z'), Buffer.from('one'))
    const again = await openClipStore(config, secretsFor(config), { create: false })
    t.same((await all(again.select({}))).map(({ id }) => id), ['one'])
    t.equal((await again.audio('one'))?.toString(), 'one')
    t.equal((await again.deleteOf({ request: again.requestPseudonym('one') })).clips, 1)
    t.same(await all(again.select({})), [])
  }
})
