/** Names of a catalogue that continue what is typed. */
import t from 'tap'
import { completionsOf } from '../../../src/search/catalogue/completion.js'

const entry = (name: string, ...aliases: string[]) => ({ name, aliases })
const SHOP = { entries: [entry('Hiking Boots', 'walking boots'), entry('Red Tent'), entry('Tent Pegs'), entry('Hi-Fi')] }
const names = (text: string, most = 6): Promise<string[]> =>
  completionsOf(text, [SHOP], most).then((all) => all.map(({ name, replaces }) => `${name} ${replaces}`))

t.test('the last words are completed, the longest match first, without regard to case', async (t) => {
  t.same(await names('show me hik'), ['Hiking Boots 3'])
  t.same(await names('Show me red t'), ['Red Tent 5'])
  t.same(await names('hi'), ['Hiking Boots 2', 'Hi-Fi 2'])
  t.same(await names('hi', 1), ['Hiking Boots 2'])
  t.same(await names('old walking b'), ['walking boots 9'])
  t.same(await names('tent'), ['Tent Pegs 4'], 'a name does not complete itself')
})

t.test('nothing is completed without two characters, or from the middle of a word', async (t) => {
  t.same(await names(''), [])
  t.same(await names('h'), [])
  t.same(await names('xhik'), [])
  t.same(await names('hiking boots'), [])
})
