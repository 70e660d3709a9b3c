/**
 * Places, medicines and makes that a small model seldom read, said by synthesizers: flite (BSD-like) and espeak-ng
 * (GPL-3.0), run as programs where they are installed. Their names are spelled as they are said, since a synthesizer
 * knows them no better than the model does. Nobody's voice, and one that says a name the same way every time.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { resample } from '../../src/audio/signal/resample.js'
import { readPcm, writeMono } from '../../fixtures/kit/pcm.js'
import type { SpeechClip } from '../harness/clips.js'

export const RARE_NAMES = [
  'Ambleside', 'Anstruther', 'Balloch', 'Barnoldswick', 'Berkhamsted', 'Bletchley', 'Brockenhurst', 'Cadwallader',
  'Calderwood', 'Carrickfergus', 'Clitheroe', 'Coggeshall',
  'Cullompton', 'Dalwhinnie', 'Drumnadrochit', 'Dunfermline', 'Egremont', 'Faversham', 'Fazakerley', 'Galashiels',
  'Garstang', 'Glenfiddich', 'Godalming', 'Harpenden',
  'Helmsley', 'Hexham', 'Holmfirth', 'Honiton', 'Ilkley', 'Inverurie', 'Kilmarnock', 'Knaresborough', 'Lerwick',
  'Lymington', 'Mablethorpe', 'Melksham', 'Midhurst',
  'Minehead', 'Nantwich', 'Okehampton', 'Ormskirk', 'Padstow', 'Penicuik', 'Penrith', 'Pitlochry', 'Pontefract',
  'Ramsbottom', 'Rawtenstall', 'Saxmundham', 'Selkirk',
  'Skelmersdale', 'Sleaford', 'Stornoway', 'Stranraer', 'Tavistock', 'Tewkesbury', 'Thetford', 'Tiverton', 'Tobermory',
  'Todmorden', 'Uttoxeter', 'Wadebridge', 'Wetherby',
  'Wivenhoe', 'Yelverton', 'Atorvastatin', 'Metoprolol', 'Lisinopril', 'Omeprazole', 'Levetiracetam', 'Pantoprazole',
  'Escitalopram', 'Duloxetine', 'Gabapentin',
  'Tamsulosin', 'Losartan', 'Clopidogrel', 'Rosuvastatin', 'Montelukast', 'Furosemide', 'Sertraline', 'Ramipril',
  'Bisoprolol', 'Amlodipine', 'Trazodone', 'Venlafaxine',
  'Birkenstock', 'Brabantia', 'Bugaboo', 'Dremel', 'Fiskars', 'Gardena', 'Kikkoman', 'Leatherman', 'Makita',
  'Moleskine', 'Nespresso', 'Thermomix', 'Vitamix', 'Zalando',
] as const

/** Words that any catalogue's callers say, in turn; the name follows. */
const CARRIERS = ['tell me about', 'search for', 'how much is', 'find']

/** A clip with its name; `carrier` is how many words stand before it. */
export interface NameClip extends SpeechClip { readonly name: string; readonly carrier: number }

interface Voice { readonly name: string; readonly speak: (text: string, file: string) => void }

const VOICES: readonly Voice[] = [
  ...['slt', 'awb', 'rms'].map((voice): Voice => ({
    name: `flite ${voice}`, speak: (text, file) => run('flite', ['-voice', voice, '-o', file, '-t', text]),
  })),
  ...['en-us+f2', 'en-gb+m3'].map((voice): Voice => ({
    name: `espeak-ng ${voice}`, speak: (text, file) => run('espeak-ng', ['-v', voice, '-s', '150', '-w', file, text]),
  })),
]
const SAMPLE_RATE = 16_000

/** Every name by every voice, as files of a folder; empty where neither synthesizer is installed. */
export async function speakNames(folder: string): Promise<NameClip[]> {
  const clips: NameClip[] = []
  for (const { name: voice, speak } of VOICES.filter(({ name }) => isThere(name.split(' ')[0]!))) {
    for (const [index, name] of RARE_NAMES.entries()) {
      const carrier = CARRIERS[index % CARRIERS.length]!
      const text = `${carrier} ${name}`
      const file = path.join(folder, `${voice.replace(/\W/g, '-')}-${name}.wav`)
      speak(text, file)
      const waveform = resample(readPcm(await readFile(file)), SAMPLE_RATE)
      await writeFile(file, writeMono(waveform))
      clips.push({
        file, text, name, carrier: carrier.split(' ').length, speaker: voice, source: voice,
        seconds: waveform.samples.length / SAMPLE_RATE,
      })
    }
  }
  return clips
}

function isThere(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: 'ignore' })
}
