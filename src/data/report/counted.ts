/** Numbers of things, for people. */

/** "1 speaker", "2 speakers". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
