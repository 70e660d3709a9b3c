/** The supported containers, in the order in which their leading bytes are checked, and the reader of each. */
import {
  containsAdts, containsMp3, matchesAdts, matchesMp3, mp3Pieces, probeAdts, probeMp3, readAdts,
} from './containers/mpeg-audio.js'
import { amrPieces, matchesAmr, probeAmr } from './containers/amr.js'
import { matchesAiff, probeAiff, readAiffLayout } from './containers/aiff.js'
import { matchesAu, probeAu, readAuLayout } from './containers/au.js'
import { matchesCaf, probeCaf, readCaf } from './containers/caf.js'
import { flacPieces, matchesFlac, probeFlac } from './containers/flac.js'
import { bareGsmLayout, matchesGsm, probeGsm, readGsm } from './containers/gsm.js'
import { readPackets } from './containers/ima.js'
import { matchesIsoMedia, probeIsoMedia, readIsoMedia } from './containers/iso-media.js'
import { matchesMatroska, probeMatroska, readMatroska } from './containers/matroska.js'
import { matchesOgg, oggDecoder, oggPieces, probeOgg } from './containers/ogg.js'
import type { AudioProbe } from './probe.js'
import { decodeStream, type Decoded, type StreamLimits } from './stream.js'
import { matchesWav, probeWav, readWav } from './containers/wav.js'

export interface AudioFormatReader {
  matches(bytes: Uint8Array): boolean
  /** Whether it begins after other bytes, where nothing else matches; only for formats without a header. */
  isFurtherOn?(bytes: Uint8Array): boolean
  /** Reads headers only, in bounded time. */
  probe(bytes: Uint8Array): AudioProbe
  read(bytes: Uint8Array, probe: AudioProbe, limits: StreamLimits): Promise<Decoded>
}

export const FORMATS: readonly AudioFormatReader[] = [
  { matches: matchesWav, probe: probeWav, read: readWav },
  {
    matches: matchesMatroska,
    probe: probeMatroska,
    read: readMatroska,
  },
  {
    matches: matchesOgg,
    probe: probeOgg,
    read: (bytes, _probe, limits) => decodeStream(oggDecoder(bytes), oggPieces(bytes), limits),
  },
  {
    matches: matchesIsoMedia,
    probe: probeIsoMedia,
    read: (bytes, _probe, limits) => readIsoMedia(bytes, limits),
  },
  {
    matches: matchesFlac,
    probe: probeFlac,
    read: (bytes, _probe, limits) => decodeStream('flac', flacPieces(bytes), limits),
  },
  {
    matches: matchesAmr,
    probe: probeAmr,
    read: (bytes, _probe, limits) => decodeStream('amr', amrPieces(bytes), limits),
  },
  {
    matches: matchesAiff,
    probe: probeAiff,
    read: (bytes, _probe, limits) => readPackets(bytes, readAiffLayout(bytes), limits),
  },
  {
    matches: matchesAu,
    probe: probeAu,
    read: (bytes, _probe, limits) => readPackets(bytes, readAuLayout(bytes), limits),
  },
  {
    matches: matchesCaf,
    probe: probeCaf,
    read: (bytes, _probe, limits) => readCaf(bytes, limits),
  },
  {
    matches: matchesAdts,
    isFurtherOn: containsAdts,
    probe: probeAdts,
    read: (bytes, _probe, limits) => readAdts(bytes, limits),
  },
  {
    matches: matchesMp3,
    isFurtherOn: containsMp3,
    probe: probeMp3,
    read: (bytes, _probe, limits) => decodeStream('mp3', mp3Pieces(bytes), limits),
  },
  {
    matches: matchesGsm,
    probe: probeGsm,
    read: (bytes, _probe, limits) => readGsm(bytes, bareGsmLayout(bytes), limits),
  },
]
