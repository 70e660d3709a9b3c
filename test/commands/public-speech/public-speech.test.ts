/** Public speech: what its recordings say, that no other recordings get its references, and its levels. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { PROMPTS } from '../../../src/commands/public-speech/prompts.js'
import { runPublicSpeech } from '../../../src/commands/public-speech/public-speech.js'
import { withGain } from '../../../src/commands/public-speech/wav-gain.js'
import { blankWav, WAV_HEADER_BYTES } from '../../../fixtures/wav.js'

t.test('references follow from the names of the files', async (t) => {
  const expected = {
    'digits/7': 'seven', 'digits/20': 'twenty', 'digits/h-3': 'third', 'digits/h-90': 'ninetieth',
    'digits/h-thousand': 'thousandth', 'digits/day-0': 'Sunday', 'digits/mon-11': 'December', 'phonetic/x_p': 'x-ray',
    'please-try-again': 'please try again', 'digits/tomorrow': 'tomorrow',
  }
  for (const [file, text] of Object.entries(expected)) t.equal(PROMPTS.get(file), text, file)
  t.equal(PROMPTS.size, 151)
  t.notOk([...PROMPTS.values()].some((text) => /undefined|\d|_/.test(text)))
})

t.test('other recordings are refused, and nothing is written', async (t) => {
  const folder = t.testdir({ sounds: { digits: {}, phonetic: {} } })
  for (const name of PROMPTS.keys()) {
    const file = path.join(folder, 'sounds', `${name}.wav`)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, blankWav(1_600, { sampleRate: 8_000 }))
  }
  const said = t.capture(console, 'error')
  const target = path.join(folder, 'speech')
  t.equal(await runPublicSpeech([target, '--from', path.join(folder, 'sounds')]), 1)
  t.match(said()[0]?.args[0], /other recordings than release 1\.6\.1/)
  t.equal(await runPublicSpeech([target, '--from', folder]), 1)
  t.match(said()[0]?.args[0], /cannot be read/)
  t.equal(await runPublicSpeech([folder]), 2, 'the folder exists')
  t.equal(await runPublicSpeech([target, '--gain', 'loud']), 2)
  t.equal(await runPublicSpeech([]), 2)
  t.notOk(existsSync(target))
})

t.test('a gain scales samples and nothing else, and clips at full scale', async (t) => {
  const wav = blankWav(6, { sampleRate: 8_000 })
  const offsets = [0, 2, 4].map((offset) => WAV_HEADER_BYTES + offset)
  for (const [index, sample] of [8_000, -16_000, 0].entries()) wav.writeInt16LE(sample, offsets[index])
  const samplesOf = (bytes: Buffer): number[] => offsets.map((offset) => bytes.readInt16LE(offset))
  t.same(withGain(wav, 0), wav)
  const softer = withGain(wav, -20)
  t.same(softer.subarray(0, WAV_HEADER_BYTES), wav.subarray(0, WAV_HEADER_BYTES))
  t.same(samplesOf(softer), [800, -1_600, 0])
  t.same(samplesOf(withGain(wav, 40)), [32_767, -32_768, 0])
})
