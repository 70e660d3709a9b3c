/** The fit against known coefficients, figures against plain computations, folds, picture and command. */
import path from 'node:path'
import t from 'tap'
import { runCalibrate } from '../../../src/commands/calibrate/calibrate.js'
import { foldsOf, crossValidate, FOLDS, type Labelled } from '../../../src/commands/calibrate/cross-validate.js'
import { figuresOf } from '../../../src/commands/calibrate/figures.js'
import { auroc, binned, brier, calibrationError, weightedMean } from '../../../src/data/statistics/calibration.js'
import { fitCorrectness, fitAlternatives } from '../../../src/commands/calibrate/fit.js'
import { describe } from '../../../src/commands/calibrate/describe.js'
import { labelled, labelledWithCascade, otherAlternatives } from '../../../src/commands/calibrate/label.js'
import { labelWords, labelledWords } from '../../../src/commands/calibrate/label-words.js'
import { makeCalibration } from '../../../src/commands/calibrate/make.js'
import { drawReliability, wilson } from '../../../src/commands/calibrate/picture.js'
import { parseCalibration } from '../../../src/recognition/confidence/calibration.js'
import { cascadeCurvesOf } from '../../../src/recognition/confidence/cascade-correctness.js'
import { probabilityAt } from '../../../src/recognition/confidence/correctness.js'
import type { Processed } from '../../../src/commands/clips/recognize.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { REPORT } from '../../serving/http/fake-service.js'

const TRUE = { intercept: 2.2, slope: -1.5 }

function drawClips(count: number, random = seededRandom(11)): Labelled[] {
  return Array.from({ length: count }, (_, index) => {
    const doubt = 3 * random()
    return {
      doubt, isRight: random() < probabilityAt(TRUE, doubt), speaker: `speaker ${index % 37}`,
      source: index % 2 === 0 ? 'even' : 'odd', confidence: 0.5, isFitted: index % 5 !== 0,
    }
  })
}

t.test('the fit finds the coefficients that made-up clips were drawn with', (t) => {
  const { intercept, slope } = fitCorrectness(drawClips(20_000))
  t.ok(Math.abs(intercept - TRUE.intercept) < 0.15, `intercept ${intercept}`)
  t.ok(Math.abs(slope - TRUE.slope) < 0.1, `slope ${slope}`)
  t.end()
})

t.test('separable clips have a finite slope, and clips that do not allow a fit are refused', (t) => {
  const parted = Array.from({ length: 40 }, (_, index) => ({ doubt: index, isRight: index < 20 }))
  const { intercept, slope } = fitCorrectness(parted)
  t.ok(slope < 0 && slope > -10 && Number.isFinite(intercept))
  t.throws(() => fitCorrectness(parted.slice(0, 20)), { code: 'CLIPS_INVALID', message: /20 of 20/ })
  t.throws(() =>
    fitCorrectness(parted.map(({ isRight }) => ({ doubt: 1, isRight }))), { code: 'CLIPS_INVALID', message: /equally/ })
  t.throws(
    () => fitCorrectness(parted.map(({ doubt, isRight }) => ({ doubt, isRight: !isRight }))),
    { code: 'CLIPS_INVALID', message: /more often/ },
  )
  t.end()
})

t.test('the temperature is the one that the alternatives were drawn with', (t) => {
  const random = seededRandom(5)
  const cases = Array.from({ length: 4_000 }, () => {
    const logProbabilities = Array.from({ length: 4 }, () => -6 * random())
    const weights = logProbabilities.map((one) => Math.exp(one / 2))
    let left = random() * weights.reduce((sum, weight) => sum + weight, 0)
    const drawn = weights.findIndex((weight) => (left -= weight) < 0)
    return { logProbabilities, right: random() < 0.3 ? drawn : -1 }
  })
  const { temperature, elsewhere } = fitAlternatives(cases)
  t.ok(Math.abs(temperature - 2) < 0.25, String(temperature))
  t.ok(Math.abs(elsewhere - 0.3) < 0.03, String(elsewhere))
  t.same(fitAlternatives([]), { temperature: 1, elsewhere: 0.5 })
  t.end()
})

t.test('area and calibration error are what the plain sums say', (t) => {
  const random = seededRandom(7)
  for (const count of [2, 9, 60, 301]) {
    const clips = Array.from({ length: count }, (_, index) =>
      ({ probability: Math.round(random() * 20) / 20, isRight: index === 0 || (index > 1 && random() < 0.6) }))
    const [right, wrong] = [clips.filter(({ isRight }) => isRight), clips.filter(({ isRight }) => !isRight)]
    const pairs = right.flatMap((a) =>
      wrong.map((b) => a.probability > b.probability ? 1 : a.probability === b.probability ? 0.5 : 0))
    t.ok(
      Math.abs(auroc(clips)! - pairs.reduce<number>((sum, one) => sum + one, 0) / pairs.length) < 1e-12,
      `${count} clips`,
    )
    const sorted = clips.toSorted((a, b) => a.probability - b.probability)
    const size = count / 3
    const plain = [0, 1, 2].map((bin) =>
      sorted.filter((_, index) => index >= Math.round(bin * size) && index < Math.round((bin + 1) * size)))
      .map((part) =>
        Math.abs(part.reduce((sum, { probability, isRight }) => sum + probability - (isRight ? 1 : 0), 0)) / count)
    t.ok(Math.abs(calibrationError(clips, 3) - plain.reduce((sum, one) => sum + one, 0)) < 1e-12)
    t.equal(binned(clips, 3).reduce((sum, bin) => sum + bin.clips, 0), count)
  }
  t.equal(auroc([{ probability: 0.5, isRight: true }]), null)
  t.end()
})

t.test('a weight counts as so many equal clips', (t) => {
  const random = seededRandom(3)
  const clips = Array.from({ length: 60 }, () =>
    ({ probability: Math.round(random() * 10) / 10, isRight: random() < 0.6, weight: 1 + Math.floor(random() * 4) }))
  const repeated = clips.flatMap(({ weight, ...clip }) => Array.from({ length: weight }, () => clip))
  for (const figure of [auroc, brier, (some: typeof repeated) => calibrationError(some, 1),
    (some: typeof repeated) => weightedMean(some, ({ probability }) => probability)]) {
    t.ok(Math.abs(figure(clips)! - figure(repeated)!) < 1e-12)
    t.ok(Math.abs(figure(clips)! - figure(clips.map((clip) => ({ ...clip, weight: 1 })))!) > 1e-4)
  }
  t.end()
})

t.test('true probabilities have no more calibration error than chance makes, and exaggerated ones have', (t) => {
  const random = seededRandom(23)
  const clips = Array.from({ length: 3_000 }, () => {
    const probability = random()
    return { probability, isRight: random() < probability, speaker: 's' }
  })
  const { calibrationError: error, errorByChance } = figuresOf(clips)
  t.ok(error < 2 * errorByChance && errorByChance < 0.04, `${error}, ${errorByChance} by chance`)
  const exaggerated = figuresOf(
    clips.map((clip) =>
      ({ ...clip, probability: clip.probability < 0.5 ? clip.probability / 2 : 1 - (1 - clip.probability) / 2 })),
  )
  t.ok(exaggerated.calibrationError > 3 * exaggerated.errorByChance)
  t.end()
})

t.test('a speaker is in one fold, folds are of one size, and a prediction does not depend on its own label', (t) => {
  const clips = drawClips(700)
  const folds = foldsOf(clips.map(({ speaker }) => speaker))
  const sizes = Array.from({ length: FOLDS }, (_, fold) =>
    clips.filter(({ speaker }) => folds.get(speaker) === fold).length)
  t.ok(Math.max(...sizes) - Math.min(...sizes) <= 20, sizes.join())
  const mine = clips.filter(({ speaker }) => speaker === 'speaker 3')
  const turned = clips.map((clip) => mine.includes(clip) ? { ...clip, isRight: !clip.isRight } : clip)
  const probabilities = (of: readonly Labelled[]): number[] =>
    crossValidate(of).predicted.filter(({ speaker }) => speaker === 'speaker 3').map(({ probability }) => probability)
  t.same(probabilities(turned), probabilities(clips))
  t.end()
})

t.test('with three sources or more, whole sources are left out', (t) => {
  const clips = drawClips(700).map((clip, index) => ({ ...clip, source: ['a', 'b', 'c', 'd'][index % 4]! }))
  const { folds, leftOut, predicted } = crossValidate(clips)
  t.same([folds, leftOut, predicted.length], [4, 'source', 700])
  const turned = clips.map((clip) => clip.source === 'b' ? { ...clip, isRight: !clip.isRight } : clip)
  const ofB = (of: readonly Labelled[]): number[] =>
    crossValidate(of).predicted.filter(({ source }) => source === 'b').map(({ probability }) => probability)
  t.same(ofB(turned), ofB(clips), 'labels of a source do not change its own predictions')
  t.equal(crossValidate(drawClips(700)).leftOut, 'speaker', 'with two sources, speakers are')
  t.end()
})

t.test('a cascade has curves of its own', (t) => {
  const segment = { ...REPORT.segments[0]!, agreement: 1 }
  const of = (change: Partial<typeof segment>, text = 'play'): Processed => ({
    clip: { file: 'a.wav', text: 'play', source: 'a', speaker: 'b', session: null, time: null, isRedistributable: true },
    report: { ...REPORT, text, segments: [{ ...segment, ...change }] },
  })
  const [kept, escalated] = labelledWithCascade([
    of({ cascade: 'sure', meanLogProbability: -0.5, tokens: [1, 2, 3] }),
    of({ cascade: 'low_confidence', jointLogProbability: -4 }, 'clay'),
    of({ cascade: 'empty', jointLogProbability: null }),
  ], false) as [Labelled, Labelled]
  t.ok(Math.abs(kept.doubt - Math.sqrt(2)) < 1e-9, 'surprisal 2, four tokens with the end')
  t.same([kept.isRight, escalated.doubt, escalated.isRight], [true, 2, false])
  const clips = drawClips(600)
  const larger = { name: 'larger', digest: 'def' }
  const material = {
    transcripts: clips, words: [], first: [], others: [],
    cascade: { larger, primary: clips, escalated: drawClips(600, seededRandom(7)), words: [] },
  }
  const made = makeCalibration(material, { model: { name: 'made-up', digest: 'abc' }, provenance: 'x' }, new Date())
  const read = parseCalibration(JSON.stringify(made.calibration), 'here', { name: 'made-up', digest: 'abc' })
  t.same(cascadeCurvesOf(read, larger)?.primary, read.cascades?.[0]?.primary)
  t.equal(cascadeCurvesOf(read, { name: 'larger', digest: 'other weights' }), undefined)
  t.match(describe(made), /not escalated to larger[\s\S]*escalated to larger/)
  t.end()
})

t.test('a calibration is what a service reads, is fitted on what may be passed on, and has a picture', (t) => {
  const model = { name: 'made-up', digest: 'abc' }
  const clips = drawClips(600)
  const words = drawClips(900, seededRandom(12))
  const material = { transcripts: clips, words, first: clips.slice(0, 500), others: [] }
  const { calibration, transcripts, words: ofWords } = makeCalibration(
    material, { model, provenance: 'made up' }, new Date(0),
  )
  t.same(parseCalibration(JSON.stringify(calibration), 'here', model), calibration)
  t.same(calibration.words?.correctness, fitCorrectness(words.filter(({ isFitted }) => isFitted)))
  t.same([calibration.words?.held.all.clips, calibration.readings.first?.held.all.clips], [900, 500])
  const { calibration: neither } = makeCalibration(
    { ...material, words: [], first: [] }, { model, provenance: '' }, new Date(0),
  )
  t.notOk('words' in neither || 'first' in neither.readings, 'a model that neither searches nor times words')
  t.equal(calibration.fittedOn.clips, clips.filter(({ isFitted }) => isFitted).length)
  t.same(calibration.correctness, fitCorrectness(clips.filter(({ isFitted }) => isFitted)))
  t.same([calibration.held.all.clips, Object.keys(calibration.held.sources)], [600, ['even', 'odd']])
  const picture = drawReliability(transcripts, ofWords, 'a <model>')
  t.match(picture, /^<svg [^]*a &lt;model&gt;[^]*<\/svg>\n$/)
  t.equal(
    picture.match(/<circle/g)!.length, calibration.held.all.bins + calibration.words!.held.all.bins + 2,
    'a point for each bin, and two in the legend',
  )
  t.match(drawReliability(transcripts, undefined, 'm'), /^<svg [^]*600 transcripts[^]*<\/svg>\n$/)
  t.notMatch(picture, /NaN|Infinity|undefined/)
  const { low, high } = wilson(0, 10)
  t.ok(low === 0 && high > 0.2 && high < 0.35, 'no share is certain after ten clips')
  t.end()
})

t.test('a transcript is right word for word after normalization, and other alternatives count where it is wrong', (t) => {
  const clip = {
    file: 'a.wav', text: 'Play 2 songs', speaker: null, session: null, time: null, source: 's',
    isRedistributable: false,
  }
  const reading = (text: string) => ({ text, confidence: 0.5, logProbability: -1, phrases: [], posterior: null })
  const processed: Processed[] = [
    { clip, report: { ...REPORT, text: 'play two songs.' } },
    {
      clip,
      report: {
        ...REPORT, text: 'lay two songs', alternatives: ['lay two songs', 'they too', 'play two songs'].map(reading),
      },
    },
    { clip, report: { ...REPORT, text: '', segments: [] } },
    { clip: { ...clip, text: null }, report: REPORT },
  ]
  t.match(labelled(processed, false), [
    { isRight: true, isFitted: true, speaker: 'a.wav' }, { isRight: false, isFitted: true },
  ])
  t.match(labelled(processed, true), [{ isFitted: false }, { isFitted: false }])
  t.same(otherAlternatives(processed, false), [{ logProbabilities: [-1, -1], right: 1 }])
  t.same(otherAlternatives(processed, true), [])
  t.end()
})

t.test('a word is right where the alignment matches it, and not judged where it is no word of its own', (t) => {
  const judge = (transcript: string, reference: string): (boolean | null)[] =>
    labelWords(transcript.split(' '), transcript, reference, 'en')
  t.same(judge('Lay some, jazz!', 'play some jazz'), [false, true, true])
  t.same(judge('some jazz', 'play some jazz'), [true, true], 'a missing word is nobody\'s')
  t.same(judge('um play jazz', 'play chess'), [null, true, false])
  t.same(judge('It\'s 5 songs', 'it is five songs'), [true, true, true])
  t.same(judge('it\'s play', 'it was play'), [false, true], 'a word is right as a whole')
  t.same(judge('call A B C', 'call a b c'), [true, true, true, true])
  t.same(judge('call A B C', 'call a b d'), [null, null, null, null], 'letters that are spelled are one word')
  t.end()
})

t.test('words are labelled with the doubt of their segment, those of a model without times not at all', (t) => {
  const clip = {
    file: 'a.wav', text: 'play some jazz', speaker: 'x', session: null, time: null, source: 's',
    isRedistributable: true,
  }
  const word = (text: string, logProbability: number) =>
    ({ text, startSeconds: 0, endSeconds: 1, confidence: 0.5, logProbability, correctness: null })
  const segment = (agreement: number) =>
    ({ ...REPORT.segments[0]!, agreement, words: [word('play', -16), word('chess', 0)] })
  const report = { ...REPORT, text: 'play chess', segments: [segment(1)] }
  t.match(labelledWords([{ clip, report }], false), [
    { isRight: true, doubt: 2, speaker: 'x' }, { isRight: false, doubt: 0 },
  ])
  const [, last] = labelledWords([{ clip, report: { ...report, segments: [segment(1 / 3)] } }], false)
  t.ok(last!.doubt > 0)
  t.same(labelledWords([{ clip, report: REPORT }], false), [])
  t.end()
})

t.test('what is wrong with a call is said in a sentence', async (t) => {
  const folder = t.testdir({ 'silent.jsonl': '{"path":"a.wav"}' })
  const complaints: string[] = []
  const { error } = console
  console.error = (line: string) => { complaints.push(line) }
  t.teardown(() => { console.error = error })
  const cases: [string[], number, RegExp][] = [
    [[], 2, /--clips/],
    [['--clips', folder], 2, /--out/],
    [['--clips', folder, '--out', 'x', '--colour'], 2, /colour/],
    [['--clips', path.join(folder, 'absent'), '--out', 'x'], 1, /nothing at/],
    [['--clips', path.join(folder, 'silent.jsonl'), '--out', 'x'], 1, /has a text/],
  ]
  for (const [args, code, complaint] of cases) {
    t.equal(await runCalibrate(args, {}), code)
    t.match(complaints.at(-1), complaint)
  }
})
