/** `npm run verify-data` as a process of its own, which can be watched and killed. */
import { runVerifyData } from '../../src/commands/verify-data/verify-data.js'

process.exitCode = await runVerifyData(process.argv.slice(2))
// A keep-alive handle of a recognition process would hold this one for a while.
process.exit()
