/** Helpers of the tests of spoken search: alternatives, a catalogue, and requests. */
import t from 'tap'
import type { RankedAlternative } from '../../../../src/domain/phrases.js'
import type { Report } from '../../../../src/domain/report.js'
import { CLIP, post, REPORT } from '../fake-service.js'

export const alternative = (text: string, logProbability: number, phrases: number[] = []): RankedAlternative => ({
  text,
  confidence: 0.9,
  logProbability,
  phrases,
  posterior: 0.5,
})
/** A fake pool that recognizes these. */
export const recognizing =
  (...alternatives: RankedAlternative[]): (() => Promise<Report>) =>
  async () => ({
    ...REPORT,
    text: alternatives[0]?.text ?? '',
    alternatives,
    ...(alternatives.length === 0 && { confidence: null, noSpeechReason: 'no_speech_detected' as const }),
  })
export const CSV = 'id,name,tags\nt1,Green Tea,drinks|hot\nt2,Black Tea,\nlamp,Desk Lamp,\n'

export async function putShop(url: string): Promise<void> {
  t.equal(
    (await fetch(`${url}/v1/catalogues/shop`, { method: 'PUT', body: CSV, headers: { 'content-type': 'text/csv' } }))
      .status,
    200,
  )
}

export interface Answer {
  outcome: string
  hits: { id: string; name: string; why: string[]; tags: string[]; score: number }[] | null
  didYouMean: { id: string }[]
  reason: string | null
  text: string
  alternatives: { phrases: string[] }[]
  catalogue: string | null
  searchSeconds: number
  feedbackToken: string
}
export const search = async (url: string, query: string): Promise<Answer> => {
  const response = await post(`${url}/v1/search?${query}`, CLIP)
  t.equal(response.status, 200, query)
  return await response.json() as Answer
}
