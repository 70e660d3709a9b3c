/** What `--help` prints for the commands of the set-up itself, which needs neither an installation nor a build. */
// @ts-check

export const SERVE_USAGE = `npm start
  installs the packages, builds, fetches the model where any of these is lacking, and starts the service
  settings are EARSHOT_* variables, such as EARSHOT_PORT=9000 npm start; docs/configuration.md lists them`

export const DEV_USAGE = `npm run dev
  starts the service, builds after every change of a source, and starts it anew; its log is readable
  settings are EARSHOT_* variables, as of npm start`

export const BUILD_USAGE = `npm run build
  compiles the sources into dist/, where one has changed`

export const CHECK_USAGE = `npm run check
  checks types and lint of all sources`

export const TEST_USAGE = `npm test -- [FILE or FOLDER …] [--changed[=REVISION]] [--grep=/PATTERN/] [--jobs=N] [--tap]
  FILE, FOLDER   tests to run, such as test/audio or test/config.test.ts; all by default
  --changed      those that are affected by what differs from the last commit, or from REVISION
  --grep         tests whose name matches
  --jobs         test files at a time; 2 by default
  --tap          the output of the files as it is`

export const FIXTURES_USAGE = `npm run fixtures -- NAME… | all
  makes these files of fixtures/ again; without a name, lists them`
