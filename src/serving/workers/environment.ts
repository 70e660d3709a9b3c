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

/** ONNX Runtime reads it when its library loads. `engine/runtime/no-telemetry.ts` sets it in every other process. */
const FIXED = { ORT_DISABLE_TELEMETRY: '1' }

export function workerEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const isAllowed = (name: string): boolean =>
    NAMES.includes(name) || PREFIXES.some((prefix) => name.startsWith(prefix))
  return { ...Object.fromEntries(Object.entries(environment).filter(([name]) => isAllowed(name))), ...FIXED }
}
