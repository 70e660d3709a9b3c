/** Probe */
import { readFile } from 'node:fs/promises'
import { transcribe } from '../src/pipeline.js'
import { readClips, limitPerSource } from './clips.js'
import { openRecognizer } from './recognizers.js'
import { SERVED } from './served.js'
import type { RunBench } from './run.js'

export const run: RunBench = async (args) => {
  const [source = 'speech_commands', limit = '60', strength = '2'] = args
  const recognizer = await openRecognizer('moonshine-tiny-en')
  const all = (await readClips()).filter((c) => c.source === source)
  const clips = limitPerSource(all, Number(limit))
  const words = [...new Set(all.map((c) => c.text))]
  const digits: Record<string, string> = Object.fromEntries('zero one two three four five six seven eight nine'.split(' ').map((w, i) => [w, String(i)]))
  const cap = (w: string): string => w[0]!.toUpperCase() + w.slice(1)
  const compile = (list: string[]) => recognizer.compilePhrases!({ id: 'x', phrases: list.map((w) => ({ spellings: [...new Set([w, cap(w), ...w.length === 1 ? [w.toUpperCase()] : [], ...digits[w] ? [digits[w]!] : []])], weight: 1 })) })
  const phrases = compile(words)
  let [top1, top3] = [0, 0]
  const inside: number[] = []
  const outside: number[] = []
  for (const clip of clips) {
    const bytes = await readFile(clip.file)
    const own = words.indexOf(clip.text)
    const { evidence, text, alternatives } = await transcribe(bytes, recognizer, { ...SERVED, search: { nBest: 3, phrases, strength: Number(strength) } })
    if (evidence[0]?.phrase === own) { top1++; inside.push(evidence[0].margin) } else { inside.push(-99); console.log('   ', clip.text, '|', text, alternatives.length, '|', evidence.slice(0, 4).map((e) => `${words[e.phrase]} ${e.logProbability.toFixed(1)} ${e.margin.toFixed(1)}`).join(', ')) }
    if (evidence.slice(0, 3).some((e) => e.phrase === own)) top3++
    const without = compile(words.filter((w) => w !== clip.text))
    const other = await transcribe(bytes, recognizer, { ...SERVED, search: { nBest: 3, phrases: without, strength: Number(strength) } })
    outside.push(other.evidence[0]?.margin ?? -99)
  }
  console.log('top1', (100 * top1 / clips.length).toFixed(1), 'top3', (100 * top3 / clips.length).toFixed(1))
  for (const threshold of [-8, -6, -5, -4, -3, -2.5, -2, -1.5, -1, -0.5, 0]) console.log('margin >', threshold, 'right and accepted', (100 * inside.filter((m) => m > threshold).length / clips.length).toFixed(1), 'outside rejected', (100 * outside.filter((m) => m <= threshold).length / clips.length).toFixed(1))
  return true
}
