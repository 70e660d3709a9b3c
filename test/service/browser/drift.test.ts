/**
 * The page at /drift in a real Chromium, over the real HTTP side and a made-up snapshot. Leaves pictures in the
 * temporary folder, for a person to look at. Skips, with a message, where there is no browser.
 */
import { mkdtempSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import t, { type Test } from 'tap'
import type { CollectedClip } from '../../../src/data/collection/collected-clip.js'
import { findChromium } from '../../../fixtures/kit/media-recorder.js'
import { changeKeys } from '../../../src/serving/access/keys-file.js'
import type { DriftSnapshot } from '../../../src/monitoring/drift/snapshot.js'
import { CLIP, REPORT, setUp } from '../../serving/http/fake-service.js'
import { makeKeys, until } from '../../serving/http/keys.js'
import { madeUpCauses, madeUpSnapshot, madeUpTraffic } from '../../serving/http/made-up-drift.js'

const skip = findChromium() === undefined ? 'no Chromium is there' : false
const FOLDER = mkdtempSync(path.join(os.tmpdir(), 'earshot-drift-page-'))
const REFRESH_MS = 5_000

let browser: Browser
t.before(async () => {
  if (skip === false) browser = await chromium.launch({ executablePath: findChromium()!, args: ['--no-sandbox'] })
})
t.teardown(() => browser?.close())

/** The page of a service whose snapshot the test may change, and everything that its console said. */
async function open(t: Test, snapshot: DriftSnapshot | null, environment = {}, fake = {}) {
  const state = { snapshot }
  const service = await setUp(t, environment, fake, ['en'], { snapshot: () => state.snapshot, reason: 'none is configured' })
  const page = await browser.newPage({
    viewport: { width: 1280, height: 900 },
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
  })
  t.teardown(() => page.close())
  const said: string[] = []
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => said.push(`error: ${error.message}`))
  for (const seconds of [0.03, 0.05, 0.06, 0.2])
    service.telemetry.recognized(REPORT, {
      model: 'moonshine-tiny-en',
      secondsSinceUpload: seconds,
      deadlineSeconds: 30,
      audioBytes: 1,
    })
  service.telemetry.failed('QUEUE_FULL', { model: undefined, secondsSinceUpload: 0 })
  await page.clock.install() // goes on as clocks do, and can be set forward
  await page.goto(`${service.url}/drift`)
  await page.waitForSelector('body:not(.waiting)')
  return { page, said, state, ...service }
}

const card = (page: Page, name: string) => page.locator(`[data-feature=${name}]`)
const openCard = (page: Page, name: string) => page.locator(`[data-feature=${name}] > summary`).click()
const text = async (page: Page, selector: string): Promise<string> =>
  (await page.locator(selector).innerText()).replace(/\s+/g, ' ')
const titles = (page: Page, family: string): Promise<string[]> => page.locator(`#${family}-cards h4`).allInnerTexts()

t.test('what is drifting', { skip }, async (t) => {
  const { page, said } = await open(t, madeUpSnapshot())

  t.test('likely causes come first, in words and with their evidence', async (t) => {
    t.equal(await text(page, '#verdict-words'), 'Drift, likely cause: codec, level')
    t.equal(await text(page, '#verdict-note'), '2 of 32 features have an alarm.')
    t.equal(await page.title(), '(2) Drift · Earshot')
    const causes = (await page.locator('.cause').allInnerTexts()).map((cause) => cause.replace(/\s+/g, ' '))
    t.match(
      causes[0],
      /^Codec explains 1 of 2 alarms · since .*12:32 Clients send another codec: .* Codec opus < 0\.1 % 70 % What to do: Find/,
    )
    t.match(causes[1], /^Level explains 1 of 2 alarms .* Loudness below −31\.2 LUFS < 0\.1 % 70 % /)
    t.same((await titles(page, 'input')).slice(0, 2).sort(), ['Codec', 'Loudness'], 'and their cards too')
    t.same(said, [], 'the console is empty')
  })

  t.test('every chart and every control has a name', async (t) => {
    const nameless =
      await page.evaluate(`[...document.querySelectorAll('svg[role=img], table, article, section, progress, .cause')].filter((part) =>
      !part.getAttribute('aria-label') && !part.caption?.textContent && !part.labels?.[0]?.textContent && !document.getElementById(part.getAttribute('aria-labelledby'))?.textContent).map((part) => part.outerHTML.slice(0, 80))`)
    t.same(nameless, [])
    const levels = await page.evaluate<number[]>(
      '[...document.querySelectorAll("h1, h2, h3, h4")].map(({ tagName }) => Number(tagName[1]))',
    )
    t.ok(
      levels.every((level, index) => (index === 0 ? level === 1 : level <= levels[index - 1]! + 1)),
      'no level of heading is left out',
    )
  })

  t.test('cards are sorted as the reader wants, alarms on top', async (t) => {
    await page.locator('#order').focus()
    await page.locator('#order').selectOption('name')
    const [, , ...rest] = await titles(page, 'input')
    t.same(rest, [...rest].sort((a, b) => a.localeCompare(b)))
    t.same(await titles(page, 'output'), [...await titles(page, 'output')].sort((a, b) => a.localeCompare(b)))
    await page.locator('#order').selectOption('missing')
    t.same((await titles(page, 'input')).slice(2, 4), ['Signal-to-noise ratio', 'Noise floor'])
  })

  t.test('a card shows shares of both, the figures, and why there is none', async (t) => {
    for (const name of ['loudness', 'snr', 'sample_rate', 'language', 'mfcc_1']) await openCard(page, name)
    t.equal(await card(page, 'loudness').locator('tbody tr').count(), 10)
    t.match(
      await text(page, '[data-feature=loudness]'),
      /^Loudness \d\.\d+ ▲ alarm since .* excess PSI \d\.\d+ p-value < 0\.001 direction, δ ↓ lower, −0\.\d\d /,
    )
    t.equal(await text(page, '[data-feature=snr] tfoot'), 'missing 3 % 14 %')
    t.notOk(await card(page, 'loudness').locator('tfoot').isVisible(), 'nothing is missing')
    t.match(await text(page, '[data-feature=sample_rate] .figures'), /direction, δ –$/)
    t.match(await text(page, '[data-feature=language] .rest'), /^and \d+ more below 0\.5 %$/)
    t.match(await text(page, '[data-feature=syllable_rate]'), /too few clips with this figure/)
    await page.getByText('Slow', { exact: true }).click()
    t.match(await text(page, '[data-feature=mfcc_1]'), /excess PSI –/)
    t.match(await text(page, '#features-note'), /^No figures yet: the slow window has 640 of the 1,000 clips that it needs\./)
    t.notMatch((await page.locator('#features .card:not(.alarm) > summary').allInnerTexts()).join(' '), /too few|–|·/)
    const widths = await page.evaluate<[string, number][]>(
      `[...document.querySelectorAll('[data-feature=loudness] .bars rect')].map((bar) => [bar.className.baseVal, bar.getBoundingClientRect().width])`,
    )
    t.ok(
      widths.every(([bar, width]) => (bar === 'now' ? width < 1 : width > 40)),
      'the baseline is drawn, though the window is not',
    )
  })
})

t.test('what changes is seen at the next refresh, and what does not keeps its element', { skip }, async (t) => {
  const { page, state, telemetry } = await open(t, madeUpSnapshot())
  await openCard(page, 'loudness')
  await page.evaluate('window.kept = document.querySelector("[data-feature=loudness] tbody tr")')
  await page.locator('#order').focus()
  telemetry.failed('CANCELLED', { model: undefined, secondsSinceUpload: 0 })
  state.snapshot = {
    ...madeUpSnapshot(),
    alarms: [],
    causes: [],
    features: madeUpSnapshot().features.map((feature) => ({ ...feature, alarm: false, alarmSince: null })),
  }
  await page.clock.runFor(REFRESH_MS)
  await page.locator('#verdict-words', { hasText: 'No drift alarm' }).waitFor()
  t.notOk(await page.locator('#causes').isVisible())
  t.equal(await card(page, 'loudness').getAttribute('open'), '', 'what the reader opened stays open')
  t.match(await text(page, '#requests-summary'), '6 in the hour')
  t.match(await text(page, '[data-feature=loudness] .state'), /no alarm/)
  t.ok(
    await page.evaluate(
      'window.kept === document.querySelector("[data-feature=loudness] tbody tr") && document.activeElement.id === "order"',
    ),
  )
})

t.test(
  'a service that goes away is said to be gone, what it said stays, and it is welcome back',
  { skip },
  async (t) => {
    const { page, url } = await open(t, madeUpSnapshot())
    await page.route(`${url}/v1/drift`, (route) => route.abort())
    await page.clock.runFor(REFRESH_MS)
    await page.locator('#trouble', { hasText: 'The service does not answer' }).waitFor()
    t.ok(await card(page, 'loudness').isVisible())
    await page.unroute(`${url}/v1/drift`)
    await page.clock.runFor(REFRESH_MS)
    await page.locator('#trouble:empty').waitFor({ state: 'attached' })
  },
)

t.test('without a baseline the page says so, and how to make one, and shows the traffic', { skip }, async (t) => {
  const { page, said, telemetry } = await open(t, null)
  t.equal(await text(page, '#verdict'), 'Nothing is compared There is no baseline in use: none is configured.')
  t.match(await text(page, '#how-to'), /docs\/drift\.md/)
  t.notOk(await page.locator('#features').isVisible())
  t.match(await text(page, '#requests-legend'), 'ok 4 cancelled 0 rejected 1 error 0')
  t.equal(await page.locator('.tile.bad').count(), 0, 'a refusal is no failure of the service')
  telemetry.failed('RECOGNIZER_CRASHED', { model: undefined, secondsSinceUpload: 0 })
  await page.clock.runFor(REFRESH_MS)
  t.match(await text(page, '.tile.bad'), /^Refused or failed 33 % 1 rejected, 1 error$/)
  t.match(await text(page, '#latency-summary'), /^half within \d\d ms, 95 % within \d+ ms$/)
  await page.locator('#minutes summary').click()
  await page.locator('#minute-rows tr').nth(59).waitFor()
  t.equal(await page.locator('#minute-rows tr').count(), 60)
  t.same(said, [])
})

t.test('a baseline that is not calibrated raises nothing, and the page says why', { skip }, async (t) => {
  const snapshot = madeUpSnapshot()
  const { page } = await open(t, {
    ...snapshot,
    alarms: [],
    causes: [],
    baseline: { ...snapshot.baseline, calibrated: false, uncalibratedBecause: '12 sessions are too few' },
    features: snapshot.features.map((feature) => ({ ...feature, alarm: false, alarmSince: null })),
  })
  t.match(await text(page, '#verdict'), /^Alarms are off The baseline is not calibrated: 12 sessions are too few/)
  t.equal(await text(page, '[data-feature=loudness] .state'), '')
  t.equal(await text(page, '#features-note'), 'Alarms are off. Open a feature to see its distribution.')
  t.match(await text(page, '#input-count'), /^\d+ features, alarms off$/)
})

const UNMONITORED = [
  ...['language', 'decoder_stop', 'lowest_token_probability'].map((name) => ({ name, reason: 'not in the baseline' })),
  { name: 'colour', reason: 'not measured by this version' },
]

/** Of a baseline of another version. */
function partlyMonitored(): DriftSnapshot {
  const snapshot = madeUpSnapshot({ unmonitored: UNMONITORED })
  return {
    ...snapshot,
    features: snapshot.features.filter((feature) => UNMONITORED.every(({ name }) => name !== feature.name)),
  }
}

t.test('features that are not monitored are named with the reason, and have no card', { skip }, async (t) => {
  const { page, state, said } = await open(t, partlyMonitored())
  t.equal(
    await text(page, '#unmonitored'),
    'not monitored language, decoder_stop, lowest_token_probability: not in the baseline; colour: not measured by this version',
  )
  t.equal(await card(page, 'language').count(), 0)
  t.equal(await card(page, 'loudness').count(), 1)
  state.snapshot = {
    ...partlyMonitored(),
    alarms: [],
    causes: [],
    features: partlyMonitored().features.map((feature) => ({ ...feature, alarm: false, alarmSince: null })),
  }
  await page.clock.runFor(REFRESH_MS)
  await page.locator('#verdict-words', { hasText: 'No drift alarm' }).waitFor()
  t.match(await text(page, '#verdict-note'), /look like the baseline\. 4 features not monitored, see below\.$/)
  state.snapshot = madeUpSnapshot()
  await page.clock.runFor(REFRESH_MS)
  await page.locator('#unmonitored').waitFor({ state: 'hidden' })
  t.same(said, [])
})

t.test(
  'where the service asks for keys, the page asks for one, keeps it for the tab, and shows nothing without',
  { skip },
  async (t) => {
    const { file, keys } = await makeKeys(t, { scraper: ['metrics'], phone: ['search'], next: ['metrics'] })
    const { url } = await setUp(t, { EARSHOT_KEYS_FILE: file }, {}, ['en'], { snapshot: madeUpSnapshot, reason: null })
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    t.teardown(() => context.close())
    const page = await context.newPage()
    await page.clock.install()
    const asked: (string | undefined)[] = []
    page.on('request', (request) => {
      if (request.url().includes('/v1/drift')) asked.push(request.headers().authorization)
    })
    await page.goto(`${url}/drift`)
    await page.locator('#key-form').waitFor()
    t.notOk(await page.locator('main').isVisible())
    t.notOk(await page.getByRole('link', { name: 'Metrics' }).isVisible(), 'a link cannot carry a key')
    t.equal(await page.evaluate('document.activeElement.id'), 'key')
    t.equal(await page.locator('#key').getAttribute('type'), 'password')
    t.ok(await page.getByLabel('Access key').isVisible(), 'the field has a name')
    await page.clock.runFor(4 * REFRESH_MS)
    t.same(asked, [undefined], 'it does not go on asking the service')
    await picture(page, 'key')

    for (const [wrong, words] of [
      ['earshot_nonsense', /does not know/],
      [keys.phone, /lacks the scope “metrics”/],
    ] as const) {
      await page.locator('#key').fill(wrong)
      await page.keyboard.press('Enter')
      await page.locator('#key-trouble', { hasText: words }).waitFor()
      t.equal(await page.locator('#key').inputValue(), '')
      t.equal(await page.evaluate('sessionStorage.length'), 0, 'a key that does not fit is not kept')
    }
    await page.locator('#key').fill(` ${keys.scraper} `)
    await page.getByRole('button', { name: 'Show' }).click()
    await page.waitForSelector('body:not(.waiting)')
    t.notOk(await page.locator('#key-form').isVisible())
    t.ok(await card(page, 'loudness').isVisible())
    t.equal(asked.at(-1), `Bearer ${keys.scraper}`)
    t.same(
      await page.evaluate('[localStorage.length, document.cookie, location.href, Object.values(sessionStorage)]'),
      [0, '', `${url}/drift`, [keys.scraper]],
      'in the storage of the tab, and nowhere else',
    )
    await page.reload()
    await page.waitForSelector('body:not(.waiting)')
    t.ok(await card(page, 'loudness').isVisible(), 'a reload does not ask again')
    const other = await context.newPage()
    await other.goto(`${url}/drift`)
    await other.locator('#key-form').waitFor()
    await other.close()

    await changeKeys(file, (entries) => entries.filter(({ name }) => name !== 'scraper'))
    await page.clock.runFor(REFRESH_MS)
    await until(async () => {
      await page.clock.runFor(REFRESH_MS)
      return page.locator('#key-form').isVisible()
    })
    t.notOk(await page.locator('main').isVisible(), 'a key that is revoked shows nothing any more')
    await page.locator('#key').fill(keys.next)
    await page.keyboard.press('Enter')
    await page.locator('main').waitFor()
  },
)

/** Wide and narrow, light and dark; nothing may stick out. */
async function picture(page: Page, name: string): Promise<void> {
  for (const width of [1280, 400]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ colorScheme })
      t.equal(await page.evaluate('document.documentElement.scrollWidth'), width, 'nothing sticks out')
      const file = path.join(FOLDER, `${name}-${width}-${colorScheme}.png`)
      await page.screenshot({ path: file, fullPage: true })
      t.ok(statSync(file).size > 5_000)
      t.comment(file)
    }
  }
}

t.test('it fits a wide screen and a telephone, light and dark', { skip }, async (t) => {
  const { page, telemetry } = await open(t, partlyMonitored())
  Object.assign(telemetry, { recent: madeUpTraffic() })
  await page.clock.runFor(REFRESH_MS)
  await page.locator('#requests-summary', { hasText: /^2,\d\d\d in/ }).waitFor()
  await picture(page, 'page')
})

/** A telephone call, as a cause with all its effects. */
function telephone(): DriftSnapshot {
  const snapshot = madeUpSnapshot()
  const alarms = snapshot.features.map(({ name }) => name).slice(0, 29)
  const [codec] = madeUpCauses()
  const effects = alarms.filter((name) => name !== 'codec')
  return {
    ...snapshot,
    baseline: { ...snapshot.baseline, provenance: 'The stores of two towns, a week in April, looked at. '.repeat(20) },
    alarms,
    causes: [{
      ...codec!, effects,
      evidence: ['codec', 'snr', 'duration'].map((feature) => ({ ...codec!.evidence[0]!, feature })),
    }],
    features: snapshot.features.map((feature) => ({ ...feature, alarm: alarms.includes(feature.name) })),
  }
}

t.test('one cause of 29 alarms is one card, whose effects the keyboard unfolds', { skip }, async (t) => {
  const { page, said } = await open(t, telephone())
  t.equal(await page.locator('.cause').count(), 1)
  t.match(await text(page, '.cause .reach'), /^explains 29 of 29 alarms/)
  t.equal(await text(page, '.others > summary'), '26 further alarms that it explains', 'three are the evidence')
  t.notOk(await page.locator('.others li').first().isVisible())
  await page.locator('.others > summary').focus()
  await page.keyboard.press('Enter')
  t.equal(await page.locator('.others li').count(), 26)
  t.match(await text(page, '.others li:has-text("Loudness is lower")'), /inputs have become quieter .* Figures$/)
  await page.clock.runFor(REFRESH_MS)
  t.ok(await page.locator('.others li').first().isVisible(), 'a refresh does not fold it')
  await page.locator('.others li a').first().focus()
  await page.keyboard.press('Enter')
  t.ok(await page.evaluate('document.activeElement.closest("[data-feature]")?.open'), 'the figures open, with the focus')
  t.same(said, [])
})

t.test('verdict and last hour are seen without scrolling, and the page is not long', { skip }, async (t) => {
  for (const [width, height, longest] of [[1440, 900, 3500], [390, 844, 3500]] as const) {
    const { page, telemetry } = await open(t, telephone())
    await page.setViewportSize({ width, height })
    await page.reload()
    Object.assign(telemetry, { recent: madeUpTraffic() })
    await page.clock.runFor(REFRESH_MS)
    await page.locator('#hour .value', { hasText: /^2,\d\d\d$/ }).waitFor()
    for (const part of ['#verdict', '#hour', '#causes-title']) {
      const box = await page.locator(part).boundingBox()
      t.ok(box !== null && box.y + box.height <= height, `${part} at ${width} × ${height}`)
    }
    const tiles = (await page.locator('#hour .tile').allInnerTexts()).map((tile) => tile.replace(/\s+/g, ' '))
    t.match(tiles, [
      /^Requests 2,\d\d\d [\d,]+ ok, \d+ cancelled$/, /^Refused or failed \d(\.\d)? % \d+ rejected, \d+ errors?$/,
      /^Latency, median \d+ ms 95 % within \d+ ms$/, /^Audio [\d.]+ (min|h) \d\.\d\d s of audio a second$/,
    ])
    t.equal(await page.locator('details[data-open]').getAttribute('open'), width > 1000 ? '' : null, 'the charts')
    const long = await page.evaluate<number>('document.documentElement.scrollHeight')
    t.ok(long <= longest, `${long} pixels high at ${width}`)
    const source = await page.locator('#baseline-provenance').boundingBox()
    t.ok(source!.height < 90, 'a long source is folded')
    await page.locator('.source > summary').click()
    t.ok((await page.locator('#baseline-provenance').boundingBox())!.height > source!.height, 'and opens')
  }
})

t.test('an alarm leads to the collected clips of its window, and from there to labelling', { skip }, async (t) => {
  const report = { ...REPORT, text: 'play some jazz' }
  const collected = (id: string, time: string): CollectedClip => ({
    id, time, session: null, audio: { bytes: 1, sha256: '0'.repeat(64), mediaType: 'audio/wav' },
    reasons: ['drifted'], samplingProbability: 0.2, driftFeatures: ['loudness'], correction: null, report,
  })
  const clips = {
    async *select() {
      yield collected('before', '2026-05-03T10:00:00.000Z')
      yield collected('within', '2026-05-03T10:20:00.000Z')
    },
    audio: async () => CLIP,
  }
  const labelFile = path.join(t.testdir(), 'labels.jsonl')
  const { page, said } = await open(t, madeUpSnapshot(), { EARSHOT_LABEL_FILE: labelFile }, { collected: clips })
  await page.locator('#causes a', { hasText: 'Clips of this window' }).first().click()
  await page.waitForSelector('#clips li')
  t.same(await page.locator('#clips .name').allInnerTexts(), ['within'])
  await page.locator('#label-these').click()
  await page.waitForSelector('#author-name:focus')
  await page.keyboard.type('Ann')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#suggestions li')
  t.equal(await page.locator('#clip-title').innerText(), 'within')
  t.match(await page.locator('#clip-facts').innerText(), /drifted in loudness/)
  t.same(said, [], 'the console is empty')
})

t.test('without collected clips, alarms have no link to them', { skip }, async (t) => {
  const { page } = await open(t, madeUpSnapshot())
  await page.waitForSelector('.cause')
  t.equal(await page.locator('#causes a', { hasText: 'Clips' }).count(), 0)
})
