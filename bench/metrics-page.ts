/** Numbers out of GET /metrics (the Prometheus text format), as far as the benches need them. */

/** The sum over all label sets of a metric, or over those with these labels. Throws when there is none. */
export function metricValue(page: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  const values = page.split('\n')
    .map((line) => /^([A-Za-z_:][\w:]*)(\{.*\})? (\S+)$/.exec(line))
    .filter((match) => match?.[1] === name && wanted.every((pair) => match[2]?.includes(pair)))
    .map((match) => Number(match![3]))
  if (values.length === 0) throw new Error(`/metrics has no ${name}${wanted.length > 0 ? ` with ${wanted.join(', ')}` : ''}`)
  return values.reduce((total, value) => total + value, 0)
}
