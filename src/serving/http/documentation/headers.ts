/** Response headers that clients may use, as /openapi.json describes them. */
interface HeaderDescription {
  readonly description: string
  readonly schema: { readonly type: 'string' | 'integer'; readonly minimum?: number }
  /** Whether every answer that lists the header has it. */
  readonly required?: true
}

const text = { type: 'string' } as const

export const HEADERS = {
  'x-request-id': {
    description: 'The id of the request: that of the client, if it sent one in this header, or a new one.',
    schema: text, required: true,
  },
  'retry-after': {
    description: 'Seconds after which to try again.', schema: { type: 'integer', minimum: 1 }, required: true,
  },
  'www-authenticate': {
    description: 'RFC 6750: what is wrong with the access key, or which scope it needs.', schema: text,
  },
  'accept-encoding': {
    description: 'The encodings of a body that are read, where another one was refused.', schema: text,
  },
  'earshot-feedback-token': { description: 'For POST /v1/feedback and POST /v1/labels.', schema: text },
  'earshot-languages': {
    description: 'For requests that name several languages: those that the model uses.', schema: text,
  },
  'earshot-prompt': {
    description: 'How `prompt` was read: `list` or `context`. Where not all phrases are used, also how many are used '
      + 'and how many were given, as in `list; used=200; given=230`.',
    schema: text,
  },
  'earshot-ignored-parameters': {
    description: 'Names of parameters of the request that had no effect, between commas.', schema: text,
  },
  'cache-control': { description: '`no-store`: no cache may keep the answer.', schema: text, required: true },
} as const satisfies Record<string, HeaderDescription>

export type HeaderName = keyof typeof HEADERS

/** As references to the components of the document. */
export function headerReferences(names: readonly HeaderName[]): Record<string, { $ref: string }> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}
