/** Power spectra against a discrete Fourier transform in double precision, from the definition. */
import meydaCommonJs from 'meyda'
import t from 'tap'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { FFT_SAMPLES, powerSpectrum, SPECTRUM_BINS } from '../../../src/recognition/features/spectrum.js'

function reference(frame: Float32Array): Float64Array {
  return Float64Array.from({ length: SPECTRUM_BINS }, (_, bin) => {
    let [real, imaginary] = [0, 0]
    for (const [n, sample] of frame.entries()) {
      const angle = (2 * Math.PI * ((bin * n) % FFT_SAMPLES)) / FFT_SAMPLES
      real += sample * Math.cos(angle)
      imaginary -= sample * Math.sin(angle)
    }
    return real * real + imaginary * imaginary
  })
}

const random = seededRandom(5)
const frameOf = (sampleAt: (n: number) => number): Float32Array =>
  Float32Array.from({ length: FFT_SAMPLES }, (_, n) => sampleAt(n))
const FRAMES: Readonly<Record<string, Float32Array>> = {
  'noise': frameOf(() => random() - 0.5),
  'a tone between two bins': frameOf((n) => Math.sin(0.123 * n)),
  'a tone beside a far quieter one': frameOf((n) => Math.sin(2 * Math.PI * n / 32) + 1e-6 * Math.sin(0.9 * n)),
  'one impulse': frameOf((n) => n === 77 ? 1 : 0),
  'an offset': frameOf(() => 0.25),
  'the highest frequency': frameOf((n) => n % 2 === 0 ? 0.5 : -0.5),
}

t.test('each bin is that of the definition, down to the rounding of its samples', async (t) => {
  for (const [name, frame] of Object.entries(FRAMES)) {
    const [expected, found] = [reference(frame), powerSpectrum(frame)]
    const loudest = expected.reduce((most, power) => Math.max(most, power), 0)
    for (let bin = 0; bin < SPECTRUM_BINS; bin++) {
      const tolerance = 2e-7 * expected[bin]! + 1e-22 * (loudest + 1)
      t.ok(Math.abs(found[bin]! - expected[bin]!) <= tolerance, `${name}, bin ${bin}: ${found[bin]}, ${expected[bin]}`)
    }
  }
})

t.test('digital silence has no power', async (t) => {
  t.ok(powerSpectrum(new Float32Array(FFT_SAMPLES)).every((power) => power === 0))
})

t.test('a spectrum depends on no frame before, and on no setting of Meyda by others', async (t) => {
  const noise = FRAMES['noise']!
  const first = powerSpectrum(noise).slice()
  powerSpectrum(FRAMES['one impulse']!)
  t.same(powerSpectrum(noise), first)
  const Meyda = meydaCommonJs as unknown as typeof meydaCommonJs.default
  Meyda.bufferSize = 1024
  Meyda.windowingFunction = 'blackman'
  t.same(powerSpectrum(noise), first)
})
