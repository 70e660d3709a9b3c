/**
 * What a `prompt` of OpenAI's route is: context or a list of phrases.
 *
 * Agents send the previous turn as `prompt`. Biasing towards its words can change what was said ("fifteen" by "fifty"),
 * so a prompt is context, which does not bias, unless its form says that it is a list. A list that is taken for context
 * only loses a preference; context that is taken for a list changes words. So a form that both have is context.
 */
import { numberWordOf } from '../../../domain/numbers/parse.js'
import { MAX_PHRASE_CHARACTERS } from '../../../search/catalogue/inline.js'

export type PromptKind = 'context' | 'list'

export interface PromptReading {
  readonly kind: PromptKind
  /** Of a list, without duplicates. */
  readonly phrases: readonly string[]
}

const CONTEXT: PromptReading = { kind: 'context', phrases: [] }
const LABEL = /^\s*(?:glossary|key ?words?|key ?terms?|terms|vocabulary|phrases|names|words|hints)\s*:/i
const SEPARATOR = /[,;\n、，；]/
const SENTENCE_END = /[.!?…](?=["'”’)\]]*(?:\s|$))|[。！？]/
/** Words of conversation. A prompt with one of them is speech, however many commas it has. */
const CONVERSATION = new RegExp(String.raw`(?<![\p{L}\p{N}])(?:${[
  'i', 'me', 'my', 'you', 'your', 'he', 'him', 'his', 'she', 'her', 'it', 'its', 'we', 'us', 'our', 'they', 'them',
  'their', 'this', 'that', 'these', 'those', 'am', 'is', 'are', 'was', 'were', 'be', 'been', 'has', 'have', 'had', 'do',
  'does', 'did', 'can', 'could', 'will', 'would', 'shall', 'should', 'may', 'might', 'must', 'said', 'what', 'which',
  'who', 'when', 'where', 'why', 'how', 'yes', 'yeah', 'no', 'not', 'okay', 'ok', 'sure', 'right', 'well', 'so', 'but',
  'then', 'please', 'thanks', 'thank', 'hello', 'hi', 'hey', 'sorry', 'great', 'oh', 'um', 'uh', 'actually', 'sir',
].join('|')})(?![\p{L}\p{N}])`, 'iu')
/** How a clause goes on: "green, and blue". */
const CONTINUATION = /^(?:and|or|nor|because|if|to|at|with|from|for|about|around|maybe|just)\s/i
/** Speech of two short parts is common ("Fifteen, John Smith"). */
const MIN_PARTS_WITHOUT_LABEL = 3
/** Without a label, a longer part is a clause. */
const MAX_WORDS_WITHOUT_LABEL = 5
const MAX_WORDS_WITH_LABEL = 8

/**
 * A list has a label ("Glossary: a, b"), or at least three parts between commas, semicolons or line breaks. Such a part
 * has at most five words, is no number and no continuation, and the whole has no end of a sentence, speaker label or
 * word of conversation. Anything else is context.
 */
export function readPrompt(prompt: string): PromptReading {
  const labelled = LABEL.test(prompt)
  const text = labelled ? prompt.replace(LABEL, '').replace(/\.\s*$/, '') : prompt
  const parts = text.split(SEPARATOR).map((part) => part.replace(/\s+/g, ' ').trim()).filter((part) => part !== '')
  if (!labelled && !looksLikeList(prompt, parts)) return CONTEXT
  const limit = labelled ? MAX_WORDS_WITH_LABEL : MAX_WORDS_WITHOUT_LABEL
  const phrases = [...new Set(parts)].filter((part) => isShort(part, limit))
  return phrases.length === 0 ? CONTEXT : { kind: 'list', phrases }
}

function looksLikeList(prompt: string, parts: readonly string[]): boolean {
  return parts.length >= MIN_PARTS_WITHOUT_LABEL
    && parts.every((part) => isShort(part, MAX_WORDS_WITHOUT_LABEL) && !isNumber(part) && !CONTINUATION.test(part))
    && !SENTENCE_END.test(prompt) && !/:\s/.test(prompt) && !CONVERSATION.test(prompt)
}

function isShort(part: string, words: number): boolean {
  return part.length <= MAX_PHRASE_CHARACTERS && part.split(' ').length <= words
}

/** "fifteen", "twenty-five", "3rd". */
function isNumber(part: string): boolean {
  return part.toLowerCase().split(/[ -]/).every((word) => numberWordOf(word) !== undefined)
}
