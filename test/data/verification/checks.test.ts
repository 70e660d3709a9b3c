/** Every check on made-up clips: the fault is found, its neighbours are not. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import type { ExaminedClip } from '../../../src/data/verification/facts.js'
import { encodeFingerprint, fingerprintOf } from '../../../src/data/verification/fingerprint.js'
import { KINDS, type Kind } from '../../../src/data/verification/kinds.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { verify } from '../../../src/data/verification/verify.js'
import { amongOthers, babble, clipAt, type Changes } from './made-up.js'

/** Kinds of the findings about one line. */
function kindsAt(line: number, clips: readonly ExaminedClip[]): Kind[] {
  return verify({ clips }).filter((one) => one.line === line).map(({ kind }) => kind).sort()
}

t.test('ordinary clips have no finding but those about words', async (t) => {
  t.same(verify({ clips: amongOthers() }).filter(({ kind }) => kind !== 'vocabulary'), [])
})

const CASES: readonly (readonly [what: string, changes: Changes, kinds: readonly Kind[]])[] = [
  ['a file that is not there', {
    facts: { sha256: null, audio: null, recognized: null, unreadable: { code: 'ENOENT', message: 'no such file' } },
  }, ['unreadable']],
  ['a recognizer that failed', {
    facts: { recognized: null, failure: { code: 'RECOGNIZER_FAILED', message: 'it failed' } },
  }, ['not_recognized']],
  ['a file that ends early', { audio: { truncated: true, seconds: 1.2 } }, ['truncated']],
  ['a clip that is shorter than its line says', { audio: { seconds: 1.31 } }, ['length_mismatch']],
  ['a length that is rounded', { audio: { seconds: 2.04 } }, []],
  ['a header with another rate: the length tells', { audio: { headerRate: 24_000, seconds: 4 / 3 }, listed: {
    sampleRate: null,
  } }, ['rate_mismatch']],
  ['a rate that the line contradicts', { listed: { sampleRate: 8_000 } }, ['rate_mismatch']],
  ['Opus, which decodes to another rate', { audio: { codec: 'opus', sampleRate: 48_000 } }, []],
  ['clipped samples', { audio: { clippedRatio: 0.01 } }, ['clipped']],
  ['an offset', { audio: { dcOffset: -0.03 } }, ['dc_offset']],
  ['two microphones', { audio: { channels: 2, channelDifferenceDb: 1 } }, ['channels_differ']],
  ['equal channels', { audio: { channels: 2, channelDifferenceDb: -35 } }, []],
  ['a peak that keeps it quiet', { audio: { missingGainDb: 8 } }, ['gain_limited']],
  ['noise', { recognized: { snrDb: 4 } }, ['noisy']],
  ['telephone audio', { audio: { upperBandDb: -60 } }, ['narrowband']],
  ['a clip that is much quieter', { audio: { loudnessLufs: -45 } }, ['loudness_outlier']],
  ['silence in front', { recognized: { leadingSilenceSeconds: 2.5 } }, ['long_silence']],
  ['a label without speech', { recognized: { text: '', noSpeechReason: 'no_speech_detected', speechRatio: 0 } }, [
    'no_speech',
  ]],
  ['speech without a label', { listed: { text: '' } }, ['speech_unlabelled']],
  ['a remark without speech', {
    listed: { text: '[noise]' }, recognized: { text: '', noSpeechReason: 'no_speech_detected', speechRatio: 0 },
  }, []],
  ['a word that the audio does not have', { recognized: { labelDifferences: [
    { at: 0, label: ['turn'], heard: ['burn'], logLikelihoodRatio: 9 },
  ] } }, ['label_contradicted']],
  ['a word that the recognizer is not sure of', { recognized: { labelDifferences: [
    { at: 0, label: ['turn'], heard: ['burn'], logLikelihoodRatio: 3 },
  ] } }, []],
  ['a clip that nobody has labelled yet', { listed: { text: null } }, []],
  ['more words than anybody says', { listed: { text: 'one two three four five six seven eight nine ten eleven' } }, [
    'speaking_rate',
  ]],
  ['fewer letters than the others', { listed: { text: 'do it now' }, recognized: { speechSeconds: 4 } }, [
    'speaking_rate',
  ]],
]

for (const [what, changes, kinds] of CASES) {
  t.test(`${what}: ${kinds.join(', ') || 'nothing'}`, async (t) => {
    t.same(kindsAt(7, amongOthers(clipAt(7, changes))), kinds)
  })
}

t.test('of contradicted labels, those that lack words come first, then the more certain ones', async (t) => {
  const differing = (line: number, label: string[], heard: string[], logLikelihoodRatio: number): ExaminedClip =>
    clipAt(line, { recognized: { labelDifferences: [
      { at: 0, label: ['an'], heard: ['a'], logLikelihoodRatio: 6.1 }, { at: 1, label, heard, logLikelihoodRatio },
    ] } })
  const clips = [
    differing(1, ['on'], ['off'], 30), differing(2, [], ['not'], 30), differing(3, ['the'], [], 8),
  ]
  const found = verify({ clips }).filter(({ kind }) => kind === 'label_contradicted')
  t.same(found.map(({ line, detail }) => [line, detail]), [
    [2, 'the label lacks "not", at odds of exp(30.0)'],
    [1, '"off" was heard, and the label says "on", at odds of exp(30.0)'],
    [3, 'nobody says "the", at odds of exp(8.0)'],
  ])
})

t.test('a source of telephone audio is one finding, not one for each clip', async (t) => {
  const clips = Array.from({ length: 20 }, (_, line) => clipAt(line + 1, { audio: { upperBandDb: -60 } }))
  const found = verify({ clips }).filter(({ kind }) => kind === 'narrowband')
  t.same(found.map(({ clip, evidence }) => [clip, evidence]), [[null, { source: 'set', narrow: 20, clips: 20 }]])
})

t.test('a copy is a duplicate, a conflict of labels or a leak', async (t) => {
  const fingerprint = encodeFingerprint(fingerprintOf(babble(3, 1.5)))
  const original = clipAt(1, { audio: { fingerprint }, listed: { split: 'train' } })
  const copy = (changes: Changes): ExaminedClip => clipAt(2, { audio: { fingerprint }, ...changes })
  t.same(kindsAt(2, amongOthers(original, copy({ listed: { split: 'train' } }))), ['duplicate_audio'])
  t.same(kindsAt(2, amongOthers(original, copy({ facts: { sha256: 'hash 1' } }))), ['duplicate_bytes'])
  t.same(kindsAt(2, amongOthers(original, copy({ listed: { text: 'turn off the light' } }))), ['label_conflict'])
  t.same(kindsAt(2, amongOthers(original, copy({ listed: { text: 'Turn on the light!' } }))), [
    'duplicate_audio', 'label_convention', 'label_convention',
  ], 'casing and the mark at the end are other conventions')
  t.same(kindsAt(2, amongOthers(original, copy({ listed: { split: 'test' } }))), ['leak_audio'])
  t.same(kindsAt(1, amongOthers(original, copy({}))), [], 'the first one is not to blame')
})

t.test('speakers and texts in two splits', async (t) => {
  const speaker = 'Ann'
  const clips = amongOthers(
    clipAt(1, { listed: { speaker, split: 'train' } }), clipAt(2, { listed: { speaker, split: 'test' } }),
    clipAt(3, { listed: { speaker: 'Bob', split: 'train' } }), clipAt(4, { listed: { speaker: 'Bob', split: 'train' } }),
  )
  const findings = verify({ clips })
  const leaks = findings.filter(({ kind }) => kind.startsWith('leak'))
  t.same(leaks.map(({ kind, line }) => [kind, line]), [['leak_speaker', null], ['leak_text', 2]])
  t.same(leaks[0]!.evidence['splits'], ['train', 'test'])
  t.same(findings.filter(({ kind }) => kind === 'repeated_text').map(({ line }) => line), [4])
})

t.test('one speaker dominates, words are compared with a list', async (t) => {
  const clips = amongOthers(clipAt(1, { audio: { seconds: 60 }, listed: { seconds: 60, text: 'play som music' } }))
  const findings = verify({ clips, expectedWords: new Set(['turn', 'on', 'the', 'light', 'play', 'some', 'music']) })
  t.match(findings.find(({ kind }) => kind === 'imbalance')?.evidence, { speaker: 'speaker 1', share: 0.6 })
  const words = findings.filter(({ kind }) => kind === 'vocabulary').map(({ evidence }) => evidence['words'])
  t.same(words, [['music', 'play', 'som'], ['som'], ['some']])
})

t.test('docs/verify-data.md is the table of kinds', async (t) => {
  const rows = readFileSync(path.join(projectRoot, 'docs/verify-data.md'), 'utf8')
    .matchAll(/^\| `(\w+)` \| (error|warning|note) \| ([\d.]+) \|/gm)
  const documented = [...rows].map(([, kind, severity, cost]) => ({ kind, severity, cost }))
  const code = Object.entries(KINDS).map(([kind, { severity, harm, probability }]) => (
    { kind, severity, cost: (harm * probability).toFixed(2) }))
  t.same(documented, code)
})

t.test('findings are ranked by cost, and every kind has a rank', async (t) => {
  const clips = amongOthers(
    clipAt(1, { audio: { dcOffset: 0.1 } }), clipAt(2, { audio: { clippedRatio: 0.1 } }),
    clipAt(3, { listed: { text: '' } }),
  )
  const costs = verify({ clips }).map(({ cost }) => cost)
  t.same(costs, costs.toSorted((a, b) => b - a))
  t.equal(verify({ clips })[0]?.kind, 'speech_unlabelled')
  for (const [kind, { harm, probability }] of Object.entries(KINDS)) {
    t.ok(harm > 0 && harm <= 1 && probability > 0 && probability <= 1, kind)
  }
})
