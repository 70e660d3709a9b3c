/** Exchange formats: what is written is read back the same, losses are named, and wrong files say what to change. */
import t from 'tap'
import { exportDelimited, importDelimited } from '../../../src/data/labels/formats/delimited.js'
import {
  exportManifest, exportNemo, importManifest, importNemo,
} from '../../../src/data/labels/formats/json-lines.js'
import { exportKaldi, importKaldi } from '../../../src/data/labels/formats/kaldi.js'
import { exportCtm, exportStm, importCtm, importStm } from '../../../src/data/labels/formats/sclite.js'
import { NO_DETAILS, type Exported, type Utterance } from '../../../src/data/labels/formats/utterance.js'

const one = (details: Partial<Utterance> & { path: string }): Utterance => ({ ...NO_DETAILS, text: '', ...details })
const only = ({ files }: Exported): string => [...files.values()][0]!
const words = [
  { text: 'red', startSeconds: 0.25, durationSeconds: 0.5, confidence: 0.9 },
  { text: 'tents', startSeconds: 0.75, durationSeconds: 0.4, confidence: null },
]
const FULL = one({
  path: 'a/1.wav', id: 'ann-1', text: 'show "red", tents\nand more', seconds: 1.5, startSeconds: 2.25, speaker: 'ann',
  channel: 'A', tags: ['noise', 'cut off'], words,
})
const PLAIN = one({ path: 'b 2.wav', text: 'Größe zelte' })

t.test('our manifest keeps everything', async (t) => {
  const exported = exportManifest([FULL, PLAIN])
  t.same(importManifest(only(exported), 'm'), { utterances: [FULL, PLAIN], losses: [] })
  t.same(exported.losses, [])
  const { utterances: [other], losses } = importManifest('{"path":"x.wav","samplingProbability":0.2}\n', 'm')
  const { utterances: [unlabelled] } = importManifest('{"path":"x.wav","text":null}\n', 'm')
  t.equal(unlabelled!.text, null, 'no label, as where there is no text')
  t.same([other, losses], [{ ...one({ path: 'x.wav' }), text: null, other: { samplingProbability: 0.2 } }, []],
    'a clip that nobody labelled has no text; what only our manifests have stays')
  const labelled = { ...other!, text: 'tents' }
  t.match(JSON.parse(only(exportManifest([labelled]))), { path: 'x.wav', text: 'tents', samplingProbability: 0.2 })
  t.same(exportKaldi([labelled]).losses.filter((loss) => /field/.test(loss)), [
    'the field "samplingProbability" of 1 clip',
  ])
})

t.test('NeMo: round trip, and losses', async (t) => {
  const kept = { ...FULL, id: null, channel: null, words: null }
  const exported = exportNemo([FULL])
  t.same(JSON.parse(only(exported)), {
    audio_filepath: 'a/1.wav', duration: 1.5, offset: 2.25, text: FULL.text, speaker: 'ann', tags: ['noise', 'cut off'],
  })
  t.same(importNemo(only(exported), 'm').utterances, [kept])
  t.same(exported.losses, ['word times of 1 clip', 'channels of 1 clip', 'utterance ids of 1 clip'])
  t.throws(() => exportNemo([PLAIN]), { code: 'CLIPS_INVALID', message: /b 2\.wav.*"seconds"/ })
  t.throws(() => importNemo('{"audio_filepath": 3, "text": ""}', 'm'), { message: /m, line 1.*audio_filepath/ })
  t.throws(() => importNemo('\n{"audio', 'm'), { message: /m, line 2/ })
})

t.test('CSV and TSV: round trip with quotes, line breaks and tabs, and other tools\' column names', async (t) => {
  for (const delimiter of [',', '\t'] as const) {
    const texts = [FULL, { ...PLAIN, text: 'a\tb, "c"' }]
    const exported = exportDelimited(texts, delimiter)
    t.same(importDelimited(only(exported), 'f', delimiter), {
      utterances: texts.map((utterance) => ({ ...utterance, words: null })), losses: [],
    })
    t.same(exported.losses, ['word times of 1 clip'])
  }
  t.same(importDelimited('\uFEFFclient_id\tPath\tsentence\tup_votes\nx\ta.mp3\tHi.\t2\n', 'f', '\t'), {
    utterances: [one({ path: 'a.mp3', text: 'Hi.', speaker: 'x' })], losses: ['the column "up_votes" of 1 clip'],
  }, 'Common Voice')
  for (const [content, message] of [
    ['', /empty/], ['path,speaker\n', /0 columns for "text"/], ['path,text,label\n', /2 columns for "text"/],
    ['path,text\na,b,c\n', /no CSV/], ['path,text\n,b\n', /line 2.*path is empty/],
    ['path,text,seconds\na,b,long\n', /"long" is no time/],
  ] as const) t.throws(() => importDelimited(content, 'f', ','), { code: 'CLIPS_INVALID', message })
})

t.test('Kaldi: a folder with segments comes back, sorted as bytes, with speakers first in the ids', async (t) => {
  const utterances = [
    one({ path: 'r/2.wav', id: 'zoe-b', text: 'two', seconds: 1, startSeconds: 3, speaker: 'zoe' }),
    one({ path: 'r/2.wav', id: 'Ann-a', text: 'one', seconds: 2, startSeconds: 0.5, speaker: 'Ann' }),
    one({ path: 'r/1.wav', id: 'zoe-a', text: 'drei vier', seconds: 1.25, startSeconds: 0, speaker: 'zoe' }),
  ]
  const { files, losses } = exportKaldi(utterances)
  t.same(losses, [])
  t.equal(files.get('text'), 'Ann-a one\nzoe-a drei vier\nzoe-b two\n')
  t.equal(files.get('wav.scp'), 'r_1.wav r/1.wav\nr_2.wav r/2.wav\n')
  t.equal(files.get('segments'), 'Ann-a r_2.wav 0.5 2.5\nzoe-a r_1.wav 0 1.25\nzoe-b r_2.wav 3 4\n')
  t.equal(files.get('spk2utt'), 'Ann Ann-a\nzoe zoe-a zoe-b\n')
  const byId = (a: Utterance, b: Utterance): number => a.id! < b.id! ? -1 : 1
  t.same(importKaldi(files, 'd'), { utterances: [...utterances].sort(byId), losses: [] })
})

t.test('Kaldi without segments: ids are made from paths; what it cannot hold is named', async (t) => {
  const { files, losses } = exportKaldi([
    one({ path: 'a b/1.wav', text: ' x  y ', seconds: 1, speaker: 'src:ann', tags: ['noise'] }),
    one({ path: 'c.wav', text: ' ' }),
  ])
  t.same([...files.keys()], ['wav.scp', 'text', 'utt2spk', 'spk2utt', 'utt2dur'])
  t.equal(files.get('wav.scp'), 'src:ann-a_b_1 a b/1.wav\n')
  t.same(losses, ['tags of 1 clip', 'the utterance (Kaldi has no empty texts) of 1 clip'])
  t.same(exportKaldi([one({ path: 'c.wav', text: 'x', id: 'no 1' })]).losses, ['signs in ids or speakers of 1 clip'])
  t.match(importKaldi(files, 'd').utterances, [
    { path: 'a b/1.wav', id: 'src:ann-a_b_1', text: 'x y', seconds: 1, startSeconds: null, speaker: 'src:ann' },
  ])
  t.throws(() => exportKaldi([one({ path: 'a b.wav', text: 'x' }), one({ path: 'a_b.wav', text: 'x' })]), {
    code: 'CLIPS_INVALID', message: /same Kaldi id "a_b"/,
  })
  const folder = (entries: Record<string, string>) => () => importKaldi(new Map(Object.entries(entries)), 'd')
  t.throws(folder({ text: 'a x\n' }), { message: /has a file wav\.scp/ })
  t.throws(folder({ text: 'a x\n', 'wav.scp': 'b b.wav\n' }), { message: /no line for "a"/ })
  t.throws(folder({ text: 'a x\n', 'wav.scp': 'a sox b.wav -t wav - |\n' }), { message: /a command is not run/ })
  t.throws(folder({ text: 'a x\na y\n', 'wav.scp': 'a b.wav\n' }), { message: /d\/text, line 2.*has a line already/ })
  t.throws(folder({ text: 'a x\n', 'wav.scp': 'r b.wav\n', segments: 'a r 2 1\n' }), { message: /end is before/ })
})

t.test('CTM: words with times come back; clips without them are left out', async (t) => {
  const timed = one({ path: 'a.wav', text: 'red tents', channel: 'A', words })
  const exported = exportCtm([timed, PLAIN])
  t.equal(only(exported), 'a.wav A 0.25 0.5 red 0.9\na.wav A 0.75 0.4 tents\n')
  t.same(exported.losses, ['the utterance (CTM has words with times) of 1 clip'])
  t.same(importCtm(`;; comment\n${only(exported)}`, 'c'), { utterances: [timed], losses: [] })
  t.throws(() => exportCtm([PLAIN]), { code: 'CLIPS_INVALID', message: /no clip has word times/ })
  t.throws(() => importCtm('a 1 * * <ALT_BEGIN>\n', 'c'), { message: /c, line 1: alternations/ })
  t.throws(() => importCtm('a 1 0.1 x word\n', 'c'), { message: /"x" is no time/ })
  t.throws(() => importCtm('a 1 0.1 0.2\n', 'c'), { message: /expected/ })
})

t.test('STM: utterances come back, labels are tags, and a text may begin with a mark', async (t) => {
  const utterances = [
    one({ path: 'a.wav', channel: '1', speaker: 'ann', startSeconds: 1, seconds: 2.5, text: 'red tents', tags: ['o', 'f0'] }),
    one({ path: 'b.wav', channel: 'B', speaker: null, startSeconds: 0, seconds: 1, text: '<noise> tents' }),
    one({ path: 'c.wav', channel: '1', speaker: 'ben', startSeconds: 0, seconds: 1, text: '' }),
  ]
  const exported = exportStm(utterances)
  t.equal(only(exported), 'a.wav 1 ann 1 3.5 <o,f0> red tents\nb.wav B unknown 0 1 <> <noise> tents\nc.wav 1 ben 0 1\n')
  t.same(importStm(`;; CATEGORY "0"\n${only(exported)}`, 's'), { utterances, losses: [] })
  t.same(importStm('a 1 x 0 2 <o> IGNORE_TIME_SEGMENT_IN_SCORING\n', 's'), {
    utterances: [], losses: ['a time that is not scored of 1 clip'],
  })
  t.same(exportStm([one({ path: 'a b', seconds: 1, words })]).losses, ['word times of 1 clip', 'blanks in names of 1 clip'])
  t.throws(() => exportStm([PLAIN]), { message: /"seconds"/ })
  t.throws(() => importStm('a 1 x 3 2 word\n', 's'), { message: /end is before/ })
})
