/** The part of @npmcli/config that we use; the package has no types of its own. */
declare module '@npmcli/config' {
  export default class Config {
    constructor(options: {
      definitions: object
      shorthands: object
      flatten: object
      nerfDarts: readonly string[]
      npmPath: string
      argv: readonly string[]
      env: NodeJS.ProcessEnv
      cwd: string
      warn: boolean
    })
    load(): Promise<void>
    /** Options as npm's own libraries take them: registry, proxy, certificates, authentication, cache. */
    readonly flat: Record<string, unknown>
  }
}

declare module '@npmcli/config/lib/definitions/index.js' {
  const parts: { definitions: object, shorthands: object, flatten: object, nerfDarts: readonly string[] }
  export default parts
}
