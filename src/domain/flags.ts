/** True and false as people and programs write them, in settings and in parameters of requests. */
const TRUE_WORDS = ['true', 'yes', 'on', '1', 'y', 't']
const FALSE_WORDS = ['false', 'no', 'off', '0', 'n', 'f']

/** Undefined for a text that is neither. */
export function flagOf(text: string): boolean | undefined {
  const word = text.trim().toLowerCase()
  return TRUE_WORDS.includes(word) ? true : FALSE_WORDS.includes(word) ? false : undefined
}
