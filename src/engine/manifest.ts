/**
 * models/<name>/model.json: what a model is, where its weights come from, and how they are fed.
 *
 * One of the four doors where data from outside is checked (the others: config, HTTP, catalogue); behind it the manifest
 * is trusted. Weights are handed out only after their SHA-256 was compared, as the very bytes that were hashed:
 * a half-fetched or altered file is never loaded.
 */
import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { SpeechError } from '../domain/errors.js'

const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{0,63}$' })
/** A relative path that stays inside the model's folder. */
const InnerPath = Type.String({ pattern: '^(?!/)(?!.*(^|/)\\.\\.(/|$))[A-Za-z0-9_./@-]+$', maxLength: 200 })
const Count = Type.Integer({ minimum: 1 })
const TokenId = Type.Integer({ minimum: 0 })

const FileEntry = Type.Object({
  path: InnerPath,
  bytes: Count,
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  /** Path inside the source package; absent for files that the user places by hand. */
  from: Type.Optional(InnerPath),
}, { additionalProperties: false })

const Source = Type.Object({
  /** npm package name. */
  package: Type.String({ minLength: 1 }),
  /** Exact version. */
  version: Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+' }),
  /** Subresource integrity of the tarball. */
  integrity: Type.String({ pattern: '^sha512-[A-Za-z0-9+/=]+$' }),
}, { additionalProperties: false })

/** Short-time analysis of a model that wants log-mel input. */
const LogMelSpec = Type.Object({
  kind: Type.Literal('log-mel'),
  sampleRate: Count,
  /** Length of the analysis window; it is zero-padded to `fftSamples`. */
  windowSamples: Count,
  fftSamples: Type.Literal(512),
  hopSamples: Count,
  bins: Count,
  melScale: Type.Literal('slaney'),
  /** Smallest power before the logarithm. */
  floor: Type.Number({ exclusiveMinimum: 0 }),
  /** `whisper`: log10, clamped to 8 below the maximum, then (x + 4) / 4. */
  scaling: Type.Literal('whisper'),
  /** Frames the graph expects; shorter clips are padded with silence. */
  frames: Count,
}, { additionalProperties: false })

const WaveformSpec = Type.Object({
  kind: Type.Literal('waveform'),
  sampleRate: Count,
  /** Fewest samples the graph accepts; shorter clips are padded with silence. */
  minSamples: Count,
}, { additionalProperties: false })

const Tokenizer = Type.Union([
  /** The Llama vocabulary of 32,000 pieces; ids above it are special and print nothing. */
  Type.Object({ kind: Type.Literal('llama') }, { additionalProperties: false }),
  /** A Hugging Face tokenizer.json and tokenizer_config.json among `files`. */
  Type.Object({ kind: Type.Literal('huggingface'), file: Type.String(), configFile: Type.String() }, { additionalProperties: false }),
])

const Decoding = Type.Object({
  startToken: TokenId,
  endToken: TokenId,
  /** Token budget of a clip: ceil(tokensPerSecond × seconds), and never more than maxTokens. */
  tokensPerSecond: Type.Number({ exclusiveMinimum: 0 }),
  maxTokens: Count,
  /** Never chosen. */
  suppressTokens: Type.Optional(Type.Array(TokenId)),
  /** Never chosen first. */
  beginSuppressTokens: Type.Optional(Type.Array(TokenId)),
  /** Whisper: prompt tokens by their meaning. */
  transcribeToken: Type.Optional(TokenId),
  noTimestampsToken: Type.Optional(TokenId),
  /** Whisper: token of each language, by ISO 639-1 code. */
  languageTokens: Type.Optional(Type.Record(Type.String(), TokenId)),
  /** Layer and head, both from 0, of the attentions that follow the words; measured (`npm run bench -- times --heads`). All of the upper half when absent. */
  alignmentHeads: Type.Optional(Type.Array(Type.Tuple([TokenId, TokenId]), { minItems: 1 })),
}, { additionalProperties: false })

/** How a clip is put before the model; measured, like everything about it (`npm run bench -- accuracy`). */
const Hearing = Type.Object({
  /** Silence and recording before the voice: of the first hearing, and of those that follow while there is doubt. */
  leadSeconds: Type.Array(Type.Number({ minimum: 0, maximum: 2 }), { minItems: 1, maxItems: 4 }),
  /** Behind the voice. */
  trailSeconds: Type.Number({ minimum: 0, maximum: 2 }),
  /** A mean log-probability of the tokens below this is doubt. */
  doubtBelow: Type.Number({ maximum: 0 }),
}, { additionalProperties: false, default: { leadSeconds: [0.2], trailSeconds: 0.2, doubtBelow: -1 } })

/** What every bundle of the models directory has. */
const COMMON = {
  name: Name,
  version: Type.String({ minLength: 1 }),
  description: Type.String(),
  family: Type.String({ pattern: '^[a-z][a-z0-9-]*$' }),
  /** SPDX expression. */
  licence: Type.String({ minLength: 1 }),
  /** What the numbers are stored as: `int8`, `float16`, `float32`. */
  precision: Type.Union([Type.Literal('int8'), Type.Literal('float16'), Type.Literal('float32')]),
  parameters: Count,
  source: Type.Optional(Source),
  files: Type.Record(Type.String({ pattern: '^[a-z][A-Za-z0-9]*$' }), FileEntry),
}

const DetectorSchema = Type.Object({
  ...COMMON,
  /** It says where somebody speaks, not what. */
  purpose: Type.Literal('speech-detection'),
}, { additionalProperties: false })

const ManifestSchema = Type.Object({
  ...COMMON,
  purpose: Type.Literal('recognition', { default: 'recognition' }),
  /** ISO 639-1 codes; the first is the default. */
  languages: Type.Array(Type.String({ minLength: 2, maxLength: 8 }), { minItems: 1 }),
  hearing: Hearing,
  frontEnd: Type.Union([WaveformSpec, LogMelSpec]),
  tokenizer: Tokenizer,
  decoding: Decoding,
  limits: Type.Object({
    /** Longest clip of one decode; longer audio is cut at pauses. */
    clipSeconds: Type.Number({ exclusiveMinimum: 0 }),
  }, { additionalProperties: false }),
}, { additionalProperties: false })

/** A model that recognizes speech. */
export type Manifest = Static<typeof ManifestSchema>
/** A model that detects speech. */
export type DetectorManifest = Static<typeof DetectorSchema>
export type Bundle = Manifest | DetectorManifest
export type LogMelSpec = Static<typeof LogMelSpec>
export type TokenizerSpec = Static<typeof Tokenizer>
export type DecodingSpec = Static<typeof Decoding>

/** Reads one file of the model by its key in `files`, its checksum verified. Throws MODEL_FILE_MISSING or MODEL_FILE_ALTERED. */
export interface ModelFiles { read(key: string): Promise<Uint8Array> }

const CHECKS = { recognition: Compile(ManifestSchema), 'speech-detection': Compile(DetectorSchema) }

/** Parses and checks the text of a model.json. Throws MODEL_INVALID naming every fault. */
export function parseBundle(text: string, where: string): Bundle {
  let value: unknown
  try { value = JSON.parse(text) } catch (cause) { throw new SpeechError('MODEL_INVALID', `${where} is not JSON (${String(cause)})`, { cause }) }
  const isDetector = (value as { purpose?: unknown } | null)?.purpose === 'speech-detection'
  const completed = isDetector ? value : Value.Default(ManifestSchema, value)
  const check = CHECKS[isDetector ? 'speech-detection' : 'recognition']
  if (check.Check(completed)) return completed
  const faults = [...check.Errors(completed)].map((fault) => `${fault.instancePath || '/'} ${fault.message}`)
  throw new SpeechError('MODEL_INVALID', `${where}: ${faults.slice(0, 5).join('; ')}`)
}

/** The manifest of a recognizer. Throws MODEL_INVALID for one of a detector. */
export async function readManifest(modelsDir: string, name: string): Promise<Manifest> {
  const bundle = await readBundle(modelsDir, name)
  if (bundle.purpose === 'recognition') return bundle
  throw new SpeechError('MODEL_INVALID', `${name} detects speech and recognizes no words`)
}

/** The manifest of a detector. Throws MODEL_INVALID for one of a recognizer. */
export async function readDetectorManifest(modelsDir: string, name: string): Promise<DetectorManifest> {
  const bundle = await readBundle(modelsDir, name)
  if (bundle.purpose === 'speech-detection') return bundle
  throw new SpeechError('MODEL_INVALID', `${name} recognizes words and is no detector of speech`)
}

export async function readBundle(modelsDir: string, name: string): Promise<Bundle> {
  const file = path.join(modelsDir, name, 'model.json')
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new SpeechError('MODEL_FILE_MISSING', `${file} (is "${name}" a model of ${modelsDir}?)`, { cause })
  })
  const manifest = parseBundle(text, file)
  if (manifest.name !== name) throw new SpeechError('MODEL_INVALID', `${file} calls itself "${manifest.name}" but lies in the folder "${name}"`)
  return manifest
}

/** Names of the models of a directory: its folders that hold a model.json. */
export async function listModels(modelsDir: string): Promise<string[]> {
  const entries = await readdir(modelsDir, { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  const found = await Promise.all(folders.map(async (name) => (await readdir(path.join(modelsDir, name))).includes('model.json')))
  return folders.filter((_, index) => found[index]).sort()
}

/** Files as their manifest promises them: `<modelsDir>/<name>/<path>`. */
export function openModelFiles(modelsDir: string, manifest: Bundle): ModelFiles {
  return {
    async read(key) {
      const entry = manifest.files[key]
      if (entry === undefined) throw new SpeechError('MODEL_INVALID', `${manifest.name} has no file "${key}" in its manifest`)
      const file = path.join(modelsDir, manifest.name, entry.path)
      const bytes = await readFile(file).catch((cause: unknown) => {
        throw new SpeechError('MODEL_FILE_MISSING', `${file}; "npm run models -- fetch ${manifest.name}" fetches it`, { cause })
      })
      const found = createHash('sha256').update(bytes).digest('hex')
      if (found !== entry.sha256) {
        throw new SpeechError('MODEL_FILE_ALTERED', `${file}: expected sha256 ${entry.sha256}, found ${found} (${bytes.byteLength} of ${entry.bytes} bytes)`)
      }
      return bytes
    },
  }
}

/** A short name for exactly these files: the first 12 hexadecimal digits of the SHA-256 over their checksums. */
export function modelDigest({ files }: Pick<Manifest, 'files'>): string {
  return createHash('sha256').update(Object.values(files).map(({ sha256 }) => sha256).join()).digest('hex').slice(0, 12)
}
