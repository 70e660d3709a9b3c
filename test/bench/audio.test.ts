/**
 * The pure parts of the audio bench: variants, synthesized sounds, the rule for where speech lies, and its embedding.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { corrupt, CORRUPTIONS } from '../../fixtures/kit/hostile/corruption.js'
import { embed, thereAndBack } from '../../bench/audio/embedding.js'
import { knownBoundaries, speechLevelDb } from '../../bench/audio/frames.js'
import { readPcm, writeMono, writePcm } from '../../fixtures/kit/pcm.js'
import { synthesized } from '../../bench/audio/silence.js'
import { atLevel, meanPower, noise, NOISE_COLOURS, toDb } from '../../fixtures/kit/synthesis.js'
import { amplified, clippedBy, ORIGINAL, padded, variants } from '../../bench/audio/variants.js'
import { readWavLayout } from '../../src/audio/containers/riff.js'
import { projectRoot } from '../../src/domain/project-root.js'

const CLIP = readFileSync(path.join(projectRoot, 'fixtures/clips/warm-up.wav'))
const speech = readPcm(CLIP)
const RATE = speech.sampleRate

/** tap's own comparison takes minutes for so many numbers. */
function areSame(one: Float32Array, other: Float32Array): boolean {
  return one.length === other.length && one.every((sample, index) => sample === other[index])
}

t.test('a 16-bit file survives reading and writing to the bit', async (t) => {
  const { dataOffset, dataBytes } = readWavLayout(CLIP)
  t.ok(writeMono(speech).subarray(44).equals(CLIP.subarray(dataOffset, dataOffset + dataBytes)))
  const both = readWavLayout(writePcm([Float32Array.of(2, -2), Float32Array.of(0, 0.5)], 48_000))
  t.match(both, { codec: 'pcm_s16', channels: 2, sampleRate: 48_000, dataBytes: 8, truncated: false })
  t.same(
    [...readPcm(writeMono({ samples: Float32Array.of(2, -2), sampleRate: RATE })).samples], [32_767 / 32_768, -1],
    'what is too loud is cut off',
  )
})

t.test('a variant is the same file every time, a readable one, and named once', async (t) => {
  const all = [ORIGINAL, ...variants()]
  t.equal(new Set(all.map(({ name }) => name)).size, all.length)
  for (const { name, make } of all) {
    const wav = make(speech)
    t.ok(readWavLayout(wav).seconds > 2, name)
    t.ok(wav.equals(make(speech)), `${name} can be repeated`)
  }
})

t.test('gain changes the level and nothing else, and what it cannot lift it cuts off', async (t) => {
  const quiet = amplified(speech, -20)
  t.ok(Math.abs(toDb(meanPower(speech.samples)) - toDb(meanPower(quiet.samples)) - 20) < 1e-3)
  const clipped = clippedBy(speech, 12).samples
  t.ok(clipped.every((sample) => Math.abs(sample) <= 1))
  t.ok(clipped.filter((sample) => Math.abs(sample) === 1).length > 100)
})

t.test('padding adds its length around samples that stay as they are', async (t) => {
  for (const noisy of [false, true]) {
    const { samples } = padded(speech, { beforeSeconds: 0.5, afterSeconds: 1, noisy })
    t.equal(samples.length, speech.samples.length + 1.5 * RATE)
    t.ok(areSame(samples.subarray(RATE / 2, RATE / 2 + speech.samples.length), speech.samples))
    const pad = toDb(meanPower(samples.subarray(0, RATE / 2)))
    t.ok(noisy ? Math.abs(pad - (speechLevelDb(speech) - 35)) < 1 : pad === -Infinity)
  }
})

t.test('noise has the level and the colour that it is asked for, and is not another the next time', async (t) => {
  for (const colour of NOISE_COLOURS) {
    const samples = atLevel(noise(colour, 4 * RATE, 3), -30)
    t.ok(Math.abs(toDb(meanPower(samples)) + 30) < 1e-3)
    t.ok(areSame(samples, atLevel(noise(colour, 4 * RATE, 3), -30)))
    t.notOk(areSame(samples, atLevel(noise(colour, 4 * RATE, 4), -30)))
  }
  const differences = NOISE_COLOURS.map((colour) => {
    const samples = atLevel(noise(colour, 4 * RATE, 3), 0)
    return meanPower(samples.subarray(1).map((sample, index) => sample - samples[index]!))
  })
  t.ok(differences[0]! > 2 * differences[1]!
    && differences[1]! > 2 * differences[2]!, 'white changes fastest, brown slowest')
})

t.test('sounds without speech are numbers within full scale, but for what was asked louder', async (t) => {
  const sounds = synthesized()
  t.equal(new Set(sounds.map(({ kind, name }) => `${kind} ${name}`)).size, sounds.length)
  for (const { kind, name, waveform: { samples } } of sounds) {
    t.ok(samples.length > 0 && samples.every(Number.isFinite), `${kind} ${name}`)
    t.equal(samples.every((sample) => sample === 0), kind === 'digital silence')
  }
})

t.test('the place of speech is found to the frame where everything else is silent', async (t) => {
  const words = knownBoundaries(speech)!
  const moved = knownBoundaries(padded(speech, { beforeSeconds: 0.7, afterSeconds: 0.3, noisy: false }))!
  t.ok(Math.abs(moved.startSeconds - words.startSeconds - 0.7) < 0.011)
  t.ok(Math.abs(moved.endSeconds - words.endSeconds - 0.7) < 0.011)
  t.same(knownBoundaries(amplified(speech, -12)), words, 'at any level')
})

t.test('a clip in noise, or without any sound, has no known place', async (t) => {
  const hiss = atLevel(noise('white', speech.samples.length, 1), speechLevelDb(speech) - 38)
  t.equal(knownBoundaries({
    samples: speech.samples.map((sample, index) => sample + hiss[index]!), sampleRate: RATE,
  }), undefined)
  t.equal(knownBoundaries({ samples: new Float32Array(RATE), sampleRate: RATE }), undefined)
})

t.test('embedded speech lies where it is said to lie, at the ratio that was asked for', async (t) => {
  const words = knownBoundaries(speech)!
  const length = words.endSeconds - words.startSeconds
  for (const seed of [1, 2, 3, 4, 5]) {
    const clean = embed(speech, words, { background: 'clean', snrDb: undefined, seed })
    t.ok(clean.speech.startSeconds >= 0.2 && clean.speech.startSeconds <= 2)
    t.ok(Math.abs(clean.speech.endSeconds - clean.speech.startSeconds - length) < 1e-4)
    const found = knownBoundaries(clean.waveform)!
    t.ok(Math.abs(found.startSeconds - clean.speech.startSeconds) < 0.021)
    const noisy = embed(speech, words, { background: 'white', snrDb: 10, seed })
    t.same(noisy.speech, clean.speech)
    const scale = Math.sqrt(meanPower(noisy.waveform.samples) / meanPower(clean.waveform.samples))
    const before = noisy.waveform.samples.subarray(0, Math.floor(noisy.speech.startSeconds * RATE))
    const spoken = clean.waveform.samples.subarray(
      Math.round(clean.speech.startSeconds * RATE), Math.round(clean.speech.endSeconds * RATE),
    )
    t.ok(scale > 0 && Math.abs(toDb(meanPower(spoken)) - toDb(meanPower(before)) - 10) < 1, `SNR with seed ${seed}`)
  }
})

t.test('recorded noise has no seam where it turns back', async (t) => {
  const ramp = Float32Array.from({ length: 100 }, (_, index) => index)
  const played = thereAndBack(ramp, 1000, 5)
  t.equal(played.length, 1000)
  t.ok(played.subarray(1).every((sample, index) => Math.abs(sample - played[index]!) <= 1))
})

t.test('a corrupted file is another one, the same every time, and hardly longer', async (t) => {
  const kinds = Object.keys(CORRUPTIONS)
  for (let index = 0; index < 4 * kinds.length; index++) {
    const { kind, bytes } = corrupt(CLIP, index)
    t.equal(kind, kinds[index % kinds.length])
    t.ok(bytes.equals(corrupt(CLIP, index).bytes), `${kind} can be repeated`)
    t.ok(bytes.length <= CLIP.length * 1.13)
  }
  t.ok(
    CLIP.equals(readFileSync(path.join(projectRoot, 'fixtures/clips/warm-up.wav'))), 'the file itself stays as it is',
  )
  for (let index = 0; index < 50 * kinds.length; index++) {
    const short = CLIP.subarray(0, 1 + index % 40)
    const { kind, bytes } = corrupt(short, index)
    t.ok(bytes.length <= 2 * short.length, `${kind}, ${short.length} bytes`)
  }
})
