/**
 * When the last final word is long past: measured between words on the time line of the stream, so it does not depend
 * on pauses that the detector finds. A sound without words does not begin the gap anew; somebody who speaks delays it,
 * until it is known whether there were words.
 */
export class UtteranceEnds {
  readonly #gapSeconds: number
  readonly #tell: (lastWordEnd: number) => void
  /** End of the last final word, until its gap is told. */
  #lastWordEnd: number | undefined
  #isSpeaking = false

  constructor(gapSeconds: number, tell: (lastWordEnd: number) => void) {
    this.#gapSeconds = gapSeconds
    this.#tell = tell
  }

  speechStarted(): void {
    this.#isSpeaking = true
  }

  /** `lastWordEnd`: undefined where an utterance had no words. */
  utteranceOver(lastWordEnd: number | undefined): void {
    this.#isSpeaking = false
    this.#lastWordEnd = lastWordEnd ?? this.#lastWordEnd
  }

  handled(untilSeconds: number): void {
    const end = this.#lastWordEnd
    if (end === undefined || this.#isSpeaking || untilSeconds - end < this.#gapSeconds) return
    this.#lastWordEnd = undefined
    this.#tell(end)
  }
}
