/** Places of errors, and the test of each cause. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { CAUSE_NAMES, CAUSES, explainPlaces, NO_EVIDENCE, type Evidence } from '../../../src/data/error-analysis/causes.js'
import { isHeardAlike, isRightAt, placesOf } from '../../../src/data/error-analysis/places.js'
import { countCauses, variantEffects } from '../../../src/data/error-analysis/explained.js'
import type { LabelDifference } from '../../../src/domain/label-difference.js'
import type { Report } from '../../../src/domain/report.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { GAINS } from '../../../src/data/error-analysis/priorities.js'
import { alignWords, countErrors, totalErrors } from '../../../src/domain/scoring/word-errors.js'
import { explained, observed } from './made-up.js'

const words = (text: string): string[] => text.split(' ')
const align = (said: string, heard: string) => alignWords(words(said), words(heard))

t.test('a place is a run of errors, and its errors add up to those of the clip', async (t) => {
  const edits = align('turn the big lights off now', 'turn a lights of now please')
  const places = placesOf(edits)
  t.match(places, [
    { first: 3, last: 5, said: ['the', 'big'], heard: ['a'], errors: 2 },
    { first: 9, last: 9, said: ['off'], heard: ['of'], errors: 1 },
    { first: 12, last: 12, said: [], heard: ['please'], errors: 1 },
  ])
  t.equal(places.reduce((sum, { errors }) => sum + errors, 0), totalErrors(countErrors(edits)))
  t.same(placesOf(align('all right', 'all right')), [])
})

t.test('another transcript is right in a place or not, whatever it has elsewhere', async (t) => {
  const [place] = placesOf(align('turn the lights off', 'turn the lights of'))
  const label = 'turn the lights off'
  t.ok(isRightAt(place!, align(label, 'burn the light off')))
  t.notOk(isRightAt(place!, align(label, 'turn the lights off please')), 'a word beside it is too many')
  t.ok(isHeardAlike(place!, align(label, 'burn the lights of')))
  t.notOk(isHeardAlike(place!, align(label, 'turn the lights on')))
})

const difference = (label: string, heard: string, logLikelihoodRatio: number): LabelDifference =>
  ({ at: 0, label: words(label), heard: words(heard), logLikelihoodRatio })

/** The cause of the only place of a clip. */
function causeOf(said: string, heard: string, evidence: Partial<Evidence> = {}, report: Partial<Report> = {}) {
  const { places: [place, ...others] } = explained(observed(said, heard, {}, report), evidence)
  return others.length > 0 || place === undefined ? undefined : place
}

t.test('each cause has its test, and the first in the order counts', async (t) => {
  const scored = (ratio: number): Partial<Evidence> => ({ labelDifferences: [difference('jazz', 'chess', ratio)] })
  const play = (evidence: Partial<Evidence>, report: Partial<Report> = {}) =>
    causeOf('play jazz', 'play chess', evidence, report)
  t.match(causeOf('fire fox', 'firefox'), { cause: 'normalization', errors: 2 })
  t.match(causeOf('room twenty two', 'room two two'), { cause: 'unknown' }, 'both say how the number is said')
  t.match(causeOf('room 22', 'room two two'), { cause: 'normalization' }, 'figures do not')
  t.match(play({ ...scored(7), reference: 'play chess' }), { cause: 'label', also: ['model'], isReferenceRight: false })
  t.match(play({ ...scored(7), reference: 'play jazz' }), { cause: 'model', isReferenceRight: true })
  t.match(play({ ...scored(7), reference: 'play chests' }), { cause: 'model' }, 'the reference hears something else')
  t.match(play(scored(7)), { cause: 'model', isReferenceRight: null }, 'one recognizer alone needs more')
  t.match(play(scored(12)), { cause: 'label' })
  t.match(play(scored(1), { unbiasedText: 'play jazz' }), { cause: 'biasing', also: ['model'] })
  t.match(play(scored(-0.5)), { cause: 'search', because: /exp\(0.5\)/, also: [] })
  t.match(play({ ...scored(1), alternatives: ['play chess', 'lay jazz'] }), { cause: 'n-best', because: /alternative 2/ })
  t.match(play({ ...scored(1), variants: { 'trimming off': 'play jazz' } }), {
    cause: 'front end', because: 'right with trimming off', also: ['model'],
  })
  t.match(play({ ...scored(1), variants: { 'beam search': 'play jazz' } }), { cause: 'model' }, 'not the front end')
  t.match(play(scored(1), { warnings: ['noisy', 'low_confidence'] }), { cause: 'audio', because: 'noisy' })
  t.match(play({ ...scored(1), reference: 'play jazz' }, { warnings: ['noisy'] }), { cause: 'model' },
    'the audio allows to understand it')
  t.match(causeOf('stop', '', {}, { noSpeechReason: 'no_speech_detected' }), { cause: 'audio' })
  t.match(play(scored(1)), { cause: 'model' })
  t.match(play({}), { cause: 'unknown', because: 'the label was not scored' })
})

t.test('homophones contradict no label', async (t) => {
  const evidence = { labelDifferences: [difference('write', 'right', 13)], reference: 'right it' }
  const causes = (soundOf: (word: string) => string): string[] =>
    explainPlaces(observed('write it', 'right it'), { ...NO_EVIDENCE, ...evidence }, { language: 'en', soundOf })
      .map(({ cause }) => cause)
  t.same(causes((word) => word), ['label'])
  t.same(causes((word) => word.replace('write', 'right')), ['model'])
})

t.test('scores are given to the places with their words', async (t) => {
  const { places } = explained(observed('five jazz songs please', 'nine chess songs'), {
    labelDifferences: [difference('five jazz', 'nine chess', 3), difference('please', '', -1)],
  })
  t.match(places, [{ cause: 'model', because: /exp\(3.0\)/ }, { cause: 'search' }])
})

t.test('causes are counted by place, clip and weighted error; changes with what they break', async (t) => {
  const wrong = observed('red green blue black', 'red pink blue black', { weight: 3 })
  const clips = [
    explained(wrong, { labelDifferences: [difference('green', 'pink', 2)], variants: { 'trimming off': wrong.text } }),
    explained(observed('fire fox', 'firefox')),
    explained(observed('on', 'on'), { variants: { 'trimming off': 'off now' } }),
  ]
  t.match(countCauses(clips), [
    { cause: 'normalization', places: 1, clips: 1, errors: 2, shareOfErrors: 2 / 5, test: CAUSES.normalization },
    { cause: 'front end', places: 1, errors: 1, shareOfErrors: 3 / 5, also: 0 },
    { cause: 'model', places: 0, also: 1 },
    { cause: 'unknown', places: 0, also: 1 },
  ])
  t.same(variantEffects(clips, 'en'), [{
    variant: 'trimming off', wrongClips: 1, errorsBefore: 1, errorsAfter: 0, rightClips: 1, broken: 1, newErrors: 2,
  }])
  t.equal(CAUSE_NAMES.at(-1), 'unknown')
})

t.test('the documentation has each cause with its test, in their order, and each way to compute a gain', async (t) => {
  const rows = [...(await readFile(path.join(projectRoot, 'docs/analyze-errors.md'), 'utf8'))
    .matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)].map(([, name = '', says = '']) => [name, says] as const)
  t.same(rows.filter(([name]) => Object.hasOwn(CAUSES, name)), Object.entries(CAUSES))
  t.same(rows.map(([name]) => name).filter((name) => Object.hasOwn(GAINS, name)).sort(), Object.keys(GAINS).sort())
})
