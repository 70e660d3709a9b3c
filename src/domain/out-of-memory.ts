/**
 * Whether an operation failed because memory could not be allocated. Every layer has its own message for it: V8,
 * WebAssembly, ONNX Runtime (C++ and its arenas), CUDA, the system. The error may have been wrapped, so its causes are
 * checked too. The message of a SpeechError is not: it may quote an upload, whose text must not pass for a lack of
 * memory.
 */
import { SpeechError } from './errors.js'

const SIGNS: readonly RegExp[] = [
  /array buffer allocation failed/i,
  /could not allocate memory/i,
  /cannot enlarge memory|\(OOM\)|out of memory/i,
  /bad[_ ]alloc(ation)?/i,
  /failed to allocate/i,
  /available memory of \d+ is smaller than/i,
  /cudaErrorMemoryAllocation/i,
  /\bENOMEM\b|cannot allocate memory/i,
]

export function isOutOfMemory(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const { message } = error
    if (!(error instanceof SpeechError) && SIGNS.some((sign) => sign.test(message))) return true
  }
  return false
}
