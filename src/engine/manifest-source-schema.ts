/** The schema of `source` and `sources` in a model.json (manifest-sources.ts). */
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'

export const FileKey = Type.String({ pattern: '^[a-z][A-Za-z0-9]*$' })
/** A relative path that stays inside the folder it begins in. */
export const InnerPath = Type.String({ pattern: '^(?!/)(?!.*(^|/)\\.\\.(/|$))[A-Za-z0-9_./@-]+$', maxLength: 200 })
/** A folder on a web server, without credentials. */
const WebFolder = Type.String({ pattern: '^https://[^/?#@\\s]+/([^?#\\s]*/)?$', maxLength: 500 })

/** Paths inside this source by the keys of `files`, where they differ from `from` in `files`. */
const From = Type.Optional(Type.Record(FileKey, InnerPath))

/** A package of the npm registry. */
const NpmSource = Type.Object({
  kind: Type.Optional(Type.Literal('npm')),
  package: Type.String({ minLength: 1 }),
  /** Exact version. */
  version: Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+' }),
  /** Subresource integrity of the tarball. */
  integrity: Type.String({ pattern: '^sha512-[A-Za-z0-9+/=]+$' }),
  from: From,
}, { additionalProperties: false })

/** Files below an address; mirrors are tried in their order. */
const UrlSource = Type.Object({
  kind: Type.Literal('url'),
  url: WebFolder,
  mirrors: Type.Optional(Type.Array(WebFolder, { maxItems: 8 })),
  from: From,
}, { additionalProperties: false })

/** A repository of the Hugging Face hub at one revision. */
const HubSource = Type.Object({
  kind: Type.Literal('hub'),
  repository: Type.String({ pattern: '^[A-Za-z0-9][\\w.-]{0,95}/[A-Za-z0-9][\\w.-]{0,95}$' }),
  /** A commit, never a branch: what a branch names can change. */
  revision: Type.String({ pattern: '^[0-9a-f]{40}$' }),
  from: From,
}, { additionalProperties: false })

/** A folder or a file of this machine, relative to the folder of the manifest. */
const FileSource = Type.Object({
  kind: Type.Literal('file'),
  path: Type.String({ minLength: 1, maxLength: 4096 }),
  from: From,
}, { additionalProperties: false })

const CHECKS = {
  npm: Compile(NpmSource), url: Compile(UrlSource), hub: Compile(HubSource), file: Compile(FileSource),
} as const

const AnySource = Type.Union([NpmSource, UrlSource, HubSource, FileSource])

export const SOURCE_FIELDS = {
  source: Type.Optional(AnySource),
  /** Instead of `source`: the next one is tried when one fails. */
  sources: Type.Optional(Type.Array(AnySource, { minItems: 1, maxItems: 8 })),
}

export type NpmSource = Static<typeof NpmSource>
export type UrlSource = Static<typeof UrlSource>
export type HubSource = Static<typeof HubSource>
export type FileSource = Static<typeof FileSource>
export type Source = Static<typeof AnySource>

/** What is wrong with the sources of a manifest, each as one that its kind describes. */
export function sourceFaults(manifest: object): string[] {
  const { source, sources } = manifest as { readonly source?: unknown; readonly sources?: unknown }
  const list = Array.isArray(sources) ? sources as readonly unknown[] : []
  const both = source !== undefined && sources !== undefined ? ['/ has both "source" and "sources"'] : []
  const alone = source === undefined ? [] : faultsOf(source, '/source')
  return [...both, ...alone, ...list.flatMap((one, index) => faultsOf(one, `/sources/${index}`))]
}

function faultsOf(source: unknown, where: string): string[] {
  const { kind = 'npm' } = (typeof source === 'object' && source !== null ? source : {}) as { readonly kind?: unknown }
  if (typeof kind !== 'string' || !Object.hasOwn(CHECKS, kind)) {
    return [`${where}/kind must be one of ${Object.keys(CHECKS).join(', ')}`]
  }
  const check = CHECKS[kind as keyof typeof CHECKS]
  const faults = check.Check(source) ? [] : [...check.Errors(source)]
  return faults.map((fault) => `${where}${fault.instancePath} ${fault.message}`)
}

/** Whether a fault is about a source, of which the check of a whole manifest can only say that it is of no kind. */
export function isSourceFault(instancePath: string): boolean {
  return /^\/source(\/|$)|^\/sources\/\d/.test(instancePath)
}
