/** Requests that carry something else than a spoiled file: forms, queries, media types, feedback, tokens, paths. */
import { digestOfTranscript, issueToken } from '../../src/monitoring/feedback/token.js'
import type { Chance } from './random.js'
import { headerValue, type Asked } from './asked.js'
import { escaped, strangeBody, strangeObject, strangeQuery, strangeText } from './strange.js'

/** The service is started with it, so that tokens made here are its own. */
export const FEEDBACK_SECRET = 'the secret of the hostile bench, which guards nothing'
/** In a hundred years: made here and valid whenever the bench runs, so that a token is always the same. */
const ISSUED_SECONDS = 4_900_000_000
const QUERY = [
  ['language', 'en'],
  ['channel', 'mix'],
  ['words', 'true'],
  ['deadlineSeconds', '20'],
  ['phrases', 'green tea'],
  ['phrases', 'earl grey'],
  ['nBest', '2'],
  ['biasStrength', '1'],
  ['catalogue', 'fuzz-1'],
  ['model', 'whisper-1'],
] as const
const SEARCH = [
  ['phrases', 'green tea'],
  ['limit', '3'],
  ['threshold', '0.5'],
  ['hits', 'catalogue'],
  ['nBest', '3'],
  ['catalogue', 'fuzz-1'],
] as const
const TYPES = ['audio/l16', 'audio/l24', 'audio/pcm', 'audio/pcmu', 'audio/pcma', 'audio/basic', 'audio/x-mulaw']

export function askAboutClip(clip: Buffer, chance: Chance): Asked {
  const search = chance.happens(0.4)
  const some = (search ? SEARCH : QUERY).filter(() => chance.happens(0.3))
  return {
    method: 'POST',
    path: `/v1/${search ? 'search' : 'transcriptions'}?${strangeQuery(some, chance)}`,
    headers: { 'content-type': 'audio/wav' },
    body: clip,
  }
}

/** Samples without a header, and what the request says of them. */
export function askWithMediaType(clip: Buffer, chance: Chance): Asked {
  const parameters = [
    ['rate', '16000'],
    ['channels', '1'],
    ['endianness', 'little-endian'],
    ['bits', '16'],
  ].filter(() => chance.happens(0.7))
  const plain = ['8000', '48000', '2', '"16000"', '32', 'big-endian']
  const strange = parameters.map(([key, value]) => {
    const given = chance.of([value!, value!, ...plain])
    return `${key}=${chance.happens(0.3) ? strangeText(chance).slice(0, 200) : given}`
  })
  const type = chance.happens(0.1) ? strangeText(chance).slice(0, 100) : chance.of(TYPES)
  const body = chance.of([
    clip.subarray(44),
    clip.subarray(45),
    clip,
    chance.bytes(chance.below(2_000)),
    Buffer.alloc(chance.below(20_000)),
    Buffer.alloc(0),
  ])
  return {
    method: 'POST',
    path: '/v1/transcriptions',
    headers: { 'content-type': headerValue([type, ...strange].join(chance.of(['; ', ';', ';;', ' ; ']))) },
    body,
  }
}

export function askByForm(clip: Buffer, chance: Chance): Asked {
  const boundary = chance.happens(0.05) ? headerValue(strangeText(chance)).slice(0, 100) : 'earshot-boundary'
  const value = (plain: string): Buffer =>
    chance.happens(0.12) ? Buffer.from(strangeText(chance)) : Buffer.from(plain)
  const parts = [
    { name: 'file', file: 'clip.wav', body: clip },
    { name: 'model', body: value('whisper-1') },
    { name: 'response_format', body: value(chance.of(['json', 'text', 'verbose_json', 'srt', 'vtt'])) },
    { name: 'language', body: value('en') },
    { name: 'prompt', body: value('green tea, earl grey') },
    { name: 'temperature', body: value('0') },
    { name: 'timestamp_granularities[]', body: value('word') },
    { name: strangeText(chance).slice(0, 300), body: Buffer.from(strangeText(chance)) },
  ].filter((part, index) => index < 2 || chance.happens(part.name === 'timestamp_granularities[]' ? 0.1 : 0.35))
  for (let changes = chance.of([0, 1, 1, 2]); changes > 0 && parts.length > 0; changes--) {
    const at = chance.below(parts.length)
    const change = chance.below(4)
    if (change === 0) parts.splice(at, 1)
    else if (change === 1)
      parts.push(
        ...Array.from({ length: chance.of([1, 5, 70, 300]) }, () => ({
          ...parts[at]!,
          body: parts[at]!.body.subarray(0, 500),
        })),
      )
    else if (change === 2) parts.unshift(...parts.splice(at, 1))
    else parts[at] = { ...parts[at]!, name: chance.of(['file', 'model', 'stream', 'include', strangeText(chance)]) }
  }
  const between = chance.happens(0.92) ? '\r\n' : chance.of(['\n', '', '\r'])
  const headOf = (name: string, file: string | undefined): string => {
    const fileName = file === undefined ? '' : `; filename="${chance.happens(0.2) ? strangeText(chance) : file}"`
    const type = chance.happens(0.1) ? `content-type: ${strangeText(chance)}${between}` : ''
    return `content-disposition: form-data; name="${name}"${fileName}${between}${type}`
  }
  const written = parts.flatMap(({ name, file, body }) => [
    Buffer.from(`--${boundary}${between}${headOf(name, file)}${between}`),
    body,
    Buffer.from(between),
  ])
  const whole = Buffer.concat([
    ...written,
    Buffer.from(
      chance.happens(0.85) ? `--${boundary}--\r\n` : chance.of([`--${boundary}--`, `--${boundary}`, '', '--']),
    ),
  ])
  const body = chance.happens(0.1) ? whole.subarray(0, chance.below(whole.length + 1)) : whole
  const type = chance.happens(0.1)
    ? chance.of([
        'multipart/form-data',
        'multipart/form-data; boundary=',
        'multipart/form-data; boundary="',
        `multipart/mixed; boundary=${boundary}`,
        'application/json',
        `multipart/form-data; boundary=other; boundary=${boundary}`,
      ])
    : `multipart/form-data; boundary=${boundary}`
  return { method: 'POST', path: '/v1/audio/transcriptions', headers: { 'content-type': headerValue(type) }, body }
}

export function askWithFeedback(chance: Chance): Asked {
  const transcript = chance.of(['play some jazz', '', 'nineteen ninety nine', strangeText(chance).slice(0, 3_000)])
  const token = strangeToken(transcript, chance)
  const label = chance.happens(0.5)
  const plain = label
    ? {
        token,
        transcript,
        reference: chance.of(['play some jazz', strangeText(chance)]),
        source: chance.of(['random', 'correction', 'canary_set']),
        session: 'one',
      }
    : {
        token,
        ...chance.of([
          { event: 'accepted' },
          { event: 'abandoned', delayMs: 900 },
          { event: 'clicked', rank: 1 },
          { event: 'corrected', transcript, text: 'play some jazz' },
          { event: 'thumbs_down', rank: 1 },
        ]),
      }
  const body = strangeBody(strangeObject(plain, chance), chance)
  return {
    method: 'POST',
    path: label ? '/v1/labels' : '/v1/feedback',
    headers: { 'content-type': chance.happens(0.05) ? headerValue(strangeText(chance)) : 'application/json' },
    body,
  }
}

/** Mostly one of the service; else bits of it changed, cut, lengthened, or spelled another way. */
function strangeToken(transcript: string, chance: Chance): string {
  const token = issueToken(
    {
      id: `fuzz-${chance.below(2 ** 30)}`,
      model: chance.of(['moonshine-tiny-en', 'moonshine-tiny-en', 'whisper-tiny', '__proto__']),
      language: 'en',
      issuedSeconds: chance.happens(0.95) ? ISSUED_SECONDS : 0,
      words: 3,
      confidence: chance.of([null, 0.5, 1]),
      transcriptDigest: digestOfTranscript(transcript),
    },
    FEEDBACK_SECRET,
  )
  const at = chance.below(token.length)
  return chance.happens(0.8)
    ? token
    : chance.of([
        token.slice(0, at),
        `${token}A`,
        `${token}=`,
        token.toUpperCase(),
        `${token.slice(0, at)}${chance.of(['A', '-', '/', '+', ' ', '\u0000'])}${token.slice(at + 1)}`,
        token.slice(at) + token.slice(0, at),
        token.repeat(4),
        strangeText(chance),
      ])
}

export function askSomewhere(chance: Chance): Asked {
  const known = [
    '/healthz',
    '/readyz',
    '/metrics',
    '/v1/models',
    '/v1/models/moonshine-tiny-en',
    '/v1/drift',
    '/v1/catalogues',
    '/docs/json',
    '/drift',
    '/v1/transcriptions',
    '/v1/search',
    '/',
  ]
  const where = chance.happens(0.5)
    ? chance.of(known)
    : `${chance.of(known)}/${escaped(strangeText(chance)).slice(0, 2_000)}`
  const headers = {
    'x-request-id': headerValue(strangeText(chance)).slice(0, 200),
    'earshot-session': headerValue(strangeText(chance)),
    accept: headerValue(strangeText(chance)).slice(0, 100),
  }
  return {
    method: chance.of(['GET', 'GET', 'POST', 'PUT', 'DELETE'] as const),
    path: `${where}${chance.happens(0.3) ? `?${strangeQuery([], chance)}` : ''}`,
    headers,
    body: Buffer.alloc(0),
  }
}
