/**
 * The environment of a recognition process. It decodes untrusted uploads, so it gets the variables of this list and no
 * others: secrets of the service, of the shell and of the orchestrator stay in the server. Settings are sent to it in a
 * message (`worker-settings.ts`).
 *
 * Left out on purpose: `HOME` and `XDG_*`, because a recognizer needs no files there (libraries use them for caches;
 * CUDA's has `CUDA_CACHE_PATH`), proxies and certificates, because it does not use the network, and every `EARSHOT_*`.
 */

/** Exact names, by purpose. */
const NAMES: readonly string[] = [
  // Search paths of programs and shared libraries.
  'PATH', 'LD_LIBRARY_PATH', 'LD_PRELOAD', 'DYLD_LIBRARY_PATH',
  // Memory of the C library (docs/performance.md).
  'GLIBC_TUNABLES',
  // Flags of Node for all processes, such as a heap limit; its thread pool; test coverage.
  'NODE_OPTIONS', 'UV_THREADPOOL_SIZE', 'NODE_V8_COVERAGE',
  // Language and time zone of messages.
  'LANG', 'LC_ALL', 'TZ',
  // Windows cannot start a process without these.
  'SystemRoot', 'windir',
  // Scratch files of drivers.
  'TMPDIR', 'TEMP', 'TMP',
]

/** Families of names: the allocator of glibc, ONNX Runtime, and the drivers of accelerators. */
const PREFIXES: readonly string[] = ['MALLOC_', 'ORT_', 'CUDA_', 'CUDNN_', 'NVIDIA_', 'VK_']

/**
 * How glibc keeps freed memory (docs/performance.md). A value of the operator's own wins; other C libraries ignore it.
 *
 * Large models: memory is returned to the system beyond 256 MB. By its own default glibc returns that of nearly every
 * run, and each page is then zeroed again when it is next used: Whisper small takes twice as long.
 */
export const LARGE_MODEL_ALLOCATOR = { MALLOC_TRIM_THRESHOLD_: '268435456', MALLOC_MMAP_THRESHOLD_: '268435456' }
/**
 * Small models: most of what a worker keeps would be holes. One arena instead of one for each thread of Node, which
 * compile for some seconds and then keep 40 MB; blocks of 4 MB and more, which only clips beyond about ten seconds
 * need, are returned when they are freed, so that nothing is placed between them. By its own default glibc raises that
 * limit to 32 MB, and the heap grows to three times of what is in use.
 */
export const SMALL_MODEL_ALLOCATOR = {
  MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '4194304', MALLOC_TRIM_THRESHOLD_: '16777216',
}
/** Weights of all models of a process from which they are large. */
const LARGE_MODELS_BYTES = 100_000_000

/** ONNX Runtime reads it when its library loads. `engine/runtime/no-telemetry.ts` sets it in every other process. */
const FIXED = { ORT_DISABLE_TELEMETRY: '1' }

/** `modelBytes`: the weights that the process loads. */
export function workerEnvironment(modelBytes = 0, environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const isAllowed = (name: string): boolean =>
    NAMES.includes(name) || PREFIXES.some((prefix) => name.startsWith(prefix))
  const allowed = Object.fromEntries(Object.entries(environment).filter(([name]) => isAllowed(name)))
  const allocator = modelBytes >= LARGE_MODELS_BYTES ? LARGE_MODEL_ALLOCATOR : SMALL_MODEL_ALLOCATOR
  return { ...allocator, ...allowed, ...FIXED }
}
