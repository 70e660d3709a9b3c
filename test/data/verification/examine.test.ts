/** Facts about files that are made here: levels, lengths, channels and bands that are known. */
import t from 'tap'
import { writeMono, writePcm } from '../../../fixtures/kit/pcm.js'
import { resample } from '../../../src/audio/signal/resample.js'
import type { AudioFacts } from '../../../src/data/verification/facts.js'
import { sha256Of } from '../../../src/data/clip-cache.js'
import { examineBytes } from '../../../src/data/verification/examine.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { babble } from './made-up.js'

const OPTIONS = { maxSeconds: 60 }
const VOICE = babble(9, 2)

async function factsOf(bytes: Uint8Array): Promise<AudioFacts> {
  const { audio } = await examineBytes(bytes, sha256Of(bytes), OPTIONS)
  if (audio === null) throw new Error('the file could not be decoded')
  return audio
}

function hiss(seconds: number): Float32Array {
  const random = seededRandom(4)
  return Float32Array.from({ length: 16_000 * seconds }, () => 0.2 * (random() - 0.5))
}

t.test('an ordinary file', async (t) => {
  const bytes = writeMono(VOICE)
  t.match(await factsOf(bytes), {
    container: 'wav', sampleRate: 16_000, headerRate: 16_000, channels: 1, seconds: 2, headerSeconds: 2,
    truncated: false, clippedRatio: 0, channelDifferenceDb: null,
  })
  t.match(await examineBytes(bytes, sha256Of(bytes), OPTIONS), { sha256: /^[0-9a-f]{64}$/, unreadable: null })
})

t.test('a file that is no audio is a fact with the code of its error', async (t) => {
  const facts = await examineBytes(Buffer.from('no audio at all'), 'hash', OPTIONS)
  t.match(facts, { audio: null, recognized: null, unreadable: { code: 'AUDIO_UNSUPPORTED' } })
})

t.test('a file that was cut, and one with clipped samples', async (t) => {
  const bytes = writeMono(VOICE)
  t.match(await factsOf(bytes.subarray(0, bytes.length / 2)), { truncated: true })
  const loud = writeMono({ ...VOICE, samples: VOICE.samples.map((sample) => 30 * sample) })
  t.ok((await factsOf(loud)).clippedRatio > 0.01)
})

t.test('the gain reaches the target, unless a peak is in the way', async (t) => {
  const quiet = { ...VOICE, samples: VOICE.samples.map((sample) => 0.05 * sample) }
  const { gainDb, loudnessLufs, missingGainDb } = await factsOf(writeMono(quiet))
  t.ok(Math.abs(gainDb! + missingGainDb - (-16 - loudnessLufs!)) < 1e-6, 'gain and what is missing are the distance')
  quiet.samples[100] = 0.9
  const withPeak = await factsOf(writeMono(quiet))
  t.ok(withPeak.missingGainDb > missingGainDb + 10, `${withPeak.missingGainDb} dB are missing`)
  t.equal((await factsOf(writeMono({ ...VOICE, samples: new Float32Array(8_000) }))).gainDb, null, 'digital silence')
})

t.test('channels that differ, and equal ones', async (t) => {
  const { samples } = VOICE
  t.equal((await factsOf(writePcm([samples, samples], 16_000))).channelDifferenceDb, null)
  const different = await factsOf(writePcm([samples, babble(10, 2).samples], 16_000))
  t.ok(different.channelDifferenceDb! > 0, `${different.channelDifferenceDb} dB`)
})

t.test('telephone audio has an empty upper band at any level; a low rate has none', async (t) => {
  const wide = { samples: hiss(2), sampleRate: 16_000 }
  const narrow = resample(resample(wide, 8_000), 16_000)
  t.ok(Math.abs((await factsOf(writeMono(wide))).upperBandDb!) < 1)
  t.ok((await factsOf(writeMono(narrow))).upperBandDb! < -45)
  t.ok((await factsOf(writeMono({ ...narrow, samples: narrow.samples.map((one) => one / 4) }))).upperBandDb! < -40)
  t.equal((await factsOf(writeMono(resample(wide, 8_000)))).upperBandDb, null)
})
