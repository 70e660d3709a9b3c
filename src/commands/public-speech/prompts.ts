/**
 * Prompts of the Asterisk core sounds, and what they say according to the names of their files: file, without its
 * ending, → text. As with a first labelling, a few texts are wrong: docs/lifecycle.md finds and corrects them.
 */

const ONES = [
  'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve', 'thirteen',
  'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen',
]
const ORDINALS = [
  'first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth', 'eleventh', 'twelfth',
  'thirteenth', 'fourteenth', 'fifteenth', 'sixteenth', 'seventeenth', 'eighteenth', 'nineteenth',
]
const TENS = ['twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety']
const SCALES = ['hundred', 'thousand', 'million', 'billion']
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November',
  'December',
]
const SPELLING = [
  'alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot', 'golf', 'hotel', 'india', 'juliet', 'kilo', 'lima', 'mike',
  'november', 'oscar', 'papa', 'quebec', 'romeo', 'sierra', 'tango', 'uniform', 'victor', 'whiskey', 'x-ray', 'yankee',
  'zulu',
]
const WORDS = [
  'activated', 'added', 'calling', 'cancelled', 'disabled', 'enabled', 'extension', 'goodbye', 'hello', 'hours',
  'invalid', 'location', 'lowercase', 'minute', 'minutes', 'number', 'removed', 'second', 'seconds', 'sorry', 'time',
  'transfer', 'uppercase', 'speed-dial', 'hello-world', 'do-not-disturb', 'call-waiting', 'call-forwarding',
  'telephone-number', 'please-try-again', 'one-moment-please', 'from-unknown-caller', 'number-not-answering',
  'to-call-this-number', 'is-in-use', 'is-set-to', 'you-entered', 'digits/today', 'digits/tomorrow',
  'digits/yesterday', 'digits/minus', 'digits/dollars', 'digits/pound', 'digits/star',
]

export const PROMPTS: ReadonlyMap<string, string> = new Map([
  ...ONES.map((text, index): Prompt => [`digits/${index + 1}`, text]),
  ...ORDINALS.map((text, index): Prompt => [`digits/h-${index + 1}`, text]),
  ...TENS.map((text, index): Prompt => [`digits/${20 + 10 * index}`, text]),
  ...TENS.map((text, index): Prompt => [`digits/h-${20 + 10 * index}`, text.replace(/y$/, 'ieth')]),
  ...SCALES.map((text): Prompt => [`digits/${text}`, text]),
  ...SCALES.map((text): Prompt => [`digits/h-${text}`, `${text}th`]),
  ...DAYS.map((text, index): Prompt => [`digits/day-${index}`, text]),
  ...MONTHS.map((text, index): Prompt => [`digits/mon-${index}`, text]),
  ...SPELLING.map((text): Prompt => [`phonetic/${text.charAt(0)}_p`, text]),
  ...WORDS.map((name): Prompt => [name, name.replace(/^.*\//, '').replaceAll('-', ' ')]),
])

type Prompt = readonly [file: string, text: string]
