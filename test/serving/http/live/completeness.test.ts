/** Whether words are a whole name of a catalogue. */
import t from 'tap'
import { CatalogueStore } from '../../../../src/search/catalogue/store.js'
import { completenessIn } from '../../../../src/serving/http/live/completeness.js'
import { readConfig } from '../../../../src/config.js'

const CSV = 'id,name\n1,Lost\n2,Lost in Translation\n3,The Matrix\n4,"AC/DC: Back in Black"\n5,7 Rings\n'

t.test('a name that none continues is complete, the start of a longer one goes on', async (t) => {
  const store = new CatalogueStore(
    { publish: async () => ({ seconds: 0, unspellable: [] }), forget: () => undefined }, readConfig({}),
  )
  const { catalogue } = await store.put('films', Buffer.from(CSV), 'csv')
  const completeness = (text: string): string => completenessIn(catalogue, text)
  t.equal(completeness('The Matrix.'), 'complete')
  t.equal(completeness('lost in translation'), 'complete')
  t.equal(completeness('Lost'), 'continues', 'an entry of its own, and the start of another')
  t.equal(completeness('Lost in'), 'continues')
  t.equal(completeness('the'), 'continues')
  t.equal(completeness('lost in space'), 'unknown')
  t.equal(completeness('los'), 'unknown', 'words are compared whole')
  t.equal(completeness(''), 'unknown')
  t.equal(completeness('7 rings'), completeness('seven rings'), 'numbers are written in one way')
})
