/** All checks over a set of examined clips: the list of checks is here. */
import { checkComposition } from './checks/composition.js'
import { checkCopies } from './checks/copies.js'
import type { Check, CheckedSet } from './checks/check.js'
import { checkContradictions } from './checks/contradictions.js'
import { checkFiles } from './checks/files.js'
import { checkLabelForms } from './checks/labels.js'
import { checkLabellers } from './checks/labellers.js'
import { checkSignal } from './checks/signal.js'
import { checkSpeech } from './checks/speech.js'
import { checkSplits } from './checks/splits.js'
import { checkTalkers } from './checks/talkers.js'
import { ranked, type Finding } from './finding.js'

const CHECKS: readonly Check[] = [
  checkFiles, checkSignal, checkTalkers, checkSpeech, checkContradictions, checkLabelForms, checkLabellers, checkCopies,
  checkSplits, checkComposition,
]

/** Ranked by expected cost. `earlier`: findings that were made while the manifest was read. */
export function verify(set: CheckedSet, earlier: readonly Finding[] = []): Finding[] {
  return ranked([...earlier, ...CHECKS.flatMap((check) => [...check(set)])])
}
