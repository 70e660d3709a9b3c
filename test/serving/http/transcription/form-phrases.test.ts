/** Phrases of a form: keywords, phrases and a prompt that is a list, in all the ways in which clients send them. */
import t from 'tap'
import { promptHeader, readFormPhrases } from '../../../../src/serving/http/transcription/form-phrases.js'
import { itemsOf, type Form } from '../../../../src/serving/http/transcription/multipart.js'

const formOf = (fields: Readonly<Record<string, readonly string[]>>): Form =>
  ({ file: undefined, otherFiles: [], fields: new Map(Object.entries(fields)) })

const read = (fields: Readonly<Record<string, readonly string[]>>, prompt?: string) =>
  readFormPhrases(formOf(fields), prompt)

t.test('a list is a value for each item, a JSON array, or items between commas', async (t) => {
  const same: Readonly<Record<string, readonly string[]>>[] = [
    { 'keywords[]': ['Billy', 'Ivar, the shelf'] },
    { 'keywords': ['Billy', 'Ivar, the shelf'] },
    { 'keywords': [' ["Billy", "Ivar, the shelf"]'] },
    { 'keywords[]': ['Billy', ' '], 'keywords': ['["Ivar, the shelf", ""]'] },
  ]
  for (const fields of same) t.same(itemsOf(formOf(fields), 'keywords'), ['Billy', 'Ivar, the shelf'])
  t.same(itemsOf(formOf({ keywords: ['Billy,Ivar,'] }), 'keywords'), ['Billy', 'Ivar'])
  t.same(itemsOf(formOf({ 'keywords[]': ['[Billy'] }), 'keywords'), ['[Billy'], 'brackets of a name mean one item')
  t.same(itemsOf(formOf({}), 'keywords'), [])
  for (const broken of ['[', '["a", 1]', '[["a"]]']) {
    const error = { code: 'REQUEST_INVALID', parameter: 'keywords' }
    t.throws(() => itemsOf(formOf({ keywords: [broken] }), 'keywords'), error, broken)
  }
})

t.test('keywords, phrases and a list in the prompt join, each phrase once', async (t) => {
  const fields = { 'keywords[]': ['Billy', ' Ivar '], 'phrases': ['Kallax,Billy'] }
  t.same(read(fields, 'Glossary: Ivar, Lack'), { kind: 'list', used: ['Billy', 'Ivar', 'Kallax', 'Lack'], given: 4 })
  t.same(read(fields, 'Did you say Lack?'), { kind: 'context', used: ['Billy', 'Ivar', 'Kallax'], given: 3 })
  t.same(read({}, undefined), { kind: undefined, used: [], given: 0 })
})

t.test('the first 200 are used, whatever they came in, and the header reports the others', async (t) => {
  const many = (word: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${word} ${i}`)
  const ofPrompt = read({}, many('phrase', 230).join(','))
  t.same([ofPrompt.used.length, ofPrompt.used[199]], [200, 'phrase 199'])
  t.equal(promptHeader(ofPrompt), 'list; used=200; given=230')
  const both = read({ 'keywords[]': many('keyword', 150) }, many('phrase', 230).join(','))
  t.same([both.used[149], both.used[199]], ['keyword 149', 'phrase 49'], 'keywords come first')
  t.equal(promptHeader(both), 'list; used=200; given=380')
  const besideContext = read({ 'keywords[]': many('keyword', 201) }, 'Did you say jazz?')
  t.equal(promptHeader(besideContext), 'context; used=200; given=201')
  t.equal(promptHeader(read({ 'keywords[]': ['jazz'] })), 'list')
  t.equal(promptHeader(read({}, 'jazz')), 'context')
  t.equal(promptHeader(read({})), undefined)
})

t.test('a phrase that is too long or has control characters is refused by the name of its parameter', async (t) => {
  for (const wrong of ['x'.repeat(101), 'a\nb', 'a\u202eb']) {
    for (const parameter of ['keywords', 'phrases']) {
      t.throws(() => read({ [`${parameter}[]`]: [wrong] }), { code: 'REQUEST_INVALID', parameter })
    }
  }
})
