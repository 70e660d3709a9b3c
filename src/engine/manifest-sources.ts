/**
 * Where the weights of a model come from: the field `source`, or `sources` in order of preference. Every source is held
 * to the sizes and checksums of `files`, so it does not matter which one delivered a file.
 */
import type { Source } from './manifest-source-schema.js'

export type { FileSource, HubSource, NpmSource, Source, UrlSource } from './manifest-source-schema.js'

interface Fields { readonly source?: Source | undefined; readonly sources?: readonly Source[] | undefined }

/** In order of preference; none for weights that are placed by hand. */
export function sourcesOf({ source, sources }: Fields): readonly Source[] {
  return sources ?? (source === undefined ? [] : [source])
}

/** How a source is called in messages and in `GET /v1/models`. */
export function nameOfSource(source: Source): string {
  if (source.kind === 'url') return source.url
  if (source.kind === 'hub') return source.repository
  return source.kind === 'file' ? 'local' : source.package
}
