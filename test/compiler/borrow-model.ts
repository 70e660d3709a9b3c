/** A models directory of a test's own with the weights of ours, so that nothing it compiles is left there. */
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'
import { projectRoot } from '../../src/root.js'

export async function borrowModel(t: Pick<Test, 'teardown'>, name: string): Promise<string> {
  const modelsDir = await mkdtemp(path.join(os.tmpdir(), 'earshot-compiled-'))
  t.teardown(() => rm(modelsDir, { recursive: true, force: true }))
  await mkdir(path.join(modelsDir, name))
  for (const file of ['model.json', 'weights']) await symlink(path.join(projectRoot, 'models', name, file), path.join(modelsDir, name, file))
  return modelsDir
}
