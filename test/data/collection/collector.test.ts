/** What is collected of a stream of clips, what a correction changes, and what happens when the store fails. */
import t from 'tap'
import { ClipStore } from '../../../src/data/collection/clip-store.js'
import { Collector } from '../../../src/data/collection/collector.js'
import { secretsOf } from '../../../src/data/collection/secrets.js'
import { candidate, collecting, DOUBTFUL, MemoryStore, SURE } from './made-up.js'

const SHARES = { uniform: 0.5, doubtful: 0.5, drifted: 0.5, corrected: 0.5 }
const NOTHING = { uniform: 0, doubtful: 0, drifted: 0, corrected: 0 }
/** Draws of known results. */
const draws = (...values: number[]) => (): number => values.shift() ?? 1
const ISSUED = Date.parse('2026-05-04T09:30:00Z') / 1000

t.test('a clip is stored with all that is known of it', async (t) => {
  const { collector, clips, settled, events } = await collecting(t, { shares: { ...SHARES, uniform: 1 } })
  collector.consider(candidate('one', { session: 'visit', driftFeatures: ['snr'], report: DOUBTFUL }))
  await settled()
  const [clip] = await clips()
  t.match(clip, {
    id: 'one', time: '2026-05-04T09:30:00.000Z', audio: { bytes: 12, mediaType: 'audio/wav' }, driftFeatures: ['snr'],
    correction: null, samplingProbability: 1,
  })
  t.match(clip?.session, /^[0-9a-f]{24}$/)
  t.same(clip?.report, JSON.parse(JSON.stringify(DOUBTFUL)))
  t.match(events[0], /^stored uniform/)
})

t.test('each policy draws on its own, and the probability is that of all that apply', async (t) => {
  const { collector, clips, settled } = await collecting(t, { shares: SHARES, random: draws(0.9, 0.1, 0.6) })
  collector.consider(candidate('one', { driftFeatures: ['snr'], report: DOUBTFUL }))
  await settled()
  const [clip] = await clips()
  t.same(clip?.reasons, ['doubtful'])
  t.equal(clip?.samplingProbability, 1 - 0.5 ** 3)
})

t.test('a clip that nothing draws is not stored, and its correction still can be', async (t) => {
  const { collector, clips, settled } = await collecting(t, { shares: SHARES, random: draws(0.9, 0.2) })
  collector.consider(candidate('one'))
  await settled()
  t.same(await clips(), [])
  collector.correct('one', ISSUED, 'play some chess')
  await settled()
  t.match(await clips(), [{ reasons: ['corrected'], correction: 'play some chess', samplingProbability: 0.75 }])
})

t.test('a correction raises the probability of a stored clip, whether it is drawn or not', async (t) => {
  for (const [draw, reasons, stored] of [
    [0.2, ['uniform', 'corrected'], ['stored uniform', 'stored corrected later']], [0.7, ['uniform'], ['stored uniform']],
  ] as const) {
    const { collector, clips, settled, events } = await collecting(t, { shares: SHARES, random: draws(0.1, draw) })
    collector.consider(candidate('one'))
    await settled()
    t.equal((await clips())[0]?.samplingProbability, 0.5)
    collector.correct('one', ISSUED, null)
    collector.correct('one', ISSUED, 'play chess')
    await settled()
    t.match(await clips(), [{ reasons, correction: 'play chess', samplingProbability: 0.75 }])
    t.same(events, stored, 'a second statement draws no second time')
  }
})

t.test('a correction that comes too late is kept with a stored clip and changes no probability', async (t) => {
  let now = Date.parse('2026-05-04T09:30:00Z')
  const { collector, clips, settled } = await collecting(t, { shares: { ...SHARES, uniform: 1 }, now: () => now })
  collector.consider(candidate('one'))
  collector.consider(candidate('other', { time: now + 100 }))
  await settled()
  now += 700_000
  collector.correct('one', ISSUED + 2, 'play chess')
  collector.correct('never seen', ISSUED, 'play chess')
  await settled()
  t.match(await clips(), [
    { id: 'one', reasons: ['uniform'], correction: 'play chess', samplingProbability: 1 },
    { id: 'other', correction: null },
  ])
})

t.test('the newest clips alone are held for a correction, whatever was drawn for them', async (t) => {
  const report = SURE
  const size = JSON.stringify(report).length + 1_024
  const { collector, clips, settled } = await collecting(t, {
    shares: { ...NOTHING, corrected: 1 }, bufferBytes: 2 * size + 4_000,
  })
  for (const id of ['a', 'b', 'c']) collector.consider(candidate(id, { audio: Buffer.alloc(1_000) }))
  for (const id of ['a', 'b', 'c']) collector.correct(id, ISSUED, id)
  await settled()
  t.same((await clips()).map(({ id }) => id), ['b', 'c'])
})

t.test('a small part of a large body does not keep the rest of it in memory', async (t) => {
  const { collector, clips, settled } = await collecting(t, {
    shares: { ...NOTHING, corrected: 1 }, bufferBytes: 400_000,
  })
  for (let index = 0; index < 20; index++) {
    collector.consider(candidate(`part ${index}`, { audio: Buffer.alloc(300_000, index).subarray(10, 20) }))
  }
  collector.correct('part 0', ISSUED, null)
  await settled()
  t.same((await clips()).map(({ id }) => id), ['part 0'], 'all of them fit')
  for (let index = 0; index < 2; index++) {
    collector.consider(candidate(`whole ${index}`, { audio: Buffer.alloc(300_000) }))
  }
  collector.correct('part 1', ISSUED, null)
  await settled()
  t.equal((await clips()).length, 1, 'and large ones displace them')
})

t.test('without a share of corrected clips none is held', async (t) => {
  const { collector, clips, settled } = await collecting(t, { shares: NOTHING })
  collector.consider(candidate('one'))
  collector.correct('one', ISSUED, 'text')
  await settled()
  t.same(await clips(), [])
})

t.test('a deletion by request or session reaches the store, the memory and what waits', async (t) => {
  for (const meant of [{ request: 'one' }, { session: 'visit' }]) {
    const { collector, clips, objects, settled } = await collecting(t, {
      shares: { ...NOTHING, uniform: 1, corrected: 1 },
    })
    collector.consider(candidate('one', { session: 'visit' }))
    await settled()
    t.equal(await collector.delete(meant), 1, 'stored')
    collector.correct('one', ISSUED, 'too late')
    await settled()
    t.same(await clips(), [], 'it cannot be corrected back')

    let release = (): void => undefined
    objects.pause = new Promise((resolve) => { release = resolve })
    collector.consider(candidate('other', { session: 'another visit' }))
    collector.consider(candidate('one', { session: 'visit' }))
    const waiting = collector.delete(meant)
    release()
    t.equal(await waiting, 0, 'it was waiting')
    await settled()
    t.same((await clips()).map(({ id }) => id), ['other'])

    objects.pause = new Promise((resolve) => { release = resolve })
    collector.consider(candidate('one', { session: 'visit' }))
    const running = collector.delete(meant)
    await new Promise((resolve) => setTimeout(resolve, 20))
    release()
    t.equal(await running, 1, 'it was being written')
    await settled()
    t.same((await clips()).map(({ id }) => id), ['other'])
  }
})

t.test('a late correction that waits does not bring a deleted clip back', async (t) => {
  let now = Date.parse('2026-05-04T09:30:00Z')
  const { collector, objects, settled } = await collecting(t, { shares: { ...NOTHING, uniform: 1 }, now: () => now })
  collector.consider(candidate('one', { session: 'visit' }))
  await settled()
  const { bytes } = collector.kept
  now += 700_000
  const gate = (): { readonly passed: Promise<void>; open(): void } => {
    let open = (): void => undefined
    return { passed: new Promise((resolve) => { open = resolve }), open: () => { open() } }
  }
  const [other, deletion, amended] = [gate(), gate(), gate()]
  const [put, remove] = [objects.put.bind(objects), objects.delete.bind(objects)]
  objects.put = async (key, content) => {
    await (Buffer.from(content).includes('secret words') ? amended.passed : other.passed)
    return put(key, content)
  }
  objects.delete = async (key) => { await deletion.passed; return remove(key) }
  const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))
  collector.consider(candidate('other', { time: now, session: 'another visit' }))
  collector.correct('one', ISSUED, 'secret words')
  const deleting = collector.delete({ session: 'visit' })
  await soon()
  other.open()
  await soon()
  deletion.open()
  t.equal(await deleting, 1)
  amended.open()
  await settled()
  const records = [...objects.objects].filter(([key]) => key.endsWith('.record'))
  t.equal(records.length, 1)
  t.notMatch(records[0]![1].content.toString(), /secret|visit/)
  t.equal(collector.kept.clips, 1)
  t.ok(collector.kept.bytes < 1.5 * bytes, 'its bytes are no longer counted')
})

t.test('a full disk stops the collection, which goes on when there is room, and loses nothing that fits', async (t) => {
  const { collector, clips, objects, settled, events } = await collecting(t, { shares: { ...NOTHING, uniform: 1 } })
  await settled()
  objects.failure = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  collector.consider(candidate('one'))
  collector.consider(candidate('two'))
  await settled()
  t.equal(collector.isRunning, false)
  t.same(events, ['stopped ENOSPC: no space left on device'], 'said once, however often it is tried')
  await new Promise((resolve) => setTimeout(resolve, 60))
  t.equal(events.length, 1)
  objects.failure = undefined
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.equal(collector.isRunning, true)
  t.same(events.slice(1).sort(), ['resumed', 'stored uniform', 'stored uniform'])
  t.same((await clips()).map(({ id }) => id).sort(), ['one', 'two'])
})

t.test('what does not fit into memory is dropped and counted', async (t) => {
  const { collector, clips, objects, settled, events } = await collecting(t, {
    shares: { ...NOTHING, uniform: 1 }, bufferBytes: 20_000,
  })
  await settled()
  let release = (): void => undefined
  objects.pause = new Promise((resolve) => { release = resolve })
  for (let index = 0; index < 10; index++) collector.consider(candidate(`clip ${index}`, { audio: Buffer.alloc(4_000) }))
  const dropped = events.filter((event) => event === 'dropped queue_full 1').length
  t.ok(dropped >= 5 && dropped <= 8, `${dropped} dropped`)
  release()
  await settled()
  t.equal((await clips()).length, 10 - dropped)
  objects.failure = new Error('unreachable')
  for (let index = 0; index < 10; index++) {
    collector.consider(candidate(`later ${index}`, { audio: Buffer.alloc(4_000) }))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  t.ok(events.includes('dropped stopped 1'))
})

t.test('a correction for which there is no room is counted', async (t) => {
  let now = Date.parse('2026-05-04T09:30:00Z')
  const size = JSON.stringify(SURE).length + 1_024
  for (const [audioBytes, expected, correction] of [
    [7_000, [], 'play more chess'], [7_900, ['dropped correction 1'], null],
  ] as const) {
    const { collector, clips, objects, settled, events } = await collecting(t, {
      shares: { ...NOTHING, uniform: 1, corrected: 1 }, bufferBytes: 2 * size + 8_000, now: () => now,
    })
    collector.consider(candidate('one', { time: now, audio: Buffer.alloc(8) }))
    await settled()
    const issued = now / 1000
    let release = (): void => undefined
    objects.pause = new Promise((resolve) => { release = resolve })
    collector.consider(candidate('other', { time: now + 100, audio: Buffer.alloc(audioBytes) }))
    t.same(events.splice(0), ['stored uniform'])
    collector.correct('one', issued, 'play chess '.repeat(20))
    t.same(events, expected, 'a record takes the memory of its report')
    if (expected.length === 0) collector.correct('one', issued, 'play more chess')
    t.same(events.splice(0), expected, 'the write that waits takes the newest correction')
    now += 700_000
    collector.correct('one', issued, 'text '.repeat(size))
    t.same(events.splice(0), ['dropped correction 1'], 'of a clip that is no longer in memory')
    release()
    await settled()
    t.match((await clips())[0], { id: 'one', correction })
  }
})

t.test('the end of the service writes what waits, for a limited time', async (t) => {
  const quick = await collecting(t, { shares: { ...NOTHING, uniform: 1 } })
  for (const id of ['one', 'two', 'three']) quick.collector.consider(candidate(id))
  await quick.collector.close(5)
  t.equal((await quick.clips()).length, 3)
  quick.collector.consider(candidate('four'))
  t.equal((await quick.clips()).length, 3, 'nothing is taken any more')
  const slow = await collecting(t, { shares: { ...NOTHING, uniform: 1 } })
  await slow.settled()
  slow.objects.pause = new Promise(() => undefined)
  slow.collector.consider(candidate('one'))
  slow.collector.consider(candidate('two'))
  await slow.collector.close(0.05)
  t.same(slow.events, ['dropped shutdown 2'])
})

t.test('more bytes than the limit delete the oldest clips soon', async (t) => {
  const { collector, clips, settled, events } = await collecting(t, {
    shares: { ...NOTHING, uniform: 1 }, maxBytes: 40_000,
  })
  for (let index = 0; index < 12; index++) {
    collector.consider(candidate(`clip ${index}`, {
      time: Date.now() - 60_000 + index, audio: Buffer.alloc(4_000),
    }))
    await settled()
  }
  const kept = await clips()
  t.ok(kept.length >= 4 && kept.length < 10, `${kept.length} are kept`)
  t.equal(kept.at(-1)?.id, 'clip 11', 'the newest')
  t.ok(collector.kept.bytes <= 40_000)
  t.ok(events.some((event) => event.startsWith('deleted size')))
})

t.test('a mistake of the operator stops the start; a store that does not respond does not', async (t) => {
  const objects = new MemoryStore()
  await ClipStore.open(objects, secretsOf(Buffer.alloc(32, 1)))
  const open = (): Promise<ClipStore> => ClipStore.open(objects, secretsOf(undefined))
  await t.rejects(collecting(t, { open }), { code: 'COLLECTION_INVALID' })
  let isThere = false
  const { collector, events, settled } = await collecting(t, {
    shares: { ...NOTHING, uniform: 1 },
    open: async () => {
      if (!isThere) throw new Error('unreachable')
      return ClipStore.open(objects, secretsOf(Buffer.alloc(32, 1)))
    },
  })
  collector.consider(candidate('one'))
  await settled()
  t.same(events, ['stopped unreachable'])
  await t.rejects(collector.delete({ request: 'two' }), /unreachable/, 'who deletes has to know')
  isThere = true
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.same(events.slice(1).sort(), ['resumed', 'stored uniform'])
  t.ok(collector instanceof Collector)
})
