/**
 * Secrets from files: the same secret either way, every fault by the name of its variable, and never a secret in a
 * message.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { readConfig, unknownSettings } from '../../src/config.js'
import { isSecret } from '../../src/domain/secrets.js'
import { SETTINGS } from '../../src/domain/settings.js'

const SECRET = 'thirty-two characters of a secret'
/** Where each secret stands in the settings as the code uses them. */
const FIELDS = {
  EARSHOT_COLLECT_S3_ACCESS_KEY_ID: 'collectS3AccessKeyId',
  EARSHOT_COLLECT_S3_SECRET_ACCESS_KEY: 'collectS3SecretAccessKey',
  EARSHOT_FEEDBACK_SECRET: 'feedbackSecret',
  EARSHOT_SEARCH_AUTHORIZATION: 'searchAuthorization',
} as const
const names = Object.keys(SETTINGS.properties).filter(isSecret)

t.test('every secret may come from a file, less one line break at its end', (t) => {
  t.same([...names].sort(), Object.keys(FIELDS).sort())
  for (const name of names) {
    for (const [content, secret] of [
      [SECRET, SECRET],
      [`${SECRET}\n`, SECRET],
      [`${SECRET}\r\n`, SECRET],
      [` ${SECRET} \n`, ` ${SECRET} `],
    ] as const) {
      t.equal(
        readConfig({ [`${name}_FILE`]: fileOf(t.testdir(), content) })[FIELDS[name]],
        secret,
        JSON.stringify(content),
      )
    }
    t.equal(readConfig({ [name]: SECRET, [`${name}_FILE`]: '' })[FIELDS[name]], SECRET)
    t.same(unknownSettings({ [`${name}_FILE`]: 'x' }), [])
  }
  t.equal(readConfig({}).feedbackSecret, undefined)
  t.end()
})

t.test('a secret that cannot be had stops the start by the name of its variable, and is not repeated', (t) => {
  const folder = t.testdir()
  const pipe = path.join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  for (const name of names) {
    const variable = `${name}_FILE`
    const file = path.join(folder, 'secret')
    const faults: [string, NodeJS.ProcessEnv, string | Uint8Array][] = [
      ['both', { [name]: SECRET, [variable]: file }, SECRET],
      ['no file', { [variable]: path.join(folder, 'none') }, ''],
      ['a folder', { [variable]: folder }, ''],
      ['an endless file', { [variable]: '/dev/zero' }, ''],
      ['a pipe that nobody writes into', { [variable]: pipe }, ''],
      ['empty', { [variable]: file }, ''],
      ['a line break', { [variable]: file }, '\n'],
      ['two lines', { [variable]: file }, `${SECRET}\n${SECRET}\n`],
      ['two line breaks', { [variable]: file }, `${SECRET}\n\n`],
      ['no text', { [variable]: file }, Uint8Array.of(0xff, 0xfe, 0x41)],
      ['too long', { [variable]: file }, SECRET.repeat(1000)],
      ['a line break in the variable', { [name]: `${SECRET}\n` }, ''],
    ]
    for (const [fault, environment, content] of faults) {
      writeFileSync(file, content)
      try {
        readConfig(environment)
        t.fail(`${name}: ${fault}`)
      } catch (thrown) {
        t.match(thrown, { code: 'CONFIG_INVALID', message: new RegExp(name) }, fault)
        t.notMatch((thrown as Error).message, /thirty-two/, fault)
      }
    }
  }
  t.end()
})

t.test('a short secret is refused without being repeated', (t) => {
  const file = fileOf(t.testdir(), 'not-so-secret')
  for (const environment of [{ EARSHOT_FEEDBACK_SECRET: 'not-so-secret' }, { EARSHOT_FEEDBACK_SECRET_FILE: file }]) {
    t.throws(() => readConfig(environment), {
      code: 'CONFIG_INVALID',
      message: /^(?!.*not-so-secret).*EARSHOT_FEEDBACK_SECRET.*32 characters/,
    })
  }
  t.end()
})

function fileOf(folder: string, content: string): string {
  const file = path.join(folder, 'secret')
  writeFileSync(file, content)
  return file
}
