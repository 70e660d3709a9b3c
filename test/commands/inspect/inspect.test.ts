/**
 * The picture of a clip: what stands in it, that it is sound SVG whatever the clip is called and says, and the PNG
 * inside.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { crc32, inflateSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { SpeechDetector, SpeechDetectors } from '../../../src/recognition/segmentation/detector.js'
import { spectralDetector } from '../../../src/recognition/segmentation/detectors/spectral.js'
import { examine, type Examination } from '../../../src/commands/inspect/examine.js'
import { explain } from '../../../src/commands/inspect/figures.js'
import { runInspect } from '../../../src/commands/inspect/inspect.js'
import { speechPanel, timeScale } from '../../../src/commands/inspect/panels.js'
import { drawPicture } from '../../../src/commands/inspect/picture.js'
import { encodePng, type IndexedImage } from '../../../src/commands/inspect/png.js'
import { drawSpectrogram } from '../../../src/commands/inspect/spectrogram.js'
import { escapeText, wrap } from '../../../src/commands/inspect/svg.js'
import type { Recognizer } from '../../../src/recognition/recognizer.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import type { SpeechActivity, TimeSpan } from '../../../src/domain/audio.js'
import { WARNINGS, type Report } from '../../../src/domain/report.js'
import { wavOfSeconds } from '../../serving/http/wav.js'

const CLIP = path.join(projectRoot, 'fixtures/clips/telephone-mulaw.wav')
const LONG = 'a rather long sentence that goes on '.repeat(40).trim()

t.test('the command writes a picture with everything in it', async (t) => {
  const out = path.join(mkdtempSync(path.join(os.tmpdir(), 'earshot-inspect-')), 'clip.svg')
  const environment = {
    EARSHOT_MODELS_DIR: path.join(projectRoot, 'fixtures/graphs'), EARSHOT_MODELS: 'tiny-moonshine',
    EARSHOT_SPEECH_DETECTION: 'spectral',
  }
  t.equal(await runInspect([CLIP, '--out', out], environment), 0)
  const svg = readFileSync(out, 'utf8')
  isSound(t, svg)
  for (const part of [
    'telephone-mulaw.wav', 'amplitude', 'frequency, kHz', 'speech', 'seconds', 'data:image/png;base64,',
    'Signal to noise', 'bandwidth 3.', 'narrowband', 'tiny-moonshine',
  ]) {
    t.ok(svg.includes(part), part)
  }
  const png = out.replace('.svg', '.png')
  t.equal(await runInspect([CLIP, '--out', png], environment), 0)
  t.ok(decodePng(readFileSync(png)).height > 0)
})

t.test('a wrong call is answered with a sentence and an exit code', async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'earshot-inspect-'))
  writeFileSync(path.join(folder, 'no.wav'), 'no audio')
  const environment = {
    EARSHOT_MODELS_DIR: path.join(projectRoot, 'fixtures/graphs'), EARSHOT_MODELS: 'tiny-moonshine',
    EARSHOT_SPEECH_DETECTION: 'spectral',
  }
  for (const args of [[], ['a', 'b'], [CLIP, '--out', 'x.jpg'], [CLIP, '--colour']]) {
    t.equal(await runInspect(args, environment), 2, args.join(' '))
  }
  for (const args of [[path.join(folder, 'absent.wav')], [path.join(folder, 'no.wav')], [CLIP, '--model', 'absent']]) {
    t.equal(await runInspect(args, environment), 1, args.join(' '))
  }
})

t.test('the picture is sound whatever the clip is called, says and lacks', async (t) => {
  const plain = await examined(wavOfSeconds(1))
  const segment = plain.report.segments[0]!
  const cases: Record<string, Examination> = {
    'as it is': plain,
    'a strange name': { ...plain, name: '</text><script>"&\u0000' },
    'no samples': await examined(wavOfSeconds(0)),
    'silence': await examined(wavOfSeconds(1).fill(0, 44)),
    'ten milliseconds': await examined(wavOfSeconds(0.01)),
    'a minute': await examined(wavOfSeconds(60)),
    'long text': {
      ...plain,
      report: { ...plain.report, segments: [{ ...segment, text: LONG }, { ...segment, text: 'x'.repeat(900) }] },
    },
    'fifty segments': { ...plain, report: { ...plain.report, segments: Array.from({ length: 50 }, () => segment) } },
    'every warning': { ...plain, report: { ...plain.report, warnings: WARNINGS } },
  }
  for (const [name, examination] of Object.entries(cases)) {
    const svg = drawPicture(examination)
    isSound(t, svg, name)
    t.notMatch(svg, /NaN|Infinity|undefined|null/, name)
    staysInside(t, svg, name)
  }
  for (const warning of WARNINGS) {
    t.ok(drawPicture(cases['every warning']!).includes(explain(warning).split(' ')[0]!), warning)
  }
})

t.test('what was cut off is marked, and what was not is not', async (t) => {
  const plain = await examined(wavOfSeconds(2))
  const cut = (trimmedLeadingSeconds: number, trimmedTrailingSeconds: number): number => {
    const report: Report = {
      ...plain.report, input: { ...plain.report.input, trimmedLeadingSeconds, trimmedTrailingSeconds },
    }
    return drawPicture({ ...plain, report }).split('class="cut"').length - 1
  }
  t.same([cut(0, 0), cut(0.5, 0), cut(0.5, 0.5)], [0, 1, 2])
})

t.test('the speech is that of the detector whose opinion stood', async (t) => {
  const [first, second] = [
    told([{ startSeconds: 0, endSeconds: 1 }], 'unsure'), told([{ startSeconds: 0.2, endSeconds: 0.6 }], 'speech'),
  ]
  t.same((await examined(wavOfSeconds(1), { first, second })).activity, await second.detect())
  t.same((await examined(wavOfSeconds(1), { first: second, second: first })).activity, await second.detect())
  t.same((await examined(wavOfSeconds(1), { first, second: undefined })).activity, await first.detect())
})

t.test('the curve of speech has every stretch at its own time, on the grid of the detector', async (t) => {
  const box = { x: 100, y: 0, width: 740, height: 60 }
  for (const [startSeconds, hopSeconds, count] of [
    [0, 0.032, 30], [-0.008, 0.01, 102], [-0.004, 0.01, 6_000],
  ] as const) {
    const time = timeScale({ samples: new Float32Array(16_000 * hopSeconds * count), sampleRate: 16_000 }, box)
    const loud = Math.floor(count / 2)
    const speech = Float32Array.from({ length: count }, (_, index) => index === loud ? 1 : 0)
    const svg = speechPanel(
      { startSeconds, hopSeconds, speech, spans: [], verdict: 'speech', visibleRangeDb: 0 }, time, box,
    )
    const points = /points="([^"]*)"/.exec(svg)![1]!
      .split(' ')
      .map((point) => point.split(',').map(Number) as [number, number])
    const [x] = points.reduce((highest, point) => point[1] < highest[1] ? point : highest)
    const pointSeconds = count / points.length * hopSeconds
    const distance = Math.abs(x - time.at(startSeconds + (loud + 0.5) * hopSeconds))
    t.ok(
      distance <= 0.051 + time.at(Math.max(0, pointSeconds - hopSeconds) / 2) - box.x,
      `${count} stretches: ${distance} off`,
    )
  }
})

t.test('a tone is the brightest line of the spectrogram at its frequency, and only while it sounds', async (t) => {
  for (const hertz of [500, 2_000, 6_000]) {
    const samples = Float32Array.from({ length: 32_000 }, (_, n) =>
      n < 16_000 ? Math.sin((2 * Math.PI * hertz * n) / 16_000) : 0)
    const { width, height, pixels } = drawSpectrogram({ samples, sampleRate: 16_000 })
    const column = Array.from({ length: height }, (_, row) => pixels[row * width + Math.floor(width / 4)]!)
    const brightest = height - 1 - column.indexOf(Math.max(...column))
    t.ok(Math.abs((brightest + 0.5) * 8_000 / height - hertz) <= 8_000 / height, `${hertz} Hz in row ${brightest}`)
    t.ok(
      Array.from({ length: height }, (_, row) => pixels[row * width + width - 10]!).every((level) => level === 0),
      'silence is dark',
    )
  }
})

t.test('a PNG decodes to the pixels that it was made of', async (t) => {
  const palette = Array.from({ length: 64 }, (_, index): [number, number, number] => [index, 255 - index, 7])
  for (const [width, height] of [[1, 1], [3, 2], [640, 128]] as const) {
    const image: IndexedImage = {
      width, height, palette, pixels: Uint8Array.from({ length: width * height }, (_, index) => (index * 7) % 64),
    }
    t.same(decodePng(encodePng(image)), image)
  }
})

t.test('wrapped lines are as wide as they may be and lose no word before they run out', async (t) => {
  for (const width of [40, 200, 700]) {
    const lines = wrap(LONG, width, 14, 1_000)
    t.equal(lines.join('').replaceAll(' ', ''), LONG.replaceAll(' ', ''))
    t.ok(lines.every((line) => line.length * 14 * 0.56 <= width), `${width}`)
    const few = wrap(LONG, width, 14, 2)
    t.ok(few.length === 2 && few[1]!.endsWith('…') && few[1]!.length <= Math.floor(width / (14 * 0.56)))
  }
  t.same(wrap('', 100, 14, 3), [])
  t.equal(escapeText('a<b>&"c\u0001'), 'a&lt;b&gt;&amp;&quot;c\ufffd')
})

t.test('a picture says whether a cascade asked its larger model, and nothing where there is none', async (t) => {
  const drawn = async (below?: number): Promise<string> =>
    drawPicture(await examined(wavOfSeconds(1), undefined, below))
  t.match(await drawn(1), /Cascade.*escalated to larger/)
  t.match(await drawn(0), /Cascade.*not escalated/)
  t.notMatch(await drawn(), /In doubt/)
})

t.test('the picture of the documentation is one of ours', async (t) => {
  const svg = readFileSync(path.join(projectRoot, 'docs/inspect.svg'), 'utf8')
  isSound(t, svg)
  t.ok(svg.length < 150_000 && svg.includes('telephone-mulaw.wav'))
})

function examined(
  bytes: Uint8Array, detectors: SpeechDetectors = { first: spectralDetector, second: undefined }, below?: number,
): Promise<Examination> {
  const recognizer: Recognizer = {
    name: 'told',
    sampleRate: 16_000,
    maxSeconds: 30,
    languages: ['en'],
    padding: { leadingSeconds: [0.2], trailingSeconds: 0.2, redecodeBelow: -9 },
    engine: 'reference',
    timesWords: false,
    provider: { provider: 'cpu', refused: [] },
    recognize: async () => ({
      text: 'some words',
      tokens: [1],
      logProbabilities: [-0.1],
      stopped: 'end_of_text',
      language: 'en',
    }),
    dispose: async () => undefined,
  }
  const cascade = below === undefined ? undefined : { recognizer: { ...recognizer, name: 'larger' }, below }
  return examine('clip.wav', bytes, recognizer, {
    cascade, language: undefined, maxAudioSeconds: 100, normalizeVolume: true, trimSilence: false, detectors,
    maxDecodingPasses: 1, interrupt: () => undefined,
  })
}

/** A detector that hears the same in everything. */
function told(
  spans: readonly TimeSpan[], verdict: SpeechActivity['verdict'],
): SpeechDetector & { detect(): Promise<SpeechActivity> } {
  return {
    name: 'told',
    detect: async () =>
      ({ startSeconds: 0, hopSeconds: 0.01, speech: new Float32Array(100), spans, verdict, visibleRangeDb: 0 }),
    dispose: async () => undefined,
  }
}

/** Well-formed: every element is closed by its own end, and text holds no bare mark. */
function isSound(t: Test, svg: string, name = 'svg'): void {
  const open: string[] = []
  const rest = svg.replace(
    /<(\/?)([a-z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>/g,
    (_, end: string, element: string, _attributes: string, alone: string) => {
      if (end === '/') {
        if (open.pop() !== element) t.fail(`${name}: </${element}> closes another`)
      } else if (alone === '') open.push(element)
      return ''
    },
  )
  t.same(open, [], `${name}: everything is closed`)
  t.notMatch(rest, /[<>]|&(?!(amp|lt|gt|quot);)/, `${name}: nothing is left of marks`)
}

function staysInside(t: Test, svg: string, name: string): void {
  const [, width, height] = /viewBox="0 0 (\d+) ([\d.]+)"/.exec(svg)!.map(Number)
  for (const [, x, y] of svg.matchAll(/<(?:text|rect|image)[^>]*? x="([-\d.]+)" y="([-\d.]+)"/g)) {
    if (!(Number(x) >= 0 && Number(x) <= width! && Number(y) >= 0 && Number(y) <= height!)) {
      t.fail(`${name}: something at ${x}, ${y}`)
    }
  }
}

/** What `encodePng` writes, read by the standard: chunks with checksums, rows with a filter byte. */
function decodePng(png: Buffer): IndexedImage {
  const chunks = new Map<string, Buffer>()
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at)
    const body = png.subarray(at + 4, at + 8 + length)
    if (crc32(body) !== png.readUInt32BE(at + 8 + length)) throw new Error('checksum')
    chunks.set(body.toString('latin1', 0, 4), body.subarray(4))
    at += 12 + length
  }
  const header = chunks.get('IHDR')!
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const rows = inflateSync(chunks.get('IDAT')!)
  const pixels = new Uint8Array(width * height)
  for (let row = 0; row < height; row++) pixels.set(
    rows.subarray(row * (width + 1) + 1, (row + 1) * (width + 1)), row * width,
  )
  const colours = [...chunks.get('PLTE')!]
  return {
    width, height, pixels,
    palette: Array.from({ length: colours.length / 3 }, (_, index) =>
      [colours[3 * index]!, colours[3 * index + 1]!, colours[3 * index + 2]!] as const),
  }
}
