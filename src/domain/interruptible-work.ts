/** Long work in steps of some milliseconds, between which its caller can do something else. */
export type InterruptibleWork<T> = Generator<undefined, T>

/** Throws what a step throws. */
export function runToCompletion<T>(steps: InterruptibleWork<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}
