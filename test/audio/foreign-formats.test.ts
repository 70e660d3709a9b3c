/** Files that are not read: a client sees by name what it has sent. */
import tap from 'tap'
import { joined } from '../../src/audio/containers/bytes.js'
import { makeBox } from '../../src/audio/containers/boxes.js'
import { probeAudio } from '../../src/audio/decode.js'
import { element, makeMp4, oggPage, soundEntry } from '../../fixtures/containers.js'
import { mediaFile } from './signals.js'

/** A signature and what follows it, which is no text. */
const starting = (...parts: (string | readonly number[])[]): Uint8Array =>
  joined(...parts, new Uint8Array(600).fill(7))

const transportStream = (start: number, size: number): Uint8Array =>
  joined(...Array.from({ length: 5 }, () => joined(new Uint8Array(start), [0x47], new Uint8Array(size - start - 1))))

const FILES: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ['MPEG-TS', transportStream(0, 188)], ['MPEG-TS', transportStream(4, 192)],
  ['MPEG-PS', starting([0, 0, 1, 0xba])], ['FLV', starting('FLV', [1, 5])], ['Speex', starting('Speex   1.2')],
  ['Speex', oggPage({ number: 0, flags: 2 }, [starting('Speex   1.2').subarray(0, 80)])],
  ['WMA', starting([0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11])],
  ['SILK', starting('#!SILK_V3')], ['SILK', starting([2], '#!SILK_V3')], ['WavPack', starting('wvpk')],
  ['Monkey', starting('MAC ')], ['Musepack', starting('MPCK')], ['Musepack', starting('MP+', [7])],
  ['TTA', starting('TTA1')], ['DSD', starting('DSD ')], ['DSD', starting('FRM8', [0, 0, 0, 0, 0, 0, 0, 9], 'DSD ')],
  ['RealMedia', starting('.RMF')], ['RealAudio', starting('.ra', [0xfd])], ['MIDI', starting('MThd')],
  ['NUT', starting('nut/multimedia container', [0])], ['IRCAM', starting([0x64, 0xa3, 1, 0])],
  ['PVF', joined('PVF1\n1 16000 16\n', new Uint8Array(600))], ['SoX', starting('.SoX')], ['MAUD', starting('FORM', [0, 0, 9, 9], 'MAUD')],
  ['PARIS', starting(' paf', [0, 0, 0, 0])], ['FastTracker', starting('Extended Instrument: ')],
  ['MIDI', starting('RIFF', [9, 9, 9, 9], 'RMID')], ['AC-3', starting([0x0b, 0x77, 0, 0, 0, 0x40])],
  ['E-AC-3', starting([0x0b, 0x77, 0, 0, 0, 0x80])], ['DTS', starting([0x7f, 0xfe, 0x80, 1])],
  ['LATM', joined([0x56, 0xe0, 9], new Uint8Array(9), [0x56, 0xe0, 9], new Uint8Array(9))],
  ['layer I or II', starting([0xff, 0xfd, 0x90, 0x64])], ['AVI', starting('RIFF', [9, 9, 9, 9], 'AVI ')],
  ['PNG picture', starting([0x89], 'PNG')], ['JPEG picture', starting([0xff, 0xd8, 0xff, 0xe1])],
  ['GIF picture', starting('GIF89a')], ['WebP picture', starting('RIFF', [9, 9, 9, 9], 'WEBP')],
  ['HEIC picture', starting([0, 0, 0, 24], 'ftypheic')], ['PDF', joined('%PDF-1.7\n% text only')],
  ['ZIP', starting('PK', [3, 4])], ['gzip', starting([0x1f, 0x8b, 8])], ['tar', starting('a'.repeat(257), 'ustar')],
  ['HTML', joined('\n<!DOCTYPE html><html>404')], ['JSON', joined('{"audio": 1}')], ['XML', joined('<?xml version="1"?>')],
  ['text', joined('MAC addresses are text, whatever four letters they begin with')],
  ['text', Buffer.from('\ufeffSchöne Grüße')], ['text in UTF-16', joined([0xff, 0xfe], 'h\0e\0l\0l\0o\0')],
]

tap.test('what is not read is refused by its name', async (t) => {
  for (const [name, bytes] of FILES) {
    t.throws(() => probeAudio(bytes), { code: 'AUDIO_UNSUPPORTED', message: new RegExp(name) }, name)
  }
})

tap.test('MP3 within a picture is not looked for', async (t) => {
  const picture = joined([0xff, 0xd8, 0xff, 0xe0], new Uint8Array(100), mediaFile('bare-48k.mp3'))
  t.throws(() => probeAudio(picture), { code: 'AUDIO_UNSUPPORTED', message: /JPEG/ })
})

tap.test('a video without an audio track is named, in MP4 and Matroska', async (t) => {
  const sound = makeMp4({
    entry: soundEntry('sowt', 1, 8_000), timescale: 8_000, duration: 8, data: new Uint8Array(16), sizes: [16],
    perChunk: 1, chunks: [0],
  })
  const video = Buffer.from(sound)
  video.write('vide', video.indexOf('soun'), 'latin1')
  t.throws(() => probeAudio(video), { code: 'AUDIO_UNSUPPORTED', message: /video without an audio track/ })
  const track = element(0xae, element(0xd7, [1]), element(0x83, [1]), element(0x86, 'V_VP8'))
  const matroska = joined(element(0x1a45dfa3, element(0x4282, 'webm')), element(0x18538067, element(0x1654ae6b, track)))
  t.throws(() => probeAudio(matroska), { code: 'AUDIO_UNSUPPORTED', message: /video without an audio track/ })
  t.throws(() => probeAudio(joined(makeBox('ftyp', 'isom'), makeBox('moov'))), { code: 'AUDIO_UNREADABLE' })
})

tap.test('codecs of WAV are refused by the name of their format tag', async (t) => {
  const wav = (tag: number): Uint8Array => {
    const bytes = Buffer.from(mediaFile('rf64.wav'))
    bytes.writeUInt16LE(tag, bytes.indexOf('fmt ') + 8)
    return bytes
  }
  for (const [tag, name] of [
    [0x14, 'G.723 ADPCM'], [0x40, 'G.721'], [0x45, 'G.726'], [0x64, 'G.726'], [0x83, 'G.729'], [0x22, 'TrueSpeech'],
    [0x161, 'Windows Media'], [0x2000, 'AC-3'], [0xa109, 'Speex'], [0x7777, '0x7777'],
  ] as const) {
    t.throws(() => probeAudio(wav(tag)), { code: 'AUDIO_UNSUPPORTED', message: new RegExp(name.replace('.', '\\.')) })
  }
})
