/** The source of a clip: recordings of one kind, which are reported apart. */
import path from 'node:path'

/** The first folder of the path in the manifest, or else the folder of the manifest. */
export function sourceOf(file: string, folder: string): string {
  const [first = '', ...inner] = path.normalize(file).split(path.sep)
  return inner.length === 0 || first === '' || first === '..' ? path.basename(path.resolve(folder)) : first
}
