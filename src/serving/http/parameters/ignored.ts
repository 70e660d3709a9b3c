/** Parameters without effect are named in the header `earshot-ignored-parameters`, so that none is ignored silently. */
import type { FastifyReply } from 'fastify'

const HEADER = 'earshot-ignored-parameters'
const MAX_NAMES = 20
const MAX_NAME_CHARACTERS = 64
/** Names that a header can hold as they are; others are percent-encoded. */
const PLAIN_NAME = /^[\w.[\]-]+$/

/** Adds names to those that the answer has already. */
export function reportIgnored(reply: FastifyReply, names: Iterable<string>): void {
  const before = String(reply.getHeader(HEADER) ?? '').split(', ').filter((name) => name !== '')
  const all = new Set([...before, ...[...names].map(inHeader)])
  if (all.size > before.length) void reply.header(HEADER, [...all].slice(0, MAX_NAMES).join(', '))
}

/** Through UTF-8, since a cut or hostile name may have half a pair of surrogates. */
function inHeader(name: string): string {
  const short = name.slice(0, MAX_NAME_CHARACTERS)
  return PLAIN_NAME.test(short) ? short : encodeURIComponent(Buffer.from(short).toString())
}
