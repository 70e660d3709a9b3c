/** A process that is killed while it writes clips loses at most the one that it was writing. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { ClipStore, digestOf } from '../../../src/data/collection/clip-store.js'
import { DirectoryStore } from '../../../src/data/collection/directory-store.js'
import { applyRetention } from '../../../src/data/collection/retention.js'
import { secretsOf } from '../../../src/data/collection/secrets.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { all, KEY } from './made-up.js'

const KILLS = 8

t.test('all clips that were acknowledged are readable after kill -9, and no half one is listed', async (t) => {
  const folder = t.testdir()
  const program = path.join(projectRoot, 'test/data/collection/writer.mjs')
  const compiled = new URL('../../../src/data/collection/', import.meta.url)
  const acknowledged = new Set<string>()
  let leftovers = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const place = path.join(folder, String(kill))
    const child = spawn(process.execPath, [program, compiled.href, place, KEY.toString('hex')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let printed = ''
    child.stdout.on('data', (piece: Buffer) => { printed += piece.toString() })
    while (printed.split('\n').length < 10) await once(child.stdout, 'data')
    await new Promise((resolve) => setTimeout(resolve, 7 * kill))
    child.kill('SIGKILL')
    await once(child, 'close')
    const ids = printed.split('\n').slice(0, -1)

    const store = await ClipStore.open(new DirectoryStore(place), secretsOf(KEY))
    const clips = await all(store.select({}))
    for (const [index, clip] of clips.entries()) {
      const audio = await store.audio(clip.id)
      if (clip.id !== `clip-${index}` || await digestOf(audio!) !== clip.audio.sha256) t.fail(`${clip.id} is damaged`)
    }
    t.ok(clips.length >= ids.length && clips.length <= ids.length + 1,
      `${ids.length} acknowledged, ${clips.length} readable`)
    for (const id of ids) acknowledged.add(`${kill} ${id}`)
    const files = (readdirSync(place, { recursive: true, encoding: 'utf8' })).filter((name) => name.includes('.audio'))
    leftovers += files.length - clips.length
    await applyRetention(store, { retentionDays: 3_650, maxBytes: 1e12 }, Date.now() + 4_000_000)
    const left = readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(audio|record|part)$/.test(name))
    t.equal(left.length, 2 * clips.length, 'and an hour later nothing else is there')
  }
  t.comment(`${acknowledged.size} clips acknowledged before ${KILLS} kills, all readable; ${leftovers} halves left behind`)
})
