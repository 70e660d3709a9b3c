/**
 * Speech of flite, which prints the end of every sound. Boundaries are exact, but such speech is cleaner and more even
 * than a person's.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { resample } from '../../src/audio/signal/resample.js'
import { readPcm } from '../../fixtures/kit/pcm.js'
import type { KnownWord, TimedClip } from './timed-clips.js'

const SAMPLE_RATE = 16_000
const PAUSE = 'pau'
/** Texts in turn by each voice; undefined where the program is not there. */
export function speakWithFlite(texts: readonly string[], voices: readonly string[]): TimedClip[] | undefined {
  return isThere('flite') ? texts.map((text, index) => fliteClip(plainWords(text), voices[index % voices.length]!))
    : undefined
}

function fliteClip(words: readonly string[], voice: string): TimedClip {
  return withFile((file) => {
    const printed = run('flite', ['-voice', voice, '-psdur', '-o', file, '-t', words.join(' ')])
    const sounds = printed.trim().split(/\s+/).map((one) => one.split(':')).map(([sound, end]) => ({
      sound: sound!, endSeconds: Number(end),
    }))
    return {
      kind: 'flite', waveform: resample(readPcm(readFileSync(file)), SAMPLE_RATE), words: wordsOfSounds(words, sounds),
    }
  })
}

interface Sound { readonly sound: string; readonly endSeconds: number }

/** Which sound belongs to which word: by the fewest differences from the words said alone. */
function wordsOfSounds(words: readonly string[], sounds: readonly Sound[]): KnownWord[] {
  const alone = words.flatMap((word, index) => soundsAlone(word).map((sound) => ({ sound, index })))
  const spoken = sounds.map((one, place) =>
    ({ ...one, startSeconds: sounds[place - 1]?.endSeconds ?? 0 })).filter(({ sound }) => sound !== PAUSE)
  const owners = matchSounds(alone, spoken.map(({ sound }) => sound))
  return words.map((text, index) => {
    const own = spoken.filter((_, place) => owners[place] === index)
    return { text, startSeconds: own[0]?.startSeconds ?? null, endSeconds: own.at(-1)?.endSeconds ?? null }
  })
}

const known = new Map<string, string[]>()

function soundsAlone(word: string): string[] {
  const found = known.get(word) ?? run('flite', ['-ps', '-t', word, '-o', 'none']).trim().split(/\s+/).filter((sound) =>
    sound !== PAUSE)
  known.set(word, found)
  return found
}

/** For each spoken sound the word of its partner; what has none goes with the one before it. */
function matchSounds(
  alone: readonly { readonly sound: string; readonly index: number }[], spoken: readonly string[],
): number[] {
  const costs = Array.from({ length: alone.length + 1 }, (_, row) =>
    Array.from({ length: spoken.length + 1 }, (_, column) => row === 0 ? column : row))
  const changed = (row: number, column: number): number =>
    costs[row - 1]![column - 1]! + (alone[row - 1]!.sound === spoken[column - 1] ? 0 : 1)
  for (let row = 1; row <= alone.length; row++) {
    for (let column = 1; column <= spoken.length; column++) {
      costs[row]![column] = Math.min(changed(row, column), costs[row - 1]![column]! + 1, costs[row]![column - 1]! + 1)
    }
  }
  const owners = new Array<number>(spoken.length).fill(0)
  for (let row = alone.length, column = spoken.length; column > 0;) {
    if (row > 0 && costs[row]![column] === changed(row, column)) owners[--column] = alone[--row]!.index
    else if (row > 0 && costs[row]![column] === costs[row - 1]![column]! + 1) row--
    else owners[--column] = alone[Math.max(0, row - 1)]!.index
  }
  return owners
}

function plainWords(text: string): string[] {
  return text.toLowerCase().replace(/[^a-z' ]/g, ' ').split(/\s+/).filter((word) => /[a-z]/.test(word))
}

function withFile<T>(use: (file: string) => T): T {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'earshot-times-'))
  try {
    return use(path.join(folder, 'speech.wav'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function isThere(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
}

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}
