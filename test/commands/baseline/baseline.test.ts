/**
 * The baseline command, as a person calls it. What was built is run where clips are recognized, the rest as it stands.
 */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { runBaseline } from '../../../src/commands/baseline/baseline.js'
import { listClips } from '../../../src/commands/clips/clips.js'
import { errorsByConfidence, makeBaseline } from '../../../src/commands/baseline/make.js'
import type { Processed } from '../../../src/commands/clips/recognize.js'
import { describeBaseline } from '../../../src/commands/baseline/show.js'
import { parseBaseline } from '../../../src/monitoring/drift/baseline.js'
import { binsFor } from '../../../src/monitoring/drift/build-baseline.js'
import { ClipRecord } from '../../../src/monitoring/drift/record.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { baselineOf, drawClips } from '../../monitoring/drift/rows.js'
import { REPORT } from '../../serving/http/fake-service.js'

const CLIPS = drawClips(1200, seededRandom(61))
const { model, pipeline } = baselineOf(CLIPS)
const MADE_FROM = {
  id: 'made', provenance: 'made up', model, pipeline, clips: CLIPS, speakers: null, confidenceToWer: null,
  bins: undefined,
}

/** What the command said. */
async function said(args: string[]): Promise<{ code: number; output: string; complaint: string }> {
  const [output, complaint]: string[][] = [[], []]
  const { log, error } = console
  Object.assign(console, {
    log: (line: string) => { output!.push(line) }, error: (line: string) => { complaint!.push(line) },
  })
  try {
    return { code: await runBaseline(args, {}), output: output!.join('\n'), complaint: complaint!.join('\n') }
  } finally {
    Object.assign(console, { log, error })
  }
}

t.test('clips in a folder become a baseline, by the processes of the service', async (t) => {
  const out = path.join(t.testdir(), 'baseline.json')
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['src/commands/setup/start.mjs', 'baseline', 'make', '--clips', 'fixtures/clips', '--out', out, '--id', 'fixtures'],
    { cwd: projectRoot, env: { ...process.env, EARSHOT_WORKERS: '1' } },
  )
  const listed = listClips(path.join(projectRoot, 'fixtures/clips'))
  const baseline = parseBaseline(readFileSync(out, 'utf8'))
  t.match(baseline, { id: 'fixtures', model: { name: 'moonshine-tiny-en' }, source: { clips: listed.length } })
  t.match(baseline.calibration, { calibrated: false, because: /clips, where at least 1000 are needed/ })
  t.ok(baseline.confidenceToWer!.some(({ words }) => words > 0), 'their texts became word errors by confidence')
  t.match(stdout, /it raises no alarms/)
})

t.test('a record becomes a baseline of the stated period, with what it is expected to do', async (t) => {
  const folder = t.testdir()
  const [record, out] = [path.join(folder, 'record.jsonl'), path.join(folder, 'baseline.json')]
  const recorded = (await ClipRecord.open(record, { model, pipeline }, 10_000, {
    onError: (error) => t.fail(error.message), onRepaired: (bytes) => t.fail(`${bytes} bytes`),
  }))!
  for (const { row, time } of CLIPS) recorded.add(row, undefined, time!)
  await recorded.close()
  const made = await said([
    'make', '--recorded', record, '--from', '1970-01-01T00:00:00Z', '--to', '1970-01-01T00:18:20Z', '--out', out,
  ])
  t.equal(made.code, 0, made.complaint)
  const baseline = parseBaseline(readFileSync(out, 'utf8'))
  t.same([baseline.source.clips, baseline.calibration.calibrated, baseline.selfCheck!.streams], [1100, true, 100])
  t.ok(baseline.selfCheck!.withAlarm <= 5, `${baseline.selfCheck!.withAlarm} of 100 streams`)
  t.match(made.output, /self-check: [^]* of 100 streams of 550 clips/)
  t.match((await said(['show', out])).output, /calibrated yes/)
  t.match(
    (await said(['make', '--recorded', record, '--from', '2030-01-01', '--out', out])),
    { code: 1, complaint: /no clips of that time/ },
  )
})

t.test('the same clips make the same baseline, and two with the same bins are merged', async (t) => {
  const now = new Date(0)
  t.same(makeBaseline(MADE_FROM, now), makeBaseline(MADE_FROM, now))
  const bins = binsFor(CLIPS)
  const folder = t.testdir()
  const files = [CLIPS.slice(0, 600), CLIPS.slice(600)].map((clips, index) => {
    const file = path.join(folder, `${index}.json`)
    writeFileSync(file, JSON.stringify(makeBaseline({ ...MADE_FROM, clips, bins }, now).baseline))
    return file
  })
  const out = path.join(folder, 'both.json')
  t.equal((await said(['merge', ...files, '--out', out])).code, 0)
  t.equal(parseBaseline(readFileSync(out, 'utf8')).source.clips, 1200)
  t.match(describeBaseline(parseBaseline(readFileSync(out, 'utf8'))), /1200 clips|clips {6}1200/)
})

t.test('errors are counted by confidence, in the language of the transcript', (t) => {
  const clip = {
    file: '', text: 'play some jazz', speaker: null, session: null, time: null, source: 'made up',
    isRedistributable: true,
  }
  const heard = (text: string, confidence: number): Processed => ({ clip, report: { ...REPORT, text, confidence } })
  const bins = errorsByConfidence([
    heard('Play some jazz.', 0.97), heard('play sum jazz', 0.55), { clip: { ...clip, text: null }, report: REPORT },
  ])!
  t.same(bins.filter(({ words }) => words > 0), [{ upTo: 0.6, words: 3, errors: 1 }, { upTo: 1, words: 3, errors: 0 }])
  t.equal(errorsByConfidence([{ clip: { ...clip, text: null }, report: REPORT }]), null)
  t.end()
})

t.test('what is wrong with a call, or with a file, is said in a sentence', async (t) => {
  const folder = t.testdir({ 'bad.jsonl': '{"path":"a.wav","time":"yesterday"}', 'empty.jsonl': '', 'none': {} })
  const cases: [string[], number, RegExp][] = [
    [[], 2, /make, merge or show/],
    [['bake'], 2, /no "bake"/],
    [['make', '--clips', folder], 2, /--out/],
    [['make', '--out', 'x'], 2, /either --clips or --recorded/],
    [['make', '--out', 'x', '--colour', 'red'], 2, /colour/],
    [['make', '--out', 'x', '--recorded', 'y', '--from', 'noon'], 2, /--from expects a time/],
    [['make', '--out', 'x', '--recorded', path.join(folder, 'absent')], 1, /ENOENT/],
    [['make', '--out', 'x', '--clips', path.join(folder, 'absent')], 1, /nothing at/],
    [['make', '--out', 'x', '--clips', path.join(folder, 'bad.jsonl')], 1, /line 1: "yesterday" is no time/],
    [['make', '--out', 'x', '--clips', path.join(folder, 'empty.jsonl')], 1, /lists no clips/],
    [['make', '--out', 'x', '--clips', path.join(folder, 'none')], 1, /no audio files/],
    [['merge', 'one'], 2, /two files/],
    [['show', path.join(folder, 'bad.jsonl')], 1, /baseline is not valid/],
  ]
  for (const [args, code, complaint] of cases) t.match(await said(args), { code, complaint }, args.join(' '))
})
