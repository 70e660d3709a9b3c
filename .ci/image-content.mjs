#!/usr/bin/env node
/**
 * `node .ci/image-content.mjs [REVISION] [FOLDER]`: what the Dockerfile of a revision puts into the image besides its
 * base image, made without Docker, and its size by part. REVISION is HEAD by default, FOLDER a temporary one.
 *
 * The steps are those of the Dockerfile, for the variant "cpu", with the Node and npm of this machine. A stage is a
 * folder that stands for `/`. A step that needs an absolute path is printed and left out.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const revision = process.argv[2] ?? 'HEAD'
const folder = path.resolve(process.argv[3] ?? mkdtempSync(path.join(os.tmpdir(), 'image-content-')))
const repository = path.resolve(import.meta.dirname, '..')
const context = path.join(folder, 'context')
const settings = { VARIANT: 'cpu' }

readContext()
const last = runDockerfile()
printSizes(path.join(folder, last, 'app'))

/** Files of the revision, less those that .dockerignore names. */
function readContext() {
  mkdirSync(context, { recursive: true })
  const archive = execFileSync('git', ['archive', revision], { cwd: repository, maxBuffer: 2 ** 30 })
  execFileSync('tar', ['x', '-C', context], { input: archive })
  const ignored = readFileSync(path.join(context, '.dockerignore'), 'utf8').split('\n')
  for (const name of ignored.filter((line) => /^[\w.]/.test(line) && !line.includes('*'))) {
    rmSync(path.join(context, name), { recursive: true, force: true })
  }
}

/** @returns {string} the name of the last stage */
function runDockerfile() {
  const text = readFileSync(path.join(context, 'Dockerfile'), 'utf8')
  const steps = text.replace(/^#.*\n/gm, '').replace(/\\\n/g, ' ').split('\n').filter((line) => line.trim() !== '')
  const made = new Set()
  let stage = ''
  let work = '/'
  let env = {}
  for (const step of steps) {
    const [, keyword, rest] = /^(\w+)\s+(.*)$/.exec(step)
    if (keyword === 'FROM') {
      const [, base, name] = /^(\S+) AS (\S+)$/.exec(rest)
      ;({ stage, work, env } = { stage: name, work: made.has(expand(base)) ? '/app' : '/', env: {} })
      made.add(name)
      mkdirSync(path.join(folder, stage), { recursive: true })
      const origin = path.join(folder, expand(base))
      if (made.has(expand(base))) copyLinked(`${origin}/.`, path.join(folder, stage))
    } else if (stage.endsWith('cuda')) {
      continue
    } else if (keyword === 'WORKDIR') {
      work = rest
      mkdirSync(path.join(folder, stage, work), { recursive: true })
    } else if (keyword === 'ARG' && rest.includes('=')) {
      settings[rest.split('=')[0]] ??= rest.split('=')[1]
    } else if (keyword === 'ENV') {
      for (const [, name, value] of rest.matchAll(/(\w+)=(\S*)/g)) env[name] = expand(value)
    } else if (keyword === 'COPY') {
      copy(rest.split(/\s+/), path.join(folder, stage, work))
    } else if (keyword === 'RUN') {
      execute(rest, path.join(folder, stage, work), env)
    }
  }
  return stage
}

function expand(text) {
  return text.replace(/\$\{(\w+)\}/g, (_, name) => settings[name] ?? '')
}

/** Hard links, where that is possible: stages replace files and never change one in place. */
function copyLinked(from, to) {
  execFileSync('cp', ['-al', from, to])
}

function copy(words, target) {
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length)
  const names = words.filter((word) => !word.startsWith('--'))
  const to = path.join(target, names.at(-1))
  for (const name of names.slice(0, -1)) {
    const source = path.join(from === undefined ? context : path.join(folder, from), name)
    const intoFolder = names.at(-1).endsWith('/')
    const place = intoFolder ? path.join(to, path.basename(name)) : to
    mkdirSync(path.dirname(place), { recursive: true })
    if (from === undefined) cpSync(source, place, { recursive: true })
    else copyLinked(source, place)
  }
}

function execute(command, cwd, env) {
  if (/^\S+(\s+-\w+(\s+\d+)?)*(\s+\/\S+)+$/.test(command)) return console.log(`left out: ${command}`)
  console.log(`run: ${command}`)
  const options = { cwd, env: { ...process.env, ...settings, ...env }, stdio: ['ignore', 'ignore', 'inherit'] }
  const { status } = spawnSync('sh', ['-ec', command], options)
  if (status !== 0) throw new Error(`exit code ${status}: ${command}`)
}

function printSizes(app) {
  console.log(`content of the image at ${revision}, in ${app}; sizes in bytes`)
  const parts = [...readdirSync(app), 'node_modules/onnxruntime-node', 'dist/src', 'dist/bench', 'dist/fixtures']
  for (const part of ['.', ...parts]) {
    if (statSync(path.join(app, part), { throwIfNoEntry: false }) === undefined) continue
    const [bytes] = execFileSync('du', ['-sb', path.join(app, part)], { encoding: 'utf8' }).split('\t')
    console.log(`${bytes.padStart(12)}  ${part === '.' ? 'everything' : part}`)
  }
  const lock = JSON.parse(readFileSync(path.join(app, 'node_modules/.package-lock.json'), 'utf8'))
  console.log(`${String(Object.keys(lock.packages).length).padStart(12)}  packages`)
}
