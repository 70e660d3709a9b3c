/**
 * The front end in a process of its own, so that its memory can be measured and a hang be ended: a file comes by
 * message, what became of it and the process's highest resident memory go back. No model is loaded.
 */
import { existsSync, readFileSync } from 'node:fs'
import { SpeechError } from '../../src/domain/errors.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import { HEARS_A_WORD } from './context.js'
import { SERVED } from '../served.js'

export interface Task { readonly bytes: Uint8Array; readonly maxAudioSeconds: number }

export interface Result {
  /** `report`, or the code of a typed error, or `untyped` and its message. */
  readonly outcome: string
  readonly milliseconds: number
  readonly peakBytes: number
}

process.on('message', (task: Task) => {
  void work(task).then((result) => process.send!(result))
})

async function work({ bytes, maxAudioSeconds }: Task): Promise<Result> {
  const since = performance.now()
  const outcome = await transcribe(bytes, HEARS_A_WORD, { ...SERVED, maxAudioSeconds }).then(() => 'report', (thrown: unknown) =>
    thrown instanceof SpeechError ? thrown.code : `untyped: ${String(thrown)}`)
  return { outcome, milliseconds: performance.now() - since, peakBytes: peakBytes() }
}

/** Of this program: what resourceUsage() says on Linux begins with the size that the parent had when it forked. */
function peakBytes(): number {
  const highest = existsSync('/proc/self/status') ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] : undefined
  return 1024 * (highest === undefined ? process.resourceUsage().maxRSS : Number(highest))
}
