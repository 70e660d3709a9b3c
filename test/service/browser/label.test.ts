/**
 * The pages /label and /clips in a real Chromium, over the real HTTP side: twenty clips are labelled with the keyboard
 * alone. Leaves pictures in the temporary folder, for a person to look at. Skips, with a message, where there is no
 * browser.
 */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { findChromium } from '../../../fixtures/kit/media-recorder.js'
import { readLabelFile, type Label } from '../../../src/data/labels/label-file.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { SpeechError } from '../../../src/domain/errors.js'
import { REPORT, setUp } from '../../serving/http/fake-service.js'
import { makeKeys, until } from '../../serving/http/keys.js'

const skip = findChromium() === undefined ? 'no Chromium is there' : false
const FOLDER = mkdtempSync(path.join(os.tmpdir(), 'earshot-label-page-'))
const CLIPS = 20

let browser: Browser
t.before(async () => {
  if (skip !== false) return
  // Headless Chromium has no loudspeaker; the clips are decoded and played all the same.
  browser = await chromium.launch({ executablePath: findChromium()!, args: ['--no-sandbox'] })
})
t.teardown(() => browser?.close())

const BEST = ['Show me ten tents.', 'Show me tent.', 'Show me tense.']
const alternatives = BEST.map((text, index) =>
  ({ text, posterior: [0.7, 0.2, 0.05][index]!, confidence: 0.9, logProbability: -1 - index, phrases: [] }))
const SEGMENT = { ...REPORT.segments[0]!, startSeconds: 0.2, endSeconds: 0.9 }

/** Clips of the project, each several times, under names of their own. */
async function open(t: Test, { environment = {}, folder = t.testdir(), failing = (): boolean => false } = {}) {
  const source = path.join(projectRoot, 'fixtures/clips')
  const files = readdirSync(source).filter((name) => /^(play|show|set|search)-.*\.wav$/.test(name)).sort()
  const lines = Array.from({ length: CLIPS }, (_, index) =>
    JSON.stringify({ path: path.join(source, files[index % files.length]!), id: `clip ${index + 1}` }))
  writeFileSync(path.join(folder, 'clips.jsonl'), lines.join('\n'))
  const labelFile = path.join(folder, 'labels.jsonl')
  const service = await setUp(t, {
    EARSHOT_LABEL_FILE: labelFile, EARSHOT_LABEL_CLIPS: path.join(folder, 'clips.jsonl'), EARSHOT_LABEL_TWICE: '0',
    ...environment,
  }, {
    answer: async () => {
      if (failing()) throw new SpeechError('QUEUE_FULL')
      return { ...REPORT, text: BEST[0]!, alternatives, segments: [SEGMENT] }
    },
  })
  await service.catalogues.put('shop', Buffer.from('id,name\n1,Hiking Boots\n2,Hiking Poles\n'), 'csv')
  const page = await browser.newPage({ viewport: { width: 1200, height: 950 }, reducedMotion: 'reduce' })
  t.teardown(() => page.close())
  const said: string[] = []
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => said.push(`error: ${error.message}`))
  await page.goto(`${service.url}/label`)
  return { ...service, page, said, labels: async () => (await readLabelFile(labelFile)).labels }
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.waitForSelector('#author-name:focus')
  await page.keyboard.type(name)
  await page.keyboard.press('Enter')
  await page.waitForSelector('#suggestions li')
}

/** The policy of the page forbids what `waitForFunction` does. */
const holds = (page: Page, expression: string): Promise<void> => until(() => page.evaluate<boolean>(expression))
const title = (page: Page): Promise<string> => page.locator('#clip-title').innerText()

/** Presses the keys, and waits until another clip is on the screen with its suggestions, or none is left. */
async function label(page: Page, ...keys: string[]): Promise<void> {
  const before = await title(page)
  for (const key of keys) await page.keyboard.press(key)
  await holds(page, `!document.getElementById('done').hidden
    || (document.getElementById('clip-title').textContent !== ${JSON.stringify(before)}
    && document.querySelector('#suggestions li') !== null)`)
}

t.test('twenty clips are labelled by keyboard alone', { skip }, async (t) => {
  const { page, said, labels } = await open(t)
  await signIn(page, 'Ann')
  t.equal(await title(page), 'clip 1')
  t.equal(await page.inputValue('#text'), BEST[0], 'the best suggestion is in the field')
  await holds(page, 'document.getElementById("clock").textContent.includes(" of ")')
  await page.screenshot({ path: path.join(FOLDER, 'label-1200.png') })

  await label(page, 'Enter')
  await label(page, '2')
  await label(page, 'n', 'f', '3')
  await label(page, 'u')
  await label(page, 's')

  // Edited, with a name of the catalogue, and with a warning that is followed.
  await page.keyboard.press('e')
  await page.keyboard.press('Control+a')
  await page.keyboard.type('OK show me hik')
  await page.waitForSelector('#completions .marked')
  await page.waitForSelector('#warnings .warning')
  await page.screenshot({ path: path.join(FOLDER, 'editing-1200.png') })
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Tab')
  t.equal(await page.inputValue('#text'), 'OK show me Hiking Poles')
  await holds(page, 'document.querySelectorAll("#warnings li").length === 2')
  await label(page, 'Escape', 'w', 'Enter')

  // Nobody speaks: the label is empty.
  await page.keyboard.press('o')
  t.equal(await page.inputValue('#text'), '')
  await label(page, 'Enter')

  // Back to the last clip, whose label is there, and corrected.
  const here = await title(page)
  await label(page, 'b')
  t.equal(await title(page), 'clip 7')
  t.equal(await page.locator('[data-tag="not speech"]').getAttribute('aria-pressed'), 'true')
  await page.keyboard.press('o')
  await page.keyboard.press('e')
  await page.keyboard.type('Tents.')
  await label(page, 'Enter')
  t.equal(await title(page), here)

  for (let rest = 8; rest <= CLIPS; rest++) await label(page, '1')
  t.ok(await page.locator('#done').isVisible())
  // The count is asked for after the last label.
  await page.locator('#done-note', { hasText: '19 of 20 clips are labelled' }).waitFor()
  await page.screenshot({ path: path.join(FOLDER, 'done-1200.png') })

  const all = await labels()
  t.equal(all.length, 21, 'twenty, and a correction')
  const of = (clip: number): Partial<Label>[] => all.filter((one) => one.clip === `clip ${clip}`)
  t.match(of(1), [{ author: 'Ann', text: BEST[0], tags: [], state: 'labelled' }])
  t.match(of(2), [{ text: BEST[1] }])
  t.match(of(3), [{ text: BEST[2], tags: ['noise', 'far'] }])
  t.match(of(4), [{ text: BEST[0], state: 'unsure', secondOpinion: true }])
  t.match(of(5), [{ text: '', state: 'skipped' }])
  t.match(of(6), [{ text: 'okay show me Hiking Poles.' }])
  t.match(of(7), [{ text: '', tags: ['not speech'] }, { text: 'Tents.', tags: [] }])
  t.same(said, [], 'the console is empty')
})

t.test('a second labeller gets what the first was unsure of, without seeing the label', { skip }, async (t) => {
  const { page, labels } = await open(t)
  await signIn(page, 'Ann')
  await page.keyboard.press('e')
  await page.keyboard.press('Control+a')
  await page.keyboard.type('Only Ann heard this.')
  await page.keyboard.press('Escape')
  await label(page, 'u')
  await page.locator('#change-author').click()
  await page.fill('#author-name', '')
  await signIn(page, 'Ben')
  t.equal(await title(page), 'clip 1')
  t.notMatch(await page.locator('main').innerText(), /Only Ann/)
  await label(page, 'Enter')
  t.same((await labels()).map(({ author, clip }) => [author, clip]), [['Ann', 'clip 1'], ['Ben', 'clip 1']])
})

t.test('what was typed stays when the service fails, and an empty label must be meant', { skip }, async (t) => {
  let isFailing = true
  const { page, app, labels } = await open(t, { failing: () => isFailing })
  await page.waitForSelector('#author-name:focus')
  await page.keyboard.type('Ann')
  await page.keyboard.press('Enter')
  await holds(page, 'document.getElementById("suggestions-note").textContent.startsWith("No suggestions")')
  await page.keyboard.press('Enter')
  t.match(await page.locator('#text-note').innerText(), 'press O if nobody speaks')
  isFailing = false
  await page.keyboard.press('e')
  await page.keyboard.type('Show me tents.')
  await page.route('**/v1/labelling/labels', (route) => route.abort())
  await page.keyboard.press('Enter')
  await page.waitForSelector('#trouble:not(:empty)')
  t.equal(await page.inputValue('#text'), 'Show me tents.')
  t.equal(await title(page), 'clip 1')
  await page.unroute('**/v1/labelling/labels')
  await label(page, 'Enter')
  t.match(await labels(), [{ clip: 'clip 1', text: 'Show me tents.' }])
  t.ok(app.server.listening)
})

t.test('with access keys, the page asks for one with the scope', { skip }, async (t) => {
  const { file, keys } = await makeKeys(t, { labeller: ['labelling'], phone: ['transcribe'] })
  const { page } = await open(t, { environment: { EARSHOT_KEYS_FILE: file }, folder: path.dirname(file) })
  await page.waitForSelector('#author-name:focus')
  await page.keyboard.type('Ann')
  await page.keyboard.press('Enter')
  for (const [key, expected] of [[keys.phone, /lacks the scope “labelling”/], [keys.labeller, null]] as const) {
    await page.waitForSelector('#key-form:not([hidden])')
    await page.fill('#key', key)
    await page.keyboard.press('Enter')
    if (expected === null) await page.waitForSelector('#suggestions li')
    else await until(async () => expected.test(await page.locator('#key-trouble').innerText()))
  }
  t.equal(await title(page), 'clip 1')
})

t.test('what was typed is there again: after a key that expired, after another clip, not for others', { skip }, async (t) => {
  const { file, keys } = await makeKeys(t, { labeller: ['labelling'] })
  const { page } = await open(t, { environment: { EARSHOT_KEYS_FILE: file }, folder: path.dirname(file) })
  const giveKey = async (): Promise<void> => {
    await page.waitForSelector('#key-form:not([hidden])')
    await page.fill('#key', keys.labeller)
    await page.keyboard.press('Enter')
  }
  await page.waitForSelector('#author-name:focus')
  await page.keyboard.type('Ann')
  await page.keyboard.press('Enter')
  await giveKey()
  await page.waitForSelector('#suggestions li')
  await label(page, 'Enter')
  await page.keyboard.press('e')
  await page.keyboard.press('Control+a')
  await page.keyboard.type('A long label.')
  await page.route('**/v1/labelling/labels', (route) => route.fulfill({
    status: 401, contentType: 'application/json', body: '{"error":{"code":"KEY_EXPIRED","message":"expired"}}',
  }))
  await page.keyboard.press('Enter')
  await giveKey()
  await page.waitForSelector('#work')
  t.equal(await page.inputValue('#text'), 'A long label.')
  await page.unroute('**/v1/labelling/labels')
  await page.route('**/v1/labelling/labels', (route) => route.fulfill({ status: 200, body: '<p>log in</p>' }))
  await page.locator('#text').focus()
  await page.keyboard.press('Enter')
  await page.waitForSelector('#trouble:not(:empty)')
  await page.unroute('**/v1/labelling/labels')
  await label(page, 'Escape', 'b')
  t.equal(await title(page), 'clip 1')
  await page.locator('#change-author').click()
  await page.fill('#author-name', '')
  await signIn(page, 'Ben')
  t.equal(await title(page), 'clip 4', 'Ann has clip 2 on the screen, and clip 3 is loaded')
  await page.locator('#change-author').click()
  await page.fill('#author-name', '')
  await signIn(page, 'Ann')
  t.equal(await title(page), 'clip 2')
  t.equal(await page.inputValue('#text'), 'A long label.')
})

t.test('a key that is held down labels one clip, and single keys can be turned off', { skip }, async (t) => {
  const { page, labels } = await open(t)
  await signIn(page, 'Ann')
  await page.keyboard.down('1')
  await holds(page, 'document.getElementById("clip-title").textContent === "clip 2"')
  await page.waitForSelector('#suggestions li')
  for (let repeat = 0; repeat < 5; repeat++) await page.keyboard.down('1')
  await page.keyboard.up('1')
  await page.locator('summary', { hasText: 'Keys' }).click()
  await page.locator('#single-keys').uncheck()
  await page.locator('#work').focus()
  for (const key of ['1', 'u', 's', 'n']) await page.keyboard.press(key)
  t.equal(await title(page), 'clip 2')
  t.equal(await page.locator('[aria-pressed=true]').count(), 0)
  await label(page, 'Enter')
  t.equal((await labels()).length, 2)
})

t.test('the list of clips plays them and leads to the page that labels them', { skip }, async (t) => {
  const { page, said, url } = await open(t)
  await page.goto(`${url}/clips?reason=uniform`)
  await page.waitForSelector('#clips li')
  t.equal(await page.locator('#clips li').count(), CLIPS)
  await page.locator('#clips button').first().click()
  await holds(page, 'document.querySelector("#clips button").textContent === "Stop"')
  t.match(await page.locator('#label-these').getAttribute('href'), 'label?reason=uniform')
  await page.locator('#label-these').click()
  await signIn(page, 'Ann')
  t.match(page.url(), /label\?reason=uniform$/)
  await page.goto(`${url}/clips`)
  await page.locator('#clips a', { hasText: /^clip 7$/ }).click()
  await page.waitForSelector('#suggestions li')
  t.equal(await title(page), 'clip 7', 'a clip that was chosen')
  await label(page, 'Enter')
  t.equal(await title(page), 'clip 1', 'and then the others')
  t.same(said, [])
})

for (const width of [390, 1200]) {
  t.test(`no page is wider than a screen of ${width} pixels`, { skip }, async (t) => {
    const { page, url } = await open(t)
    await page.setViewportSize({ width, height: 844 })
    await signIn(page, 'Ann')
    const isWider = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
    t.equal(await page.evaluate(isWider), false)
    await page.screenshot({ path: path.join(FOLDER, `label-whole-${width}.png`), fullPage: true })
    await page.goto(`${url}/clips`)
    await page.waitForSelector('#clips li')
    t.equal(await page.evaluate(isWider), false)
    await page.screenshot({ path: path.join(FOLDER, `clips-${width}.png`) })
    t.ok(readFileSync(path.join(FOLDER, `clips-${width}.png`)).length > 10_000)
  })
}
