/** The fuzzer of hostile inputs: its files, its repeatability, and a short run against the real service. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { crc8, sealOggPage } from '../../fixtures/checksums.js'
import { BLOCK, emptyState, runCampaign, type State } from '../../bench/hostile/campaign.js'
import { INPUT_KINDS, inputAt } from '../../fixtures/kit/hostile/inputs.js'
import { mutate } from '../../fixtures/kit/hostile/mutant.js'
import { chanceOf } from '../../fixtures/kit/hostile/random.js'
import { formatOf, parseAs, readSeeds } from '../../fixtures/kit/hostile/seeds.js'
import { allParts, copy, readField, write, writeField, type Field } from '../../fixtures/kit/hostile/tree.js'
import { judge } from '../../bench/hostile/verdict.js'
import { missedOf, SERVICE_SETTINGS } from '../../bench/hostile.js'
import { startServer, type Server } from '../../fixtures/kit/server.js'
import { decodeAudio } from '../../src/audio/decode.js'
import { projectRoot } from '../../src/domain/project-root.js'

const seeds = readSeeds()

t.test('a file is the same bytes when its tree is written again, and has many parts', async (t) => {
  const media = path.join(projectRoot, 'fixtures/media')
  for (const name of readdirSync(media)) {
    const bytes = readFileSync(path.join(media, name))
    const parts = parseAs(formatOf(name), bytes)
    t.ok(write(parts).equals(bytes), name)
    const names = allParts(parts).map(({ part }) => part.name)
    t.ok(names.length >= 3, `${name}: ${names.length} parts`)
    t.notOk(names.includes('rest') && !name.endsWith('.mp3'), `${name} is understood to its end`)
  }
})

t.test('every seed is a short clip that is read', async (t) => {
  t.ok(seeds.length > 50)
  for (const { file, bytes } of seeds) {
    const { waveform: { samples, sampleRate }, format } = await decodeAudio(bytes, { maxSeconds: 10 })
    const seconds = samples.length / sampleRate
    t.ok(seconds > 0.01 && seconds < 1, `${file}: ${seconds} s, ${bytes.length} bytes, ${format.codec}`)
  }
})

t.test('checksums are those of the files', async (t) => {
  for (const { file, parts, bytes } of seeds.filter(({ format }) => format === 'ogg' || format === 'flac')) {
    const spoiled = copy(parts).map((part) => ({ ...part, head: Buffer.from(part.head) }))
    for (const part of spoiled)
      if (part.seal !== undefined && file.endsWith('flac')) part.head[part.head.length - 1]! ^= 255
    t.ok(write(spoiled).equals(bytes), `${file}: what was spoiled is written anew`)
  }
  const whole = readFileSync(path.join(projectRoot, 'fixtures/media/opus-mono.ogg'))
  const [page] = parseAs('ogg', whole)
  const bytes = write([page!], { sized: true, sealed: false })
  const sealed = Buffer.from(bytes)
  sealed.fill(7, 22, 26)
  sealOggPage(sealed)
  t.ok(sealed.equals(bytes), 'the CRC-32 of a page that another program wrote')
  t.equal(crc8(Buffer.from('123456789')), 0xf4, 'the check value of CRC-8')
})

t.test('a field is read as it was written, in any place and order, and nothing else changes', async (t) => {
  const fields: Field[] = [
    { at: 0, bits: 16 },
    { at: 3, bits: 11 },
    { at: 30, bits: 13 },
    { at: 8, bits: 32, little: true },
    { at: 63, bits: 1 },
  ]
  for (const field of fields)
    for (const value of [0n, 1n, 0x5a5n, (1n << BigInt(field.bits)) - 1n]) {
      const bytes = Buffer.alloc(8, 0xa5)
      writeField(bytes, field, value)
      t.equal(readField(bytes, field), BigInt.asUintN(field.bits, value))
      const back = Buffer.from(bytes)
      writeField(back, field, readField(Buffer.alloc(8, 0xa5), field))
      t.ok(back.equals(Buffer.alloc(8, 0xa5)))
    }
})

t.test('input N of a seed is the same whatever was made before, and another of another seed', async (t) => {
  const print = (seed: number, number: number): string => {
    const { body, ...rest } = inputAt(seed, number)
    return createHash('sha256').update(JSON.stringify(rest)).update(body).digest('hex')
  }
  const numbers = Array.from({ length: 600 }, (_, number) => number)
  const first = numbers.map((number) => print(1, number))
  t.same(numbers.toReversed().map((number) => print(1, number)).reverse(), first)
  t.ok(new Set(first).size > 590, 'hardly one twice')
  t.ok(numbers.filter((number) => print(2, number) === first[number]).length < 10)
  t.same(
    [...new Set(numbers.map((number) => inputAt(1, number).kind))].sort(),
    [...INPUT_KINDS].sort(),
    'every kind comes',
  )
})

t.test('a mutant is bounded, its seed stays as it is, and most mutants are other bytes', async (t) => {
  const before = seeds.map(({ bytes }) => bytes.toString('base64'))
  let same = 0
  for (let number = 0; number < 3_000; number++) {
    const seed = seeds[number % seeds.length]!
    const { bytes, mutations } = mutate(seed, chanceOf(3, number), seeds)
    if (bytes.length > 300_000 || mutations.length === 0)
      t.fail(`${seed.file}: ${bytes.length} bytes, ${mutations.join()}`)
    if (bytes.equals(seed.bytes)) same++
  }
  t.ok(same < 300, `${same} of 3000 are the seed itself`)
  t.same(seeds.map(({ parts }) => write(parts).toString('base64')), before)
})

t.test(
  'answers are judged: typed refusals are right, server errors and answers without a code are faults',
  async (t) => {
    const answer = (status: number, body: unknown, failure: string | null = null) =>
      judge({
        status,
        failure,
        retryAfter: null,
        body: typeof body === 'string' ? body : JSON.stringify(body),
        startedAtMs: 0,
        latencyMs: 1,
      })
    const error = (code: string) => ({ error: { code } })
    t.same(answer(200, {}), { outcome: '200', again: false })
    t.same(answer(422, error('AUDIO_UNREADABLE')), { outcome: '422 AUDIO_UNREADABLE', again: false })
    t.same(answer(429, error('QUEUE_FULL')), { outcome: '429 QUEUE_FULL', again: true })
    t.match(answer(500, error('INTERNAL')), { again: false, fault: String })
    t.match(
      answer(500, error('RECOGNIZER_CRASHED')),
      { again: false, fault: String },
      'retryable, and a fault all the same',
    )
    for (const body of ['not found', '', '{"error":', '{"error":null}', '{"error":{"code":7}}', '[]', 'null'])
      t.match(answer(404, body), { outcome: '404 without a code', again: false, fault: /no code/ }, body)
    t.match(answer(503, '{"error":{"code":"QUEUE_F'), { again: false, fault: /no code/ }, 'cut off, and not sent again')
    t.match(answer(400, error('WHO_KNOWS')), { fault: /no code/ })
    t.match(answer(0, '', 'ECONNRESET'), { fault: /ECONNRESET/ })
  },
)

t.test(
  'a run that goes on where it ended counts what one run counts, and names the input that ends a worker',
  async (t) => {
    const server = await fakeService(t, Buffer.from('never sent'))
    const saved: State[] = []
    const options = {
      server,
      clients: 3,
      onBlock: (state: State) => {
        saved.push(JSON.parse(JSON.stringify(state)) as State)
      },
    }
    await runCampaign(emptyState(1, 50), 50 + BLOCK + 10, options)
    t.match(saved.at(-1), { next: 50 + BLOCK + 10, faults: [] })
    t.equal(Object.values(saved.at(-1)!.outcomes).reduce((sum, count) => sum + count), BLOCK + 10)
    const resumed = saved[0]!
    t.equal(resumed.next, 50 + BLOCK)
    await runCampaign(resumed, 50 + BLOCK + 10, { ...options, onBlock: () => undefined })
    t.same(resumed.outcomes, saved.at(-1)!.outcomes)
    const fatal = inputAt(1, 4).body
    const deadly = await fakeService(t, fatal)
    const state = emptyState(1, 0)
    await runCampaign(state, 8, { server: deadly, clients: 2, onBlock: () => undefined })
    t.match(state.faults, [{ number: 4, fault: 'ends a worker' }])
    t.match(missedOf(state, [{ number: 7, milliseconds: 2_500, cpuSeconds: 2 }]), ['1 faults', /input 7: 2.5 s alone/])
  },
)

/** Loses a worker whenever these bytes come, and answers as if nothing had happened. */
async function fakeService(t: Test, bytes: Buffer): Promise<Server> {
  let lost = 0
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        if (request.url === '/metrics') return response.end(`asr_worker_restarts_total{reason="crash"} ${lost}\n`)
        if (Buffer.concat(chunks).equals(bytes)) lost++
        return response.writeHead(422).end('{"error":{"code":"AUDIO_UNREADABLE"}}')
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    processId: process.pid,
    listeningMs: 0,
    readyMs: 0,
    ended: Promise.resolve(0),
    signal: () => undefined,
    stop: async () => 0,
  }
}

const ENTRY = path.join(projectRoot, 'dist/src/main.js')
const missing = [ENTRY, path.join(projectRoot, 'models/moonshine-tiny-en/weights/encoder_model.onnx')].find(
  (file) => !existsSync(file),
)

t.test(
  'hundreds of hostile inputs end no worker, and each is answered with what the table of errors has',
  { skip: missing === undefined ? false : `${missing} is not there` },
  async (t) => {
    const server = await startServer({
      model: 'moonshine-tiny-en',
      workers: 1,
      settings: SERVICE_SETTINGS,
      entry: ENTRY,
    })
    t.teardown(() => server.stop())
    const state = emptyState(13, 0)
    await runCampaign(state, 200, { server, clients: 3, onBlock: () => undefined })
    t.same(state.faults, [])
    t.equal(state.next, 200)
    t.ok(state.outcomes['200']! > 40 && state.outcomes['422 AUDIO_UNREADABLE']! > 20, 'some are read, some refused')
  },
)
