/** Checksums of Ogg pages (RFC 3533: CRC-32 without reflection) and of FLAC frames (RFC 9639: CRC-8 and CRC-16). */
const OGG = table(32, 0x04c11db7)
const CRC8 = table(8, 0x07)
const CRC16 = table(16, 0x8005)

export function sealOggPage(page: Buffer): void {
  if (page.length < 26) return
  page.writeUInt32LE(0, 22)
  let crc = 0
  for (const byte of page) crc = ((crc << 8) ^ OGG[((crc >>> 24) ^ byte) & 255]!) >>> 0
  page.writeUInt32LE(crc, 22)
}

/** `headerBytes`: of the frame's header, its CRC-8 the last of them. */
export function sealFlacFrame(headerBytes: number): (frame: Buffer) => void {
  return (frame) => {
    if (frame.length < headerBytes + 2) return
    frame[headerBytes - 1] = crc8(frame.subarray(0, headerBytes - 1))
    let crc = 0
    for (const byte of frame.subarray(0, -2)) crc = ((crc << 8) ^ CRC16[((crc >> 8) ^ byte) & 255]!) & 0xffff
    frame.writeUInt16BE(crc, frame.length - 2)
  }
}

export function crc8(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) crc = CRC8[crc ^ byte]!
  return crc
}

/** What one byte makes of the remainder. */
function table(width: number, polynomial: number): Uint32Array {
  const top = 2 ** (width - 1)
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte * 2 ** (width - 8)
    for (let bit = 0; bit < 8; bit++) value = (value >= top ? ((value * 2) % 2 ** width) ^ polynomial : value * 2) >>> 0
    return value
  })
}
