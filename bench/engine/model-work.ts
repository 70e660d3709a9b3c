/**
 * What a model must do for a clip, counted from its shape: operations of the encoder, bytes that the decoder reads
 * for every token. Nothing here is measured, and nothing depends on how a graph is written: work that no
 * implementation of these weights can leave out.
 *
 * Weights are 8 bits wide, keys and values of the cross attention 32. Counted are matrix products and convolutions;
 * what is done value by value (normalization, activation, softmax) is left out, so the floor is a little too low.
 */

interface Convolution {
  readonly inputs: number
  readonly outputs: number
  readonly kernel: number
  readonly stride: number
  /** Zeros before and behind. */
  readonly padding: number
}

export interface ModelShape {
  /** Hz of a waveform, frames a second of log-mel features. */
  readonly inputRate: number
  readonly convolutions: readonly Convolution[]
  readonly width: number
  readonly encoderLayers: number
  readonly decoderLayers: number
  /**
   * Widths of the feed-forward part: of the encoder; of the decoder upwards, which is twice the other where it has a
   * gate; and down.
   */
  readonly encoderInner: number
  readonly decoderUp: number
  readonly decoderDown: number
  readonly vocabulary: number
}

const MOONSHINE_TINY: ModelShape = {
  inputRate: 16_000,
  convolutions: [
    { inputs: 1, outputs: 288, kernel: 127, stride: 64, padding: 0 },
    { inputs: 288, outputs: 576, kernel: 7, stride: 3, padding: 0 },
    { inputs: 576, outputs: 288, kernel: 3, stride: 2, padding: 0 },
  ],
  width: 288, encoderLayers: 6, decoderLayers: 6, encoderInner: 1152, decoderUp: 2304, decoderDown: 1152,
  vocabulary: 32_768,
}

export const SHAPES: Readonly<Record<string, ModelShape>> = {
  'moonshine-tiny-en': MOONSHINE_TINY, 'whisper-tiny': whisper(384, 4), 'whisper-base': whisper(512, 6),
  'whisper-small': whisper(768, 12),
}

export interface EncoderWork {
  /** Positions that the encoder works on, and the decoder looks at. */
  readonly frames: number
  /** Two operations for a multiplication and addition; convolutions, linear layers, attention. */
  readonly convolutionOperations: number
  readonly linearOperations: number
  readonly attentionOperations: number
}

/** Of a clip alone; what a model's window adds in silence is not work that the clip needs. */
export function encoderWork(shape: ModelShape, seconds: number): EncoderWork {
  let length = Math.round(seconds * shape.inputRate)
  let convolutionOperations = 0
  for (const { inputs, outputs, kernel, stride, padding } of shape.convolutions) {
    length = Math.floor((length + 2 * padding - kernel) / stride) + 1
    convolutionOperations += 2 * length * inputs * outputs * kernel
  }
  const { width, encoderLayers, encoderInner } = shape
  return {
    frames: length,
    convolutionOperations,
    linearOperations: 2 * length * encoderLayers * (4 * width ** 2 + 2 * width * encoderInner),
    attentionOperations: 2 * encoderLayers * 2 * length ** 2 * width,
  }
}

export interface DecoderWork {
  /** Keys and values of the cross attention, once for a clip. */
  readonly prefillOperations: number
  /** Read for every token: the layers, the output matrix, and keys and values of the encoder's frames. */
  readonly layerBytes: number
  readonly outputBytes: number
  readonly crossBytes: number
}

export function decoderWork(
  { width, decoderLayers, decoderUp, decoderDown, vocabulary }: ModelShape, frames: number,
): DecoderWork {
  return {
    prefillOperations: 2 * decoderLayers * 2 * frames * width ** 2,
    layerBytes: decoderLayers * (6 * width ** 2 + width * decoderUp + decoderDown * width),
    outputBytes: vocabulary * width,
    crossBytes: decoderLayers * 2 * frames * width * Float32Array.BYTES_PER_ELEMENT,
  }
}

/** Measured: 10⁹ operations and 10⁹ bytes a second. */
export interface Rates {
  readonly float: number
  readonly integer: number
  readonly dram: number
  readonly cache: number
}

/** The least time that a machine of these rates needs. */
export interface Floor {
  /**
   * Convolutions in 32-bit floats or, if that is faster, as two passes of 8 bits; linear layers in 8 bits; attention in
   * floats.
   */
  readonly encoderMs: number
  readonly prefillMs: number
  /** A token whose weights come from memory, and one whose weights lie in the last cache. */
  readonly tokenMs: number
  readonly cachedTokenMs: number
}

export function floorOf(shape: ModelShape, seconds: number, rates: Rates): Floor {
  const encoder = encoderWork(shape, seconds)
  const decoder = decoderWork(shape, encoder.frames)
  const milliseconds = (count: number, rate: number): number => count / rate / 1e6
  const bytes = decoder.layerBytes + decoder.outputBytes + decoder.crossBytes
  return {
    encoderMs: milliseconds(encoder.convolutionOperations, Math.max(rates.float, rates.integer / 2))
      + milliseconds(encoder.linearOperations, rates.integer) + milliseconds(encoder.attentionOperations, rates.float),
    prefillMs: milliseconds(decoder.prefillOperations, rates.integer),
    tokenMs: milliseconds(bytes, rates.dram),
    cachedTokenMs: milliseconds(bytes, rates.cache),
  }
}

/** Log-mel frames, 100 a second; its convolutions keep the length and halve it. */
function whisper(width: number, layers: number): ModelShape {
  return {
    inputRate: 100,
    convolutions: [
      { inputs: 80, outputs: width, kernel: 3, stride: 1, padding: 1 },
      { inputs: width, outputs: width, kernel: 3, stride: 2, padding: 1 },
    ],
    width, encoderLayers: layers, decoderLayers: layers, encoderInner: 4 * width, decoderUp: 4 * width,
    decoderDown: 4 * width, vocabulary: 51_865,
  }
}
