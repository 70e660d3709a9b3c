/**
 * The door to ONNX Runtime: load, run, release. The only file that imports onnxruntime-node.
 *
 * Threads are given, never guessed: the runtime sizes itself to the host, not to the container. Spinning is off
 * (waiting threads would eat the cores of the neighbouring workers). `disable_quant_qdq` keeps the decoder from
 * dequantizing its embedding matrix on every step (decoder 1.3 to 1.4 times faster).
 *
 * The runtime throws when a provider is not there instead of trying the next, so the fall-back is ours.
 */
// First, before the library is loaded.
import './no-telemetry.js'
import ort from 'onnxruntime-node'
import { SpeechError } from '../../domain/errors.js'
import type { ProviderReport } from '../../domain/choices.js'

export const { Tensor } = ort
export type Tensor = ort.Tensor
export type Tensors = Readonly<Record<string, ort.Tensor>>

/** Of ONNX Runtime itself. */
export const runtimeVersion = ort.env.versions.node ?? 'unknown'

export interface SessionSettings {
  /** Execution providers in order of preference: `cuda`, `webgpu`, `cpu`. */
  readonly providers: readonly string[]
  /** Only the first provider will do. */
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

/** Inputs and outputs that a graph should have and has not, by their names. */
export function missingPorts({ inputs, outputs }: Session, wantedInputs: readonly string[], wantedOutputs: readonly string[]): string[] {
  return [...wantedInputs.filter((name) => !inputs.has(name)), ...wantedOutputs.filter((name) => !outputs.includes(name))]
}

export interface GraphTraits {
  /**
   * Runs have the same shapes, or at most those of the first: the memory of a run fits the next, so it is kept (four
   * times faster for a 30-second encoder). With inputs of any length it is given back after each run; kept, it would
   * stay as large as the longest clip made it.
   */
  readonly fixedShapes: boolean
}

/** Opens a graph from bytes that were verified. Throws PROVIDER_UNAVAILABLE or MODEL_INVALID. */
export type OpenSession = (graph: Uint8Array, traits: GraphTraits) => Promise<Session>

export function sessionOpener(settings: SessionSettings): OpenSession {
  // A provider that refused once is not asked again: the second graph of a model goes where the first went.
  let agreed: ProviderReport | undefined
  return async (graph, { fixedShapes }) => {
    const candidates = agreed ? [agreed.provider] : preference(settings)
    const refused: { provider: string; reason: string }[] = []
    for (const provider of candidates) {
      try {
        const session = await ort.InferenceSession.create(graph, sessionOptions(provider, settings.threads, fixedShapes))
        agreed ??= { provider, refused }
        return wrap(session, agreed)
      } catch (cause) {
        const reason = firstLine(cause)
        if (provider === 'cpu') throw new SpeechError('MODEL_INVALID', `the runtime does not accept the graph: ${reason}`, { cause })
        refused.push({ provider, reason })
      }
    }
    const reasons = refused.map(({ provider, reason }) => `${provider} (${reason})`).join(', ')
    throw new SpeechError('PROVIDER_UNAVAILABLE', `${reasons}${settings.strict ? '; falling back is switched off by EARSHOT_EXECUTION_PROVIDERS_STRICT' : ''}`)
  }
}

/** The CPU is always there, so it ends every list that may fall back. */
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
      // On a CPU the fused operator goes number by number, the two that it replaces do not: 4 times slower.
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
  return (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0]!.slice(0, 300)
}
