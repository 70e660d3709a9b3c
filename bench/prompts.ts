/**
 * Whether the previous turn of an agent, sent as `prompt`, changes what is recognized: clips that hold a word which
 * sounds like another one, with turns that hold the other word, and with turns that hold the right one, over HTTP as a
 * client sends them. No transcript may differ from the one without a prompt. The other word as a keyword shows what
 * biasing to it would do.
 */
import { readFile } from 'node:fs/promises'
import { groupBy, sum } from '../fixtures/kit/statistics.js'
import { withServer } from '../fixtures/kit/server.js'
import { PROMPTS } from './declarations/service.js'
import { defineBench } from './harness/bench.js'
import { readClips, type SpeechClip } from './harness/clips.js'
import { fixed, printTable } from './harness/table.js'
import { confusableIn, TURNS, type Confusable } from './prompts/confusable.js'
import { Skipped } from './harness/endings.js'
import { startProgress } from './harness/progress.js'

const SETTINGS = { EARSHOT_LOG_LEVEL: 'silent', EARSHOT_QUEUE_WAIT_SECONDS: '600', EARSHOT_DEADLINE_SECONDS: '600' }

interface Answer {
  readonly text: string
  /** Whether the service read the prompt as context. */
  readonly isContext: boolean
}

interface Result {
  readonly source: string
  readonly pair: string
  /** Prompts whose transcript is another one than without a prompt. */
  readonly changedBy: { readonly alike: readonly string[]; readonly said: readonly string[] }
  /** Turns that were read as a list. */
  readonly lists: readonly string[]
  readonly isChangedByKeyword: boolean
}

export const run = defineBench(PROMPTS, ({ model, manifest, limit }) =>
  withServer({ model, workers: 1, settings: SETTINGS }, async ({ url }) => {
    const route = `${url}/v1/audio/transcriptions`
    const results: Result[] = []
    const clips = (await readClips(manifest, limit)).flatMap((clip) => {
      const confusable = confusableIn(clip.text)
      return confusable === undefined ? [] : [{ clip, confusable }]
    })
    if (clips.length === 0) {
      throw new Skipped('no clip holds a word that sounds like another one of bench/prompts/confusable.ts: name '
        + 'recordings of speech with --manifest')
    }
    const progress = startProgress('clips', clips.length)
    for (const { clip, confusable } of clips) {
      results.push(await examine(clip, confusable, route, model))
      progress.step()
    }
    print(results)
    const missed = results.flatMap(({ source, changedBy, lists }) => [
      ...[...changedBy.alike, ...changedBy.said].map((prompt) => `${source}: "${prompt}" changes a transcript`),
      ...lists.map((prompt) => `${source}: "${prompt}" is read as a list`),
    ])
    return { missed, judged: { clips: results.length }, results: { results } }
  }))

async function examine(clip: SpeechClip, { said, alike }: Confusable, url: string, model: string): Promise<Result> {
  const audio = new Blob([await readFile(clip.file)])
  const recognize = (fields: Readonly<Record<string, string>>): Promise<Answer> =>
    askFor(url, audio, { model, language: 'en', ...fields })
  const plain = await recognize({})
  const lists: string[] = []
  const changedBy = async (word: string): Promise<string[]> => {
    const changed: string[] = []
    for (const prompt of TURNS.map((turn) => turn(word))) {
      const { text, isContext } = await recognize({ prompt })
      if (text !== plain.text) changed.push(prompt)
      if (!isContext) lists.push(prompt)
    }
    return changed
  }
  return {
    source: clip.source, pair: `${said} ${alike}`, lists,
    changedBy: { alike: await changedBy(alike), said: await changedBy(said) },
    isChangedByKeyword: (await recognize({ 'keywords[]': alike })).text !== plain.text,
  }
}

async function askFor(url: string, audio: Blob, fields: Readonly<Record<string, string>>): Promise<Answer> {
  const form = new FormData()
  form.append('file', audio, 'clip.wav')
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  const response = await fetch(url, { method: 'POST', body: form })
  const body = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${body}`)
  const { text } = JSON.parse(body) as { text: string }
  return { text, isContext: response.headers.get('earshot-prompt') === 'context' }
}

function print(results: readonly Result[]): void {
  const rows = [...groupBy(results, ({ source }) => source), ['all', results] as const]
  printTable(
    ['source', 'clips', 'pairs', 'prompts', 'changed by the other word', 'by the right word', 'keyword: changed, %'],
    rows.map(([source, own]) => [
      source, own.length, new Set(own.map(({ pair }) => pair)).size, own.length * 2 * TURNS.length,
      sum(own.map(({ changedBy }) => changedBy.alike.length)), sum(own.map(({ changedBy }) => changedBy.said.length)),
      fixed(100 * own.filter(({ isChangedByKeyword }) => isChangedByKeyword).length / own.length),
    ]),
  )
}
