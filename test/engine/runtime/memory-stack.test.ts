/** Memories of several clips side by side: which fit, where they lie, and what is behind shorter ones. */
import t from 'tap'
import type { EncoderMemory } from '../../../src/engine/runtime/encoder-memory.js'
import { MemoryStack } from '../../../src/engine/runtime/memory-stack.js'
import { outputOf, Tensor } from '../../../src/engine/runtime/session.js'

const NAMES = ['memory_keys_0', 'memory_values_0', 'memory_bias']
const [HEADS, WIDTH] = [2, 3]
const NOWHERE = Math.fround(-1e30)

/** Every number says the clip, the port, the head and the frame that it belongs to. */
function memoryOf(clip: number, frames: number, width = WIDTH): EncoderMemory {
  const numbers = (port: number): Tensor => new Tensor('float32', Float32Array.from({ length: HEADS * frames * width },
    (_, at) => 1e6 * clip + 1e5 * port + Math.floor(at / width)), [1, HEADS, frames, width])
  const bias = new Tensor('float32', Float32Array.from({ length: frames }, (_, at) => -clip - at / 1024), [1, frames])
  return { memory_keys_0: numbers(1), memory_values_0: numbers(2), memory_bias: bias }
}

/** Of each clip, its own part is there, and no position behind it has weight. */
function holds(found: EncoderMemory, memories: readonly EncoderMemory[]): boolean {
  const [batch, frames] = outputOf(found, 'memory_bias').dims as [number, number]
  return batch === memories.length && NAMES.every((name) => memories.every((memory, place) => {
    const isBias = name === 'memory_bias'
    const [heads, width] = isBias ? [1, 1] : [HEADS, WIDTH]
    const [given, data] = [memory, found].map((one) => outputOf(one, name).data as Float32Array) as
      [Float32Array, Float32Array]
    const length = given.length / heads
    return Array.from({ length: heads }, (_, head) => head).every((head) => {
      const own = data.subarray((place * heads + head) * frames * width, (place * heads + head + 1) * frames * width)
      const rest = own.subarray(length)
      return own.subarray(0, length).every((value, at) => value === given[head * length + at])
        && rest.every((value) => isBias ? value === NOWHERE : Number.isFinite(value))
    })
  }))
}

t.test('memories lie side by side, filled up to a common number of frames', (t) => {
  const stack = new MemoryStack(NAMES)
  const [a, b, c] = [memoryOf(1, 16), memoryOf(2, 80), memoryOf(3, 64)]
  const found = stack.over([a, b, c])
  t.same(outputOf(found, 'memory_keys_0').dims, [3, HEADS, 128, WIDTH])
  t.same(outputOf(found, 'memory_bias').dims, [3, 128])
  t.ok(holds(found, [a, b, c]))
  t.end()
})

t.test('clips leave, join and change places, and a shorter one after a longer one has nothing of it', (t) => {
  const stack = new MemoryStack(NAMES)
  const [long, short, other, longest] = [memoryOf(1, 120), memoryOf(2, 16), memoryOf(3, 48), memoryOf(4, 200)]
  for (const group of [
    [long, other], [short, other], [other, short], [short, other, long], [long, short], [long, longest],
    [short, longest, other, long], [short, short], [other, short],
  ]) t.ok(holds(stack.over(group), group))
  t.end()
})

t.test('a place is copied only when its clip changes', (t) => {
  const stack = new MemoryStack(NAMES)
  const [a, b, c] = [memoryOf(1, 32), memoryOf(2, 32), memoryOf(3, 32)]
  const before = stack.over([a, b])
  // An altered number of a clip that stays in its place is not copied again; that of one that joins is.
  ;(outputOf(a, 'memory_keys_0').data as Float32Array)[0] = -1
  const after = stack.over([a, c])
  const keys = outputOf(after, 'memory_keys_0').data as Float32Array
  t.equal(keys[0], 1.1e6)
  t.equal(keys[HEADS * 64 * WIDTH], 3.1e6)
  t.equal(keys.buffer, (outputOf(before, 'memory_keys_0').data as Float32Array).buffer, 'nothing is allocated')
  t.equal((outputOf(stack.over([b, a]), 'memory_keys_0').data as Float32Array)[HEADS * 64 * WIDTH], -1, 'moved')
  t.end()
})

t.test('one clip alone is taken as it is', (t) => {
  const stack = new MemoryStack(NAMES)
  const [a, b] = [memoryOf(1, 32), memoryOf(2, 32)]
  t.equal(stack.over([a]), a)
  stack.over([a, b])
  t.equal(stack.over([b]), b)
  t.ok(holds(stack.over([b, a]), [b, a]), 'and the next company has its own order')
  t.end()
})

t.test('at rest a small stack is kept, a large one is not, and clips are copied anew', (t) => {
  for (const [frames, isKept] of [[64, true], [512, false]] as const) {
    const stack = new MemoryStack(NAMES)
    const clips = [1, 2].map((clip) => memoryOf(clip, frames, 2_500))
    const bufferOf = (): unknown => (outputOf(stack.over(clips), 'memory_keys_0').data as Float32Array).buffer
    const before = bufferOf()
    stack.rest()
    t.equal(bufferOf() === before, isKept, `${frames} frames`)
    const [first] = outputOf(stack.over(clips), 'memory_keys_0').data as Float32Array
    t.equal(first, outputOf(clips[0]!, 'memory_keys_0').data[0], 'the clips are there')
  }
  t.end()
})

t.test('clips fit together up to 64 MB and up to four times the frames of the shortest', (t) => {
  const stack = new MemoryStack(NAMES)
  t.ok(stack.fits([memoryOf(1, 1_000)]), 'one alone always')
  t.ok(stack.fits([memoryOf(1, 16), memoryOf(2, 256)]), '64 and 256 frames, rounded up')
  t.notOk(stack.fits([memoryOf(1, 16), memoryOf(2, 257)]))
  t.notOk(stack.fits([memoryOf(1, 257), memoryOf(2, 64), memoryOf(3, 257)]), 'in any order')
  // Two ports of 2 × 1,000 numbers of 4 bytes: 16,004 bytes a frame.
  const wide = [1, 2, 3, 4].map((clip) => memoryOf(clip, 960, 1_000))
  t.ok(stack.fits(wide), `${4 * 960 * 16_004} bytes`)
  t.notOk(stack.fits([...wide, memoryOf(5, 960, 1_000)]), `${5 * 960 * 16_004} bytes`)
  t.notOk(stack.fits([memoryOf(1, 961, 1_000), ...wide.slice(1)]), 'frames are rounded up first')
  t.end()
})
