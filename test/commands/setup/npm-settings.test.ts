/**
 * The npm settings of the project: an install downloads nothing but packages, and npm warns of no setting. npm 11 warns
 * on every command of a setting that it does not know; the list of those it knows is that of its own library.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import parts from '@npmcli/config/lib/definitions/index.js'
import t from 'tap'
import { projectRoot } from '../../../src/domain/project-root.js'

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8')
const settings = new Map(read('.npmrc').split('\n').filter((line) => line !== '' && !line.startsWith(';'))
  .map((line) => line.split('=', 2) as [string, string]))

t.test('npm knows every setting of .npmrc', async (t) => {
  t.ok(settings.size > 3)
  t.same([...settings.keys()].filter((name) => !(name in parts.definitions)), [])
})

t.test('no package runs a script while it is installed, and none of ours would be left out', async (t) => {
  t.equal(settings.get('ignore-scripts'), 'true')
  const { scripts, allowScripts } = JSON.parse(read('package.json')) as {
    scripts: Record<string, string>, allowScripts: Record<string, boolean>,
  }
  const isHook = (name: string): boolean =>
    /^(prepare|(pre|post)?(install|publish|pack))$/.test(name) || (/^(pre|post)/.test(name) && name.replace(/^(pre|post)/, '') in scripts)
  t.same(Object.keys(scripts).filter(isHook), [], 'ignore-scripts would leave these out')
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { hasInstallScript?: boolean }>,
  }
  const withScript = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript === true)
  t.same(withScript.map(([folder]) => folder.replace(/^.*node_modules\//, '')), Object.keys(allowScripts))
  t.same(Object.values(allowScripts).filter((allowed) => allowed), [], 'npm 12 asks by package')
})
