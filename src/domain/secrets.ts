/**
 * Secret settings. Each may come from a file instead, as orchestrators mount them: `<name>_FILE` is its path, and the
 * secret is the content of the file without one line break at its end. No message repeats a secret, not even a wrong
 * one.
 */
import { SpeechError } from './errors.js'
import { readPlainFile } from './plain-file.js'
import { SETTINGS, type SettingFault, type Settings } from './settings.js'

/** A larger file is not a secret but the wrong file. */
const MAX_BYTES = 16_384

type FileOf<Name extends string> = `${Name}_FILE`
export type SecretName = {
  [Name in keyof Settings]: FileOf<Name> extends keyof Settings ? Name : never
}[keyof Settings]
/** The setting that names the file of a secret. */
export type SecretFile = FileOf<SecretName>

const fileOf = <Name extends SecretName>(name: Name): FileOf<Name> => `${name}_FILE`

/** A setting is secret when there is another one for its file. */
export function isSecret(name: string): name is SecretName {
  return name in SETTINGS.properties && `${name}_FILE` in SETTINGS.properties
}

/** The settings with the secrets in place of their files; a secret at fault is empty. */
export function readSecrets(
  settings: Settings,
): { readonly settings: Omit<Settings, SecretFile>, readonly faults: SettingFault[] } {
  const names = Object.keys(settings).filter(isSecret)
  const files = new Set<string>(names.map(fileOf))
  const others = Object.entries(settings).filter(([name]) => !files.has(name))
  const faults: SettingFault[] = []
  const secrets = names.map((name) => {
    try {
      return [name, secretOf(name, settings)] as const
    } catch (thrown) {
      if (!(thrown instanceof SpeechError)) throw thrown
      faults.push({ settings: [name], sentence: `${thrown.detail}; example: ${fileOf(name)}=/etc/earshot/credential` })
      return [name, ''] as const
    }
  })
  return { settings: Object.fromEntries([...others, ...secrets]) as Omit<Settings, SecretFile>, faults }
}

function secretOf(name: SecretName, settings: Settings): string {
  const file = settings[fileOf(name)]
  const given = settings[name]
  if (file !== '' && given !== '') throw invalid(`${name} and ${fileOf(name)} exclude each other, and both are set`)
  const source = file === '' ? name : fileOf(name)
  const secret = file === '' ? given : readSecret(source, file)
  if (/[\x00-\x1f\x7f]/.test(secret)) throw invalid(`${source} must be one line without control characters`)
  return secret
}

function readSecret(name: string, file: string): string {
  const secret = asText(name, file, readFile(name, file)).replace(/\r?\n$/, '')
  if (secret === '') throw invalid(`${name}: ${file} is empty`)
  return secret
}

function readFile(name: string, file: string): Buffer {
  try {
    return readPlainFile(file, MAX_BYTES)
  } catch (cause) {
    throw invalid(`${name}: ${file} cannot be read (${(cause as Error).message})`, cause)
  }
}

function asText(name: string, file: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw invalid(`${name}: ${file} is not text in UTF-8`, cause)
  }
}

function invalid(sentence: string, cause?: unknown): SpeechError {
  return new SpeechError('CONFIG_INVALID', sentence, { cause })
}
