/** Settings: every default fits its own limits, lists and numbers are read, and what does not fit is named. */
import t from 'tap'
import { nearestSetting, readConfig, unknownSettings } from '../src/config.js'
import { isSecret } from '../src/domain/secrets.js'
import { SETTINGS } from '../src/domain/settings.js'

t.test('an empty environment gives the defaults, frozen', (t) => {
  const config = readConfig({}, () => 7)
  t.match(config, {
    host: '127.0.0.1',
    port: 8080,
    models: ['moonshine-tiny-en'],
    modelAliases: ['whisper-1', 'gpt-4o-transcribe', 'gpt-4o-mini-transcribe', 'nova-3', 'nova-2'],
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
  t.same(config.modelAliases, ['whisper-1', 'gpt-4o-transcribe', 'gpt-4o-mini-transcribe', 'nova-3', 'nova-2'], 'an empty variable is one that is not set')
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
    { message: /EARSHOT_PORT.*"x".*EARSHOT_WORKERS.*"y"/s },
    'all faults at once',
  )
  t.end()
})

/** Settings whose texts may be anything at first: files and addresses, which are checked where they are used. */
const FREE_TEXTS = [
  'EARSHOT_HOST', 'EARSHOT_KEYS_FILE', 'EARSHOT_MODELS_DIR', 'EARSHOT_DRIFT_BASELINE', 'EARSHOT_DRIFT_RECORD',
  'EARSHOT_LABEL_FILE', 'EARSHOT_LABEL_CLIPS', 'EARSHOT_LABEL_GUIDE', 'EARSHOT_COLLECT_KEY_FILE',
  'EARSHOT_COLLECT_S3_ENDPOINT', 'EARSHOT_SEARCH_URL', 'EARSHOT_REVISION', 'EARSHOT_WARM_UP_CLIP',
]
const messageOf = (environment: NodeJS.ProcessEnv): string => {
  try {
    readConfig(environment)
    return ''
  } catch (thrown) {
    return (thrown as Error).message
  }
}

t.test('a wrong value of any setting is answered with what it takes, what came, and an example that it takes', (t) => {
  const entries = Object.entries(SETTINGS.properties as Record<string, {
    type?: string, minimum?: number, maximum?: number, anyOf?: { const: string }[],
  }>).filter(([name]) => !isSecret(name) && !isSecret(name.replace(/_FILE$/, '')) && !FREE_TEXTS.includes(name))
  t.ok(entries.length > 50)
  for (const [name, { type, minimum, maximum, anyOf = [] }] of entries) {
    const message = messageOf({ [name]: 'no, "value"!' })
    t.ok(message.includes(`${name} must be `), name)
    t.ok(message.includes('not "no, \\"value\\"!"'), message)
    if (type === 'integer' || type === 'number') t.ok(message.includes(` number from ${minimum} to ${maximum}, not `), message)
    if (type === 'boolean') t.match(message, /true or false/)
    for (const one of anyOf) t.ok(message.includes(one.const), message)
    t.notMatch(message, /a text that matches/, 'a pattern has its words')
    const example = /; example: (EARSHOT_[A-Z0-9_]+)=(\S+)$/.exec(message)
    t.equal(example?.[1], name, message)
    const others = name === 'EARSHOT_COLLECT' || !example?.[2]?.startsWith('s3:') ? {} : { EARSHOT_COLLECT: 'dir:x' }
    t.equal(messageOf({ ...others, [name]: example?.[2] }), '', `${name}=${example?.[2]}`)
  }
  t.end()
})

t.test('a value out of range, of another case or in quotation marks is named as it came', (t) => {
  t.match(messageOf({ EARSHOT_PORT: '70000' }), /EARSHOT_PORT must be a whole number from 0 to 65535, not "70000"; example: EARSHOT_PORT=8080$/)
  t.match(messageOf({ EARSHOT_DISABLED_CODECS: 'aac,wma' }), /some of opus, .*adpcm_ms.*, separated by commas, not "aac,wma"/)
  t.match(messageOf({ EARSHOT_MODELS: '"a,b"' }), /\(without quotation marks\), not "\\"a,b\\""/)
  t.match(messageOf({ EARSHOT_LOG_LEVEL: 'x'.repeat(5_000) }), /not "x{100}"… \(5000 characters\); example/)
  t.match(messageOf({ EARSHOT_LOG_LEVEL: 'a\u001b[31m' }), /not "a\\u001b\[31m"/, 'no control characters on the terminal')
  t.end()
})

t.test('values are read as people write them', (t) => {
  for (const [texts, expected] of [
    [['true', 'True', 'TRUE', 'yes', 'YES', '1', 'on', ' true '], true], [['false', 'FALSE', 'no', '0', 'off', 'Off\t'], false],
  ] as const) {
    for (const text of texts) {
      t.equal(readConfig({ EARSHOT_TRIM_SILENCE: text }).trimSilence, expected, JSON.stringify(text))
      t.equal(readConfig({ EARSHOT_LOG_TRANSCRIPTS: text }).logTranscripts, expected, JSON.stringify(text))
    }
  }
  t.match(readConfig({
    EARSHOT_MODELS: ' b , a', EARSHOT_EXECUTION_PROVIDERS: 'CUDA, cpu', EARSHOT_DISABLED_CODECS: 'AAC , alac',
    EARSHOT_PORT: ' 9000 ', EARSHOT_DEADLINE_SECONDS: '2.5\n', EARSHOT_LOG_LEVEL: 'DEBUG', EARSHOT_PROFILE: 'Fast',
    EARSHOT_ALLOWED_HOSTS: 'a.example, b.example', EARSHOT_ALLOWED_ORIGINS: 'https://a.example, https://b.example',
    EARSHOT_CATALOGUES: 'shop=/a b.csv, places=/p.csv', EARSHOT_MODEL_ALIASES: 'x, y', EARSHOT_HOST: ' ::1',
  }), {
    models: ['b', 'a'], executionProviders: ['cuda', 'cpu'], disabledCodecs: ['aac', 'alac'], port: 9000,
    deadlineSeconds: 2.5, logLevel: 'debug', profile: 'fast', allowedHosts: ['a.example', 'b.example'],
    allowedOrigins: ['https://a.example', 'https://b.example'], modelAliases: ['x', 'y'], host: '::1',
    catalogues: [{ name: 'shop', path: '/a b.csv' }, { name: 'places', path: '/p.csv' }],
  })
  t.same(readConfig({ EARSHOT_PORT: ' ', EARSHOT_MODEL_ALIASES: ' ', EARSHOT_TRIM_SILENCE: '' }), readConfig({}), 'blanks set nothing')
  t.end()
})

t.test('all wrong settings are told together, of whatever kind, with what misspelt ones may mean', (t) => {
  const message = messageOf({
    EARSHOT_PORT: 'x', EARSHOT_MODELS: 'a,b,c,d,e', EARSHOT_ALLOWED_ORIGINS: 'https://Shop.example',
    EARSHOT_CATALOGUES: 'a=b,a=c', EARSHOT_FEEDBACK_SECRET: 'short', EARSHOT_SEARCH_AUTHORIZATION_FILE: '/none',
    EARSHOT_SEARCH_ENGINE: 'url', EARSHOT_COLLECT: 's3:bucket', EARSHOT_TREADS: '2',
  })
  const lines = message.split('\n').slice(1)
  const named = ['PORT', 'SEARCH_AUTHORIZATION_FILE', 'MODELS', 'ALLOWED_ORIGINS', 'CATALOGUES', 'FEEDBACK_SECRET', 'SEARCH_URL',
    'COLLECT_S3_ENDPOINT', 'COLLECT', 'TREADS']
  t.same(lines.map((line) => /EARSHOT_(\w+)/.exec(line)?.[1]), named)
  for (const line of lines.slice(0, -1)) t.match(line, /; example: /)
  t.match(lines.at(-1), /EARSHOT_TREADS is no setting, EARSHOT_THREADS is probably meant/)
  t.notMatch(message, /short/)
  t.end()
})

t.test('a check of two settings is left out while one of them is wrong itself', (t) => {
  const message = messageOf({ EARSHOT_MAX_UPLOAD_BYTES: 'many', EARSHOT_MAX_UPLOADS_BYTES: '2000' })
  t.match(message, /EARSHOT_MAX_UPLOAD_BYTES must be a whole number/)
  t.notMatch(message, /must not be more than/)
  t.match(messageOf({ EARSHOT_MAX_UPLOADS_BYTES: '2000' }), /EARSHOT_MAX_UPLOAD_BYTES \(26214400\) must not be more than/)
  t.end()
})

t.test('every number is finite and written as one', (t) => {
  const numbers = Object.entries(
    SETTINGS.properties as Record<string, { type?: string; minimum?: number; maximum?: number }>,
  ).filter(([, { type }]) => type === 'number' || type === 'integer')
  t.ok(numbers.length > 20)
  for (const [name, { minimum, maximum }] of numbers) {
    t.ok(Number.isFinite(minimum) && Number.isFinite(maximum), `${name} has limits`)
    for (const value of ['1e400', '-1e400', 'Infinity', 'NaN', '0x10', '1 2', '1_000', '1e308']) {
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
  t.same(unknownSettings({ earshot_port: '1' }), ['earshot_port'], 'lower case is another variable')
  for (const [given, meant] of [
    ['EARSHOT_PROT', 'EARSHOT_PORT'], ['earshot_port', 'EARSHOT_PORT'], ['EARSHOT_MODEL', 'EARSHOT_MODELS'],
    ['EARSHOT_MAX_UPLOAD_BYTE', 'EARSHOT_MAX_UPLOAD_BYTES'], ['EARSHOT_SOMETHING_ELSE_ENTIRELY', undefined],
  ] as const) t.equal(nearestSetting(given), meant, given)
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
