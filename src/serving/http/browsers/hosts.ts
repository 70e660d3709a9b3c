/**
 * The host names that the service answers to. With DNS rebinding, a page of attacker.example makes its own name resolve
 * to this machine; to the browser the service is then a part of that page's site, and only the header `Host` shows it.
 * So a request must name the service: RFC 9110 (7.4) asks a server to reject other names with 421.
 *
 * IP addresses and the names of loopback always pass. Rebinding needs a name that the attacker controls in the DNS; an
 * address is not resolved, and `localhost` and its subdomains never leave the machine (RFC 6761, 6.3). So a page
 * whose host is an address of this service was served from that address. This keeps health checks and scrapes by
 * address working whatever is configured. A request without `Host` (HTTP/1.0) comes from no browser and passes.
 *
 * Ports are not compared: rebinding is about names, and behind a gateway the outside port is unknown.
 */
import { isIP, isIPv6 } from 'node:net'
import type { Config } from '../../../config.js'

type Names = Pick<Config, 'host' | 'allowedHosts'>

/** A name or an IPv4 address, or an IPv6 address in brackets, with an optional port. */
const HOST = /^(?:\[([^[\]]+)\]|([^:[\]]+?)\.?)(?::\d*)?$/

/** A function that tells whether the header `Host` names this service. */
export function hostCheck(names: Names): (header: string | undefined) => boolean {
  if (answersToAnyName(names)) return () => true
  const exact = new Set(names.allowedHosts)
  const endings = names.allowedHosts.filter((name) => name.startsWith('*.')).map((name) => name.slice(1))
  return (header) => {
    if (header === undefined) return true
    const [, ipv6, other] = HOST.exec(header) ?? []
    if (ipv6 !== undefined) return isIPv6(ipv6)
    if (other === undefined) return false
    const name = other.toLowerCase()
    return isIP(name) !== 0 || isLocalhost(name) || exact.has(name) || endings.some((ending) => name.endsWith(ending))
  }
}

/** On a network and without configured names, the service does not know its own name. */
export function answersToAnyName({ host, allowedHosts }: Names): boolean {
  return allowedHosts.includes('*') || (allowedHosts.length === 0 && !isLoopback(host))
}

/** Whether only this machine can reach a listening address. */
export function isLoopback(host: string): boolean {
  return isLocalhost(host.toLowerCase()) || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function isLocalhost(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost')
}
