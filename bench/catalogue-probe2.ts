/** Probe 2 */
import { readFile } from 'node:fs/promises'
import { transcribe } from '../src/pipeline.js'
import { normalizeEnglish } from '../src/scoring/normalize-english.js'
import { alignWords, countErrors, totalErrors } from '../src/scoring/word-errors.js'
import { llamaPieces } from '../src/text/tokenizer.js'
import { readClips, limitPerSource } from './clips.js'
import { openRecognizer } from './recognizers.js'
import { SERVED } from './served.js'
import { groupBy, median, seededRandom } from './statistics.js'
import type { RunBench } from './run.js'

export const run: RunBench = async (args) => {
  const [limit = '15', strengths = '1,2,3'] = args
  const recognizer = await openRecognizer('moonshine-tiny-en')
  const all = await readClips()
  const clips = limitPerSource(all, Number(limit))
  const vocabulary = llamaPieces().filter((p) => /^▁[A-Za-z]{4,}$/.test(p)).map((p) => p.slice(1))
  const random = seededRandom(5)
  const word = (): string => vocabulary[Math.floor(random() * vocabulary.length)]!.toLowerCase()
  const cap = (w: string): string => w.slice(0, 1).toUpperCase() + w.slice(1)
  const made = (count: number): string[] => Array.from({ length: count }, () => Array.from({ length: 2 + Math.floor(random() * 3) }, word).join(' '))
  const sharing = all.filter((c) => c.text.split(' ').length > 2).flatMap((c) => { const w = c.text.toLowerCase().replace(/[^a-z ]/g, '').split(' '); return [1, 2].map((n) => [...w.slice(0, n), word(), word()].join(' ')) })
  const lists: Record<string, string[]> = { none: [], thousand: made(1000), 'ten thousand': made(10_000), sharing }
  const compiled = Object.fromEntries(Object.entries(lists).map(([name, list]) => {
    const since = performance.now()
    const phrases = recognizer.compilePhrases!({ id: 'x', phrases: list.map((w) => ({ spellings: [w, cap(w), w.split(' ').map(cap).join(' ')], weight: 1 })) })
    console.log(name, list.length, 'compiled in', Math.round(performance.now() - since), 'ms', phrases.trie.nodes, 'nodes', phrases.trie.bytes)
    return [name, phrases]
  }))
  for (const [src, own] of groupBy(clips, (c) => c.source)) {
    const out: string[] = []
    for (const [name, phrases] of Object.entries(compiled)) for (const strength of name === 'none' ? ['0'] : strengths.split(',')) {
      let [e, w, hit] = [0, 0, 0]
      const ms: number[] = []
      for (const clip of own) {
        const bytes = await readFile(clip.file)
        const t = performance.now()
        const report = await transcribe(bytes, recognizer, { ...SERVED, ...name !== 'none' && { search: { nBest: 1, phrases, strength: Number(strength) } } })
        ms.push(performance.now() - t)
        const counts = countErrors(alignWords(normalizeEnglish(clip.text), normalizeEnglish(report.text)))
        e += totalErrors(counts); w += counts.words
        if (report.alternatives[0]?.phrases.length) hit++
      }
      out.push(`${name} ${strength}: ${(100 * e / w).toFixed(1)} (${hit}) ${median(ms).toFixed(0)}ms`)
    }
    console.log(src.padEnd(22), out.join(' | '))
  }
  return true
}
