/** The settings that a recognition process gets: those of `WORKER_SETTINGS`, picked by name, and no others. */
import { WORKER_SETTINGS, type WorkerSettings } from '../../domain/worker-protocol.js'

export function workerSettings(config: WorkerSettings): WorkerSettings {
  return Object.fromEntries(WORKER_SETTINGS.map((name) => [name, config[name]])) as unknown as WorkerSettings
}
