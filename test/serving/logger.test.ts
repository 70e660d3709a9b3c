/** The form of the log: lines for a person on a terminal, an object per line elsewhere, or as the setting says. */
import { Writable } from 'node:stream'
import t from 'tap'
import { openLogger } from '../../src/serving/logger.js'

type Load = Parameters<typeof openLogger>[3]

async function logged(logFormat: 'auto' | 'pretty' | 'json', isTerminal: boolean, load?: Load): Promise<string> {
  let written = ''
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString()
      done()
    },
  })
  const logger = await openLogger({ logLevel: 'info', logFormat }, isTerminal, stream, load)
  logger.debug('not shown')
  logger.info({ address: 'http://127.0.0.1:8080', workers: 2 }, 'listening')
  while (!written.endsWith('\n') || !written.includes('listening')) await new Promise((resolve) => setTimeout(resolve, 5))
  return written
}

t.test('JSON where no person reads', async (t) => {
  for (const [format, isTerminal] of [['auto', false], ['json', true], ['json', false]] as const) {
    const [line = '', ...rest] = (await logged(format, isTerminal)).split('\n')
    t.same(rest, [''], 'one line')
    t.match(JSON.parse(line), { level: 30, service: 'earshot', time: /^20.*Z$/, msg: 'listening', workers: 2 })
  }
})

t.test('a readable line on a terminal, with its fields', async (t) => {
  const plain = await logged('pretty', false)
  t.match(plain, /^\[\d\d:\d\d:\d\d\] INFO: listening \{"address":"http:\/\/127\.0\.0\.1:8080","workers":2\}\n$/)
  const coloured = await logged('auto', true)
  t.equal(coloured.replaceAll(/\u001b\[\d+m/g, '').replace(/^\[.*?\]/, ''), plain.replace(/^\[.*?\]/, ''))
})

t.test('without pino-pretty the log is JSON, after one warning', async (t) => {
  const missing = (): Promise<never> =>
    Promise.reject(Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' }))
  const lines = (await logged('auto', true, missing)).trim().split('\n').map((line) => JSON.parse(line) as object)
  t.match(lines, [{ level: 40, msg: 'pino-pretty is not installed, so the log is JSON' }, { level: 30, msg: 'listening' }])
  t.match(await logged('json', true, missing), /^\{.*"msg":"listening"\}\n$/, 'and it is asked for only where it is used')
  await t.rejects(logged('pretty', false, () => Promise.reject(new Error('broken'))), { message: 'broken' })
})
