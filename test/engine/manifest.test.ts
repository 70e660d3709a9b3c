/** Files of a model: verified whole, whether they are read whole or not. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { placeWeights, WHISPER_MANIFEST } from '../../fixtures/weight-files.js'
import { openModelFiles } from '../../src/engine/manifest.js'

t.test('the beginning of a file is given only if all of the file is right', async (t) => {
  const modelsDir = mkdtempSync(path.join(os.tmpdir(), 'earshot-manifest-'))
  t.teardown(() => rmSync(modelsDir, { recursive: true, force: true }))
  const bytes = randomBytes(300_000)
  const manifest = await placeWeights(modelsDir, WHISPER_MANIFEST, bytes)
  const files = openModelFiles(modelsDir, manifest)
  for (const most of [0, 1, 65_536, 65_537, 300_000, 400_000]) {
    t.ok(bytes.subarray(0, most).equals(await files.readBeginning('weights', most)), `${most} bytes`)
  }
  t.ok(bytes.equals(await files.read('weights')))
  const file = path.join(modelsDir, manifest.name, 'weights.bin')
  const altered = Buffer.from(bytes)
  altered.writeUInt8(bytes.at(-1)! ^ 1, bytes.length - 1)
  for (const other of [altered, bytes.subarray(1), Buffer.concat([bytes, Buffer.alloc(1)])]) {
    writeFileSync(file, other)
    await t.rejects(files.readBeginning('weights', 10), { code: 'MODEL_FILE_ALTERED' })
    await t.rejects(files.read('weights'), { code: 'MODEL_FILE_ALTERED' })
  }
  rmSync(file)
  await t.rejects(files.readBeginning('weights', 10), { code: 'MODEL_FILE_MISSING', message: /models -- fetch/ })
  await t.rejects(files.readBeginning('other', 10), { code: 'MODEL_INVALID', message: /no file "other"/ })
})
