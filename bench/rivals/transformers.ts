/**
 * transformers.js on our own weights. Moonshine goes through `generate`, with the makers' budget of tokens: the
 * library's pipeline floors the seconds of a clip and gives less than one second no tokens at all; what the pipeline
 * does beyond that takes no measurable time. Its tokens become text with our tokenizer, since the weights come
 * without one. Whisper goes through the pipeline.
 */
import { rmSync } from 'node:fs'
import path from 'node:path'
import { llamaTokenizer } from '../../src/engine/tokenizer.js'
import { requireFirst, SAMPLE_RATE, type Open, type Opened } from './adapter.js'
import { writeHubFolder } from './hub-folder.js'

/** The parts of @huggingface/transformers that are used. */
interface Transformers {
  readonly env: { allowRemoteModels: boolean; localModelPath: string }
  readonly Tensor: new (type: string, data: Float32Array, dims: readonly number[]) => object
  readonly MoonshineForConditionalGeneration: { from_pretrained(
    name: string, options: object,
  ): Promise<{ generate(inputs: object): Promise<{ tolist(): readonly (readonly bigint[])[] }> }> }
  pipeline(
    task: string, name: string, options: object,
  ): Promise<(samples: Float32Array, options: object) => Promise<{ readonly text: string }>>
}

const OPTIONS = {
  device: 'cpu', dtype: 'q8', local_files_only: true,
  session_options: { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', extra: {
    session: { intra_op: { allow_spinning: '0' } },
  } },
}
const TOKENS_PER_SECOND = 6.5

export const open: Open = async ({ model, modelsDir, from }) => {
  const { exports, version } = requireFirst(['@huggingface/transformers'], from)
  const library = exports as Transformers
  const folder = await writeHubFolder(modelsDir, model)
  process.once('exit', () => { rmSync(folder, { recursive: true, force: true }) })
  library.env.allowRemoteModels = false
  library.env.localModelPath = path.dirname(folder)
  const name = path.basename(folder)
  return {
    says: version,
    recognize: model.startsWith('moonshine') ? await openMoonshine(library, name) : await openWhisper(library, name),
  }
}

async function openMoonshine(library: Transformers, name: string): Promise<Opened['recognize']> {
  const model = await library.MoonshineForConditionalGeneration.from_pretrained(name, OPTIONS)
  const tokenizer = llamaTokenizer()
  return async (samples) => {
    const tokens = await model.generate({
      input_values: new library.Tensor('float32', samples, [1, samples.length]),
      max_new_tokens: Math.ceil(TOKENS_PER_SECOND * samples.length / SAMPLE_RATE),
    })
    return tokenizer.decode(tokens.tolist()[0]!.map(Number))
  }
}

async function openWhisper(library: Transformers, name: string): Promise<Opened['recognize']> {
  const recognize = await library.pipeline('automatic-speech-recognition', name, OPTIONS)
  return async (samples) => (await recognize(samples, { language: 'en', task: 'transcribe' })).text
}
