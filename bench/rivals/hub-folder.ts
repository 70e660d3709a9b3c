/**
 * A model of ours as a folder of the Hugging Face hub, which transformers.js reads: the same weights by link, and the
 * descriptions that it needs beside them, made from our manifest and the shape of the published model.
 */
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {
  encoderDecoderOf,
  type EncoderDecoderDecoding,
  readManifest,
  type Manifest,
} from '../../src/engine/manifest.js'

const FILE_NAMES: Readonly<Record<string, string>> = {
  encoder: 'onnx/encoder_model_quantized.onnx', decoder: 'onnx/decoder_model_merged_quantized.onnx',
  tokenizer: 'tokenizer.json', tokenizerConfig: 'tokenizer_config.json',
}

/** Width, layers and heads, the same in encoder and decoder. */
const SHAPES: Readonly<Record<string, readonly [number, number, number]>> = {
  'moonshine-tiny-en': [288, 6, 8], 'whisper-tiny': [384, 4, 6], 'whisper-base': [512, 6, 8],
  'whisper-small': [768, 12, 12],
}

/** A temporary folder, which the caller removes. */
export async function writeHubFolder(modelsDir: string, model: string): Promise<string> {
  const manifest = await readManifest(modelsDir, model)
  const folder = await mkdtemp(path.join(os.tmpdir(), `${model}-`))
  await mkdir(path.join(folder, 'onnx'))
  for (const [key, file] of Object.entries(manifest.files)) {
    await symlink(path.join(modelsDir, model, file.path), path.join(folder, FILE_NAMES[key]!))
  }
  for (const [name, content] of Object.entries(hubDescriptions(manifest))) {
    await writeFile(path.join(folder, name), JSON.stringify(content))
  }
  return folder
}

/** The JSON files by their names. */
export function hubDescriptions(
  manifest: Pick<Manifest, 'name' | 'family' | 'decoding'>,
): Readonly<Record<string, object>> {
  const shape = SHAPES[manifest.name]
  if (shape === undefined) throw new Error(`the shape of ${manifest.name} is not known to this bench`)
  return manifest.family === 'moonshine'
    ? moonshine(encoderDecoderOf(manifest), shape)
    : whisper(encoderDecoderOf(manifest), shape)
}

function moonshine(
  decoding: EncoderDecoderDecoding, [width, layers, heads]: readonly [number, number, number],
): Record<string, object> {
  const tokens = {
    bos_token_id: decoding.startToken, eos_token_id: decoding.endToken, decoder_start_token_id: decoding.startToken,
  }
  const halves = ['encoder', 'decoder'].map((half) => ({
    [`${half}_num_hidden_layers`]: layers, [`${half}_num_attention_heads`]: heads,
    [`${half}_num_key_value_heads`]: heads,
  }))
  return {
    'config.json': Object.assign({
      model_type: 'moonshine', architectures: ['MoonshineForConditionalGeneration'], is_encoder_decoder: true,
      hidden_size: width, vocab_size: 32_768, ...tokens,
    }, ...halves) as object,
    'generation_config.json': { ...tokens, max_length: decoding.maxTokens },
  }
}

function whisper(
  decoding: EncoderDecoderDecoding, [width, layers, heads]: readonly [number, number, number],
): Record<string, object> {
  const languages = Object.entries(decoding.languageTokens!).map(([code, token]) => [`<|${code}|>`, token])
  const tokens = {
    bos_token_id: decoding.endToken, eos_token_id: decoding.endToken, decoder_start_token_id: decoding.startToken,
  }
  return {
    'config.json': {
      model_type: 'whisper', architectures: ['WhisperForConditionalGeneration'], is_encoder_decoder: true,
      d_model: width, encoder_layers: layers, decoder_layers: layers, encoder_attention_heads: heads,
      decoder_attention_heads: heads,
      num_mel_bins: 80, vocab_size: 51_865, max_source_positions: 1500, max_target_positions: 448, ...tokens,
    },
    'generation_config.json': {
      ...tokens, max_length: 448, is_multilingual: true, no_timestamps_token_id: decoding.noTimestampsToken,
      suppress_tokens: decoding.suppressTokens, begin_suppress_tokens: decoding.beginSuppressTokens,
      lang_to_id: Object.fromEntries(languages) as object, task_to_id: { transcribe: decoding.transcribeToken },
    },
    'preprocessor_config.json': {
      feature_extractor_type: 'WhisperFeatureExtractor', processor_class: 'WhisperProcessor', sampling_rate: 16_000,
      feature_size: 80, n_fft: 400, hop_length: 160, chunk_length: 30, n_samples: 480_000, nb_max_frames: 3000,
      padding_value: 0,
    },
  }
}
