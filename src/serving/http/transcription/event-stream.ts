/**
 * Answers as server-sent events (WHATWG HTML, 9.2), in the shapes of OpenAI's streamed transcriptions: deltas that only
 * append, then the whole. A clip is recognized before its first byte is sent, so an error has its status of HTTP, and
 * there is one delta for each segment of the transcript.
 */
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { OPENAI_EXAMPLES } from '../documentation/examples.js'
import type { Report } from '../../../domain/report.js'
import type { TokenLogProbability } from '../../../domain/transcript.js'
import { rounded } from '../answers.js'

export const EVENT_STREAM = 'text/event-stream'

/** Part of the schema of an answer; `asked`: what asks for events, `last`: what is in the last one. */
export function eventContent(asked: string, last: string) {
  const events = `\`transcript.text.delta\` for each segment, then \`transcript.text.done\`${last}`
  const description = `With \`${asked}\`: ${events}.`
  return { [EVENT_STREAM]: { schema: Type.String({ description }), examples: { events: OPENAI_EXAMPLES.events } } }
}

export interface Delta {
  readonly text: string
  readonly tokens: readonly TokenLogProbability[]
}

/**
 * The text in parts, which concatenate to it exactly, with the spaces between them. A segment whose text is not there
 * as it is, since it was spelled together with the next one, is part of the next delta.
 */
export function deltasOf({ text, segments }: Pick<Report, 'text' | 'segments'>): Delta[] {
  const deltas: Delta[] = []
  let told = 0
  let tokens: TokenLogProbability[] = []
  for (const [index, segment] of segments.entries()) {
    tokens = [...tokens, ...segment.tokenLogProbabilities ?? []]
    const found = segment.text === '' ? -1 : text.indexOf(segment.text, told)
    const isNext = found !== -1 && text.slice(told, found).trim() === ''
    const end = index === segments.length - 1 ? text.length : isNext ? found + segment.text.length : told
    if (end === told) continue
    deltas.push({ text: text.slice(told, end), tokens })
    told = end
    tokens = []
  }
  return told === text.length ? deltas : [...deltas, { text: text.slice(told), tokens }]
}

/** The events of a report; the last one has all of it. */
export function reportEvents(report: Pick<Report, 'text' | 'segments'>): object[] {
  const deltas = deltasOf(report).map(({ text }) => ({ type: 'transcript.text.delta', delta: text }))
  return [...deltas, { type: 'transcript.text.done', ...report }]
}

export function sendEvents(events: readonly object[], reply: FastifyReply): string {
  void reply.type(EVENT_STREAM)
  return events.map((event) => `data: ${JSON.stringify(rounded(event))}\n\n`).join('')
}
