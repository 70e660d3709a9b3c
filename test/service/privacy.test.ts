/**
 * Nothing leaves the machine, and nothing is written where nobody asked for it: the built service, and a program that
 * opens the runtime without it, under `strace` for a minute. Telemetry of the runtime, which is off, would begin after
 * some 30 seconds. Skips where there is no strace, or where it may not trace.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { freePort } from '../../fixtures/kit/server.js'
import { projectRoot } from '../../src/domain/project-root.js'
import { strangeCalls, TRACED } from './system-calls.js'

const ENTRY = path.join(projectRoot, 'dist/src/main.js')
const SESSION = path.join(projectRoot, 'dist/src/engine/runtime/session.js')
const GRAPH = path.join(projectRoot, 'models/silero-vad/weights/silero_vad_v5.onnx')
const MODELS = path.join(projectRoot, 'models')
const SECONDS = 60
const POLL_MS = 100
const SECRET = 'a-secret-that-no-recognizer-needs-0123456789'

/** Opens the runtime as a bench or an inspection does, with nothing in its environment, and waits. */
const OPEN_RUNTIME = `
  const [session, graph, seconds] = process.argv.slice(1)
  const { sessionOpener } = await import(session)
  const { readFileSync } = await import('node:fs')
  await sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })(readFileSync(graph), { fixedShapes: true })
  await new Promise((resolve) => { setTimeout(resolve, seconds * 1000) })`

t.jobs = 2

t.test(
  'the service looks up no name, seeks no peer and writes nothing outside its folders',
  { skip: cannotTrace(), buffered: true },
  async (t) => {
    const folders = foldersFor(t)
    const port = await freePort()
    const traced = trace(folders, [ENTRY], {
      EARSHOT_PORT: String(port),
      EARSHOT_WORKERS: '1',
      EARSHOT_DRIFT_RECORD: path.join(folders.configured, 'drift.jsonl'),
      EARSHOT_FEEDBACK_SECRET: SECRET,
      A_TOKEN: SECRET,
    })
    t.teardown(() => traced.end('SIGKILL'))
    const url = `http://127.0.0.1:${port}`
    await until(
      async () =>
        traced.hasEnded() ||
        (await fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        )),
    )
    const worker = traced.workers()
    t.equal(worker.length, 1)
    for (const id of worker) {
      const environment = readFileSync(`/proc/${id}/environ`, 'latin1')
      t.match(environment, /(^|\0)ORT_DISABLE_TELEMETRY=1\0/)
      t.notMatch(environment, /EARSHOT_|A_TOKEN|HOME=/, 'a worker has none of the settings in its environment')
      t.notOk(environment.includes(SECRET))
    }
    const since = performance.now()
    for (const clip of ['fixtures/clips/warm-up.wav', 'fixtures/media/warm-up.webm', 'fixtures/media/warm-up.m4a']) {
      const response = await fetch(`${url}/v1/transcriptions?words=true`, {
        method: 'POST',
        body: readFileSync(path.join(projectRoot, clip)),
      })
      t.equal(response.status, 200, clip)
      await response.text()
    }
    t.equal(
      (
        await fetch(`${url}/v1/catalogues/shop`, {
          method: 'PUT',
          headers: { 'content-type': 'text/csv' },
          body: 'id,name\n1,Blue Harbour\n',
        })
      ).status,
      200,
    )
    for (const page of ['/metrics', '/drift', '/docs', '/v1/models'])
      await fetch(url + page).then((response) => response.text())
    await until(() => Promise.resolve(performance.now() - since > SECONDS * 1000))
    await traced.end('SIGTERM')
    const calls = readFileSync(folders.trace, 'utf8')
    t.match(calls, /openat\(.*drift\.jsonl".*O_(WRONLY|RDWR|CREAT)/, 'writing is seen')
    t.match(calls, new RegExp(`bind\\(.*htons\\(${port}\\)`), 'the network is seen')
    t.match(calls, /worker-process\.js/, 'the worker is seen')
    t.same(
      strangeCalls(calls, {
        workingDirectory: folders.configured,
        folders: [folders.configured, MODELS, realpathSync(MODELS)],
        port,
      }),
      [],
    )
    t.same([...readdirSync(folders.home), ...readdirSync(folders.scratch)], [], 'home and scratch folder stay empty')
  },
)

t.test('nor does any other program that opens the runtime', { skip: cannotTrace(), buffered: true }, async (t) => {
  const folders = foldersFor(t)
  const traced = trace(folders, ['--input-type=module', '--eval', OPEN_RUNTIME, SESSION, GRAPH, String(SECONDS)])
  t.teardown(() => traced.end('SIGKILL'))
  t.equal(await traced.ended, 0)
  t.match(readFileSync(folders.trace, 'utf8'), /libonnxruntime/, 'the runtime was loaded')
  t.same(
    strangeCalls(readFileSync(folders.trace, 'utf8'), {
      workingDirectory: folders.configured,
      folders: [],
      port: undefined,
    }),
    [],
  )
  t.same([...readdirSync(folders.home), ...readdirSync(folders.scratch)], [], 'home and scratch folder stay empty')
})

t.test('the calls of a runtime with telemetry are found', (t) => {
  const vendor = [
    '20746 connect(24, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.53")}, 16 <unfinished ...>',
    '20761 openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC <unfinished ...>',
    '20746 sendto(24, ""..., 48, MSG_NOSIGNAL, {sa_family=AF_INET6, sin6_port=htons(443)}, 28) = 48',
    '20746 socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_IP) = 24',
    '20746 socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 24',
    '20746 mkdir("/home/user/.cache/Microsoft", 0700) = 0',
    '20746 openat(AT_FDCWD, "/home/user/.cache/Microsoft/deviceid", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 24',
    '20746 openat(AT_FDCWD, "deviceid", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 24',
    '20746 rename("/srv/models/a", "/home/user/a") = 0',
    '20746 bind(18, {sa_family=AF_INET, sin_port=htons(9999), sin_addr=inet_addr("0.0.0.0")}, 16) = 0',
  ]
  const allowed = { workingDirectory: '/srv', folders: ['/srv/models'], port: 8080 }
  t.same(strangeCalls(vendor.join('\n'), allowed), vendor.map((line) => line.replace(/^\d+ /, '')))
  const own = [
    '1 openat(AT_FDCWD, "/etc/resolv.conf", O_RDONLY) = 18',
    '1 openat(AT_FDCWD, "/dev/null", O_RDWR|O_CLOEXEC) = 3',
    '1 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_IP) = 18',
    '1 bind(18, {sa_family=AF_INET, sin_port=htons(8080)}, 16) = 0',
    '1 accept4(18, NULL, NULL, SOCK_CLOEXEC|SOCK_NONBLOCK) = 20',
    '1 sendto(20, ""..., 300, 0, NULL, 0) = 300',
    '1 rename("models/a.partial", "/srv/models/a") = 0',
    '1 recvmsg(11, {msg_name=NULL}, 0) = 8',
  ]
  t.same(strangeCalls(own.join('\n'), allowed), [])
  t.end()
})

t.test('whatever opens the runtime switches its telemetry off first', (t) => {
  const files = ['src', 'bench', 'fixtures', 'test'].flatMap((room) =>
    readdirSync(path.join(projectRoot, room), { recursive: true, encoding: 'utf8' }).map((name) =>
      path.join(projectRoot, room, name),
    ),
  )
  const opening = files.filter(
    (file) =>
      /\.(ts|mjs|js)$/.test(file) &&
      /^import .*'onnxruntime-node'$|import\('onnxruntime-node'\)/m.test(readFileSync(file, 'utf8')),
  )
  t.ok(opening.includes(path.join(projectRoot, 'src/engine/runtime/session.ts')))
  const late = opening.filter(
    (file) =>
      !/^import '[./a-z]*\/no-telemetry\.js'\nimport ort from 'onnxruntime-node'$/m.test(readFileSync(file, 'utf8')),
  )
  t.same(late, [])
  t.end()
})

interface Folders {
  readonly home: string
  readonly scratch: string
  readonly configured: string
  readonly trace: string
}

function foldersFor(t: Test): Folders {
  const root = realpathSync(t.testdir({ home: {}, scratch: {}, configured: {} }))
  return {
    home: path.join(root, 'home'),
    scratch: path.join(root, 'scratch'),
    configured: path.join(root, 'configured'),
    trace: path.join(root, 'trace'),
  }
}

interface Traced {
  readonly ended: Promise<number | null>
  hasEnded(): boolean
  workers(): number[]
  end(signal: NodeJS.Signals): Promise<number | null>
}

/** Node with these arguments and nothing in its environment but a path, a home and a scratch folder. */
function trace(
  { home, scratch, configured, trace: file }: Folders,
  args: readonly string[],
  environment: Record<string, string> = {},
): Traced {
  const variables = Object.entries({ PATH: process.env.PATH, HOME: home, TMPDIR: scratch, ...environment }).map(
    ([name, value]) => `${name}=${value}`,
  )
  // By way of `env`, since the test runner adds variables to every child, and files.
  const tracer = ['strace', '-f', '-qq', '--seccomp-bpf', '-s', '0', '-o', file, '-e', `trace=${TRACED}`]
  const child = spawn('env', ['-i', ...variables, ...tracer, process.execPath, ...args], {
    cwd: configured,
    stdio: 'ignore',
  })
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve)
  })
  return {
    ended,
    workers: () =>
      childrenOf(child.pid)
        .flatMap(childrenOf)
        .filter((id) => readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('worker-process')),
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    end(signal) {
      // strace itself would let go of the program: the program is told, and strace ends with it.
      if (child.exitCode === null && child.signalCode === null)
        for (const id of childrenOf(child.pid)) process.kill(id, signal)
      return ended
    },
  }
}

function childrenOf(pid: number | undefined): number[] {
  return pid === undefined
    ? []
    : readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
        .trim()
        .split(' ')
        .filter((id) => id !== '')
        .map(Number)
}

function cannotTrace(): string | false {
  const missing = [ENTRY, GRAPH, path.join(MODELS, 'moonshine-tiny-en/weights/encoder_model.onnx')].find(
    (file) => !existsSync(file),
  )
  if (missing !== undefined) return `${missing} is not there`
  const { status } = spawnSync('strace', ['-f', '--seccomp-bpf', '-o', '/dev/null', '-e', 'trace=openat', 'true'])
  return status === 0 ? false : 'strace is not there, or may not trace'
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!await condition()) await new Promise((resolve) => setTimeout(resolve, POLL_MS))
}
