/**
 * Drift monitoring in the service: the configured baseline, a monitor for it, and a record of features if the operator
 * wants one. Only clips of the default model are monitored: other models have outputs of their own.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { SpeechError } from '../../domain/errors.js'
import { readPlainFile } from '../../domain/plain-file.js'
import type { Report } from '../../domain/report.js'
import { checkBaseline, parseBaseline, type Baseline, type Pipeline } from './baseline.js'
import { featureRow } from './features.js'
import { DriftMonitor, type DriftEvents } from './monitor.js'
import { ClipRecord } from './record.js'
import type { DriftSnapshot } from './snapshot.js'

/** A baseline has some tens of thousands. */
const MAX_BASELINE_BYTES = 16_777_216

export interface WatchSettings {
  /** A file, `auto` or `off`. */
  readonly driftBaseline: string
  readonly driftRecord: string | undefined
  readonly driftRecordClips: number
  readonly modelsDir: string
}

export interface WatchEvents extends DriftEvents {
  onRecordError(error: Error): void
  /** An incomplete last line of this many bytes was removed from the record. */
  onRecordRepaired(bytes: number): void
}

export class DriftWatch {
  readonly #model: string
  readonly #record: ClipRecord | undefined
  /** Undefined: nothing is compared. */
  readonly monitor: DriftMonitor | undefined
  /** Why nothing is compared; null with a monitor. */
  readonly reason: string | null

  private constructor(
    model: string, monitor: DriftMonitor | undefined, reason: string | null, record: ClipRecord | undefined,
  ) {
    this.#model = model
    this.monitor = monitor
    this.reason = reason
    this.#record = record
  }

  /**
   * Throws BASELINE_* if a configured file cannot be used, or the record is of another model. The baseline that comes
   * with the model is ignored instead: settings may differ from those that it was made with.
   */
  static async open(
    settings: WatchSettings, model: Baseline['model'], pipeline: Pipeline, events: WatchEvents,
  ): Promise<DriftWatch> {
    const { baseline, reason } = findBaseline(settings, model, pipeline)
    const record = settings.driftRecord === undefined ? undefined
      : await ClipRecord.open(settings.driftRecord, { model, pipeline }, settings.driftRecordClips, {
        onError(error) { events.onRecordError(error) },
        onRepaired(bytes) { events.onRecordRepaired(bytes) },
      })
    return new DriftWatch(model.name, baseline && new DriftMonitor(baseline, Date.now, events), reason, record)
  }

  /** `session` identifies a visit; the record keeps only its hash. */
  observe(report: Report, session: string | undefined): void {
    if (report.model !== this.#model || (this.monitor === undefined && this.#record === undefined)) return
    const row = featureRow(report)
    this.monitor?.observe(row)
    this.#record?.add(row, session, Date.now())
  }

  /** Features with an alarm in whose bins that have become more frequent the clip is. */
  shifted(report: Report): readonly string[] {
    if (report.model !== this.#model || this.monitor === undefined || this.monitor.alarms.length === 0) return []
    return this.monitor.shifted(featureRow(report))
  }

  snapshot(): DriftSnapshot | null {
    return this.monitor?.snapshot() ?? null
  }

  async close(): Promise<void> {
    await this.#record?.close()
  }
}

interface Found { readonly baseline: Baseline | undefined; readonly reason: string | null }

function findBaseline(
  { driftBaseline, modelsDir }: WatchSettings, model: Baseline['model'], pipeline: Pipeline,
): Found {
  if (driftBaseline === 'off') return { baseline: undefined, reason: 'EARSHOT_DRIFT_BASELINE is off' }
  if (driftBaseline !== 'auto') return { baseline: readBaseline(driftBaseline, model, pipeline), reason: null }
  const file = path.join(modelsDir, model.name, 'baseline.json')
  if (!existsSync(file)) return { baseline: undefined, reason: `none comes with ${model.name}` }
  try {
    return { baseline: readBaseline(file, model, pipeline), reason: null }
  } catch (thrown) {
    if (!(thrown instanceof SpeechError) || thrown.code !== 'BASELINE_MISMATCH') throw thrown
    return { baseline: undefined, reason: thrown.message }
  }
}

function readBaseline(file: string, model: Baseline['model'], pipeline: Pipeline): Baseline {
  if (!existsSync(file)) throw new SpeechError('BASELINE_INVALID', `there is no file ${file}`)
  const baseline = parseBaseline(readText(file))
  checkBaseline(baseline, model, pipeline)
  return baseline
}

function readText(file: string): string {
  try {
    return readPlainFile(file, MAX_BASELINE_BYTES).toString('utf8')
  } catch (cause) {
    throw new SpeechError('BASELINE_INVALID', `${file} cannot be read (${(cause as Error).message})`, { cause })
  }
}
