/** A model on its published graphs: an encoder, and a merged decoder that is run step by step. */
import { SpeechError } from '../../domain/errors.js'
import { encoderDecoderOf, type Manifest, type ModelFiles } from '../../engine/manifest.js'
import { requireMergedDecoder, startDecode } from '../../engine/runtime/kv-cache.js'
import type { OpenSession, Tensor } from '../../engine/runtime/session.js'
import { promptOf, type EncoderDecoderFamily, type OpenModel } from './family.js'
import { greedy } from './greedy.js'
import { candidatesAmong, mostProbableLanguage } from './language-detection.js'
import { forbiddenIn, suppressionOf } from './suppression.js'

export async function openPublished(
  manifest: Manifest, family: EncoderDecoderFamily, files: ModelFiles, open: OpenSession,
): Promise<OpenModel> {
  const { endToken } = encoderDecoderOf(manifest)
  const { prompt: { languageTokens, startToken }, graphs } = family
  const encoder = await open(await files.read('encoder'), { fixedShapes: graphs.fixedShapes })
  const decoder = await open(await files.read('decoder'), { fixedShapes: false })
  if (!encoder.inputs.has(graphs.published)) {
    throw new SpeechError('MODEL_INVALID', `${manifest.name}: the encoder graph has no ${graphs.published}`)
  }
  requireMergedDecoder(decoder)
  const suppression = suppressionOf(family, endToken)
  // [1, frames, width]. Nothing else is requested: the graph would compute and copy every attention matrix too.
  const encode = async (tensor: Tensor): Promise<Tensor> =>
    (await encoder.run({ [graphs.published]: tensor }, ['last_hidden_state'])).last_hidden_state!
  return {
    engine: 'reference',
    provider: encoder.provider,
    timesWords: false,
    async decode({ tensor }, budget, { language: requested, languages, expectSpeech, interrupt, timer }) {
      const states = await timer.timeAsync('encoder', () => encode(tensor))
      interrupt()
      return timer.timeAsync('decoder', async () => {
        const detect = async (): Promise<string | undefined> => languageTokens && mostProbableLanguage(
          startDecode(decoder, states).step,
          { startToken, candidates: candidatesAmong(languageTokens, languages), interrupt },
        )
        const language = requested ?? await detect() ?? manifest.languages[0]!
        const decoded = await greedy(startDecode(decoder, states).step, {
          prompt: promptOf(family.prompt, language),
          endToken, budget, ...forbiddenIn(suppression, expectSpeech), interrupt,
        })
        return { ...decoded, language }
      })
    },
    async dispose() {
      await encoder.release()
      await decoder.release()
    },
  }
}
