/** The schema of models/<name>/model.json; docs/adding-a-model.md explains the fields. */
import { Type, type Static } from 'typebox'
import { FileKey, InnerPath, SOURCE_FIELDS } from './manifest-source-schema.js'

const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{0,63}$' })
const Count = Type.Integer({ minimum: 1 })
const TokenId = Type.Integer({ minimum: 0 })

const FileEntry = Type.Object({
  path: InnerPath,
  bytes: Count,
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  /** Path inside the source; absent for files that the user places by hand. */
  from: Type.Optional(InnerPath),
}, { additionalProperties: false })

/** Short-time analysis of a model that wants log-mel input. */
const LogMelSpec = Type.Object({
  kind: Type.Literal('log-mel'),
  sampleRate: Count,
  /** Length of the analysis window; it is zero-padded to `fftSamples`. */
  windowSamples: Count,
  /** 400 is what Whisper was trained on; 512 is near enough for filters as wide as those of 80 bins. */
  fftSamples: Type.Union([Type.Literal(400), Type.Literal(512)]),
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
  Type.Object({
    kind: Type.Literal('huggingface'), file: Type.String(), configFile: Type.String(),
  }, { additionalProperties: false }),
  /** The vocabulary in a ggml file of weights among `files`: byte pairs of GPT-2. */
  Type.Object({ kind: Type.Literal('ggml'), file: Type.String() }, { additionalProperties: false }),
  /** A JSON object of pieces and their ids among `files`; one piece stands for the space between words. */
  Type.Object({
    kind: Type.Literal('vocabulary'), file: Type.String(), wordDelimiter: Type.String({ minLength: 1 }),
  }, { additionalProperties: false }),
])

/** A decoder that writes one token after the other, over what an encoder made of the audio. */
const EncoderDecoderDecoding = Type.Object({
  kind: Type.Literal('encoder-decoder'),
  startToken: TokenId,
  endToken: TokenId,
  /** Token budget of a clip: ceil(tokensPerSecond × seconds), and never more than maxTokens. */
  tokensPerSecond: Type.Number({ exclusiveMinimum: 0 }),
  maxTokens: Count,
  /** Never chosen. */
  suppressTokens: Type.Optional(Type.Array(TokenId)),
  /** Never chosen first. */
  beginSuppressTokens: Type.Optional(Type.Array(TokenId)),
  /** Whisper: prompt tokens by their meaning. A model of English alone has the last one only. */
  transcribeToken: Type.Optional(TokenId),
  noTimestampsToken: Type.Optional(TokenId),
  /** Whisper: token of each language, by ISO 639-1 code. */
  languageTokens: Type.Optional(Type.Record(Type.String(), TokenId)),
  /**
   * Layer and head, both from 0, of the attentions that follow the words; measured (`npm run bench -- times --heads`).
   * All of the upper half when absent.
   */
  alignmentHeads: Type.Optional(Type.Array(Type.Tuple([TokenId, TokenId]), { minItems: 1 })),
}, { additionalProperties: false })

/** An encoder alone: each frame has a distribution over tokens and a blank (Graves et al. 2006). */
const CtcDecoding = Type.Object({
  kind: Type.Literal('ctc'),
  blankToken: TokenId,
  /** Time from one frame of the output to the next. */
  frameSeconds: Type.Number({ exclusiveMinimum: 0 }),
}, { additionalProperties: false })

/**
 * Digital silence around the speech of a clip, and when a clip is decoded again. Measured with
 * `npm run bench -- accuracy`.
 */
const Padding = Type.Object({
  /** Before the speech: of the first decoding pass, and of those that follow while the transcript is doubtful. */
  leadingSeconds: Type.Array(Type.Number({ minimum: 0, maximum: 2 }), { minItems: 1, maxItems: 4 }),
  /** After the speech. */
  trailingSeconds: Type.Number({ minimum: 0, maximum: 2 }),
  /** A transcript is doubtful if the mean log-probability of its tokens is below this. */
  redecodeBelow: Type.Number({ maximum: 0 }),
}, { additionalProperties: false, default: { leadingSeconds: [0.2], trailingSeconds: 0.2, redecodeBelow: -1 } })

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
  /** True while nobody of the project has run these files: their checksums are published ones. */
  unverified: Type.Optional(Type.Boolean()),
  ...SOURCE_FIELDS,
  files: Type.Record(FileKey, FileEntry),
}

export const DetectorSchema = Type.Object({
  ...COMMON,
  /** It finds speech, not words. */
  purpose: Type.Literal('speech-detection'),
}, { additionalProperties: false })

export const ManifestSchema = Type.Object({
  ...COMMON,
  purpose: Type.Literal('recognition', { default: 'recognition' }),
  /** ISO 639-1 codes; the first is the default. */
  languages: Type.Array(Type.String({ minLength: 2, maxLength: 8 }), { minItems: 1 }),
  padding: Padding,
  frontEnd: Type.Union([WaveformSpec, LogMelSpec]),
  tokenizer: Tokenizer,
  decoding: Type.Union([EncoderDecoderDecoding, CtcDecoding]),
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
export type EncoderDecoderDecoding = Static<typeof EncoderDecoderDecoding>
export type CtcDecoding = Static<typeof CtcDecoding>
