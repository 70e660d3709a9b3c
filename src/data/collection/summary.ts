/** What a collection holds, in figures. */
import {
  COLLECTION_REASONS, keepsProbabilities, type CollectedClips, type CollectionReason, type Selection,
} from './collected-clip.js'

export interface Summary {
  readonly clips: number
  /** Of the uploads. */
  readonly audioBytes: number
  readonly audioSeconds: number
  /** ISO 8601; null without clips. */
  readonly first: string | null
  readonly last: string | null
  /** Clips by reason; one may have several. */
  readonly byReason: Readonly<Record<CollectionReason, number>>
  readonly corrected: number
  /** Different ones; clips without a session are not counted. */
  readonly sessions: number
  /** Clips that these stand for: the sum of 1 / samplingProbability; null for those of one reason. */
  readonly represented: number | null
}

export async function summarizeClips(
  collected: Pick<CollectedClips, 'select'>, selection: Selection,
): Promise<Summary> {
  const none = COLLECTION_REASONS.map((reason) => [reason, 0])
  const byReason = Object.fromEntries(none) as Record<CollectionReason, number>
  const sessions = new Set<string>()
  let [count, audioBytes, audioSeconds, corrected, represented] = [0, 0, 0, 0, 0]
  let first: string | null = null
  let last: string | null = null
  for await (const { time, session, audio, reasons, samplingProbability, correction, report } of
    collected.select(selection)) {
    count++
    audioBytes += audio.bytes
    audioSeconds += report.input.audioSeconds
    represented += 1 / samplingProbability
    corrected += correction === null ? 0 : 1
    first ??= time
    last = time
    if (session !== null) sessions.add(session)
    for (const reason of reasons) byReason[reason]++
  }
  return {
    clips: count, audioBytes, audioSeconds, first, last, byReason, corrected, sessions: sessions.size,
    represented: keepsProbabilities(selection) ? represented : null,
  }
}
