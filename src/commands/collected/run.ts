/** The command as a program of its own, for images without npm. */
import { runCollected } from './collected.js'

process.exitCode = await runCollected(process.argv.slice(2))
