/**
 * Speech of synthesizers, which say when they say what: flite prints the end of every sound, espeak-ng calls back at
 * every word and sound. Nobody's voice: boundaries are exact, but such speech is cleaner and more even than people's.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { resample } from '../../src/audio/signal/resample.js'
import { readPcm } from '../audio/pcm.js'
import type { KnownWord, TimedClip } from './timed-clips.js'

const SAMPLE_RATE = 16_000
const PAUSE = 'pau'
/** Speaks a text and prints where its words and pauses begin, in ms; the samples go to a file. */
const ESPEAK = `
import ctypes, json, sys, wave
speech = ctypes.CDLL('libespeak-ng.so.1')
class Event(ctypes.Structure):
    _fields_ = [('type', ctypes.c_int), ('uid', ctypes.c_uint), ('text', ctypes.c_int), ('length', ctypes.c_int), ('ms', ctypes.c_int), ('sample', ctypes.c_int), ('user', ctypes.c_void_p), ('id', ctypes.c_char * 8)]
rate, samples, events = speech.espeak_Initialize(2, 0, None, 1), bytearray(), []
def heard(wav, count, event):
    if wav and count > 0: samples.extend(ctypes.string_at(wav, 2 * count))
    at = 0
    while event[at].type:
        if event[at].type in (1, 7): events.append((event[at].type, event[at].text, event[at].length, event[at].ms, event[at].id.decode('latin1') if event[at].type == 7 else ''))
        at += 1
    return 0
callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event))(heard)
speech.espeak_SetSynthCallback(callback)
speech.espeak_SetVoiceByName(sys.argv[1].encode())
text = sys.argv[2].encode()
speech.espeak_Synth(text, len(text) + 1, 0, 0, 0, 1, None, None)
speech.espeak_Synchronize()
out = wave.open(sys.argv[3], 'wb')
out.setnchannels(1); out.setsampwidth(2); out.setframerate(rate); out.writeframes(bytes(samples)); out.close()
print(json.dumps(events))
`
const WORD = 1

/** Texts in turn by each voice; undefined where the program is not there. */
export function speakWithFlite(texts: readonly string[], voices: readonly string[]): TimedClip[] | undefined {
  return isThere('flite') ? texts.map((text, index) => fliteClip(plainWords(text), voices[index % voices.length]!)) : undefined
}

export function speakWithEspeak(texts: readonly string[], voices: readonly string[]): TimedClip[] | undefined {
  return isThere('espeak-ng') && isThere('python3') ? texts.map((text, index) => espeakClip(plainWords(text), voices[index % voices.length]!)) : undefined
}

function fliteClip(words: readonly string[], voice: string): TimedClip {
  return withFile((file) => {
    const printed = run('flite', ['-voice', voice, '-psdur', '-o', file, '-t', words.join(' ')])
    const sounds = printed.trim().split(/\s+/).map((one) => one.split(':')).map(([sound, end]) => ({ sound: sound!, endSeconds: Number(end) }))
    return clipOf('flite', file, wordsOfSounds(words, sounds))
  })
}

interface Sound { readonly sound: string; readonly endSeconds: number }

/** Which sound belongs to which word: by the fewest differences from the words said alone. */
function wordsOfSounds(words: readonly string[], sounds: readonly Sound[]): KnownWord[] {
  const alone = words.flatMap((word, index) => soundsAlone(word).map((sound) => ({ sound, index })))
  const spoken = sounds.map((one, place) => ({ ...one, startSeconds: sounds[place - 1]?.endSeconds ?? 0 })).filter(({ sound }) => sound !== PAUSE)
  const owners = matchSounds(alone, spoken.map(({ sound }) => sound))
  return words.map((text, index) => {
    const own = spoken.filter((_, place) => owners[place] === index)
    return { text, startSeconds: own[0]?.startSeconds ?? null, endSeconds: own.at(-1)?.endSeconds ?? null }
  })
}

const known = new Map<string, string[]>()

function soundsAlone(word: string): string[] {
  const found = known.get(word) ?? run('flite', ['-ps', '-t', word, '-o', 'none']).trim().split(/\s+/).filter((sound) => sound !== PAUSE)
  known.set(word, found)
  return found
}

/** For each spoken sound the word of its partner; what has none goes with the one before it. */
function matchSounds(alone: readonly { readonly sound: string; readonly index: number }[], spoken: readonly string[]): number[] {
  const costs = Array.from({ length: alone.length + 1 }, (_, row) => Array.from({ length: spoken.length + 1 }, (_, column) => row === 0 ? column : row))
  const changed = (row: number, column: number): number => costs[row - 1]![column - 1]! + (alone[row - 1]!.sound === spoken[column - 1] ? 0 : 1)
  for (let row = 1; row <= alone.length; row++) {
    for (let column = 1; column <= spoken.length; column++) costs[row]![column] = Math.min(changed(row, column), costs[row - 1]![column]! + 1, costs[row]![column - 1]! + 1)
  }
  const owners = new Array<number>(spoken.length).fill(0)
  for (let row = alone.length, column = spoken.length; column > 0;) {
    if (row > 0 && costs[row]![column] === changed(row, column)) owners[--column] = alone[--row]!.index
    else if (row > 0 && costs[row]![column] === costs[row - 1]![column]! + 1) row--
    else owners[--column] = alone[Math.max(0, row - 1)]!.index
  }
  return owners
}

function espeakClip(words: readonly string[], voice: string): TimedClip {
  return withFile((file) => {
    const text = words.join(' ')
    const events = JSON.parse(run('python3', ['-c', ESPEAK, voice, text, file])) as [kind: number, place: number, length: number, ms: number, id: string][]
    const places = words.map((_, index) => 1 + words.slice(0, index).join(' ').length + (index === 0 ? 0 : 1))
    const isPause = (id: string): boolean => id.startsWith('_') || id === ''
    return clipOf('espeak-ng', file, words.map((word, index) => {
      const begun = events.findIndex(([kind, place]) => kind === WORD && place === places[index])
      // Some short words are said as one with the word before them.
      if (begun === -1) return { text: word, startSeconds: null, endSeconds: null }
      const end = events.slice(begun + 1).find(([kind, , , , id]) => kind === WORD || isPause(id))
      const isShared = events.slice(begun + 1).find(([kind]) => kind === WORD)?.[1] !== places[index + 1] && index < words.length - 1
      return { text: word, startSeconds: events[begun]![3] / 1000, endSeconds: end === undefined || isShared ? null : end[3] / 1000 }
    }))
  })
}

function clipOf(kind: string, file: string, words: readonly KnownWord[]): TimedClip {
  return { kind, waveform: resample(readPcm(readFileSync(file)), SAMPLE_RATE), words }
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
