/**
 * What a recognition process is told of the settings: the fields of `WorkerSettings` and no others. Field by field,
 * because a spread of the settings would hand over the secrets of the service too; a field that is missing here does
 * not compile.
 */
import type { WorkerSettings } from '../../domain/worker-protocol.js'

export function workerSettings(settings: WorkerSettings): WorkerSettings {
  return {
    modelsDir: settings.modelsDir,
    models: settings.models,
    executionProviders: settings.executionProviders,
    executionProvidersStrict: settings.executionProvidersStrict,
    engine: settings.engine,
    matrices: settings.matrices,
    threads: settings.threads,
    maxAudioSeconds: settings.maxAudioSeconds,
    cpuPerAudioSecond: settings.cpuPerAudioSecond,
    disabledCodecs: settings.disabledCodecs,
    normalizeVolume: settings.normalizeVolume,
    trimSilence: settings.trimSilence,
    speechDetection: settings.speechDetection,
    speechDetector: settings.speechDetector,
    maxDecodingPasses: settings.maxDecodingPasses,
    cascadeModel: settings.cascadeModel,
    cascadeBelow: settings.cascadeBelow,
    warmUpClip: settings.warmUpClip,
  }
}
