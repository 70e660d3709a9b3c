import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { compileModel } from '../src/compiler/compile.js'
import { compiledGraph } from '../src/compiler/cache.js'
import { openModelFiles, readManifest } from '../src/manifest.js'
import { loadRecognizer } from '../src/recognizer.js'
import { sessionOpener, type OpenSession } from '../src/runtime/session.js'
import { targetFor } from '../src/compiler/target.js'
import { llamaTokenizer, huggingFaceTokenizer } from '../src/text/tokenizer.js'
import { describeFrames } from '../src/features/acoustics.js'
import { startStopwatch } from '../src/stopwatch.js'
import { readClips } from './clips.js'
import { joinSentences, joinWords } from './times/joined.js'
import { speakWithEspeak, speakWithFlite } from './times/synthesized.js'
const name = process.argv[2]!
const [layers, heads] = name === 'moonshine-tiny-en' ? [6, 8] : name === 'whisper-base' ? [6, 8] : [4, 6]
const open = sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })
const manifest = await readManifest('models', name)
const files = openModelFiles('models', manifest)
const all = { ...manifest, decoding: { ...manifest.decoding, alignmentHeads: Array.from({ length: layers * heads }, (_, i) => [Math.floor(i / heads), i % heads] as [number, number]) } }
let captured: { weights: Float32Array; dims: readonly number[] } | undefined
const watched: OpenSession = async (graph, traits) => {
  const session = await open(graph, traits)
  return { ...session, run: async (feeds, wanted) => {
    const out = await session.run(feeds, wanted)
    if (out.weights) captured = { weights: out.weights.data as Float32Array, dims: out.weights.dims }
    return out
  } }
}
const target = targetFor('cpu', 'auto')
console.log(target)
const graph = await compiledGraph('models', manifest, target)
if ('reason' in graph) throw 1
const recognizer = await loadRecognizer(manifest, files, watched, graph.graph, () => compileModel(all, files, target, 'align', open))
const tokenizer = manifest.tokenizer.kind === 'llama' ? llamaTokenizer() : huggingFaceTokenizer(await files.read(manifest.tokenizer.file), await files.read(manifest.tokenizer.configFile))
const clips = await readClips()
const of = (source: string) => clips.filter((c) => c.source === source)
const texts = [...of('asterisk_en_8k'), ...of('small_samples'), ...of('ljspeech')].filter(({ text }) => text.split(' ').length >= 4 && text.split(' ').length <= 14 && !/\d/.test(text)).map(({ text }) => text).slice(0, 48)
console.log(texts.length)
const timed = [...await joinWords('words', of('speech_commands')), ...await joinWords('letters', of('moonshine_alphanumeric')), ...await joinSentences('sentences', [...of('asterisk_en_8k'), ...of('ljspeech')].filter((c) => c.seconds > 1), 9),
  ...speakWithFlite(texts, ['slt', 'rms', 'awb'])!, ...speakWithEspeak(texts.slice(0, 24), ['en-us', 'en-gb'])!]
const folder = `/tmp/dump-${name}`
mkdirSync(folder, { recursive: true })
const stopwatch = startStopwatch()
for (const [i, clip] of timed.entries()) {
  captured = undefined
  const { waveform } = clip
  const h = await recognizer.recognize({ waveform, startSeconds: 0, endSeconds: 1 }, { language: 'en', mustSpeak: true, words: true, interrupt: () => undefined, stopwatch })
  const frames = describeFrames(waveform)
  writeFileSync(`${folder}/${i}.json`, JSON.stringify({ kind: clip.kind, seconds: waveform.samples.length / 16000, known: clip.words, text: h.text, tokens: h.tokens, lp: h.logProbabilities, words: h.words, pieces: tokenizer.pieces(h.tokens), dims: captured!.dims, energy: [...frames.energyDb], energyStart: frames.energyStartSeconds, hop: frames.energyHopSeconds }))
  writeFileSync(`${folder}/${i}.f32`, Buffer.from(captured!.weights.buffer, captured!.weights.byteOffset, captured!.weights.byteLength))
  if (i % 15 === 0) console.log(i, clip.kind, h.text, JSON.stringify(h.words?.slice(0, 3)), JSON.stringify(clip.words.slice(0, 3)))
}
console.log(timed.length, stopwatch.seconds)
