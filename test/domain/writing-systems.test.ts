/** Letters that a language is written in. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { projectRoot } from '../../src/domain/project-root.js'
import { isForeign, isWrittenIn } from '../../src/domain/writing-systems.js'

t.test('a language is written in its own script, in Latin letters, and in no other', (t) => {
  const own: Readonly<Record<string, string>> = {
    en: 'naïve', ru: 'мир', ja: 'カタカナひらがな漢字ー', ko: '한국어 韓國', zh: '中文', ar: 'سلام', el: 'λόγος', hi: 'हिन्दी',
    sr: 'Свет', uz: 'дунё', th: 'ภาษาไทย', he: 'שלום', ka: 'საქართველო',
  }
  for (const [language, text] of Object.entries(own)) {
    t.ok(isWrittenIn(`${text} ABC 12 %!`, language), language)
    for (const [other, foreign] of Object.entries(own)) {
      const isShared = other === 'en' || [['ru', 'sr', 'uz'], ['ja', 'zh', 'ko']].some((group) =>
        group.includes(language) && group.includes(other))
      if (other !== language && !isShared) t.notOk(isWrittenIn(foreign, language), `${other} in ${language}`)
    }
  }
  for (const unknown of ['qqx', 'en_US', 'x', '12']) t.ok(isWrittenIn('한', unknown), 'nothing is known of it')
  t.same(['5kΩ', '안녕', 'μs', '42', ''].map((word) => isForeign(word, 'en')), [false, true, false, false, false])
  t.end()
})

t.test('each language of the models has a known script', (t) => {
  const models = path.join(projectRoot, 'models')
  for (const name of readdirSync(models)) {
    const { languages = [] } = JSON.parse(readFileSync(path.join(models, name, 'model.json'), 'utf8')) as
      { languages?: string[] }
    for (const language of languages) t.notOk(['한', 'ж', 'ก'].every((letter) => isWrittenIn(letter, language)), language)
  }
  t.end()
})
