/**
 * Replaces what several operations of the OpenAPI document share by references. A schema that equals a named one
 * becomes a reference, wherever it is; schemas of routes stay plain TypeBox, whose types the compiler checks.
 */
import { mapValues, type Json } from './responses.js'

const PREFIX = '#/components/'

/** `schemas`: by name. Returns those that are used, and `paths`, with references. */
export function referToSchemas(schemas: Json, paths: Json): { readonly schemas: Json; readonly paths: Json } {
  const nameOf = new Map<string, string>()
  const named: Json = {}
  for (const [name, schema] of Object.entries(schemas).sort(([, a], [, b]) => sizeOf(a) - sizeOf(b))) {
    // Its own parts, not itself: a named schema that equals a smaller one would else be a reference to that one.
    const replaced = mapValues(schema as Json, (part) => replace(part, nameOf))
    named[name] = replaced
    nameOf.set(JSON.stringify(replaced), name)
  }
  const referring = replace(paths, nameOf) as Json
  return { schemas: usedSchemas(named, referring), paths: referring }
}

/** In alphabetical order. */
function usedSchemas(named: Json, paths: Json): Json {
  const used = new Set<string>()
  const visit = (value: unknown): void => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (used.has(name)) continue
      used.add(name)
      visit(named[name])
    }
  }
  visit([paths, { $ref: `${PREFIX}schemas/Error` }])
  return Object.fromEntries([...used].sort().map((name) => [name, named[name]]))
}

/** Parameters that several operations have in the same way become components. */
export function referToParameters(paths: Json): Json {
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods as Json)) as Json[]
  const uses = new Map<string, { readonly parameter: Json; count: number }>()
  for (const parameter of operations.flatMap(parametersOf)) {
    const identity = JSON.stringify(parameter)
    const known = uses.get(identity)
    if (known === undefined) uses.set(identity, { parameter, count: 1 })
    else known.count++
  }
  const components: Json = {}
  const references = new Map<string, string>()
  for (const [identity, { parameter, count }] of uses) {
    const name = String(parameter.name)
    if (count < 2 || Object.hasOwn(components, name)) continue
    components[name] = parameter
    references.set(identity, `${PREFIX}parameters/${name}`)
  }
  for (const operation of operations) {
    const parameters = parametersOf(operation).map((parameter) => {
      const $ref = references.get(JSON.stringify(parameter))
      return $ref === undefined ? parameter : { $ref }
    })
    if (parameters.length > 0) operation.parameters = parameters
  }
  return components
}

function parametersOf(operation: Json): Json[] {
  return (operation.parameters ?? []) as Json[]
}

function replace(value: unknown, nameOf: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => replace(item, nameOf))
  if (typeof value !== 'object' || value === null) return value
  const replaced = mapValues(value as Json, (part) => replace(part, nameOf))
  const name = nameOf.get(JSON.stringify(replaced))
  return name === undefined ? replaced : { $ref: `${PREFIX}schemas/${name}` }
}

function sizeOf(schema: unknown): number {
  return JSON.stringify(schema).length
}
