/**
 * A sliding window of the newest clips as counts in bins: a ring of sub-windows and their sum. Whole sub-windows leave,
 * so that counts stay integers and old clips have no effect. Exponential decay would never forget, and count fractions.
 *
 * A sub-window closes when it is full or too old, so that clips of Friday and of Monday are not mixed after a quiet
 * weekend.
 */

export interface WindowShape {
  readonly subWindows: number
  readonly clipsEach: number
  readonly maxAgeMs: number
}

export class CountingWindow {
  readonly #shape: WindowShape
  readonly #ring: Uint32Array[]
  readonly #clips: Uint32Array
  readonly #sum: Uint32Array
  /** When the first clip of each sub-window came. */
  readonly #beganAt: Float64Array
  #open = 0
  #openedAt: number

  /** `cells`: number of counters, all bins of all features. */
  constructor(cells: number, shape: WindowShape, now: number) {
    this.#shape = shape
    this.#ring = Array.from({ length: shape.subWindows }, () => new Uint32Array(cells))
    this.#clips = new Uint32Array(shape.subWindows)
    this.#sum = new Uint32Array(cells)
    this.#beganAt = new Float64Array(shape.subWindows)
    this.#openedAt = now
  }

  /** Sum over all sub-windows. Shape [cells]. */
  get counts(): Uint32Array { return this.#sum }
  get clips(): number { return this.#clips.reduce((sum, clips) => sum + clips, 0) }

  /** When its oldest clip came, as `now`; undefined without clips. */
  get beganAt(): number | undefined {
    const times = [...this.#beganAt].filter((_, index) => this.#clips[index]! > 0)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  /** Sum over the newer half of the sub-windows, of the cells from `first` to before `end`. */
  newerHalf(first: number, end: number): number[] {
    const sums = Array.from({ length: end - first }, () => 0)
    for (let back = 0; back < this.#ring.length / 2; back++) {
      const counts = this.#ring[(this.#open - back + this.#ring.length) % this.#ring.length]!
      for (let cell = first; cell < end; cell++) sums[cell - first]! += counts[cell]!
    }
    return sums
  }

  /** Adds one clip by its counters. Returns whether the sub-window is full: then evaluate, and call `advance`. */
  add(cells: Uint16Array, now: number): boolean {
    const open = this.#ring[this.#open]!
    if (this.#clips[this.#open] === 0) this.#openedAt = this.#beganAt[this.#open] = now
    for (let index = 0; index < cells.length; index++) {
      open[cells[index]!]!++
      this.#sum[cells[index]!]!++
    }
    return ++this.#clips[this.#open]! >= this.#shape.clipsEach
  }

  /** Whether the open sub-window is too old. Empty ones age too, so that old clips leave without new ones. */
  isAged(now: number): boolean {
    return now - this.#openedAt >= this.#shape.maxAgeMs
  }

  /** Closes the open sub-window; the oldest leaves and becomes the open one. */
  advance(now: number): void {
    // Each call ages by one sub-window at most, so time without clips carries over.
    const { maxAgeMs, subWindows } = this.#shape
    this.#openedAt = this.isAged(now) ? Math.max(this.#openedAt + maxAgeMs, now - subWindows * maxAgeMs) : now
    this.#open = (this.#open + 1) % this.#ring.length
    const oldest = this.#ring[this.#open]!
    for (let cell = 0; cell < oldest.length; cell++) this.#sum[cell]! -= oldest[cell]!
    oldest.fill(0)
    this.#clips[this.#open] = 0
  }
}
