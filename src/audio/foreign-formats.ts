/**
 * Files that are not read, recognized only to be named in the error, so that a client sees what it has sent.
 *
 * Those with a signature of their own are named before any format is tried: MP3 is looked for far into a file, and
 * would be found by chance in a picture. What could also begin audio is named after all formats have declined.
 */
import { textAt, u16be, u32be, u8 } from './containers/bytes.js'

/** Signature at the beginning, name. In the order in which they are compared. */
const SIGNATURES: readonly (readonly [signature: string, name: string])[] = [
  ['\x30\x26\xb2\x75', 'Windows Media (ASF, WMA)'], ['FLV\x01', 'Flash Video (FLV)'],
  ['#!SILK_V3', 'SILK, a voice message of Skype or WeChat'], ['\x02#!SILK_V3', 'SILK, a voice message of WeChat or QQ'],
  ['#!iLBC', 'iLBC'], ['#!EVRC', 'EVRC'], ['#!QCELP', 'QCELP'], ['Speex   ', 'Speex'],
  ['wvpk', 'WavPack'], ['MAC ', 'Monkey’s Audio (APE)'], ['MP+', 'Musepack'], ['MPCK', 'Musepack'],
  ['TTA1', 'True Audio (TTA)'], ['TTA2', 'True Audio (TTA)'], ['OFR ', 'OptimFROG'], ['ajkg', 'Shorten'],
  ['DSD ', 'DSD (DSF)'], ['FRM8', 'DSD (DSDIFF)'], ['.RMF', 'RealMedia'], ['.ra\xfd', 'RealAudio'], ['MThd', 'MIDI'],
  ['ADIF', 'AAC in ADIF'], ['DTSHDHDR', 'DTS-HD'], ['\x7f\xfe\x80\x01', 'DTS'], ['\xfe\x7f\x01\x80', 'DTS'],
  ['\x1f\xff\xe8\x00', 'DTS'], ['\xff\x1f\x00\xe8', 'DTS'], ['\x77\x0b', 'AC-3'],
  ['nut/multimedia container', 'NUT'], ['\x64\xa3\x01\0', 'IRCAM'], ['\x64\xa3\x02\0', 'IRCAM'],
  ['\x64\xa3\x03\0', 'IRCAM'], ['\0\x01\xa3\x64', 'IRCAM'], ['\0\x02\xa3\x64', 'IRCAM'], ['PVF1', 'PVF'],
  ['PVF2', 'PVF'], ['.SoX', 'SoX’s own format'], ['XoS.', 'SoX’s own format'], ['fap ', 'Ensoniq PARIS'],
  [' paf', 'Ensoniq PARIS'], ['Extended Instrument:', 'FastTracker XI'],
  ['Creative Voice File', 'Creative Voice (VOC)'], ['NIST_1A', 'NIST SPHERE'], ['TWIN', 'TwinVQ'],
  ['\x00\x00\x01\xba', 'an MPEG program stream (MPEG-PS)'], ['\x00\x00\x01\xb3', 'an MPEG video without audio'],
  ['\x00\x00\x00\x01\x67', 'a bare H.264 video without audio'], ['\x89PNG', 'a PNG picture'],
  ['\xff\xd8\xff', 'a JPEG picture'], ['GIF8', 'a GIF picture'], ['II*\0', 'a TIFF picture'],
  ['MM\0*', 'a TIFF picture'],
  ['%PDF-', 'a PDF document'], ['PK\x03\x04', 'a ZIP archive'], ['\x1f\x8b', 'gzip data'], ['BZh', 'bzip2 data'],
  ['\xfd7zXZ', 'XZ data'], ['\x28\xb5\x2f\xfd', 'Zstandard data'], ['7z\xbc\xaf', 'a 7-Zip archive'],
  ['Rar!', 'a RAR archive'], ['\x7fELF', 'a program (ELF)'], ['SQLite format 3', 'an SQLite database'],
]
/** Of those, whose files may be text as a whole. Other text may begin with the letters of a signature by chance. */
const TEXT_SIGNATURES = ['%PDF-', 'NIST_1A', '#!AMR']
/** Forms of RIFF besides WAVE, and of IFF besides AIFF. */
const FORMS: readonly (readonly [magic: string, form: string, name: string])[] = [
  ['RIFF', 'AVI ', 'an AVI video'], ['RIFF', 'WEBP', 'a WebP picture'], ['RIFF', 'RMID', 'MIDI'],
  ['RIFF', 'QLCM', 'QCELP'], ['FORM', '8SVX', 'IFF 8SVX'],
  ['FORM', 'MAUD', 'IFF MAUD'], ['FORM', '16SV', 'IFF 16SV'],
]
/** Brands of the pictures that share the container of MP4. */
const PICTURE_BRANDS: ReadonlyMap<string, string> = new Map([
  ['heic', 'a HEIC picture'], ['heix', 'a HEIC picture'], ['mif1', 'a HEIC picture'], ['msf1', 'a HEIC picture'],
  ['avif', 'an AVIF picture'],
])
const BYTE_ORDER_MARK = '\xef\xbb\xbf'
const TEXT_BYTES = 512
const TAR_MAGIC_AT = 257
/** Packets of MPEG-TS have 188 bytes, with a time stamp before each 192. */
const TS_PACKETS: readonly (readonly [start: number, bytes: number])[] = [[0, 188], [4, 192]]
const TS_SYNC = 0x47

/** Undefined unless the signature is that of no format that is read. */
export function nameForeign(bytes: Uint8Array): string | undefined {
  const form = FORMS.find(([magic, type]) => textAt(bytes, 0, magic) && textAt(bytes, 8, type))?.[2]
  if (form !== undefined) return form
  if (textAt(bytes, 0, '\x0b\x77')) return u8(bytes, 5) >> 3 > 10 ? 'E-AC-3' : 'AC-3'
  const isTransport = TS_PACKETS.some(([start, size]) => isTransportStream(bytes, start, size))
  if (isTransport) return 'an MPEG transport stream (MPEG-TS)'
  if (textAt(bytes, 4, 'ftyp')) return PICTURE_BRANDS.get(Buffer.from(bytes.subarray(8, 12)).toString('latin1'))
  if (textAt(bytes, TAR_MAGIC_AT, 'ustar')) return 'a tar archive'
  const [signature, name] = SIGNATURES.find(([start]) => textAt(bytes, 0, start)) ?? []
  const byChance = signature !== undefined && !TEXT_SIGNATURES.includes(signature) && nameText(bytes) !== undefined
  return byChance ? undefined : name
}

/** For bytes that no format has recognized. */
export function guessForeign(bytes: Uint8Array): string | undefined {
  const text = nameText(bytes)
  if (text !== undefined) return text
  const header = u16be(bytes, 0)
  // Eleven bits of sync, a layer other than III, and a bit rate that exists.
  if ((header & 0xffe0) === 0xffe0 && (header & 6) > 2 && u8(bytes, 2) >> 4 !== 15) return 'MPEG audio of layer I or II'
  return isLoas(bytes) ? 'AAC in LATM (LOAS)' : undefined
}

function isTransportStream(bytes: Uint8Array, start: number, size: number): boolean {
  if (bytes.byteLength < start + 2 * size) return false
  const checked = Math.min(5, Math.floor((bytes.byteLength - start) / size))
  return Array.from({ length: checked }, (_, packet) => bytes[start + packet * size]).every((byte) => byte === TS_SYNC)
}

/** Two frames one behind the other, each with eleven bits of sync and thirteen of length (ISO/IEC 14496-3, 1.7.2). */
function isLoas(bytes: Uint8Array): boolean {
  const isSync = (at: number): boolean => (u16be(bytes, at) & 0xffe0) === 0x56e0
  return isSync(0) && isSync(3 + ((u32be(bytes, 0) >>> 8) & 0x1fff))
}

/** Printable characters of ASCII or UTF-8 only; or UTF-16, by its mark and the zeros of Latin letters. */
function nameText(bytes: Uint8Array): string | undefined {
  const wide = u16be(bytes, 0)
  if ((wide === 0xfffe && bytes[3] === 0) || (wide === 0xfeff && bytes[2] === 0)) return 'text in UTF-16'
  const start = textAt(bytes, 0, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0
  const head = bytes.subarray(start, start + TEXT_BYTES)
  if (head.byteLength === 0 || head.some((byte) => byte < 0x20 && ![9, 10, 12, 13].includes(byte))) return undefined
  const text = new TextDecoder().decode(head).trimStart()
  // A character may be cut off at the end of what is looked at.
  if (text.slice(0, -3).includes('�')) return undefined
  if (/^<(!doctype html|html|head|body)/i.test(text)) return 'an HTML page, perhaps the error message of another server'
  if (/^<(\?xml|svg)/i.test(text)) return 'XML text'
  return /^[[{]/.test(text) ? 'JSON text' : 'text'
}
