/**
 * What a decoder attends to: keys and values of the encoder for each layer, as the encoder graph returns them and the
 * other graphs of the model take them (`memoryInputs` in engine/compiler/decoder.ts).
 */
import { SpeechError } from '../../domain/errors.js'
import { NOWHERE } from '../compiler/positions.js'
import { outputOf, type Session, type Tensor, type Tensors } from './session.js'

/** By the names of the inputs. */
export type EncoderMemory = Tensors

const PREFIX = 'memory_'

/** The inputs of a graph that take the memory. */
export function memoryInputsOf({ inputs }: Session): string[] {
  return [...inputs.keys()].filter((name) => name.startsWith(PREFIX))
}

/** Number of positions that the decoder attends to; those that fill up the last ones are included. */
export function framesOf(memory: EncoderMemory): number {
  return outputOf(memory, `${PREFIX}keys_0`).dims[2]!
}

/** Number of positions without those that fill up the last ones. */
export function statesIn(memory: EncoderMemory): number {
  return (outputOf(memory, `${PREFIX}bias`).data as Float32Array).filter((bias) => bias > NOWHERE).length
}

/** From audio to memory. */
export type Encode = (audio: Tensor) => Promise<EncoderMemory>

/** The encoder of a compiled model; throws MODEL_INVALID when the graph has another interface. */
export function encoderGraph(session: Session): Encode {
  const [input, ...others] = session.inputs.keys()
  const outputs = session.outputs.filter((name) => name.startsWith(PREFIX))
  if (input === undefined || others.length > 0 || outputs.length === 0) {
    throw new SpeechError('MODEL_INVALID', 'the graph is no compiled encoder')
  }
  return (audio) => session.run({ [input]: audio })
}
