/** Long work in steps of some milliseconds, so that other work can run in between. */
export type InterruptibleWork<T> = Generator<undefined, T>

/** Throws what a step throws. */
export function runToCompletion<T>(steps: InterruptibleWork<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}
