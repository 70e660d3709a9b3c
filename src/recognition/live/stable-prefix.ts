/**
 * Which words of a growing hypothesis will not change: the longest prefix in which the last hypotheses agree
 * (LocalAgreement-n: Liu, Spanakis and Niehues 2020, "Low-latency sequence-to-sequence speech recognition and
 * translation", Interspeech; Macháček, Dabre and Bojar 2023, arXiv:2307.14743), without the last words, which the next
 * sounds may complete.
 *
 * Words are compared without case and punctuation. A word that is stable is never taken back here: a later hypothesis
 * that differs is shown from where it continues.
 */

export interface Partial {
  /** Will not change. */
  readonly stable: readonly string[]
  /** May change with the next partial result. */
  readonly unstable: readonly string[]
}

export interface Agreement {
  /** Successive hypotheses that have to agree. */
  readonly hypotheses: number
  /** Words at the end of a hypothesis that are held back. */
  readonly heldWords: number
}

export class StablePrefix {
  readonly #agreement: Agreement
  readonly #earlier: (readonly string[])[] = []
  #stable: readonly string[] = []

  constructor(agreement: Agreement) {
    this.#agreement = agreement
  }

  get stable(): readonly string[] { return this.#stable }

  /** The next hypothesis, over more audio than the one before. */
  add(text: string): Partial {
    const words = text.split(/\s+/).filter((word) => word !== '')
    const { hypotheses, heldWords } = this.#agreement
    this.#earlier.push(words)
    if (this.#earlier.length > hypotheses) this.#earlier.shift()
    if (this.#earlier.length === hypotheses) this.#extend(words, words.length - heldWords)
    return { stable: this.#stable, unstable: words.slice(this.#stable.length) }
  }

  /** A number grows as it is said: "twenty", "25"; so one at the end is held back. */
  #extend(words: readonly string[], most: number): void {
    let agreed = 0
    while (agreed < most && this.#earlier.every((other) => isSame(other[agreed], words[agreed]))) agreed++
    while (agreed > this.#stable.length && isNumber(words[agreed - 1]!)) agreed--
    if (agreed <= this.#stable.length) return
    const added = words.slice(this.#stable.length, agreed)
    this.#stable = [...this.#stable, ...added.slice(0, -1), withoutPunctuation(added.at(-1)!)]
  }
}

/** How many of the stable words a later text does not have at their places. */
export function changedWords(stable: readonly string[], text: string): number {
  const words = text.split(/\s+/).filter((word) => word !== '')
  return stable.filter((word, index) => !isSame(word, words[index])).length
}

function isSame(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && keyOf(one) === keyOf(other)
}

function keyOf(word: string): string {
  return word.toLowerCase().replace(/[^\p{L}\p{N}']/gu, '')
}

function withoutPunctuation(word: string): string {
  return word.replace(/[.,;:!?…]+$/u, '')
}

const NUMBER_WORDS = new Set([
  'zero', 'oh', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve',
  'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen', 'twenty', 'thirty', 'forty',
  'fifty', 'sixty', 'seventy', 'eighty', 'ninety', 'hundred', 'thousand', 'million', 'point', 'and',
])

function isNumber(word: string): boolean {
  return /\p{N}/u.test(word) || NUMBER_WORDS.has(keyOf(word))
}
