/**
 * Baselines as files: what is written is read, what does not fit is refused by name, and adding two is adding their
 * counts.
 */
import { appendFileSync, createWriteStream, mkdirSync, readFileSync, writeFileSync, type WriteStream } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { readConfig } from '../../../src/config.js'
import {
  checkBaseline, parseBaseline, monitoredFeatures, pipelineOf, unmonitoredFeatures, type CompleteBaseline,
} from '../../../src/monitoring/drift/baseline.js'
import { binsFor, computeBaseline, type BaselineClip } from '../../../src/monitoring/drift/build-baseline.js'
import { FEATURE_NAMES, featureRow, repeatRatio } from '../../../src/monitoring/drift/features.js'
import { mergeBaselines } from '../../../src/monitoring/drift/merge.js'
import { DriftMonitor } from '../../../src/monitoring/drift/monitor.js'
import { ClipRecord, readRecord } from '../../../src/monitoring/drift/record.js'
import { checkFalseAlarms } from '../../../src/monitoring/drift/self-check.js'
import { DriftWatch, type WatchEvents } from '../../../src/monitoring/drift/watch.js'
import { modelDigest, readManifest } from '../../../src/engine/manifest.js'
import { REPORT } from '../../serving/http/fake-service.js'
import { baselineOf, drawClips, drawRow, gaussian } from './rows.js'

const CLIPS = drawClips(1200, seededRandom(31))
const BASELINE = baselineOf(CLIPS)
const { model: MODEL, pipeline: PIPELINE } = BASELINE

async function waitFor(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => { setTimeout(resolve, 5) })
}

t.test('a baseline that was written is read as it was', (t) => {
  t.same(parseBaseline(JSON.stringify(BASELINE)), BASELINE)
  t.ok(BASELINE.calibration.calibrated)
  t.doesNotThrow(() => { checkBaseline(BASELINE, MODEL, PIPELINE) })
  t.end()
})

t.test('the baseline of the default model fits it and the default settings, and raises no alarms', async (t) => {
  const config = readConfig({}, () => 1)
  const baseline = parseBaseline(readFileSync(path.join(config.modelsDir, config.models[0]!, 'baseline.json'), 'utf8'))
  const manifest = await readManifest(config.modelsDir, config.models[0]!)
  t.doesNotThrow(() => {
    checkBaseline(baseline, { name: manifest.name, digest: modelDigest(manifest) }, pipelineOf(config))
  })
  t.match(baseline.source.provenance, /CC-BY/, 'it says where its clips come from')
  t.notOk(baseline.calibration.calibrated)
  t.ok(baseline.confidenceToWer!.length > 0)
})

t.test('what does not fit is refused, saying where', (t) => {
  const broken = (
    change: (
      baseline: { features: Record<string, { counts: number[]; bins: { edges: number[] } }> } & Record<string, unknown>,
    ) => void,
  ): string => {
    const copy = structuredClone(BASELINE) as never
    change(copy)
    return JSON.stringify(copy)
  }
  const cases: [string, RegExp][] = [
    ['{', /JSON/],
    ['[]', /the file/],
    [broken((baseline) => { baseline.format = 'other/1' }), /format/],
    [broken((baseline) => { baseline.features.snr!.counts.pop() }), /snr has 9 counts for 10 bins/],
    [broken((baseline) => { baseline.features.snr!.bins.edges.reverse() }), /edges of snr do not ascend/],
    [broken((baseline) => { baseline.features = { colour: baseline.features.snr! } }), /none of the features/],
    [broken((baseline) => { baseline.features.snr!.counts[0] = -1 }), /features\/snr\/counts/],
  ]
  for (const [text, message] of cases) t.throws(() => parseBaseline(text), { code: 'BASELINE_INVALID', message })
  t.throws(() => {
    checkBaseline(BASELINE, { ...MODEL, digest: 'other' }, PIPELINE)
  }, { code: 'BASELINE_MISMATCH', message: /served is/ })
  t.throws(
    () => { checkBaseline(BASELINE, MODEL, { ...PIPELINE, trimSilence: false }) },
    { code: 'BASELINE_MISMATCH', message: /trimSilence/ },
  )
  t.end()
})

t.test('a baseline that cannot know how windows vary says so', (t) => {
  const random = (): () => number => seededRandom(1)
  const because = (clips: readonly BaselineClip[]): string | null =>
    computeBaseline(clips, random()).calibration.because
  t.equal(because(CLIPS.slice(0, 999)), '999 clips, where at least 1000 are needed')
  t.equal(because(CLIPS.slice(0, 1000)), null)
  const fewOfFew = CLIPS.slice(0, 900).map((clip, index) => ({ ...clip, session: `s${index % 20}` }))
  t.equal(because(fewOfFew),
    '900 clips, where at least 1000 are needed; 20 sessions or speakers, where at least 50 are needed', 'all at once')
  t.match(because(CLIPS.map((clip) => ({ ...clip, session: null, time: null }))), /neither times nor sessions/)
  t.match(because(CLIPS.map((clip, index) => ({ ...clip, session: `s${index % 20}`, time: null }))), /20 sessions/)
  t.equal(because(CLIPS.map((clip) => ({ ...clip, session: null }))), null, 'times alone are enough')
  t.end()
})

t.test('clips that come in bursts have a design effect, and independent ones none to speak of', (t) => {
  const random = seededRandom(41)
  const bursts = Array.from({ length: 800 }, (_, session) => {
    const shift = 2 * gaussian(random)
    return Array.from({ length: 5 }, (_, clip) =>
      ({
        row: drawRow(random, { loudness: (value) => Number(value) + shift }), session: `s${session}`,
        time: session * 10 + clip,
      }))
  }).flat()
  const { features } = computeBaseline(bursts, random)
  t.ok(features.loudness.designEffect.fast > 2, `in bursts: ${features.loudness.designEffect.fast}`)
  t.ok(features.loudness.designEffect.slow >= features.loudness.designEffect.fast)
  t.ok(features.snr.designEffect.fast < 1.4, `independent: ${features.snr.designEffect.fast}`)
  t.same(
    computeBaseline(bursts.map((clip) => ({ ...clip, time: null })), random).calibration.method,
    'windows of whole sessions',
  )
  t.end()
})

t.test('the self-check finds a baseline of a few people out, and passes one of many', (t) => {
  const people = (count: number): BaselineClip[] => {
    const random = seededRandom(count)
    const voices = Array.from({ length: count }, () => 2 * gaussian(random))
    return Array.from({ length: 3000 }, (_, index) => {
      const person = Math.floor(index * count / 3000)
      return {
        row: drawRow(random, { centroid: (value) => Number(value) / 2 + voices[person]! }), session: `p${person}`,
        time: random(),
      } // they take turns, so windows of the baseline are alike
    })
  }
  const [few, many] = [people(12), people(1500)]
  const check = (clips: BaselineClip[]): number =>
    checkFalseAlarms(clips, baselineOf(clips), seededRandom(2), 2)!.withAlarm
  t.ok(check(few) > 10, 'twelve people: most of 20 streams')
  t.ok(check(many) <= 2, 'fifteen hundred')
  t.equal(
    checkFalseAlarms(CLIPS.slice(0, 3).map((clip) => ({ ...clip, session: 'one' })), BASELINE, seededRandom(3)), null,
    'one session says nothing',
  )
  t.end()
})

t.test('merging adds counts, and is refused where bins differ', (t) => {
  const bins = binsFor(CLIPS)
  const part = (clips: readonly BaselineClip[]): CompleteBaseline =>
    ({ ...baselineOf(clips), ...computeBaseline(clips, seededRandom(1), bins) })
  const [first, second] = [part(CLIPS.slice(0, 700)), part(CLIPS.slice(700))]
  const merged = mergeBaselines(first, second, 'both', '2026-11-02T00:00:00.000Z')
  const whole = part(CLIPS).features
  for (const name of FEATURE_NAMES)
    t.match(merged.features[name], { counts: whole[name].counts, missing: whole[name].missing }, name)
  t.equal(merged.source.clips, 1200)
  t.doesNotThrow(() => parseBaseline(JSON.stringify(merged)))
  t.throws(() =>
    mergeBaselines(
      first, baselineOf(CLIPS.slice(700)), 'both', '',
    ), { code: 'BASELINE_MISMATCH', message: /bins of loudness/ })
  t.throws(
    () => mergeBaselines(first, { ...second, model: { name: 'x', digest: 'y' } }, 'both', ''),
    { code: 'BASELINE_MISMATCH', message: /model/ },
  )
  t.end()
})

t.test('a record gives back the clips of a period, is bounded, and belongs to one model', async (t) => {
  const file = path.join(t.testdir(), 'new/record.jsonl')
  const fail = {
    onError: (error: Error) => t.fail(error.message), onRepaired: (bytes: number) => t.fail(`${bytes} bytes`),
  }
  const record = (await ClipRecord.open(file, { model: MODEL, pipeline: PIPELINE }, 3, fail))!
  const rows = CLIPS.slice(0, 4).map(({ row }) => row)
  t.same(
    rows.map((row, index) => record.add(row, index < 2 ? 'a visit' : undefined, 1000 * index)),
    [true, true, true, false], 'no more than three',
  )
  await record.close()
  const read = await readRecord(file)
  t.same([read.model, read.pipeline, read.clips.length], [MODEL, PIPELINE, 3])
  t.equal(read.clips[0]!.session, read.clips[1]!.session)
  t.equal(read.clips[2]!.session, null)
  t.notMatch(readFileSync(file, 'utf8'), /a visit/, 'the session itself is not there')
  read.clips[0]!.row.forEach((value, index) => {
    const given = rows[0]![index]!
    if (typeof given === 'number') t.ok(Math.abs(Number(value) - given) <= 1e-5 * Math.abs(given))
    else t.equal(value, given)
  })
  t.same((await readRecord(file, 1000, 2000)).clips.map(({ time }) => time), [1000])
  appendFileSync(file, '{"time":5,"ses')
  t.equal((await readRecord(file)).clips.length, 3, 'a last line that was cut off is left out')
  appendFileSync(file, '\n{"time":6,"session":null,"values":[]}\n')
  await t.rejects(
    ClipRecord.open(file, { model: { name: 'other', digest: '' }, pipeline: PIPELINE }, 3, fail),
    { code: 'BASELINE_MISMATCH' },
  )
  writeFileSync(file, 'hello\n')
  await t.rejects(readRecord(file), { code: 'BASELINE_INVALID' })
})

t.test('half a line at the end is removed before the next one is added, and other files are left alone', async (t) => {
  const file = path.join(t.testdir(), 'record.jsonl')
  const repaired: number[] = []
  const events = {
    onError: (error: Error) => t.fail(error.message), onRepaired: (bytes: number) => repaired.push(bytes),
  }
  const addOne = async (time: number): Promise<void> => {
    const record = (await ClipRecord.open(file, { model: MODEL, pipeline: PIPELINE }, 10, events))!
    t.ok(record.add(CLIPS[0]!.row, undefined, time))
    await record.close()
  }
  const times = async (): Promise<(number | null)[]> => (await readRecord(file)).clips.map(({ time }) => time)
  await addOne(1)
  const whole = readFileSync(file)
  const line = whole.subarray(whole.indexOf(10) + 1)
  // Cut off anywhere, also just before its line break, and a whole line that is no clip.
  for (const half of [
    line.subarray(0, 1), line.subarray(0, 20), line.subarray(0, -1), Buffer.from('{"time":5,"ses\n'),
    Buffer.from('\0\0\0'),
  ]) {
    writeFileSync(file, Buffer.concat([whole, half]))
    await addOne(2)
    t.same(await times(), [1, 2])
    t.equal(repaired.pop(), half.length)
  }
  const ofAnother = Buffer.from(whole.toString('utf8').replace(MODEL.name, 'ánother'))
  const parts = [
    whole.subarray(0, 1), whole.subarray(0, 40), whole.subarray(0, whole.indexOf(10)),
    ofAnother.subarray(0, ofAnother.indexOf('á') + 1),
  ]
  for (const part of parts) {
    const bytes = part.length
    writeFileSync(file, part)
    await addOne(3)
    t.same(await times(), [3], `begun again after ${bytes} bytes of the first line`)
    t.equal(repaired.pop(), bytes)
  }
  for (const other of ['a letter without an end of its line', 'hello\nwor', `${'x'.repeat(3e6)}`]) {
    writeFileSync(file, other)
    await t.rejects(
      ClipRecord.open(file, { model: MODEL, pipeline: PIPELINE }, 10, events), { code: 'BASELINE_INVALID' },
    )
    t.equal(readFileSync(file, 'utf8'), other)
  }
  const noClips = Buffer.concat([whole, Buffer.from('not a clip\n'.repeat(2))])
  writeFileSync(file, noClips)
  await t.rejects(
    ClipRecord.open(file, { model: MODEL, pipeline: PIPELINE }, 10, events),
    { code: 'BASELINE_INVALID', message: /line 3: not a clip/ },
  )
  t.ok(readFileSync(file).equals(noClips), 'whole lines are never removed but the last')
  t.same(repaired, [])
})

t.test('what the disk refuses is told once, and recording ends without holding anything up', async (t) => {
  const folder = t.testdir({
    directory: {},
    empty: '',
    'other.jsonl': `${JSON.stringify({ format: 'earshot-drift-record/1', model: MODEL, pipeline: PIPELINE, features: ['snr'] })}\n`,
  })
  const told: string[] = []
  const tell = (error: Error): void => { told.push(error.message) }
  const open = (name: string, openStream?: (file: string) => WriteStream): Promise<ClipRecord | undefined> =>
    ClipRecord.open(
      path.join(folder, name), { model: MODEL, pipeline: PIPELINE }, 1_000,
      { onError: tell, onRepaired: (bytes) => { t.fail(`${bytes} bytes`) } }, openStream,
    )
  for (const [name, message] of [
    ['directory', /not a regular file/], ['empty/record.jsonl', /ENOTDIR|EEXIST/],
    ['other.jsonl', /features of another version/],
  ] as const) {
    told.length = 0
    t.equal(await open(name), undefined, name)
    t.match(told, [message])
    t.equal(told.length, 1)
  }
  told.length = 0
  const full = (await open('full', () => createWriteStream('/dev/full', { flags: 'a' })))!
  const { row } = CLIPS[0]!
  full.add(row, undefined, 0)
  await waitFor(() => told.length > 0)
  for (let clip = 0; clip < 100; clip++) t.notOk(full.add(row, undefined, clip))
  await full.close()
  t.match(told, [/ENOSPC/])
  t.equal(told.length, 1, 'said once')
  const begun = (await open('empty'))!
  t.ok(begun.add(row, undefined, 1))
  await begun.close()
  t.equal((await readRecord(path.join(folder, 'empty'))).clips.length, 1, 'an empty file is begun')
})

t.test('a baseline of another version is used for what both know, and says what is not monitored', async (t) => {
  const others = Object.fromEntries(
    Object.entries(BASELINE.features).filter(([name]) => name !== 'snr' && name !== 'language'),
  )
  const older = { ...BASELINE, features: { ...others, colour: { bins: { kind: 'hue' } }, toString: null } }
  const baseline = parseBaseline(JSON.stringify(older))
  t.same(monitoredFeatures(baseline), FEATURE_NAMES.filter((name) => name !== 'snr' && name !== 'language'))
  const expected = [
    { name: 'snr', reason: 'not in the baseline' }, { name: 'language', reason: 'not in the baseline' },
    { name: 'colour', reason: 'not measured by this version' }, {
      name: 'toString', reason: 'not measured by this version',
    },
  ]
  t.same(unmonitoredFeatures(baseline), expected)
  t.same(unmonitoredFeatures(BASELINE), [])
  const modelsDir = t.testdir({ 'moonshine-tiny-en': { 'baseline.json': JSON.stringify(older) } })
  const watch = await DriftWatch.open(
    { driftBaseline: 'auto', driftRecord: undefined, driftRecordClips: 1, modelsDir }, MODEL, PIPELINE,
    { onRecordError: (error) => { t.fail(error.message) }, onRecordRepaired: (bytes) => { t.fail(`${bytes} bytes`) } },
  )
  watch.observe(REPORT, undefined)
  t.same(watch.snapshot()!.unmonitored, expected)
  t.equal(watch.snapshot()!.features.length, FEATURE_NAMES.length - 2)
  t.same(
    mergeBaselines(baseline, BASELINE, 'both', '').features.loudness!.counts,
    BASELINE.features.loudness.counts.map((count) => 2 * count),
  )
  t.notOk('snr' in mergeBaselines(baseline, BASELINE, 'both', '').features, 'what one of them lacks is not in both')
})

t.test('a baseline that lacks features sees in the others what a whole one sees', (t) => {
  const watched = (lacking: readonly string[]): DriftMonitor => {
    const features = Object.fromEntries(Object.entries(BASELINE.features).filter(([name]) => !lacking.includes(name)))
    return new DriftMonitor(parseBaseline(JSON.stringify({ ...BASELINE, features })), () => 0)
  }
  const [whole, part] = [watched([]), watched(['loudness', 'codec', 'confidence', 'decoder_stop'])]
  const random = seededRandom(77)
  for (let clip = 0; clip < 600; clip++) {
    const row = drawRow(random, { snr: (value) => Number(value) + 2 })
    whole.observe(row)
    part.observe(row)
  }
  t.same(part.alarms, ['snr'])
  t.same(whole.alarms, ['snr'])
  const counts = (monitor: DriftMonitor): Map<string, readonly number[] | undefined> =>
    new Map(monitor.snapshot().features.map(({ name, windows }) => [name, windows.fast?.counts]))
  for (const [name, own] of counts(part)) t.same(own, counts(whole).get(name), name)
  t.end()
})

t.test('a service watches its default model alone, and gives way or refuses as it was told', async (t) => {
  const modelsDir = t.testdir({ 'moonshine-tiny-en': {}, 'mine.json': JSON.stringify(BASELINE) })
  const events: WatchEvents = {
    onRecordError: (error) => { t.fail(error.message) }, onRecordRepaired: (bytes) => { t.fail(`${bytes} bytes`) },
  }
  const open = (driftBaseline: string, pipeline = PIPELINE): Promise<DriftWatch> =>
    DriftWatch.open({ driftBaseline, driftRecord: undefined, driftRecordClips: 1, modelsDir }, MODEL, pipeline, events)
  t.match(await open('auto'), { monitor: undefined, reason: /none comes with moonshine/ })
  t.match((await open('off')).reason, /is off/)
  await t.rejects(open(path.join(modelsDir, 'none.json')), { code: 'BASELINE_INVALID' })
  await t.rejects(open('/dev/zero'), { code: 'BASELINE_INVALID', message: /not a regular file/ })
  const named = path.join(modelsDir, 'mine.json')
  await t.rejects(open(named, { ...PIPELINE, maxHearings: 1 }), { code: 'BASELINE_MISMATCH' })
  mkdirSync(path.join(modelsDir, 'moonshine-tiny-en'), { recursive: true })
  writeFileSync(path.join(modelsDir, 'moonshine-tiny-en/baseline.json'), JSON.stringify(BASELINE))
  t.match(
    await open('auto', { ...PIPELINE, maxHearings: 1 }), { monitor: undefined, reason: /maxHearings/ },
    'the one that came with the model gives way',
  )
  const watch = await open('auto')
  watch.observe(REPORT, undefined)
  watch.observe({ ...REPORT, model: 'whisper-tiny' }, undefined)
  t.equal(watch.snapshot()!.windows.fast.clips, 1)
})

t.test('a report without anything to measure is a row of missing values, never of zeros or NaN', (t) => {
  const nothing = featureRow({
    ...REPORT, text: '', confidence: null, lowestTokenProbability: null, correctness: null, segments: [],
    noSpeechReason: 'no_samples',
    input: {
      ...REPORT.input, loudnessLufs: null, peakDbfs: null, noiseFloorDbfs: null, snrDb: null, bandwidthHz: null,
      speechRatio: 0, speechSeconds: 0, audioSeconds: NaN, dcOffset: NaN,
      timbre: { lowFrequencyDb: null, centroidHz: null, flatnessDb: null, cepstrum: null, syllablesPerSecond: null },
    },
  })
  const named = Object.fromEntries(FEATURE_NAMES.map((name, index) => [name, nothing[index]]))
  for (const name of [
    'loudness', 'snr', 'duration', 'leading_silence', 'mfcc_1', 'dc_offset', 'confidence', 'words_per_second',
    'repeat_ratio', 'decoder_stop',
  ]) {
    t.equal(named[name], null, name)
  }
  t.equal(named.empty, 'no_speech')
  t.end()
})

t.test('a phrase that is said again and again is seen, and one said once is not', (t) => {
  t.equal(repeatRatio('gas gas gas gas'.split(' ')), 1)
  t.equal(repeatRatio('thank you thank you thank you'.split(' ')), 1)
  t.equal(repeatRatio('play some jazz music'.split(' ')), 0)
  t.equal(repeatRatio('play play some jazz'.split(' ')), 0.5)
  t.equal(repeatRatio([]), 0)
  t.end()
})
