/**
 * ONNX Runtime: load, run, release. The only file that imports onnxruntime-node.
 *
 * The number of threads is always set: the runtime's own default is that of the host, not of the container. Spinning is
 * off, because waiting threads would take the cores of other workers. `disable_quant_qdq` keeps the decoder from
 * dequantizing its embedding matrix in every step (decoder 1.3 to 1.4 times faster).
 *
 * The runtime throws when a provider is not available instead of trying the next one, so the fallback is implemented
 * here.
 */
// Imported before the library is loaded.
import './no-telemetry.js'
import ort from 'onnxruntime-node'
import { SpeechError } from '../../domain/errors.js'
import type { ProviderReport } from '../../domain/choices.js'

export const { Tensor } = ort
export type Tensor = ort.Tensor
export type Tensors = Readonly<Record<string, ort.Tensor>>

/** Version of ONNX Runtime. */
export const runtimeVersion = ort.env.versions.node ?? 'unknown'

export interface SessionSettings {
  /** Execution providers in order of preference: `cuda`, `webgpu`, `cpu`. */
  readonly providers: readonly string[]
  /** Use the first provider or fail. */
  readonly strict: boolean
  readonly threads: number
}

export interface Session {
  readonly inputs: ReadonlyMap<string, readonly (number | string)[]>
  readonly outputs: readonly string[]
  readonly provider: ProviderReport
  /** Runs the graph; only the outputs of `wanted` (all when absent) are computed and copied out. */
  run(feeds: Tensors, wanted?: readonly string[]): Promise<Tensors>
  release(): Promise<void>
}

/** Names of the expected inputs and outputs that a graph does not have. */
export function missingPorts(
  { inputs, outputs }: Session, expectedInputs: readonly string[], expectedOutputs: readonly string[],
): string[] {
  return [
    ...expectedInputs.filter((name) => !inputs.has(name)),
    ...expectedOutputs.filter((name) => !outputs.includes(name)),
  ]
}

/** Shape of an input that the graph has; NaN for a size that is known only when the graph runs. */
export function shapeOf({ inputs }: Session, name: string): number[] {
  const shape = inputs.get(name)
  if (shape === undefined) throw new Error(`the graph has no input ${name}`)
  return shape.map(Number)
}

/** One result of a run. */
export function outputOf(results: Tensors, name: string): Tensor {
  const tensor = results[name]
  if (tensor === undefined) throw new Error(`the graph returned no ${name}`)
  return tensor
}

/** A tensor of int64; one-dimensional without `dims`. */
export function integers(values: readonly number[], dims: readonly number[] = [values.length]): Tensor {
  return new Tensor('int64', BigInt64Array.from(values, BigInt), dims)
}

export interface GraphTraits {
  /**
   * Runs have the same shapes, or at most those of the first: the memory of a run fits the next, so it is kept (four
   * times faster for a 30-second encoder). With inputs of any length it is freed after each run; otherwise it would
   * stay as large as for the longest clip.
   */
  readonly fixedShapes: boolean
}

/** Opens a graph from verified bytes. Throws PROVIDER_UNAVAILABLE or MODEL_INVALID. */
export type OpenSession = (graph: Uint8Array, traits: GraphTraits) => Promise<Session>

export function sessionOpener(settings: SessionSettings): OpenSession {
  // All graphs of a model run on the provider of the first; a provider that refused is not tried again.
  let agreed: ProviderReport | undefined
  return async (graph, { fixedShapes }) => {
    const candidates = agreed ? [agreed.provider] : preference(settings)
    const refused: { provider: string; reason: string }[] = []
    for (const provider of candidates) {
      try {
        const options = sessionOptions(provider, settings.threads, fixedShapes)
        const session = await ort.InferenceSession.create(graph, options)
        agreed ??= { provider, refused }
        return wrap(session, agreed)
      } catch (cause) {
        const reason = firstLine(cause)
        if (provider === 'cpu') {
          throw new SpeechError('MODEL_INVALID', `the runtime does not accept the graph: ${reason}`, { cause })
        }
        refused.push({ provider, reason })
      }
    }
    const reasons = refused.map(({ provider, reason }) => `${provider} (${reason})`).join(', ')
    const strict = settings.strict ? '; falling back is switched off by EARSHOT_EXECUTION_PROVIDERS_STRICT' : ''
    throw new SpeechError('PROVIDER_UNAVAILABLE', `${reasons}${strict}`)
  }
}

/** The CPU is always available, so it is the last of every list that may fall back. */
function preference({ providers, strict }: SessionSettings): readonly string[] {
  if (strict) return providers.slice(0, 1)
  return providers.includes('cpu') ? providers : [...providers, 'cpu']
}

function sessionOptions(provider: string, threads: number, keepMemory: boolean): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableCpuMemArena: keepMemory,
    logSeverityLevel: 4,
    extra: {
      session: { intra_op: { allow_spinning: '0' }, disable_quant_qdq: '1' },
      // On a CPU the fused operator is not vectorized, and 4 times slower than the two that it replaces.
      optimization: { disable_specified_optimizers: 'SkipLayerNormFusion' },
    },
  }
}

function wrap(session: ort.InferenceSession, provider: ProviderReport): Session {
  const inputs = new Map(session.inputMetadata.map((input) => [input.name, input.isTensor ? input.shape : []]))
  return {
    inputs,
    outputs: session.outputNames,
    provider,
    run: (feeds, wanted) => wanted ? session.run(feeds, wanted) : session.run(feeds),
    release: () => session.release(),
  }
}

function firstLine(thrown: unknown): string {
  const [line = ''] = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')
  return line.slice(0, 300)
}
