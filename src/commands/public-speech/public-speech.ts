/**
 * `npm run public-speech -- FOLDER`: installs recordings that everybody may use, with references, for docs/lifecycle.md
 * and for first steps: about 150 words and short phrases of the Asterisk core sounds, one speaker, 8 kHz
 * (CC BY-SA 3.0). They come from Debian's package of the sounds, or from a folder where they were unpacked.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { probeAudio } from '../../audio/decode.js'
import { SpeechError } from '../../domain/errors.js'
import { printMessage, readArguments, runCommand, UsageError } from '../command.js'
import { PROMPTS } from './prompts.js'
import { withGain } from './wav-gain.js'

const USAGE = `npm run public-speech -- FOLDER [--from SOUNDS] [--gain DB]
  FOLDER         gets the clips, manifest.jsonl and catalogue.csv; it must not exist yet
  --from SOUNDS  folder with the unpacked Asterisk core sounds, English, WAV, release 1.6.1:
                 https://downloads.asterisk.org/pub/telephony/sounds/releases/
                 default: Debian's package of them, downloaded by apt and not installed
  --gain DB      louder, or softer if negative, such as --gain=-24; 0 by default`

const PACKAGE = 'asterisk-core-sounds-en-wav'
const IN_PACKAGE = 'usr/share/asterisk/sounds/en_US_f_Allison'
/** SHA-256 over the clips in the order of their names. */
const DIGEST = '30f62ccdb9ee0b1ca2b07dca1b7644550bbd7a51a8c95d7e742f30ce2e100e0f'
/** Every third word is for tests alone; a word is in one split with all its recordings. */
const TEST_EVERY = 3
const run = promisify(execFile)

/** Resolves to an exit code. */
export async function runPublicSpeech(args: readonly string[]): Promise<number> {
  return runCommand(USAGE, args, async () => {
    const { positionals: [folder, ...more], values } = readArguments({
      args: [...args], allowPositionals: true, options: { from: { type: 'string' }, gain: { type: 'string' } },
    })
    const gainDb = Number(values.gain ?? 0)
    if (folder === undefined || more.length > 0) throw new UsageError('expected one folder')
    if (!Number.isFinite(gainDb) || Math.abs(gainDb) > 60) throw new UsageError('--gain is a number from -60 to 60')
    if (existsSync(folder)) throw new UsageError(`${folder} exists; name a new folder`)
    if (values.from === undefined) await withPackage((sounds) => install(sounds, folder, gainDb))
    else await install(values.from, folder, gainDb)
  })
}

/** Downloads the package into a temporary folder, which is removed afterwards. */
async function withPackage(use: (sounds: string) => Promise<void>): Promise<void> {
  const temporary = await mkdtemp(path.join(os.tmpdir(), 'earshot-public-speech-'))
  try {
    await run('apt-get', ['-qq', 'download', PACKAGE], { cwd: temporary })
    const [file = ''] = (await readdir(temporary)).filter((name) => name.endsWith('.deb'))
    await run('dpkg', ['-x', file, 'unpacked'], { cwd: temporary })
    await use(path.join(temporary, 'unpacked', IN_PACKAGE))
  } catch (cause) {
    if (cause instanceof SpeechError) throw cause
    const detail = `Debian's package ${PACKAGE} could not be fetched (${(cause as Error).message.split('\n', 1)[0]}); `
      + 'unpack the release by hand and name its folder with --from'
    throw new SpeechError('CLIPS_INVALID', detail, { cause })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/** Throws CLIPS_INVALID where the recordings are not those that the references are of. */
async function install(sounds: string, folder: string, gainDb: number): Promise<void> {
  const names = [...PROMPTS.keys()].sort()
  const clips = await Promise.all(names.map((name) => readClip(path.join(sounds, `${name}.wav`))))
  const digest = clips.reduce((hash, bytes) => hash.update(bytes), createHash('sha256')).digest('hex')
  if (digest !== DIGEST) {
    throw new SpeechError('CLIPS_INVALID', `${sounds} has other recordings than release 1.6.1 (SHA-256 ${digest})`)
  }
  await mkdir(folder, { recursive: true })
  const words = [...new Set(PROMPTS.values())].sort()
  const lines = await Promise.all(names.map(async (name, index) => {
    const file = `${name.replace('/', '-')}.wav`
    const text = PROMPTS.get(name)!
    await writeFile(path.join(folder, file), withGain(clips[index]!, gainDb))
    const { seconds, sampleRate } = probeAudio(clips[index]!)
    return {
      path: file, id: file.replace('.wav', ''), text, seconds: Number(seconds.toFixed(3)), sampleRate,
      speaker: 'Allison Smith', tags: [kindOf(name)],
      split: words.indexOf(text) % TEST_EVERY === 0 ? 'test' : 'development',
      licence: 'CC-BY-SA-3.0', redistributable: 'share-alike',
    }
  }))
  // What a client of this service could ask for.
  const rows = words.map((word, index) => `${index + 1},${word}\n`)
  await writeFile(path.join(folder, 'catalogue.csv'), `id,name\n${rows.join('')}`)
  await writeFile(path.join(folder, 'manifest.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  printMessage(`${lines.length} clips are in ${folder}, recorded by Allison Smith for Digium, CC BY-SA 3.0`)
}

async function readClip(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new SpeechError('CLIPS_INVALID', `${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
}

function kindOf(name: string): string {
  if (name.startsWith('phonetic/')) return 'spelling-alphabet'
  if (/^digits\/(day|mon)-/.test(name)) return 'date'
  return name.startsWith('digits/') ? 'number' : 'word'
}
