/**
 * What a decoder attends to: keys and values of the encoder for each layer, as a greedy graph returns them and all
 * graphs of the model take them (`memoryInputs` in engine/compiler/decoder.ts).
 */
import { outputOf, Tensor, type Session, type Tensors } from './session.js'

/** By the names of the inputs. */
export type EncoderMemory = Tensors

const PREFIX = 'memory_'

/** The inputs of a graph that take the memory. */
export function memoryInputsOf({ inputs }: Session): string[] {
  return [...inputs.keys()].filter((name) => name.startsWith(PREFIX))
}

/** Memory without frames, for runs that encode audio. */
export function noMemory(session: Session): EncoderMemory {
  return Object.fromEntries(memoryInputsOf(session).map((name) => {
    const dims = session.inputs.get(name)!.map((size) => typeof size === 'number' ? size : 0)
    return [name, new Tensor('float32', new Float32Array(0), dims)]
  }))
}

/** The outputs of a run that hold the memory of the audio. */
export function memoryOutputsOf(session: Session): string[] {
  return memoryInputsOf(session).map((name) => `new_${name}`)
}

/** The memory of a run that returned `memoryOutputsOf`. */
export function memoryFrom(results: Tensors, session: Session): EncoderMemory {
  return Object.fromEntries(memoryInputsOf(session).map((name) => [name, outputOf(results, `new_${name}`)]))
}

/** Number of positions that the decoder attends to. */
export function framesOf(memory: EncoderMemory): number {
  return outputOf(memory, `${PREFIX}keys_0`).dims[2]!
}
