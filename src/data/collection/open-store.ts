/**
 * Opens the place that EARSHOT_COLLECT names: `dir:PATH`, or `s3:BUCKET/PREFIX` with settings of its own. The client of
 * S3 is loaded only where it is used.
 */
import type { Config } from '../../domain/configuration.js'
import { SpeechError } from '../../domain/errors.js'
import { ClipStore } from './clip-store.js'
import { DirectoryStore } from './directory-store.js'
import type { ObjectStore } from './object-store.js'
import { readKeyFile, secretsOf, type CollectionSecrets } from './secrets.js'

export type PlaceSettings = Pick<Config,
  'collect' | 'collectKeyFile' | 'collectS3Endpoint' | 'collectS3Region' | 'collectS3AccessKeyId'
  | 'collectS3SecretAccessKey'>

/** Throws CONFIG_INVALID for a key file that cannot be used. */
export function secretsFor({ collectKeyFile }: PlaceSettings): CollectionSecrets {
  return secretsOf(collectKeyFile === undefined ? undefined : readKeyFile(collectKeyFile))
}

/**
 * Throws CONFIG_INVALID without EARSHOT_COLLECT, COLLECTION_INVALID for a wrong key, and what the store rejects with.
 */
export async function openClipStore(
  settings: PlaceSettings, secrets: CollectionSecrets, options: { readonly create?: boolean } = {},
): Promise<ClipStore> {
  return ClipStore.open(await openObjects(settings), secrets, options)
}

async function openObjects(settings: PlaceSettings): Promise<ObjectStore> {
  const { collect } = settings
  if (collect === undefined) {
    throw new SpeechError('CONFIG_INVALID', 'EARSHOT_COLLECT does not say where clips are kept')
  }
  if (collect.startsWith('dir:')) return new DirectoryStore(collect.slice('dir:'.length))
  const [bucket = '', ...prefix] = collect.slice('s3:'.length).split('/')
  const { S3Store } = await import('./s3-store.js')
  return new S3Store({
    bucket, prefix: prefix.filter((part) => part !== '').join('/'),
    endpoint: settings.collectS3Endpoint, region: settings.collectS3Region,
    accessKeyId: settings.collectS3AccessKeyId ?? '', secretAccessKey: settings.collectS3SecretAccessKey ?? '',
  })
}
