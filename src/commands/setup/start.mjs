/**
 * The first file of every npm command: `node src/commands/setup/start.mjs <command> [arguments]`.
 *
 * Plain JavaScript without dependencies, because it runs before anything is installed. It only checks the
 * version of Node, in syntax that old versions can parse, so that they print a sentence instead of a syntax error.
 * Everything else is in commands.mjs.
 */
// @ts-check

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`earshot: Node 20.19 or newer is needed, this is ${process.version}. `
    + 'Install the current LTS release and try again.')
  process.exitCode = 1
} else {
  import('./commands.mjs').then(({ main }) => main(process.argv.slice(2)))
}
