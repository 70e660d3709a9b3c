/** Parameters without effect are named in the header `earshot-ignored-parameters`, so that none is ignored silently. */
import type { FastifyReply } from 'fastify'

const HEADER = 'earshot-ignored-parameters'
const MAX_NAMES = 20
/** A name that a header can hold. */
const NAME = /^[\w[\]-]{1,64}$/

/** Adds names to those that the answer has already. */
export function reportIgnored(reply: FastifyReply, names: Iterable<string>): void {
  const before = String(reply.getHeader(HEADER) ?? '').split(', ').filter((name) => name !== '')
  const all = new Set([...before, ...[...names].filter((name) => NAME.test(name))])
  if (all.size > before.length) void reply.header(HEADER, [...all].slice(0, MAX_NAMES).join(', '))
}
