/**
 * Results as the events of OpenAI Realtime (openai-node 7.59, `resources/realtime/realtime.d.ts`): an item for each
 * utterance. Deltas only append, so they have stable words alone; `completed` has the authoritative text.
 */
import { randomUUID } from 'node:crypto'
import type { Report } from '../../../../domain/report.js'
import { rounded } from '../../answers.js'
import { errorBody } from '../../replies.js'
import type { ServedEvent } from '../served-session.js'

interface Item { readonly id: string; readonly previous: string | null; told: string }

export interface ItemOptions {
  /** Whether speech_started and speech_stopped are sent: not where the client commits. */
  readonly speech: boolean
  readonly logprobs: boolean
  /** `earshot.partial`, and reports with final results. */
  readonly details: boolean
}

export class RealtimeItems {
  readonly #send: (type: string, fields: object) => void
  readonly #items = new Map<number, Item>()
  #last: string | null = null

  constructor(send: (type: string, fields: object) => void) {
    this.#send = send
  }

  /** Times are on the time line of the session; `offsetSeconds` is where its present configuration began. */
  tell(event: ServedEvent, options: ItemOptions, offsetSeconds: number): void {
    const item = this.#itemOf(event.utterance)
    const milliseconds = (seconds: number): number => Math.round((offsetSeconds + seconds) * 1000)
    switch (event.kind) {
      case 'speech_started':
        if (!options.speech) break
        this.#send('input_audio_buffer.speech_started', {
          item_id: item.id, audio_start_ms: milliseconds(event.atSeconds),
        })
        break
      case 'speech_stopped':
        if (!options.speech) break
        this.#send('input_audio_buffer.speech_stopped', {
          item_id: item.id, audio_end_ms: milliseconds(event.atSeconds),
        })
        break
      case 'partial':
        this.#delta(item, event.stable.join(' '))
        if (options.details) {
          const { stable, unstable, found } = event
          this.#send('earshot.partial', {
            item_id: item.id, stable: stable.join(' '), unstable: unstable.join(' '),
            ...found !== null && { found: rounded(found) },
          })
        }
        break
      case 'final': {
        this.#commit(item)
        const { report, found, reason, pauseSeconds, startSeconds, endSeconds } = event
        this.#delta(item, report.text)
        this.#send('conversation.item.input_audio_transcription.completed', {
          item_id: item.id, content_index: 0, transcript: report.text,
          usage: { type: 'duration', seconds: report.input.audioSeconds },
          ...options.logprobs && { logprobs: logprobsOf(report) },
          ...report.language !== '' && { languages: [{ code: report.language }] },
          ...(options.details || found !== null) && {
            earshot: {
              reason, pause_seconds: Number(pauseSeconds.toFixed(3)), audio_start_ms: milliseconds(startSeconds),
              audio_end_ms: milliseconds(endSeconds), ...found !== null && { found: rounded(found) },
              ...options.details && { report: rounded(report) },
            },
          },
        })
        this.#items.delete(event.utterance)
        break
      }
      case 'failed':
        this.#commit(item)
        this.#send('conversation.item.input_audio_transcription.failed', {
          item_id: item.id, content_index: 0, error: errorBody(event.error, item.id).error,
        })
        this.#items.delete(event.utterance)
        break
    }
  }

  #itemOf(utterance: number): Item {
    const item = this.#items.get(utterance) ?? { id: `item_${randomUUID()}`, previous: this.#last, told: '' }
    if (!this.#items.has(utterance)) this.#last = item.id
    this.#items.set(utterance, item)
    return item
  }

  #commit({ id, previous }: Item): void {
    const item = {
      id, type: 'message', object: 'realtime.item', role: 'user', status: 'completed',
      content: [{ type: 'input_audio', transcript: null }],
    }
    this.#send('input_audio_buffer.committed', { item_id: id, previous_item_id: previous })
    this.#send('conversation.item.added', { previous_item_id: previous, item })
    this.#send('conversation.item.done', { previous_item_id: previous, item })
  }

  /** What the text adds to the deltas so far; nothing where it does not begin with them. */
  #delta(item: Item, text: string): void {
    if (!text.startsWith(item.told) || text.length === item.told.length) return
    const delta = text.slice(item.told.length)
    item.told = text
    this.#send('conversation.item.input_audio_transcription.delta', {
      item_id: item.id, content_index: 0, delta,
    })
  }
}

/** Of the tokens of the whole result. */
function logprobsOf({ segments }: Report): object[] {
  return segments.flatMap(({ tokenLogProbabilities }) => tokenLogProbabilities ?? [])
    .map(({ token, logProbability, bytes }) => ({ token, logprob: logProbability, bytes }))
}
