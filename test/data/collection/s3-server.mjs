/**
 * An S3-compatible server over a folder, with checks of signatures, as a process of its own: it needs the algorithms of
 * old OpenSSL for the tokens of long lists. `node --openssl-legacy-provider s3-server.mjs FOLDER PORT lax|strict`
 * prints its port. In `lax`, signatures are not checked: the server leaves out the slash after the bucket when it signs
 * a list.
 */
import S3rver from '@20minutes/s3rver'

const [directory, port, checks] = process.argv.slice(2)
const server = new S3rver({
  address: '127.0.0.1', port: Number(port), directory, silent: true, allowMismatchedSignatures: checks === 'lax',
  configureBuckets: [{ name: 'clips', configs: [] }],
})
const { port: taken } = await server.run()
process.stdout.write(`${taken}\n`)
