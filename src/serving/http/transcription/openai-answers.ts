/** What /openapi.json says of the answers of POST /v1/audio/transcriptions. */
import { Type } from 'typebox'
import { TRANSCRIPTION_ERRORS, type Answers } from '../documentation/answers.js'
import { OPENAI_EXAMPLES } from '../documentation/examples.js'
import { eventContent } from './event-stream.js'
import { OpenAiJson, OpenAiVerboseJson } from './openai-schemas.js'

const { json, verboseJson, text, srt, vtt } = OPENAI_EXAMPLES

export const OPENAI_ANSWERS: Answers = {
  description: 'The transcript, in the format that `response_format` names.',
  errors: TRANSCRIPTION_ERRORS,
  headers: ['earshot-feedback-token', 'earshot-languages', 'earshot-prompt'],
  content: {
    'application/json': {
      schema: Type.Union([OpenAiVerboseJson, OpenAiJson], {
        description: 'With `response_format=json` (the default) or `verbose_json`.',
      }),
      examples: { json, verbose_json: verboseJson },
    },
    'text/plain': {
      schema: Type.String({ description: 'With `response_format=text`.' }), examples: { text },
    },
    ...eventContent('stream=true', ''),
    'application/x-subrip': {
      schema: Type.String({ description: 'With `response_format=srt`: SubRip.' }), examples: { srt },
    },
    'text/vtt': {
      schema: Type.String({ description: 'With `response_format=vtt`: WebVTT.' }), examples: { vtt },
    },
  },
}
