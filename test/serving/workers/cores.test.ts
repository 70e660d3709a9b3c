/** Control groups as files of a folder of our own. */
import os from 'node:os'
import t from 'tap'
import { availableCores } from '../../../src/serving/workers/cores.js'

const HOST_CORES = 16

t.test('without limits the cores are those of the host', async (t) => {
  t.equal(availableCores(t.testdir({}), HOST_CORES), HOST_CORES, 'no control groups at all')
  t.equal(availableCores(t.testdir({
    proc: { self: { cgroup: '0::/\n' } },
    sys: { fs: { cgroup: { 'cpu.max': 'max 100000\n' } } },
  }), HOST_CORES), HOST_CORES)
  t.ok(availableCores() >= 1)
  t.ok(availableCores() <= os.availableParallelism())
})

t.test('a container limit of version 2 counts, whole cores only, and at least one', async (t) => {
  for (const [limit, cores] of [
    ['200000 100000', 2],
    ['250000 100000', 2],
    ['50000 100000', 1],
    ['3200000 100000', HOST_CORES],
    ['50000 25000', 2],
  ] as const) {
    const root = t.testdir({
      proc: { self: { cgroup: '0::/\n' } },
      sys: { fs: { cgroup: { 'cpu.max': `${limit}\n` } } },
    })
    t.equal(availableCores(root, HOST_CORES), cores, limit)
  }
})

t.test('the tightest limit on the way up counts', async (t) => {
  const root = t.testdir({
    proc: { self: { cgroup: '0::/pod.slice/app.scope\n' } },
    sys: {
      fs: { cgroup: { 'pod.slice': { 'cpu.max': '300000 100000\n', 'app.scope': { 'cpu.max': 'max 100000\n' } } } },
    },
  })
  t.equal(availableCores(root, HOST_CORES), 3)
})

t.test('a path of the host that is not in the container leads to the mount point', async (t) => {
  const root = t.testdir({
    proc: { self: { cgroup: '0::/../../kubepods.slice/pod1\n' } },
    sys: { fs: { cgroup: { 'cpu.max': '400000 100000\n' } } },
  })
  t.equal(availableCores(root, HOST_CORES), 4)
})

t.test('a limit of version 1 counts', async (t) => {
  const withQuota = (quota: string): string =>
    t.testdir({
      proc: {
        self: { cgroup: '12:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n3:cpuset:/x\n' },
      },
      sys: { fs: { cgroup: { cpu: { 'cpu.cfs_quota_us': `${quota}\n`, 'cpu.cfs_period_us': '100000\n' } } } },
    })
  t.equal(availableCores(withQuota('150000'), HOST_CORES), 1)
  t.equal(availableCores(withQuota('600000'), HOST_CORES), 6)
  t.equal(availableCores(withQuota('-1'), HOST_CORES), HOST_CORES)
})
