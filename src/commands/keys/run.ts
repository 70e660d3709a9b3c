/** `node dist/src/commands/keys/run.js`: the command `keys` without npm, as in the image. */
import { runKeys } from './command.js'

process.exitCode = await runKeys(process.argv.slice(2))
