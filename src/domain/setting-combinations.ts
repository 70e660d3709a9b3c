/**
 * Checks that one value alone cannot pass or fail: those of the entries of a list, and those that involve several
 * settings. Each fault names the settings it is about, so that it is left out where one of them is at fault already.
 */
import type { SearchEngineChoice } from './choices.js'
import type { Config } from './configuration.js'
import type { SettingFault } from './settings.js'

const MAX_MODELS = 4
const MIN_SECRET_CHARACTERS = 32

const faultOf = (settings: readonly string[], sentence: string): SettingFault => ({ settings, sentence })

/** What a list may not have although each of its entries is well formed. */
export function faultsOfLists({ models, allowedOrigins, catalogues, feedbackSecret }: Config): SettingFault[] {
  const faults: SettingFault[] = []
  if (models.length > MAX_MODELS) {
    faults.push(faultOf(['EARSHOT_MODELS'],
      `EARSHOT_MODELS must name at most ${MAX_MODELS} models, not ${models.length}; `
      + `example: EARSHOT_MODELS=${models.slice(0, 2).join(',')}`))
  }
  faults.push(...allowedOrigins.flatMap(faultOfOrigin))
  const twice = catalogues.find(({ name }, index) => catalogues.findIndex((other) => other.name === name) < index)
  if (twice !== undefined) {
    faults.push(faultOf(['EARSHOT_CATALOGUES'],
      `EARSHOT_CATALOGUES must name each catalogue once, not "${twice.name}" `
      + 'twice; example: EARSHOT_CATALOGUES=products=/data/products.csv,places=/data/places.csv'))
  }
  if (feedbackSecret !== undefined && feedbackSecret.length < MIN_SECRET_CHARACTERS) {
    faults.push(faultOf(['EARSHOT_FEEDBACK_SECRET'],
      'EARSHOT_FEEDBACK_SECRET must have at least ' + MIN_SECRET_CHARACTERS
      + ` characters, not ${feedbackSecret.length}; example: what "openssl rand -hex 32" prints`))
  }
  return faults
}

/** Browsers write an origin without a path, a default port or capitals; others never match the header `Origin`. */
function faultOfOrigin(given: string): SettingFault[] {
  if (!/^https?:/i.test(given)) return [] // of an extension or an app, or the asterisk
  const origin = URL.canParse(given) ? new URL(given).origin : undefined
  if (origin === given) return []
  const example = origin ?? 'https://shop.example'
  return [faultOf(['EARSHOT_ALLOWED_ORIGINS'],
    'EARSHOT_ALLOWED_ORIGINS must have origins as browsers write them, such as '
    + `${example}, not "${given}"; example: EARSHOT_ALLOWED_ORIGINS=${example}`)]
}

/** Checks that involve several settings. */
export function faultsTogether(config: Config): SettingFault[] {
  const { maxUploadBytes, maxUploadsBytes, models, cascadeModel } = config
  const faults: SettingFault[] = []
  if (maxUploadBytes > maxUploadsBytes) {
    const [upload, uploads] = ['EARSHOT_MAX_UPLOAD_BYTES', 'EARSHOT_MAX_UPLOADS_BYTES']
    faults.push(faultOf([upload, uploads],
      `${upload} (${maxUploadBytes}) must not be more than ${uploads} `
      + `(${maxUploadsBytes}); example: ${uploads}=${10 * maxUploadBytes}`))
  }
  if (cascadeModel !== undefined && cascadeModel === models[0]) {
    faults.push(faultOf(['EARSHOT_CASCADE_MODEL', 'EARSHOT_MODELS'],
      'EARSHOT_CASCADE_MODEL must be a larger model than '
      + `the default one, the first of EARSHOT_MODELS, not "${cascadeModel}" too; example: `
      + 'a larger one of those that "npm run models" lists'))
  }
  if (config.searchEngine !== 'none') faults.push(...faultsOfSearchEngine(config.searchEngine, config))
  if (config.collect?.startsWith('s3:') === true) faults.push(...faultsOfS3(config))
  return faults
}

function faultsOfS3({ collectS3Endpoint, collectS3AccessKeyId, collectS3SecretAccessKey }: Config): SettingFault[] {
  const faults: SettingFault[] = []
  const endpoint = 'EARSHOT_COLLECT_S3_ENDPOINT'
  const isOrigin = URL.canParse(collectS3Endpoint) && /^https?:\/\/[^/@?#]+\/?$/.test(collectS3Endpoint)
  if (!isOrigin) {
    faults.push(faultOf([endpoint, 'EARSHOT_COLLECT'],
      `${endpoint} must be an address without a path, with `
      + `EARSHOT_COLLECT=s3:…, not "${collectS3Endpoint}"; example: ${endpoint}=https://s3.example.com`))
  }
  const keys = ['EARSHOT_COLLECT_S3_ACCESS_KEY_ID', 'EARSHOT_COLLECT_S3_SECRET_ACCESS_KEY']
  if (collectS3AccessKeyId === undefined || collectS3SecretAccessKey === undefined) {
    faults.push(faultOf([...keys, 'EARSHOT_COLLECT'],
      `EARSHOT_COLLECT=s3:… needs ${keys.join(' and ')}; example: `
      + `${keys[0]}_FILE=/run/secrets/access-key-id`))
  }
  return faults
}

/** What an address must look like, and one that does. */
const SEARCH_ADDRESSES = {
  url: {
    pattern: /^https?:\/\/[^/{}]+\/.*\{(query|alternatives)\}/,
    expected: 'a template', example: 'http://shop/search?q={query}',
  },
  opensearch: {
    pattern: /^https?:\/\/[^/]+\/[^/]/,
    expected: 'an index', example: 'http://opensearch:9200/shop',
  },
  meilisearch: {
    pattern: /^https?:\/\/[^/]+(\/.*)?\/indexes\/[^/]+\/?$/,
    expected: 'an index', example: 'http://meilisearch:7700/indexes/shop',
  },
} as const

/** Most of the length that a URL may have is for the query. */
const MAX_ADDRESS_CHARACTERS = 2_000
/** RFC 9110, 5.5, without its obsolete part; no secret has control characters (`domain/secrets.ts`). */
const HEADER_VALUE = /^[\x20-\x7e]*$/

function faultsOfSearchEngine(engine: Exclude<SearchEngineChoice, 'none'>, config: Config): SettingFault[] {
  const { searchUrl, searchAuthorization = '' } = config
  const faults: SettingFault[] = []
  const { pattern, expected, example } = SEARCH_ADDRESSES[engine]
  if (!pattern.test(searchUrl) || !isAddress(searchUrl) || !hasValidEscapes(searchUrl, engine)) {
    faults.push(faultOf(['EARSHOT_SEARCH_URL', 'EARSHOT_SEARCH_ENGINE'],
      `EARSHOT_SEARCH_URL must be ${expected}, at `
      + `most ${MAX_ADDRESS_CHARACTERS} characters and without a password, with EARSHOT_SEARCH_ENGINE=${engine}, not `
      + `${shownAddress(searchUrl)}; example: EARSHOT_SEARCH_URL=${example}`))
  }
  if (!HEADER_VALUE.test(searchAuthorization)) {
    faults.push(faultOf(['EARSHOT_SEARCH_AUTHORIZATION'],
      'EARSHOT_SEARCH_AUTHORIZATION must be a value that a header can '
      + 'have: printable ASCII characters; example: EARSHOT_SEARCH_AUTHORIZATION=Bearer abc'))
  }
  return faults
}

/** A password in it is not repeated. */
function shownAddress(url: string): string {
  if (url.length > 100) return `one of ${url.length} characters`
  return url.includes('@') ? 'one with a user name or password' : JSON.stringify(url)
}

function isAddress(url: string): boolean {
  if (url.length > MAX_ADDRESS_CHARACTERS || !URL.canParse(url)) return false
  const { username, password } = new URL(url)
  return username === '' && password === ''
}

/**
 * Every percent sign begins a byte (RFC 3986, 2.1). The name of a Meilisearch index is sent decoded, so there the bytes
 * must be UTF-8; a template may have those of another encoding.
 */
function hasValidEscapes(url: string, engine: SearchEngineChoice): boolean {
  if (engine !== 'meilisearch') return !/%(?![0-9a-f]{2})/i.test(url)
  try {
    decodeURIComponent(url)
    return true
  } catch {
    return false
  }
}
