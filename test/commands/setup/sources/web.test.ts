/** Weights from web servers: an https server of our own, which misbehaves in the ways that servers do. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import {
  breakAfter, leavePartial, makeModel, publish, serve, sha256, startWeightsServer, type Handler,
} from './weights-server.js'

const RETRIES = { npm_config_fetch_retries: '2' }

t.test('a model is fetched file by file, and once', async (t) => {
  const server = await startWeightsServer(t)
  const contents = { encoder: randomBytes(300_000), decoder: randomBytes(500_000) }
  const model = makeModel(t, { source: { kind: 'url', url: `${server.address}models/` } }, contents)
  publish(server, 'models/', model)
  t.match(await model.run('fetch'), { exitCode: 0, printed: /fetching tiny \(0\.8 MB\)[^]*100 %[^]*tiny is ready/ })
  t.ok(model.isWhole())
  t.same(server.log(), ['/models/encoder.bin', '/models/decoder.bin'])
  t.same(server.asked[0]!.headers['accept-encoding'], 'identity')
  t.notOk('authorization' in server.asked[0]!.headers || 'cookie' in server.asked[0]!.headers)
  t.match(await model.run('fetch'), { exitCode: 0, printed: /checksums are right/ })
  t.equal(server.asked.length, 2)
})

t.test('a broken connection is continued where it ended', async (t) => {
  const server = await startWeightsServer(t)
  const model = makeModel(t, { source: { kind: 'url', url: server.address } })
  publish(server, '', model)
  server.handler = breakAfter(100_000)
  t.equal((await model.runWith(RETRIES, 'fetch')).exitCode, 0)
  t.same(server.log(), ['/weights.bin', '/weights.bin bytes=100000-'])
  t.ok(model.isWhole())
})

t.test('the next fetch continues what this one left', async (t) => {
  const server = await startWeightsServer(t)
  const model = makeModel(t, { source: { kind: 'url', url: server.address } })
  publish(server, '', model)
  server.handler = breakAfter(100_000)
  t.match(await model.run('fetch'), { exitCode: 1, printed: /weights\.bin: / })
  const [partial, ...more] = model.files()
  t.same(more, [])
  t.match(partial, `weights.bin.${sha256(model.contents.weights!).slice(0, 16)}.`)
  t.equal((await model.run('fetch')).exitCode, 0)
  t.same(server.log(), ['/weights.bin', '/weights.bin bytes=100000-'])
  t.ok(model.isWhole())
})

t.test('what a killed process left is continued, and what cannot be is removed', async (t) => {
  const server = await startWeightsServer(t)
  const model = makeModel(t, { source: { kind: 'url', url: server.address } })
  publish(server, '', model)
  leavePartial(model, 'weights', model.contents.weights!.subarray(0, 120_000))
  const running = leavePartial(model, 'weights', model.contents.weights!.subarray(0, 200_000), process.ppid)
  for (const name of [`weights.bin.0123456789abcdef.${2 ** 30}-0123abcd.partial`, 'weights.bin.1073741824-0123abcd.partial']) {
    writeFileSync(path.join(model.folder, 'weights', name), 'of another file')
  }
  t.equal((await model.run('fetch')).exitCode, 0)
  t.same(server.log(), ['/weights.bin bytes=120000-'], 'not what a running process writes')
  t.same(model.files(), ['weights.bin', running])
})

t.test('a whole file that was left needs no request, a longer one is not trusted', async (t) => {
  const server = await startWeightsServer(t)
  for (const [beyond, log] of [[0, []], [1, ['/weights.bin']]] as const) {
    const model = makeModel(t, { source: { kind: 'url', url: server.address } })
    publish(server, '', model)
    server.asked.length = 0
    leavePartial(model, 'weights', Buffer.concat([model.contents.weights!, randomBytes(beyond)]))
    t.equal((await model.run('fetch')).exitCode, 0)
    t.same(server.log(), log)
    t.ok(model.isWhole())
  }
})

t.test('a server that cannot continue a file is read from its beginning', async (t) => {
  const server = await startWeightsServer(t)
  const whole: Handler = (_, response, bytes) => { response.end(bytes) }
  const refusing: Handler = (request, response, bytes) => {
    if (request.headers.range === undefined) response.end(bytes)
    else response.writeHead(416).end()
  }
  for (const handler of [whole, refusing]) {
    const model = makeModel(t, { source: { kind: 'url', url: server.address } })
    publish(server, '', model)
    server.handler = handler
    leavePartial(model, 'weights', model.contents.weights!.subarray(0, 1000))
    t.equal((await model.runWith(RETRIES, 'fetch')).exitCode, 0)
    t.ok(model.isWhole())
  }
  const model = makeModel(t, { source: { kind: 'url', url: server.address } })
  leavePartial(model, 'weights', model.contents.weights!.subarray(0, 1000))
  publish(server, '', model)
  server.handler = (_, response, bytes) => {
    response.writeHead(206, { 'content-range': `bytes 0-9/${bytes!.length}` }).end(bytes!.subarray(0, 10))
  }
  t.match(await model.run('fetch'), { exitCode: 1, printed: /sends another part than was asked for/ })
})

t.test('mirrors are tried in their order, and continue what the others began', async (t) => {
  const [first, second, third] = [await startWeightsServer(t), await startWeightsServer(t), await startWeightsServer(t)]
  const mirrors = [`${second.address}b/`, `${third.address}c/`]
  const model = makeModel(t, { source: { kind: 'url', url: first.address, mirrors } })
  publish(second, 'b/', model)
  publish(third, 'c/', model)
  second.handler = breakAfter(50_000)
  t.equal((await model.run('fetch')).exitCode, 0)
  t.same([first, second, third].map((server) => server.log()),
    [['/weights.bin'], ['/b/weights.bin'], ['/c/weights.bin bytes=50000-']])
  t.ok(model.isWhole())
})

t.test('every address is reported with its reason when all of them fail', async (t) => {
  const [first, second] = [await startWeightsServer(t), await startWeightsServer(t)]
  const model = makeModel(t, { source: { kind: 'url', url: first.address, mirrors: [second.address] } })
  second.handler = (_, response) => { response.writeHead(503).end() }
  const { exitCode, printed } = await model.run('fetch')
  t.equal(exitCode, 1)
  t.match(printed, `${first.address}weights.bin: it answers 404`)
  t.match(printed, `${second.address}weights.bin: it answers 503`)
  t.same(model.files(), [])
})

t.test('a file with another checksum is never accepted, and not continued', async (t) => {
  const server = await startWeightsServer(t)
  const model = makeModel(t, { source: { kind: 'url', url: server.address } })
  const wrong = randomBytes(300_000)
  server.files.set('/weights.bin', wrong)
  const { exitCode, printed } = await model.run('fetch')
  t.equal(exitCode, 1)
  t.match(printed, `expected sha256 ${sha256(model.contents.weights!)}, found ${sha256(wrong)}`)
  t.same(model.files(), [])
  publish(server, '', model)
  t.equal((await model.run('fetch')).exitCode, 0)
  t.same(server.log(), ['/weights.bin', '/weights.bin'])
})

t.test('a server is not blamed for the wrong beginning that another sent', async (t) => {
  const [bad, good] = [await startWeightsServer(t), await startWeightsServer(t)]
  const model = makeModel(t, { source: { kind: 'url', url: bad.address, mirrors: [good.address] } })
  bad.files.set('/weights.bin', randomBytes(300_000))
  bad.handler = breakAfter(100_000)
  publish(good, '', model)
  t.equal((await model.run('fetch')).exitCode, 0)
  t.same(good.log(), ['/weights.bin bytes=100000-', '/weights.bin'])
  t.ok(model.isWhole())
})

t.test('no byte beyond the size of the manifest is kept', async (t) => {
  const server = await startWeightsServer(t)
  const model = makeModel(t, { source: { kind: 'url', url: server.address } })
  const longer = Buffer.concat([model.contents.weights!, Buffer.alloc(5)])
  server.files.set('/weights.bin', longer)
  t.match(await model.run('fetch'), { exitCode: 1, printed: /expected 300000 bytes, and it has 300005/ }, 'announced')
  let sent = 0
  server.handler = (_, response, bytes) => {
    response.write(bytes!.subarray(0, 10)) // without a length, in chunks
    const endless = (): void => {
      if (response.destroyed) return
      sent += 100_000
      response.write(Buffer.alloc(100_000), () => setImmediate(endless))
    }
    endless()
  }
  t.match(await model.run('fetch'), { exitCode: 1, printed: /sends more than the expected 300000 bytes/ })
  t.ok(sent < 50_000_000, 'it stops reading')
  t.same(model.files(), [])
  server.handler = (_, response, bytes) => { response.end(bytes!.subarray(0, 299_999)) }
  t.match(await model.run('fetch'), { exitCode: 1, printed: /expected 300000 bytes, and it has 299999/ })
  server.handler = (_, response) => { response.write(Buffer.alloc(10)); response.end(Buffer.alloc(10)) }
  t.match(await model.run('fetch'), { exitCode: 1, printed: /ended after 20 of 300000 bytes/ })
})

t.test('a body in another encoding is refused', async (t) => {
  const server = await startWeightsServer(t)
  const model = makeModel(t, { source: { kind: 'url', url: server.address } })
  server.handler = (_, response) => { response.writeHead(200, { 'content-encoding': 'gzip' }).end('x') }
  t.match(await model.run('fetch'), { exitCode: 1, printed: /it sends the file as gzip/ })
})

t.test('redirects are followed to https alone, and not without end', async (t) => {
  const [hub, store] = [await startWeightsServer(t), await startWeightsServer(t)]
  const model = makeModel(t, { source: { kind: 'url', url: hub.address } })
  publish(store, '', model)
  const redirect = (location: string): Handler => (request, response, bytes) => {
    if (request.url !== '/weights.bin') serve(request, response, bytes)
    else response.writeHead(302, { location }).end('elsewhere')
  }
  for (const location of [`http://localhost:${store.port}/weights.bin?key=secret`, 'ftp://localhost/']) {
    hub.handler = redirect(location)
    const { exitCode, printed } = await model.run('fetch')
    t.equal(exitCode, 1)
    t.match(printed, /it redirects to .*, which is not https/)
    t.notMatch(printed, /secret/)
  }
  hub.handler = redirect('/weights.bin')
  t.match(await model.run('fetch'), { exitCode: 1, printed: /redirects more than 5 times/ })
  hub.handler = (_, response) => { response.writeHead(302).end() }
  t.match(await model.run('fetch'), { exitCode: 1, printed: /answers 302 without an address/ })
  t.equal(store.asked.length, 0)
  leavePartial(model, 'weights', model.contents.weights!.subarray(0, 1000))
  hub.handler = redirect(`${store.address}weights.bin`)
  t.equal((await model.run('fetch')).exitCode, 0)
  t.same(store.log(), ['/weights.bin bytes=1000-'], 'the place travels along')
})

t.test('an answer that may change is asked for again, any other is not', async (t) => {
  const server = await startWeightsServer(t)
  const model = makeModel(t, { source: { kind: 'url', url: server.address } })
  t.equal((await model.runWith(RETRIES, 'fetch')).exitCode, 1)
  t.equal(server.asked.length, 1, 'not found')
  publish(server, '', model)
  const statuses = [503, 429]
  server.handler = (request, response, bytes) => {
    const status = statuses.shift()
    if (status === undefined) serve(request, response, bytes)
    else response.writeHead(status).end()
  }
  t.equal((await model.runWith(RETRIES, 'fetch')).exitCode, 0)
  t.equal(server.asked.length, 4)
})

t.test('a server that falls silent is given up', async (t) => {
  const server = await startWeightsServer(t)
  const model = makeModel(t, { source: { kind: 'url', url: server.address } })
  server.handler = (_, response) => { response.write('x') }
  t.match(await model.runWith({ npm_config_fetch_timeout: '300' }, 'fetch'), { exitCode: 1, printed: /BODY_TIMEOUT/ })
  server.handler = () => undefined
  t.match(await model.runWith({ npm_config_fetch_timeout: '300' }, 'fetch'), { exitCode: 1, printed: /HEADERS_TIMEOUT/ })
})

t.test('fetches at the same time all end with the right file', async (t) => {
  const server = await startWeightsServer(t)
  const model = makeModel(t, { source: { kind: 'url', url: server.address } })
  publish(server, '', model)
  leavePartial(model, 'weights', model.contents.weights!.subarray(0, 1000))
  const runs = await Promise.all([1, 2, 3].map(() => model.run('fetch')))
  t.same(runs.map(({ exitCode }) => exitCode), [0, 0, 0])
  t.ok(model.isWhole())
})
