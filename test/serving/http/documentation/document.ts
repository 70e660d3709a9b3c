/** The OpenAPI document of a service, as the tests read it. */
export interface Operation {
  readonly operationId: string
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly (Parameter | Reference)[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<Record<string, Reference | Response>>
  readonly security?: readonly object[]
}
export interface Reference { readonly $ref: string }
export type Schema = Readonly<Record<string, any>>
export interface Parameter { readonly name: string; readonly schema: Schema }
export interface Header { readonly required?: boolean; readonly schema: Schema }
export interface Response {
  readonly description: string
  readonly headers: Readonly<Record<string, Reference | Header>>
  readonly content?: Readonly<Record<string, { readonly schema: Schema; readonly examples?: Record<string, any> }>>
}
export interface Document {
  readonly openapi: string
  readonly info: Readonly<Record<string, any>>
  readonly servers: readonly { readonly url: string }[]
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Readonly<Record<string, Readonly<Record<string, any>>>>
}

export async function documentOf(url: string): Promise<Document> {
  return await (await fetch(`${url}/openapi.json`)).json() as Document
}

export interface NamedOperation extends Operation { readonly method: string; readonly path: string }

export function operationsOf({ paths }: Document): NamedOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method, path })))
}

/** What a reference means, or the object itself. */
export function resolve<T>(document: Document, given: T | Reference): T {
  const { $ref } = given as Reference
  if ($ref === undefined) return given as T
  const found = $ref.replace('#/', '').split('/').reduce<any>((value, key) => value?.[key], document)
  if (found === undefined) throw new Error(`nothing is at ${$ref}`)
  return found as T
}
