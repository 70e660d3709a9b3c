/** Probe */
import { readFile } from 'node:fs/promises'
import { transcribe } from '../src/pipeline.js'
import { normalizeEnglish } from '../src/scoring/normalize-english.js'
import { readClips, limitPerSource } from './clips.js'
import { openRecognizer } from './recognizers.js'
import { SERVED } from './served.js'
import { groupBy, median } from './statistics.js'
import { alignWords, countErrors, totalErrors } from '../src/scoring/word-errors.js'
import type { RunBench } from './run.js'

export const run: RunBench = async (args) => {
  const [source = 'speech_commands', limit = '60', strength = '1', extra = '0', nBest = '1'] = args
  const recognizer = await openRecognizer('moonshine-tiny-en')
  const clips = limitPerSource((await readClips()).filter((c) => source === 'all' || c.source === source), Number(limit))
  const words = source === 'speech_commands' || source === 'moonshine_alphanumeric' ? [...new Set((await readClips()).filter((c) => c.source === source).map((c) => c.text))] : []
  const distract = Array.from({ length: Number(extra) }, (_, i) => `Zanzibar ${i} lamp`)
  const cap = (w: string): string => w[0]!.toUpperCase() + w.slice(1)
  const list = { id: 'x', phrases: [...words, ...distract].map((w) => ({ spellings: [...new Set([w, cap(w), w.toUpperCase()])], weight: 1 })) }
  const since = performance.now()
  const phrases = recognizer.compilePhrases!(list)
  console.log('compile ms', performance.now() - since, phrases.trie.nodes, phrases.unspellable.length)
  const ways = { greedy: SERVED, search: { ...SERVED, search: { nBest: Number(nBest), phrases, strength: Number(strength) } } }
  await transcribe(await readFile(clips[0]!.file), recognizer, ways.search)
  for (const [src, own] of groupBy(clips, (c) => c.source)) {
    const row: Record<string, { e: number; w: number; right: number; ms: number[]; top3: number }> = {}
    for (const clip of own) {
      const bytes = await readFile(clip.file)
      for (const [name, options] of Object.entries(ways)) {
        const t = performance.now()
        const report = await transcribe(bytes, recognizer, options)
        const ms = performance.now() - t
        const ref = normalizeEnglish(clip.text)
        const counts = countErrors(alignWords(ref, normalizeEnglish(report.text)))
        const r = row[name] ??= { e: 0, w: 0, right: 0, ms: [], top3: 0 }
        r.e += totalErrors(counts); r.w += counts.words; r.ms.push(ms)
        if (totalErrors(counts) === 0) r.right++
        if ([report.text, ...report.alternatives.map((a) => a.text)].slice(0, 4).some((x) => normalizeEnglish(x).join(' ') === ref.join(' '))) r.top3++
      }
    }
    for (const [name, r] of Object.entries(row)) console.log(src.padEnd(24), name.padEnd(8), 'WER', (100 * r.e / r.w).toFixed(1), 'right', (100 * r.right / own.length).toFixed(1), 'top', (100 * r.top3 / own.length).toFixed(1), 'ms', median(r.ms).toFixed(0))
  }
  return true
}
