/** Writes clips into a directory without an end, and prints the id of each that is stored. For crash.test.ts. */
const [compiled, folder, key] = process.argv.slice(2)
const { ClipStore, digestOf } = await import(new URL('clip-store.js', compiled).href)
const { DirectoryStore } = await import(new URL('directory-store.js', compiled).href)
const { secretsOf } = await import(new URL('secrets.js', compiled).href)

const store = await ClipStore.open(new DirectoryStore(folder), secretsOf(Buffer.from(key, 'hex')))
const audio = Buffer.alloc(200_000, 5)
const sha256 = await digestOf(audio)
for (let index = 0; ; index++) {
  const id = `clip-${index}`
  const time = new Date(Date.UTC(2026, 4, 4) + index).toISOString()
  const report = { text: `words ${index} `.repeat(500) }
  await store.put({
    id, time, session: null, audio: { bytes: audio.length, sha256, mediaType: '' }, reasons: ['uniform'],
    samplingProbability: 1, driftFeatures: [], correction: null, report,
  }, audio)
  process.stdout.write(`${id}\n`)
}
