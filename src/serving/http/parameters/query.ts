/**
 * Parameters of a query as clients write them, on every route: empty ones are not given, every spelling of true and
 * false and any capitals of a name are understood, lists may have brackets or commas, and unknown ones are named in the
 * answer. This runs before the schema of the route is checked, and reads that schema.
 */
import type { FastifyInstance } from 'fastify'
import { flagOf } from '../../../domain/flags.js'
import { SpeechError } from '../../../domain/errors.js'
import { reportIgnored } from './ignored.js'
import { isAbsent, nameAmong } from './values.js'

/** The part of JSON Schema that parameters use. */
export interface ParameterSchema {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly maxLength?: number
  readonly maxItems?: number
}
export type ParameterSchemas = Readonly<Record<string, ParameterSchema>>
/** Parameters by name, each with one value or several, before any is converted. */
export type Given = Readonly<Record<string, unknown>>

export interface ReadQuery {
  readonly values: Record<string, string | string[]>
  /** Names of parameters that the route does not have. */
  readonly unknown: readonly string[]
}

/** Texts from a fixed set. Any other text is taken as it is: a phrase may be "none", a session may end with a blank. */
const CHOSEN = new Set(['language', 'languages', 'channel'])
/** Texts whose capitals do not matter. */
const LOWER_CASE = new Set(['channel'])
/** Lists whose items have no commas in them. */
const SPLIT = new Set(['languages'])

export function readQueries(app: FastifyInstance): void {
  app.addHook('preValidation', async (request, reply) => {
    if (request.is404) return
    const { values, unknown } = readQuery(request.query as Given, schemasOf(request.routeOptions.schema?.querystring))
    request.query = values
    reportIgnored(reply, unknown)
  })
}

/** Throws REQUEST_INVALID for a parameter with two values that is no list. */
export function readQuery(given: Given, schemas: ParameterSchemas): ReadQuery {
  const unknown: string[] = []
  const values: Record<string, string | string[]> = {}
  for (const [key, value] of Object.entries(given)) {
    const name = nameOf(key, schemas)
    const schema = name === undefined ? undefined : schemas[name]
    if (name === undefined || schema === undefined) {
      unknown.push(key)
      continue
    }
    const before = [values[name] ?? []].flat()
    const read = textsOf(value).flatMap((text) => readValue(text, name, schema))
    const all = [...before, ...read]
    if (schema.type === 'array') {
      if (all.length > 0) values[name] = all
    } else {
      const [first, ...others] = all
      if (others.length > 0) throw new SpeechError('REQUEST_INVALID', twice(name), { parameter: name })
      if (first !== undefined) values[name] = first
    }
  }
  return { values, unknown }
}

export function schemasOf(querystring: unknown): ParameterSchemas {
  const { properties = {} } = (querystring ?? {}) as { properties?: ParameterSchemas }
  return properties
}

/** Only own properties: a parameter may be called `constructor`. Lists may be named with brackets. */
function nameOf(key: string, schemas: ParameterSchemas): string | undefined {
  if (Object.hasOwn(schemas, key)) return key
  const plain = key.endsWith('[]') ? key.slice(0, -2) : undefined
  return plain !== undefined && Object.hasOwn(schemas, plain) && schemas[plain]?.type === 'array' ? plain : undefined
}

function textsOf(value: unknown): string[] {
  return [value].flat().map(String)
}

/** None for a value that means nothing. A value that fits no type stays as it is, for the schema to refuse. */
function readValue(text: string, name: string, schema: ParameterSchema): string[] {
  const isText = schema.enum === undefined && (schema.type === 'string' || schema.type === 'array')
  if (isText && !CHOSEN.has(name)) return text === '' ? [] : [name === 'model' ? text.trim() : text]
  if (isAbsent(text)) return []
  const trimmed = text.trim()
  if (schema.type === 'boolean') return [String(flagOf(trimmed) ?? trimmed)]
  if (schema.enum !== undefined) return [nameAmong(trimmed, schema.enum) ?? trimmed]
  if (LOWER_CASE.has(name)) return [trimmed.toLowerCase()]
  return SPLIT.has(name) ? trimmed.split(',').filter((one) => !isAbsent(one)) : [trimmed]
}

function twice(name: string): string {
  return `${name} is given more than once`
}
