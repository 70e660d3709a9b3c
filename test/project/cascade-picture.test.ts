/** docs/cascade.svg shows the table of thresholds and marks the default of the setting. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { drawCascade, readThresholds } from '../../fixtures/kit/cascade-picture.js'
import { readConfig } from '../../src/config.js'
import { projectRoot } from '../../src/domain/project-root.js'
import { PROFILE_SETTINGS } from '../../src/domain/profiles.js'

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8')
const page = read('docs/benchmarks/accuracy.md')
const below = readConfig({}).cascadeBelow

t.test('the picture is that of the table, and marks the default', async (t) => {
  const picture = read('docs/cascade.svg')
  t.equal(picture, drawCascade(readThresholds(page), below), 'npm run fixtures -- cascade makes it again')
  t.match(picture, `>${below}, the default<`)
  t.equal(PROFILE_SETTINGS.balanced.EARSHOT_CASCADE_BELOW, below, 'it is that of the profile as well')
  t.match(page, '(../cascade.svg)', 'the page shows it')
  t.match(page, `| **${below}** |`, 'the table marks the same row')
})

t.test('a default that was not measured cannot be marked', async (t) => {
  const rows = readThresholds(page)
  t.ok(rows.length >= 8)
  t.match(rows.find((row) => row.below === String(below)), { wer: Number, time: Number })
  t.throws(() => drawCascade(rows, 0.123), /no row for EARSHOT_CASCADE_BELOW=0\.123/)
  t.throws(() => drawCascade(readThresholds('no table'), below), /no row/)
})
