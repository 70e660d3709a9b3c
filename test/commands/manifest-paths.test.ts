/** Clips of a manifest by absolute paths, and by paths relative to the manifest, in everything that reads manifests. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { readClips } from '../../bench/harness/clips.js'
import { listClips } from '../../src/commands/clips/clips.js'
import { readLabelledClips } from '../../src/data/error-analysis/manifest.js'
import { manifestClips } from '../../src/data/labels/clips-to-label.js'
import { readManifest } from '../../src/data/verification/manifest.js'
import { projectRoot } from '../../src/domain/project-root.js'

/** A manifest in one folder, its clip in another. */
function manifestOf(t: Test, form: 'absolute' | 'relative'): { readonly manifest: string; readonly clip: string } {
  const folder = t.testdir()
  const clip = path.join(folder, 'recordings/one.wav')
  const manifest = path.join(folder, 'lists/manifest.jsonl')
  for (const file of [clip, manifest]) mkdirSync(path.dirname(file), { recursive: true })
  copyFileSync(path.join(projectRoot, 'fixtures/clips/warm-up.wav'), clip)
  const name = form === 'absolute' ? clip : '../recordings/one.wav'
  writeFileSync(manifest, `${JSON.stringify({ path: name, text: 'one', seconds: 1, speaker: 'a' })}\n`)
  return { manifest, clip }
}

/** Command → the files and sources that it reads from a manifest. */
const READERS: Readonly<Record<string, (manifest: string) => Promise<readonly Read[]>>> = {
  'baseline, calibrate, compare-models and model-card': async (manifest) => listClips(manifest),
  'verify-data': async (manifest) => (await readManifest(manifest)).clips,
  'analyze-errors': (manifest) => readLabelledClips(manifest),
  'bench': (manifest) => readClips(manifest),
}

interface Read { readonly file: string; readonly source: string }

for (const form of ['absolute', 'relative'] as const) {
  t.test(`a clip by its ${form} path`, async (t) => {
    const { manifest, clip } = manifestOf(t, form)
    for (const [command, read] of Object.entries(READERS)) {
      t.match(await read(manifest), [{ file: clip, source: 'lists' }], command)
    }
    const toLabel = manifestClips(manifest, 1e6)
    const [first] = await toLabel.select({})
    t.ok((await toLabel.audio(first?.id ?? ''))?.bytes, 'the page for labels')
  })
}
