/** The labels command, as a person calls it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { runLabels } from '../../../src/commands/labels/labels.js'

/** What the command said. */
async function said(...args: string[]): Promise<{ code: number; output: string; complaint: string }> {
  const [output, complaint]: string[][] = [[], []]
  const { log, error } = console
  Object.assign(console, {
    log: (line: string) => { output!.push(line) }, error: (line: string) => { complaint!.push(line) },
  })
  try {
    return { code: await runLabels(args), output: output!.join('\n'), complaint: complaint!.join('\n') }
  } finally {
    Object.assign(console, { log, error })
  }
}

const lines = (...values: object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('')
const label = (author: string, clip: string, text: string) => ({
  clip, text, author, time: '2026-05-04T09:30:00Z', tags: [], state: 'labelled', secondOpinion: true,
})

t.test('check prints findings, and its exit code says whether there is an error', async (t) => {
  const folder = t.testdir({
    'manifest.jsonl': lines({ path: 'a.wav', text: 'Okay then.' }, { path: 'b.wav', text: 'OK now.' }, { path: 'c.wav' }),
    'empty.jsonl': lines({ path: 'a.wav', text: 'Okay.' }, { path: 'b.wav', text: '' }),
  })
  const found = await said('check', folder)
  t.equal(found.code, 0)
  t.match(found.output, /warning {2}convention \(spelling\)[^]*warning {2}guide \(spelling\)[^]*"OK" → "okay"[^]*2 labels: 0 errors/)
  t.match(found.complaint, /clips without a label: 1/)
  const own = await said('check', path.join(folder, 'manifest.jsonl'), '--no-guide', '--json')
  t.same(own.output.split('\n').map((line) => (JSON.parse(line) as { rule: string }).rule), ['spelling'])
  const failed = await said('check', path.join(folder, 'empty.jsonl'))
  t.equal(failed.code, 1)
  t.match(failed.output, /error {2}empty/)
})

t.test('agree reads several files, and says which line was cut off', async (t) => {
  const folder = t.testdir({
    'ann.jsonl': lines(label('ann', '1', 'red tents')), 'ben.jsonl': `${lines(label('ben', '1', 'red tent'))}{"clip":`,
  })
  const files = [path.join(folder, 'ann.jsonl'), path.join(folder, 'ben.jsonl')]
  const { code, output, complaint } = await said('agree', ...files)
  t.equal(code, 0)
  t.match(output, /ann and ben: 1 clips, 0 with equal words[^]*50\.0 %[^]*1: tents \/ tent/)
  t.match(complaint, /ben\.jsonl, line 2, was cut off/)
  t.match(JSON.parse((await said('agree', '--json', ...files)).output), { authors: ['ann', 'ben'], all: { clips: 1 } })
  t.match(await said('agree', files[0]!), { code: 1, complaint: /no clip has labels of two labellers/ })
})

t.test('import and export lead through every format', async (t) => {
  const folder = t.testdir({
    'in.jsonl': lines({ path: 'a.wav', text: 'red tents', seconds: 1.5, speaker: 'ann', tags: ['noise'] }),
    'labels.jsonl': lines(label('ben', 'a.wav', 'green tents')),
  })
  const at = (name: string): string => path.join(folder, name)
  for (const format of ['manifest', 'nemo', 'kaldi', 'csv', 'tsv', 'stm']) {
    const written = await said('export', format, at('in.jsonl'), '--labels', at('labels.jsonl'), '--out', at(`out/${format}`))
    t.equal(written.code, 0, `${format} ${written.complaint}`)
    const read = await said('import', format, at(`out/${format}`), '--out', at(`${format}.jsonl`))
    t.equal(read.code, 0, `${format} ${read.complaint}`)
    t.match(JSON.parse(readFileSync(at(`${format}.jsonl`), 'utf8')), { path: 'a.wav', text: 'green tents', seconds: 1.5 })
  }
  t.match((await said('export', 'kaldi', at('in.jsonl'), '--out', at('k'))).complaint, /lost: tags of 1 clip/)
  writeFileSync(at('x.ctm'), 'a 1 0 0.5 red\na 1 0.5 0.5 tents\n')
  const imported = await said('import', 'ctm', at('x.ctm'), '--out', at('c.jsonl'), '--labels', at('new.jsonl'), '--author', 'cem')
  t.equal(imported.code, 0)
  t.match(JSON.parse(readFileSync(at('new.jsonl'), 'utf8')), { clip: 'a', text: 'red tents', author: 'cem' })
})

t.test('a wrong call names what is missing', async (t) => {
  const folder = t.testdir({ 'm.jsonl': lines({ path: 'a.wav', text: 'x' }), 'empty.jsonl': '' })
  const [manifest, out] = [path.join(folder, 'm.jsonl'), path.join(folder, 'out')]
  for (const [args, code, complaint] of [
    [[], 2, /one of check, agree, import, export is needed/], [['check'], 2, /one manifest/], [['agree'], 2, /label files/],
    [['export', 'xml', manifest, '--out', out], 2, /"xml" is no format/], [['export', 'csv', manifest], 2, /--out/],
    [['import', 'csv', manifest, '--out', out, '--labels', out], 2, /go together/],
    [['export', 'stm', manifest, '--out', out], 1, /"seconds"/], [['check', path.join(folder, 'none')], 1, /none/],
    [['check', path.join(folder, 'empty.jsonl')], 1, /lists no clips/], [['check', manifest, '--guide', manifest], 1, /guide/],
  ] as const) t.match(await said(...args), { code, complaint }, args.join(' '))
  t.notOk(existsSync(out), 'nothing was written')
})
