/** The audio of the last minutes, of which the page draws the utterances. */

/** The longest utterance of a service that a page draws, and the pause after it. */
const KEPT_SECONDS = 120

export class AudioMemory {
  /** @type {Float32Array[]} */
  #blocks = []
  #rate = 0
  /** Samples before the first block, and in all blocks. */
  #dropped = 0
  #held = 0

  /** @param {Float32Array} samples @param {number} rate Hz, the same for all */
  add(samples, rate) {
    this.#rate = rate
    this.#blocks.push(samples)
    this.#held += samples.length
    while (this.#held > KEPT_SECONDS * rate) {
      const dropped = this.#blocks.shift()?.length ?? 0
      this.#dropped += dropped
      this.#held -= dropped
    }
  }

  /** Zeros stand for what is not held any more. @param {number} startSeconds @param {number} endSeconds */
  between(startSeconds, endSeconds) {
    const [start, end] = [startSeconds, endSeconds].map((seconds) => Math.round(seconds * this.#rate))
    const samples = new Float32Array(Math.max(0, (end ?? 0) - (start ?? 0)))
    let at = this.#dropped - (start ?? 0)
    for (const block of this.#blocks) {
      const from = Math.max(0, -at)
      if (from < block.length && at < samples.length) {
        samples.set(block.subarray(from, Math.min(block.length, samples.length - at)), at + from)
      }
      at += block.length
    }
    return samples
  }
}
