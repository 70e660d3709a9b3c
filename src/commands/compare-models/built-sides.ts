/** Both sides ready to recognize: revisions of git are built before, and removed afterwards. */
import type { Both } from '../../data/comparison/pairs.js'
import { buildRevision, type BuiltRevision } from './revision.js'
import { readSide, revisionOf, type Side } from './side.js'

/** `search`: the catalogue of sides that name none. Throws UsageError. */
export async function withSides<T>(
  written: Both<string>, environment: NodeJS.ProcessEnv, search: string | undefined,
  work: (sides: Both<Side>) => Promise<T>,
): Promise<T> {
  const built: BuiltRevision[] = []
  const open = async (side: string): Promise<Side> => {
    const revision = revisionOf(side)
    const read = revision === undefined
      ? readSide(side, environment)
      : readSide(side, environment, await build(revision, readSide(side, environment)))
    return { ...read, catalogue: read.catalogue ?? search }
  }
  const build = async (revision: string, { config: { models, cascadeModel = '' } }: Side): Promise<string> => {
    const made = await buildRevision(revision, {
      ...environment, EARSHOT_MODELS: models.join(), EARSHOT_CASCADE_MODEL: cascadeModel,
    })
    built.push(made)
    return made.folder
  }
  try {
    return await work({ a: await open(written.a), b: await open(written.b) })
  } finally {
    for (const one of built) await one.remove()
  }
}
