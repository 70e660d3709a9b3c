/** Settings: every default fits its own limits, lists and numbers are read, and what does not fit is named. */
import t from 'tap'
import { readConfig, unknownSettings } from '../src/config.js'
import { isSecret } from '../src/domain/secrets.js'
import { SETTINGS } from '../src/domain/settings.js'

t.test('an empty environment gives the defaults, frozen', (t) => {
  const config = readConfig({}, () => 7)
  t.match(config, {
    host: '127.0.0.1',
    port: 8080,
    models: ['moonshine-tiny-en'],
    modelAliases: ['whisper-1', 'gpt-4o-transcribe', 'gpt-4o-mini-transcribe'],
    executionProviders: ['cpu'],
    workers: 7,
    threads: 1,
    normalizeVolume: true,
  })
  t.ok(Object.isFrozen(config))
  const names = Object.keys(SETTINGS.properties)
  t.equal(
    Object.keys(config).length,
    names.filter((name) => !isSecret(name.replace(/_FILE$/, '')) || isSecret(name)).length,
    'every setting is used, a secret and its file as one',
  )
  t.end()
})

t.test('workers times threads fit the cores unless the user says otherwise', (t) => {
  t.equal(readConfig({ EARSHOT_THREADS: '3' }, () => 8).workers, 2)
  t.equal(readConfig({ EARSHOT_THREADS: '4' }, () => 2).workers, 1)
  t.equal(readConfig({ EARSHOT_WORKERS: '5' }, () => 2).workers, 5)
  t.end()
})

t.test('values are read as what they are', (t) => {
  const config = readConfig({
    EARSHOT_PORT: '0',
    EARSHOT_TRIM_SILENCE: 'false',
    EARSHOT_MODELS: 'b,a,b',
    EARSHOT_EXECUTION_PROVIDERS: 'cuda,cpu',
    EARSHOT_DEADLINE_SECONDS: '2.5',
    EARSHOT_MODEL_ALIASES: '',
    EARSHOT_HOST: '::1',
    EARSHOT_DISABLED_CODECS: 'aac,alac',
  })
  t.match(config, {
    port: 0,
    trimSilence: false,
    models: ['b', 'a'],
    executionProviders: ['cuda', 'cpu'],
    deadlineSeconds: 2.5,
    host: '::1',
    disabledCodecs: ['aac', 'alac'],
  })
  t.same(config.modelAliases, ['whisper-1', 'gpt-4o-transcribe', 'gpt-4o-mini-transcribe'], 'an empty variable is one that is not set')
  t.end()
})

t.test('what does not fit is refused by name, with what came', (t) => {
  const refused: [string, string][] = [
    ['EARSHOT_PORT', '80a'],
    ['EARSHOT_PORT', '70000'],
    ['EARSHOT_PORT', 'tcp://10.0.0.1:80'],
    ['EARSHOT_WORKERS', '-1'],
    ['EARSHOT_WORKERS', '1.5'],
    ['EARSHOT_DEADLINE_SECONDS', '0'],
    ['EARSHOT_LOG_LEVEL', 'loud'],
    ['EARSHOT_EXECUTION_PROVIDERS', 'tpu'],
    ['EARSHOT_MODELS', '../etc'],
    ['EARSHOT_TRIM_SILENCE', 'maybe'],
    ['EARSHOT_MODELS', 'a,b,c,d,e'],
    ['EARSHOT_DISABLED_CODECS', 'aac,wma'],
  ]
  for (const [name, value] of refused)
    t.throws(
      () => readConfig({ [name]: value }),
      { code: 'CONFIG_INVALID', message: new RegExp(name) },
      `${name}=${value}`,
    )
  t.throws(
    () => readConfig({ EARSHOT_PORT: 'x', EARSHOT_WORKERS: 'y' }),
    { message: /EARSHOT_PORT.*"x".*EARSHOT_WORKERS.*"y"/ },
    'all faults at once',
  )
  t.end()
})

t.test('every number is finite and written as one', (t) => {
  const numbers = Object.entries(
    SETTINGS.properties as Record<string, { type?: string; minimum?: number; maximum?: number }>,
  ).filter(([, { type }]) => type === 'number' || type === 'integer')
  t.ok(numbers.length > 20)
  for (const [name, { minimum, maximum }] of numbers) {
    t.ok(Number.isFinite(minimum) && Number.isFinite(maximum), `${name} has limits`)
    for (const value of ['1e400', '-1e400', 'Infinity', 'NaN', '0x10', ' ', '1 2', '1_000', '1e308']) {
      t.throws(
        () => readConfig({ [name]: value }),
        { code: 'CONFIG_INVALID', message: new RegExp(name) },
        `${name}="${value}"`,
      )
    }
  }
  t.equal(readConfig({ EARSHOT_DEADLINE_SECONDS: '2e1' }).deadlineSeconds, 20)
  t.end()
})

t.test('a profile sets the cascade, and a setting that is set itself wins', (t) => {
  t.match(readConfig({ EARSHOT_PROFILE: 'fast' }), { cascadeModel: undefined })
  const [balanced, accurate] = [readConfig({ EARSHOT_PROFILE: 'balanced' }), readConfig({ EARSHOT_PROFILE: 'accurate' })]
  t.same([balanced.cascadeModel, accurate.cascadeModel], ['whisper-small', 'whisper-small'])
  t.ok(balanced.cascadeBelow < accurate.cascadeBelow, 'more is escalated')
  const own = { EARSHOT_PROFILE: 'accurate', EARSHOT_CASCADE_MODEL: 'mine', EARSHOT_CASCADE_BELOW: '0.5' }
  t.match(readConfig(own), { cascadeModel: 'mine', cascadeBelow: 0.5 })
  t.throws(() => readConfig({ EARSHOT_PROFILE: 'best' }), { code: 'CONFIG_INVALID', message: /EARSHOT_PROFILE.*"best"/ })
  t.end()
})

t.test('a cascade is off until its model is named, and that is not the default model', (t) => {
  t.match(readConfig({}), { cascadeModel: undefined, cascadeBelow: 0.81 })
  t.match(readConfig({ EARSHOT_MODELS: 'a,b', EARSHOT_CASCADE_MODEL: 'b', EARSHOT_CASCADE_BELOW: '0.5' }), {
    models: ['a', 'b'],
    cascadeModel: 'b',
    cascadeBelow: 0.5,
  })
  t.throws(() => readConfig({ EARSHOT_MODELS: 'a,b', EARSHOT_CASCADE_MODEL: 'a' }), {
    code: 'CONFIG_INVALID',
    message: /EARSHOT_CASCADE_MODEL.*"a"/,
  })
  for (const [name, value] of [
    ['EARSHOT_CASCADE_MODEL', 'a,b'],
    ['EARSHOT_CASCADE_MODEL', '../a'],
    ['EARSHOT_CASCADE_BELOW', '75'],
    ['EARSHOT_CASCADE_BELOW', '-0.1'],
  ] as const) {
    t.throws(
      () => readConfig({ [name]: value }),
      { code: 'CONFIG_INVALID', message: new RegExp(name) },
      `${name}=${value}`,
    )
  }
  t.end()
})

t.test('misspelt settings are found, those of Kubernetes are not taken for one', (t) => {
  t.same(
    unknownSettings({
      EARSHOT_PROT: '1',
      EARSHOT_PORT: '1',
      EARSHOT_SERVICE_HOST: 'x',
      EARSHOT_PORT_8080_TCP: 'x',
      HOME: '/',
    }),
    ['EARSHOT_PROT'],
  )
  t.end()
})

t.test('catalogues and the search engine are checked together with what belongs to them', (t) => {
  const { catalogues, searchEngine } = readConfig({ EARSHOT_CATALOGUES: 'shop=/a/shop.csv,places=/b c/places.jsonl' })
  t.same(catalogues, [{ name: 'shop', path: '/a/shop.csv' }, { name: 'places', path: '/b c/places.jsonl' }])
  t.equal(searchEngine, 'none')
  for (const EARSHOT_CATALOGUES of ['shop', 'shop=', '=a.csv', 'Shop=a.csv', 'a=b,', 'a=b,a=c'])
    t.throws(
      () => readConfig({ EARSHOT_CATALOGUES }),
      { code: 'CONFIG_INVALID', message: /EARSHOT_CATALOGUES/ },
      EARSHOT_CATALOGUES,
    )
  const engines: [string, string, boolean][] = [
    ['url', 'http://x/?q={query}', true], ['url', 'http://x/?q=', false], ['url', 'file:///{query}', false], ['url', '', false], ['url', 'http://{query}/', false],
    ['url', 'http://user:secret@x/{query}', false], ['url', `http://x/${'y'.repeat(2_000)}{query}`, false], ['url', 'http://x:99999/{query}', false], ['opensearch', 'http://user@x/shop', false],
    ['opensearch', 'https://x:9200/shop', true], ['opensearch', 'https://x:9200/', false],
    ['meilisearch', 'http://x/indexes/shop', true], ['meilisearch', 'http://x/shop', false],
    ['meilisearch', 'http://x/indexes/the%20shop', true], ['meilisearch', 'http://x/indexes/%', false], ['meilisearch', 'http://x/indexes/%ff', false],
    ['meilisearch', 'http://user:%@x/indexes/shop', false], ['opensearch', 'http://x/%', false], ['url', 'http://x/%?q={query}', false],
    ['url', 'http://x/%E9t%E9?q={query}', true],
  ]
  for (const [EARSHOT_SEARCH_ENGINE, EARSHOT_SEARCH_URL, isValid] of engines) {
    const read = (): unknown => readConfig({ EARSHOT_SEARCH_ENGINE, EARSHOT_SEARCH_URL })
    if (isValid)
      t.match(read(), {
        searchEngine: EARSHOT_SEARCH_ENGINE,
        searchUrl: EARSHOT_SEARCH_URL,
        searchField: 'name',
        searchSeconds: 0.5,
        searchAuthorization: undefined,
      })
    else t.throws(read, { code: 'CONFIG_INVALID', message: /EARSHOT_SEARCH_URL/ }, EARSHOT_SEARCH_URL)
  }
  for (const EARSHOT_SEARCH_AUTHORIZATION of ['Bearer secret\r\nX-Other: 1', 'secret\n', 'sécret', 'secret\u0000']) {
    const read = (): unknown => readConfig({ EARSHOT_SEARCH_ENGINE: 'url', EARSHOT_SEARCH_URL: 'http://x/{query}', EARSHOT_SEARCH_AUTHORIZATION })
    t.throws(
      read,
      { code: 'CONFIG_INVALID', message: /^(?!.*secret).*EARSHOT_SEARCH_AUTHORIZATION/ },
      'and the secret is not told',
    )
  }
  t.end()
})
