/** Long work in steps of some milliseconds, so that whoever does it can do something else in between. */
export type InterruptibleWork<T> = Generator<undefined, T>

/** Whatever a step throws. */
export function runToCompletion<T>(steps: InterruptibleWork<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}
