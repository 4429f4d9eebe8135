/**
 * The addresses that requests to other servers may connect to: public ones, and those that the operator allows. Everything that is
 * reached only from inside is refused: this machine, private networks, link-local addresses with the metadata of clouds.
 */
import { BlockList, isIP } from 'node:net'

/** IPv4 networks that are not public, by the registry of special-purpose addresses (RFC 6890 and its updates). */
const INTERNAL_4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]
/** The only IPv6 network with public addresses, and its parts that are not: protocols, documentation, and tunnels to IPv4. */
const GLOBAL_6 = '2000::/3'
const INTERNAL_6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

function networks(list: readonly string[]): BlockList {
  const all = new BlockList()
  for (const one of list) {
    const [address = '', bits] = one.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    all.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
  }
  return all
}

const internal4 = networks(INTERNAL_4)
const internal6 = networks(INTERNAL_6)
const global6 = networks([GLOBAL_6])

/** The sixteen-bit groups of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const plain = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head = '', tail] = plain.split('::')
  const numbers = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const [first, last] = [numbers(head), numbers(tail ?? '')]
  return tail === undefined ? first : [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last]
}

/** The IPv4 address inside a mapped (`::ffff:a.b.c.d`) or translated (`64:ff9b::a.b.c.d`, NAT64) IPv6 address. */
function embedded(address: string): string | undefined {
  const groups = groupsOf(address)
  const prefix = groups.slice(0, 6).join(':')
  if (prefix !== `0:0:0:0:0:${0xffff}` && prefix !== `${0x64}:${0xff9b}:0:0:0:0`) return undefined
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 255])
    .join('.')
}

/** The address without the index of an interface, and as IPv4 where it stands for such an address. */
function plainOf(address: string): string {
  const [own = ''] = address.split('%')
  return (isIP(own) === 6 && embedded(own)) || own
}

/** Whether an address is public. Texts that are no address are not. */
export function isPublic(address: string): boolean {
  const plain = plainOf(address)
  const version = isIP(plain)
  if (version === 4) return !internal4.check(plain, 'ipv4')
  return version === 6 && global6.check(plain, 'ipv6') && !internal6.check(plain, 'ipv6')
}

/** The host of an address in the form of an allow-list: in small letters, without brackets and final dot. */
export const hostOf = ({ hostname }: URL): string => hostname.toLowerCase().replace(/^\[|\]$|\.$/g, '')

/** Whether a text can be an entry of the allow-list: a host name, an address, or a network such as `10.1.0.0/16`. */
export function isAllowance(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address)
  if (version !== 0) return bits === undefined || Number(bits) <= (version === 4 ? 32 : 128)
  return bits === undefined && /^(?!-)[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(address) && !/^[\d.]+$/.test(address)
}

/** Decides which addresses may be connected to. */
export type Permission = (host: string, address: string) => boolean

/**
 * The permission for public addresses and those on an allow-list.
 * @param allowed host names, whatever they resolve to, addresses, and networks
 */
export function permitting(allowed: readonly string[]): Permission {
  const isNetwork = (one: string) => isIP(one.split('/')[0] as string) !== 0
  const names = new Set(allowed.filter((one) => !isNetwork(one)).map((one) => one.toLowerCase()))
  const inside = networks(allowed.filter(isNetwork))
  return (host, address) => {
    if (names.has(host) || isPublic(address)) return true
    const plain = plainOf(address)
    return inside.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
  }
}
