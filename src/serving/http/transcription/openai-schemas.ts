/** The JSON answers of OpenAI's transcription API, as TypeBox; `openai-formats.ts` writes them. */
import { Type } from 'typebox'
import { listed } from '../schemas.js'

export const OpenAiUsage = Type.Object({
  type: Type.Literal('duration'),
  seconds: Type.Integer({ description: 'Length of the audio, rounded up.' }),
}, { description: 'What OpenAI would charge for.' })

export const OpenAiToken = Type.Object({
  token: Type.String({ description: 'Its bytes as text; a part of a character is U+FFFD.' }),
  logprob: Type.Number({ description: 'Natural logarithm.' }),
  bytes: listed(Type.Integer({ minimum: 0, maximum: 255 })),
})

const REQUESTED = {
  logprobs: Type.Optional(Type.Array(OpenAiToken, { description: 'Only with `include[]=logprobs`.' })),
  languages: Type.Optional(Type.Array(Type.Object({ code: Type.String() }), {
    description: 'The language that was spoken; only for requests with `languages[]`.',
  })),
}

export const OpenAiJson = Type.Object({
  text: Type.String(),
  ...REQUESTED,
  usage: OpenAiUsage,
}, { description: 'With `response_format=json`, the default.' })

export const OpenAiWord = Type.Object({
  word: Type.String({ description: 'Without the punctuation marks around it.' }),
  start: Type.Number({ description: 'Seconds.' }),
  end: Type.Number({ description: 'Seconds.' }),
})

export const OpenAiSegment = Type.Object({
  id: Type.Integer({ minimum: 0 }),
  seek: Type.Integer({ description: 'Its start in frames of 10 ms.' }),
  start: Type.Number({ description: 'Seconds.' }),
  end: Type.Number({ description: 'Seconds.' }),
  text: Type.String(),
  tokens: listed(Type.Integer()),
  temperature: Type.Number({ description: 'Always 0: decoding is greedy.' }),
  avg_logprob: Type.Number({ description: 'Mean of the tokens, natural logarithm.' }),
  compression_ratio: Type.Number({ description: 'Bytes of the text over its deflated bytes.' }),
  no_speech_prob: Type.Number({ description: 'Always 0: a segment is what the speech detector found.' }),
})

export const OpenAiVerboseJson = Type.Object({
  task: Type.Literal('transcribe'),
  language: Type.String({ description: 'Its English name in small letters.' }),
  duration: Type.Number({ description: 'Length of the audio in seconds.' }),
  text: Type.String(),
  words: Type.Optional(Type.Array(OpenAiWord, { description: 'Only with `timestamp_granularities[]=word`.' })),
  segments: Type.Optional(Type.Array(OpenAiSegment, {
    description: 'Without granularities, or with `timestamp_granularities[]=segment`.',
  })),
  ...REQUESTED,
  usage: OpenAiUsage,
  feedback_token: Type.String({ description: 'For POST /v1/feedback and POST /v1/labels.' }),
}, { description: 'With `response_format=verbose_json`.' })
