/** The pure parts of the drift bench: shifts do what they say, and traffic has its planned mixture. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { hasFfmpeg } from '../../bench/harness/ffmpeg.js'
import { readPcm } from '../../fixtures/kit/pcm.js'
import { meanPower, noise, toDb } from '../../fixtures/kit/synthesis.js'
import type { SpeechClip } from '../../bench/harness/clips.js'
import { EXPECTED } from '../../bench/drift/delay.js'
import { firstNamed, namesWithShares } from '../../bench/drift/onset.js'
import { planUtterances, record, SESSION_UTTERANCES, type Utterance } from '../../bench/drift/population.js'
import {
  highPass, played, reverberated, SHIFTS, throughMuLaw, type Shift, type ShiftName,
} from '../../bench/drift/shifts.js'
import { arrivalsOf } from '../../bench/drift/traffic.js'
import { median, seededRandom } from '../../fixtures/kit/statistics.js'
import { decodeAudio } from '../../src/audio/decode.js'
import { measureLevel } from '../../src/audio/level/loudness.js'
import { projectRoot } from '../../src/domain/project-root.js'
import type { Waveform } from '../../src/domain/audio.js'

const speech = readPcm(readFileSync(path.join(projectRoot, 'fixtures/clips/warm-up.wav')))
const RATE = speech.sampleRate
const clips: SpeechClip[] = Array.from({ length: 60 }, (_, index) => ({
  file: String(index), text: '', seconds: 1, speaker: `speaker ${index % 20}`, source: 'test',
}))
const [utterance] = planUtterances(clips, 1) as [Utterance]
const babble = (length: number): Float32Array => noise('pink', length, 5)

async function shifted(name: ShiftName): Promise<Waveform> {
  return (await decodeAudio((SHIFTS[name] as Shift).make(utterance, speech, babble), { maxSeconds: 60 })).waveform
}

function tone(hertz: number, seconds = 1): Waveform {
  return {
    samples: Float32Array.from({ length: seconds * RATE }, (_, n) => 0.3 * Math.sin((2 * Math.PI * hertz * n) / RATE)),
    sampleRate: RATE,
  }
}

/** Of the middle, without the ends of a filter. */
function gainDb(before: Waveform, after: Waveform): number {
  const middle = ({ samples }: Waveform): Float32Array => samples.subarray(samples.length / 4, samples.length * 3 / 4)
  return toDb(meanPower(middle(after)) / meanPower(middle(before)))
}

const loudness = (waveform: Waveform): number => measureLevel(waveform).loudnessLufs!
const areSame = (one: Float32Array, other: Float32Array): boolean =>
  one.length === other.length && one.every((sample, index) => sample === other[index])

t.test('the same utterance makes the same upload, and the clean one is as loud as planned', async (t) => {
  const clean = await shifted('clean')
  t.ok(areSame(clean.samples, (await shifted('clean')).samples))
  t.ok(Math.abs(loudness(clean) - utterance.levelLufs) < 0.1)
  const added = utterance.leadSeconds + utterance.tailSeconds
  t.ok(Math.abs(clean.samples.length / RATE - speech.samples.length / RATE - added) < 0.001)
})

t.test('gains are gains, and what is driven 12 dB over full scale is cut off', async (t) => {
  const clean = await shifted('clean')
  for (const [name, db] of [['gain-6', -6], ['gain-12', -12]] as const) {
    t.ok(Math.abs(loudness(await shifted(name)) - loudness(clean) - db) < 0.1, name)
  }
  const level = measureLevel(await shifted('over-gain'))
  t.ok(level.peakDbfs! > -0.01)
  t.ok(level.clippedRatio > 0.001)
})

t.test('a telephone keeps 1 kHz and takes 100 Hz and 5 kHz', async (t) => {
  t.ok(Math.abs(gainDb(tone(1_000), highPass(tone(1_000), 300))) < 0.1)
  t.ok(gainDb(tone(100), highPass(tone(100), 300)) < -40)
  const spectrumOf = async (name: ShiftName): Promise<number> =>
    toDb(meanPower(highPass(await shifted(name), 4_000).samples))
  t.ok(await spectrumOf('telephone') < await spectrumOf('clean') - 20)
})

t.test('speed shortens and raises the pitch by its factor', async (t) => {
  for (const factor of [1.2, 2]) {
    const fast = played(tone(500), factor)
    t.ok(Math.abs(fast.samples.length - RATE / factor) <= 1)
    t.ok(gainDb(tone(500 * factor), fast) < 0.1 && gainDb(tone(500 * factor), fast) > -0.1)
    t.ok(gainDb(fast, highPass(fast, 500 * factor + 400)) < -40, 'nothing above')
  }
})

t.test('reverberation decays by 60 dB in its time, and is as strong as the direct sound', async (t) => {
  const click: Waveform = { samples: Float32Array.from({ length: RATE }, (_, n) => n === 0 ? 1 : 0), sampleRate: RATE }
  const tail = reverberated(click, 0.6, 1).samples.subarray(1)
  t.ok(Math.abs(toDb(tail.reduce((sum, sample) => sum + sample * sample, 0))) < 0.5)
  const powerAt = (seconds: number): number => toDb(meanPower(tail.subarray(seconds * RATE, (seconds + 0.05) * RATE)))
  t.ok(Math.abs(powerAt(0) - powerAt(0.3) - 30) < 2)
})

t.test('a late stop adds a second of the room, and babble adds power that is not the voice', async (t) => {
  const [clean, late] = [await shifted('clean'), await shifted('late-stop')]
  t.ok(Math.abs(late.samples.length - clean.samples.length - RATE) <= 1)
  const quietest = ({ samples }: Waveform): number => Math.min(...Array.from({ length: 20 }, (_, part) =>
    meanPower(samples.subarray(part * samples.length / 20, (part + 1) * samples.length / 20))))
  t.ok(toDb(quietest(await shifted('babble')) / quietest(clean)) > 6)
  t.ok(Math.abs(loudness(await shifted('babble')) - loudness(clean)) < 1)
})

t.test('mu-law keeps its steps: small for what is faint, and none above a hundredth', async (t) => {
  const { samples } = throughMuLaw({ samples: Float32Array.of(0, 1, -1, 0.5, 1e-3), sampleRate: RATE })
  t.same([...samples.subarray(0, 3)], [0, 1, -1])
  t.ok(Math.abs(samples[3]! - 0.5) < 0.01)
  t.ok(Math.abs(samples[4]! - 1e-3) < 1e-4)
  t.ok(gainDb(speech, throughMuLaw(speech)) < 0.1)
})

t.test('another file format changes no level', { skip: !hasFfmpeg() && 'there is no ffmpeg' }, async (t) => {
  const clean = await shifted('clean')
  t.ok(areSame((await shifted('wav-24')).samples, clean.samples), 'the same to the sample')
  // The decoder takes 32767 for full scale, ours 32768.
  const { samples } = await shifted('flac')
  t.ok(samples.length === clean.samples.length && samples.every((sample, n) =>
    Math.abs(sample - clean.samples[n]!) <= 1 / 0x8000), 'the same to less than the last bit')
})

t.test('the shift "nobody" leaves the noise of the room, fainter than the voice', async (t) => {
  const room = await shifted('nobody')
  t.ok(room.samples.length > 0.6 * RATE)
  t.ok(Math.abs(toDb(meanPower(room.samples)) - (utterance.levelLufs - 15)) < 0.5)
})

t.test('traffic has the mixture it is planned with, and sessions are alike', async (t) => {
  const utterances = planUtterances(clips, 600)
  t.equal(utterances.length, 600 * SESSION_UTTERANCES)
  const spread = (values: readonly number[]): { mean: number; sd: number } => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return { mean, sd: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) }
  }
  const level = spread(utterances.map(({ levelLufs }) => levelLufs))
  t.ok(Math.abs(level.mean + 26) < 0.5 && Math.abs(level.sd - 4) < 0.3)
  const snr = spread(utterances.map(({ snrDb }) => snrDb))
  t.ok(Math.abs(snr.mean - 28) < 1 && Math.abs(snr.sd - 7) < 0.5)
  const withinSession = median(Array.from({ length: 600 }, (_, session) =>
    spread(utterances.filter((one) => one.session === session).map(({ levelLufs }) => levelLufs)).sd))
  t.ok(withinSession < 0.6 * level.sd)
  for (let session = 0; session < 20; session++) {
    t.equal(new Set(utterances.filter((one) => one.session === session).map(({ clip }) => clip.speaker)).size, 1)
  }
})

t.test('both kinds of arrivals visit all utterances equally often; sessions come whole', async (t) => {
  for (const way of ['independent', 'sessions'] as const) {
    const arrive = arrivalsOf(way, 50, seededRandom(3))
    const arrived = Array.from({ length: 20_000 }, arrive)
    const counts = Array.from({ length: 50 }, (_, index) =>
      arrived.filter(({ utterance: one }) => one === index).length)
    t.ok(Math.min(...counts) > 250 && Math.max(...counts) < 560, way)
    const first = arrived.slice(0, SESSION_UTTERANCES)
    t.equal(new Set(first.map(({ session }) => session)).size, way === 'independent' ? SESSION_UTTERANCES : 1)
    if (way === 'sessions') t.same(first.map(({ utterance: one }) => one % SESSION_UTTERANCES), [0, 1, 2, 3, 4])
  }
})

t.test('what is named first is what alarmed at the first moment', async (t) => {
  const alarms = [
    { feature: 'peak', after: 50, excess: 3 }, { feature: 'snr', after: 50, excess: 1 },
    { feature: 'empty', after: 50, excess: 0.5 }, { feature: 'duration', after: 75, excess: 9 },
  ] as const
  t.same(firstNamed({ alarms, before: 0 }, 3), ['peak', 'snr', 'empty'])
  t.same(firstNamed({ alarms, before: 0 }, 1), ['peak', 'empty'], 'so many of each family')
  t.equal(namesWithShares([['peak', 'snr'], ['peak']]), 'peak 100, snr 50')
  t.equal(new Set(EXPECTED.map(({ shift }) => shift)).size, EXPECTED.length)
})

t.test('a recording is louder than the noise of its device by the planned ratio', async (t) => {
  const loud = record({ ...utterance, snrDb: 40, leadSeconds: 0.5 }, speech)
  const poor = record({ ...utterance, snrDb: 10, leadSeconds: 0.5 }, speech)
  const roomDb = ({ samples }: Waveform): number => toDb(meanPower(samples.subarray(0, 0.4 * RATE)))
  t.ok(Math.abs(roomDb(poor) - roomDb(loud) - 30) < 3)
})
