/** Tags of the labelling guide, each with the key that adds it. A test compares them with docs/labelling.md. */
export const TAGS = Object.freeze([
  { key: 'a', name: 'accent' },
  { key: 'n', name: 'noise' },
  { key: 'f', name: 'far' },
  { key: 'x', name: 'cross-talk' },
  { key: 'c', name: 'cut off' },
  { key: 'o', name: 'not speech' },
  { key: 'i', name: 'unintelligible' },
])
