/** Findings about labels among themselves and about labellers who differ, and what of them the page shows. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { labellerAgreement } from '../../../src/data/labels/agreement/agreement.js'
import { parseGuide } from '../../../src/data/labels/guide.js'
import type { Label } from '../../../src/data/labels/label-file.js'
import type { ExaminedClip } from '../../../src/data/verification/facts.js'
import type { Finding } from '../../../src/data/verification/finding.js'
import { summarize } from '../../../src/data/verification/summary.js'
import { verificationPage } from '../../../src/data/verification/verification-page.js'
import { verify } from '../../../src/data/verification/verify.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { clipAt } from './made-up.js'

const guide = parseGuide(readFileSync(path.join(projectRoot, 'docs/labelling.md'), 'utf8'))

function saying(texts: readonly string[], from = 1): ExaminedClip[] {
  return texts.map((text, index) => clipAt(from + index, {
    listed: { text, speaker: `speaker ${from + index}` }, recognized: { text, rawText: text },
  }))
}

const times = (count: number, text: string): string[] => Array.from({ length: count }, () => text)
const ofKind = (findings: readonly Finding[], kind: string): Finding[] => findings.filter((one) => one.kind === kind)

t.test('a label in the minority is a finding of its clip, a habit of many one of the set', async (t) => {
  const few = verify({ clips: saying([...times(40, 'turn it on please'), ...times(3, 'Turn it on please')]) })
  const [first, ...others] = ofKind(few, 'label_convention')
  t.match(first, {
    clip: 'set/41.wav', line: 41, severity: 'warning', evidence: { rule: 'casing', label: 'Turn it on please' },
  })
  t.same(others.map(({ line }) => line), [42, 43])
  const many = verify({ clips: saying([...times(40, 'turn it on please'), ...times(25, 'Turn it on please')]) })
  const found = ofKind(many, 'label_convention')
  t.match(found, [{ clip: null, evidence: { rule: 'casing' } }])
  t.equal((found[0]!.evidence['clips'] as string[]).length, 25)
})

t.test('letters of another script and typing errors are found, empty labels are left to the audio', async (t) => {
  const clips = saying([
    ...times(30, 'play the next song again'), 'play the nеxt song again', 'play the next song agian', '',
  ])
  const findings = verify({ clips })
  t.match(ofKind(findings, 'label_alphabet'), [{ line: 31, severity: 'error', evidence: { words: ['nеxt'] } }])
  t.match(ofKind(findings, 'label_typo').map(({ line, severity }) => [line, severity]), [[31, 'warning'], [32, 'warning']])
  t.notOk(findings.some(({ line, kind }) => line === 33 && kind.startsWith('label_')))
})

t.test('the guide is checked where there is one, and known words are no typing errors', async (t) => {
  const clips = saying(['Play the song.', 'Play the song', 'Play the song.'])
  t.same(ofKind(verify({ clips }), 'label_guide'), [])
  t.match(ofKind(verify({ clips, guide }), 'label_guide'), [{ line: 2, severity: 'note', evidence: { rule: 'punctuation' } }])
  t.same(ofKind(verify({ clips, guide, language: 'de' }), 'label_guide'), [], 'a guide of another language')
  const rare = saying([...times(30, 'play the next song again'), 'play the next song agian'])
  t.same(ofKind(verify({ clips: rare, expectedWords: new Set(['agian']) }), 'label_typo'), [])
})

function label(clip: string, author: string, text: string, tags: string[] = []): Label {
  return { clip, author, text, tags, time: '2026-05-04T09:30:00Z', state: 'labelled', secondOpinion: true }
}

const agreement = labellerAgreement([
  label('set/1.wav', 'Ann', 'turn it on'), label('set/1.wav', 'Bob', 'turn it on'),
  label('set/2.wav', 'Ann', 'turn it off now', ['noise']), label('set/2.wav', 'Bob', 'turn it on now'),
  label('third', 'Ann', 'stop'), label('third', 'Bob', 'hop'),
  label('not/listed.wav', 'Ann', 'yes'), label('not/listed.wav', 'Bob', 'no'),
], { examples: Infinity })

t.test('clips on which labellers differ are findings, by path or id, the larger difference first', async (t) => {
  const clips = saying(['turn it on', 'turn it off now', 'stop'])
    .map((clip) => clip.listed.line === 3 ? { ...clip, listed: { ...clip.listed, fields: { id: 'third' } } } : clip)
  const found = ofKind(verify({ clips, agreement }), 'labellers_differ')
  t.match(found, [
    { line: 3, detail: 'Ann and Bob differ: stop / hop', evidence: { authors: ['Ann', 'Bob'], differingShare: 1 } },
    { line: 2, detail: 'Ann and Bob differ: off / on', evidence: { first: 'turn it off now', second: 'turn it on now' } },
  ])
  t.ok(found[0]!.cost > found[1]!.cost)
})

t.test('the page has the figures of each pair and tag only where people labelled', async (t) => {
  const clips = saying(['turn it on'])
  const content = { name: 'made', summary: summarize(clips), findings: [], audioOf: () => undefined }
  t.notMatch(verificationPage(content), /Agreement of labellers/)
  const page = verificationPage({ ...content, agreement })
  t.match(page, /Agreement of labellers[^]*Ann and Bob: 0 clips skipped, 0 unsure[^]*all[^]*>4<[^]*>1<[^]*noise/)
})
