/**
 * The memories of several clips side by side, [batch, …]: what each clip of a batch attends to, filled up to the length
 * of the longest. Clips stay in their place from run to run, so only those that join are copied.
 */
import { NOWHERE } from '../compiler/positions.js'
import type { EncoderMemory } from './encoder-memory.js'
import { outputOf, Tensor } from './session.js'

/** Of all memories of a batch: four clips of 20 s of Moonshine tiny, or one of Whisper small. */
const MAX_BYTES = 64e6
/** What is kept while nothing is decoded: four clips of 6 s of Moonshine tiny. */
const MAX_IDLE_BYTES = 16e6
/** A short clip beside a much longer one would spend its time on positions without weight. */
const MAX_RATIO = 4
/** Frames are rounded up to a multiple of this, so that a clip that is a little longer does not move all others. */
const FRAMES_MULTIPLE = 64
const BIAS = 'memory_bias'

interface Port {
  readonly name: string
  /** [heads, head width]; of the bias [1, 1]. */
  readonly heads: number
  readonly width: number
  readonly numbers: Float32Array
}

interface Stack { readonly frames: number; readonly capacity: number; readonly ports: readonly Port[] }

export class MemoryStack {
  readonly #names: readonly string[]
  #stack: Stack | undefined
  /** The memories in their places. */
  #places: (EncoderMemory | undefined)[] = []

  constructor(names: readonly string[]) {
    this.#names = names
  }

  /** Whether these may be decoded together. */
  fits(memories: readonly EncoderMemory[]): boolean {
    if (memories.length < 2) return true
    const lengths = memories.map(framesIn)
    const frames = roundedUp(Math.max(...lengths))
    const bytes = memories.length * frames * this.#bytesOfFrame(memories[0]!)
    return bytes <= MAX_BYTES && frames <= MAX_RATIO * roundedUp(Math.min(...lengths))
  }

  /** The inputs of a run over these clips. One alone is taken as it is. */
  over(memories: readonly EncoderMemory[]): EncoderMemory {
    const [first, ...others] = memories as readonly [EncoderMemory, ...EncoderMemory[]]
    if (others.length === 0) return first
    const stack = this.#stackFor(memories)
    for (const [place, memory] of memories.entries()) {
      if (this.#places[place] !== memory) copyInto(stack, place, memory)
      this.#places[place] = memory
    }
    return Object.fromEntries(stack.ports.map((port) => [port.name, tensorOf(port, memories.length, stack.frames)]))
  }

  /** No clip is decoded: lets go of a large stack. A small one is used again, since to allocate it costs more. */
  rest(): void {
    const bytes = this.#stack?.ports.reduce((sum, { numbers }) => sum + numbers.byteLength, 0) ?? 0
    this.#places = []
    if (bytes > MAX_IDLE_BYTES) this.#stack = undefined
  }

  #stackFor(memories: readonly EncoderMemory[]): Stack {
    const frames = roundedUp(Math.max(...memories.map(framesIn)))
    const known = this.#stack
    if (known !== undefined && known.frames >= frames && known.capacity >= memories.length) return known
    this.#places = []
    const capacity = Math.max(memories.length, known?.capacity ?? 0)
    const ports = this.#names.map((name): Port => {
      const [, heads, width] = shapeOf(memories[0]!, name)
      return { name, heads, width, numbers: new Float32Array(capacity * heads * frames * width) }
    })
    return this.#stack = { frames, capacity, ports }
  }

  #bytesOfFrame(memory: EncoderMemory): number {
    return this.#names.reduce((sum, name) => {
      const [, heads, width] = shapeOf(memory, name)
      return sum + 4 * heads * width
    }, 0)
  }
}

function roundedUp(frames: number): number {
  return Math.ceil(frames / FRAMES_MULTIPLE) * FRAMES_MULTIPLE
}

/** Frames, heads and head width: the bias has neither, [1, frames]. */
function shapeOf(memory: EncoderMemory, name: string): [frames: number, heads: number, width: number] {
  const { dims } = outputOf(memory, name)
  return name === BIAS ? [dims[1]!, 1, 1] : [dims[2]!, dims[1]!, dims[3]!]
}

function framesIn(memory: EncoderMemory): number {
  return outputOf(memory, BIAS).dims[1]!
}

/** What was behind shorter memories stays: it has no weight, and is finite. */
function copyInto({ ports, frames }: Stack, place: number, memory: EncoderMemory): void {
  for (const { name, heads, width, numbers } of ports) {
    const given = outputOf(memory, name).data as Float32Array
    const length = given.length / heads
    for (let head = 0; head < heads; head++) {
      const into = (place * heads + head) * frames * width
      numbers.set(given.subarray(head * length, (head + 1) * length), into)
      if (name === BIAS) numbers.fill(NOWHERE, into + length, into + frames)
    }
  }
}

function tensorOf({ name, heads, width, numbers }: Port, batch: number, frames: number): Tensor {
  const dims = name === BIAS ? [batch, frames] : [batch, heads, frames, width]
  return new Tensor('float32', numbers.subarray(0, batch * heads * frames * width), dims)
}
