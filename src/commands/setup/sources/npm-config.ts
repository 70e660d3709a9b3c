/**
 * The user's npm configuration (project, user and global .npmrc, npm_config_* variables) for npm's own libraries:
 * weights then come through the same registry, proxy, certificates and authentication as every package.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import Config from '@npmcli/config'
import parts from '@npmcli/config/lib/definitions/index.js'
import type { Options } from 'pacote'
import { projectRoot } from '../../../domain/project-root.js'

export async function readNpmConfig(environment: NodeJS.ProcessEnv = process.env): Promise<Options> {
  const config = new Config({
    ...parts,
    npmPath: npmFolder(environment),
    // Our arguments are not npm's, and loading writes into the environment it is given.
    argv: [],
    env: { ...environment },
    cwd: projectRoot,
    warn: false,
  })
  await config.load()
  return config.flat
}

/** Where npm lies decides which built-in configuration is read; without npm there is none. */
function npmFolder(environment: NodeJS.ProcessEnv): string {
  const beside = path.join(path.dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js')
  const script = environment.npm_execpath ?? beside
  return existsSync(script) ? path.resolve(path.dirname(script), '..') : projectRoot
}
