/** The command `collected`: what it prints, and how it refuses. */
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { runCollected } from '../../../src/commands/collected/collected.js'
import { ClipStore, digestOf } from '../../../src/data/collection/clip-store.js'
import { DirectoryStore } from '../../../src/data/collection/directory-store.js'
import { readKeyFile, secretsOf } from '../../../src/data/collection/secrets.js'
import { clipOf } from '../../data/collection/made-up.js'
import { wavOfSeconds } from '../../serving/http/wav.js'

interface Ran { readonly exitCode: number; readonly printed: string; readonly said: string }

async function run(t: Test, words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const [printed, said] = [t.capture(console, 'log'), t.capture(console, 'error')]
  const exitCode = await runCollected(words, environment)
  const textOf = (calls: readonly { readonly args: readonly unknown[] }[]): string =>
    calls.map(({ args }) => args.join(' ')).join('\n')
  const ran = { exitCode, printed: textOf(printed()), said: textOf(said()) }
  printed.restore()
  said.restore()
  return ran
}

t.test('clips are listed, summed up, exported and deleted', async (t) => {
  const folder = t.testdir()
  const keyFile = path.join(folder, 'key')
  t.equal((await run(t, ['make-key', keyFile])).exitCode, 0)
  t.equal(statSync(keyFile).mode & 0o777, 0o600)
  t.equal((await run(t, ['make-key', keyFile])).exitCode, 1, 'a key is never overwritten')
  const place = path.join(folder, 'clips')
  const environment = { EARSHOT_COLLECT: `dir:${place}`, EARSHOT_COLLECT_KEY_FILE: keyFile }
  t.match(await run(t, ['list'], environment), { exitCode: 1, said: /there is no collection at/ })

  const store = await ClipStore.open(new DirectoryStore(place), secretsOf(readKeyFile(keyFile)))
  const audio = wavOfSeconds(1)
  for (const [index, id] of ['one', 'two'].entries()) {
    const clip = await clipOf(id, `2026-05-0${index + 4}T09:30:00.000Z`, {
      session: store.sessionPseudonym(`visit ${id}`), correction: index === 0 ? null : 'play chess',
      audio: { bytes: audio.length, sha256: await digestOf(audio), mediaType: '' },
    })
    await store.put(clip, audio)
  }
  const listed = await run(t, ['list'], environment)
  t.equal(listed.printed, [
    '2026-05-04T09:30:00.000Z\tone\tuniform\t0.5000\tplay some jazz',
    '2026-05-05T09:30:00.000Z\ttwo\tuniform\t0.5000\tplay some jazz\tcorrected: play chess',
  ].join('\n'))
  t.match((await run(t, ['list', '--from', '2026-05-05'], environment)).printed, /^2026-05-05\S+\ttwo/)
  t.match((await run(t, ['list', '--to', '2026-05-05T09:30Z'], environment)).printed, /^2026-05-04[^\n]*$/)
  t.match((await run(t, ['summary'], environment)).printed, /clips +2, representing about 4 of the traffic\n[^]*sessions +2\n/)
  t.equal((await run(t, ['list', '--reason', 'drifted'], environment)).printed, '')
  const output = path.join(folder, 'exported')
  t.match(await run(t, ['export', '--output', output], environment), {
    exitCode: 0, printed: path.join(output, 'manifest.jsonl'), said: /2 clips, 1 of them with a corrected text; the files are readable only by you/,
  })
  t.equal(readFileSync(path.join(output, 'manifest.jsonl'), 'utf8').trim().split('\n').length, 2)
  t.equal((await run(t, ['delete', '--session', 'visit one'], environment)).printed, '1 deleted')
  t.equal((await run(t, ['delete', '--request', 'two'], environment)).printed, '1 deleted')
  t.equal((await run(t, ['list'], environment)).printed, '')
  const { EARSHOT_COLLECT } = environment
  t.match(await run(t, ['list'], { EARSHOT_COLLECT }), { exitCode: 1, said: /name their key with EARSHOT_COLLECT_KEY_FILE/ })
  t.match(await run(t, ['list']), { exitCode: 1, said: /EARSHOT_COLLECT does not say/ })
})

t.test('wrong arguments are explained', async (t) => {
  for (const [words, said] of [
    [[], /one of list, summary, export, delete is needed/], [['toString'], /there is no "toString"/], [['list', 'x'], /"x" is too much/],
    [['list', '--output', 'x'], /--output does not go with list/], [['export'], /export needs --output/],
    [['delete'], /needs --request or --session/], [['delete', '--request', 'a', '--session', 'b'], /needs --request or/],
    [['make-key'], /make-key needs one FILE/], [['list', '--from', 'yesterday'], /--from takes a day or a time/],
    [['list', '--wrong'], /wrong/],
  ] as const) {
    const ran = await run(t, words, { EARSHOT_COLLECT: 'dir:/nowhere' })
    t.equal(ran.exitCode, 2, words.join(' '))
    t.match(ran.said, said)
  }
})
