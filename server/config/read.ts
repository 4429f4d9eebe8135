/** The configuration: from flags, variables of the environment and a file. */
import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import type { StoreChoice } from '#files/open.ts'
import { isToken } from '#identity/tokens.ts'
import type { MailChoice } from '#jobs/post.ts'
import { type Clock, timeIn } from '#kernel/clock.ts'
import { isAllowance } from '#outgoing/addresses.ts'
import type { KeyChoice } from '#server/keys.ts'
import type { Seed } from '#server/seeds/seed.ts'
import { UsageError } from '#server/usage.ts'
import { LOG_LEVELS, SEEDS, variableOf } from './options.ts'
import type { Sources } from './sources.ts'

/** The configuration of a process. */
export interface Config {
  /** TCP port to listen on; 0: any free port. */
  readonly port: number
  /** Address to listen on. */
  readonly host: string
  /** `sqlite:PATH`, `sqlite::memory:` or `postgres://…`. */
  readonly databaseUrl: string
  /** The default folder of the SQLite database, the attachments and the secret key. */
  readonly data: string
  /** The source of the key that encrypts secrets. */
  readonly secretKey: KeyChoice
  /** The storage of attachments. */
  readonly attachments: StoreChoice
  readonly seed: Seed
  readonly adminToken: string | undefined
  /** The address at which people reach the server; undefined: the stored one. */
  readonly publicUrl: string | undefined
  /** Proxies whose forwarded headers are trusted, in the format of Fastify's `trustProxy`. */
  readonly trustedProxies: readonly string[]
  /** Hosts and networks that the server may contact besides public addresses. */
  readonly outgoingAllow: readonly string[]
  /** Hosts that outgoing requests tell their trace. */
  readonly traceHosts: readonly string[]
  /** The SMTP server; undefined: mails are only logged. */
  readonly mail: MailChoice | undefined
  /** The test double; undefined: the data are kept. */
  readonly double: DoubleChoice | undefined
  /** The number of processes that serve requests; 1: the process itself. */
  readonly workers: number
  /** Whether the server runs background jobs. */
  readonly worker: boolean
  /** Where backups are kept; regular ones are made every so many milliseconds, and so many of them kept. */
  readonly backup: { readonly folder: string; readonly every: number | undefined; readonly keep: number }
  /** Where metrics are served; undefined: nowhere. */
  readonly metrics: MetricsChoice | undefined
  /** A file that holds the address while the server is ready. */
  readonly readyFile: string | undefined
  /** pino's level; undefined: `warn` in a terminal, otherwise `info`. */
  readonly logLevel: string | undefined
}

/** The ways to the metrics, at least one. */
export interface MetricsChoice {
  /** A port of their own. */
  readonly listen: { readonly port: number; readonly host: string } | undefined
  /** The bearer token that opens them on the port of the server. */
  readonly token: string | undefined
}

/** The start of a test double. */
export interface DoubleChoice {
  /** undefined: that of the system. */
  readonly clock: Clock | undefined
  /** The path of a file. */
  readonly fixtures: string | undefined
}

/**
 * The configuration from what is given.
 * @throws UsageError for an invalid value, and for values that contradict each other
 */
export function readConfig({ given, named, sourceOf }: Sources): Config {
  const oneOf = <T extends string>(flag: string, values: readonly T[]): T | undefined => {
    const value = given(flag)
    if (value !== undefined && !values.includes(value as T)) {
      throw new UsageError(`${named(flag)} must be one of ${values.join(', ')}, not "${value}".`)
    }
    return value as T | undefined
  }

  const adminToken = given('admin-token')
  if (adminToken !== undefined && !isToken(adminToken)) {
    throw new UsageError(`${named('admin-token')} must be opapi- followed by 40 hexadecimal digits (0-9, a-f).`)
  }
  const url = databaseUrl({ given, named, sourceOf })
  if (adminToken !== undefined && isSample(adminToken) && url !== IN_MEMORY) {
    throw new UsageError(`${named('admin-token')} is a well-known example; it is allowed only with --ephemeral.`)
  }
  const publicUrl = given('public-url')
  if (publicUrl !== undefined && !/^https?:\/\/[^/?#@\s]+(\/[\w.~-]+)*\/?$/.test(publicUrl)) {
    throw new UsageError(
      `${named('public-url')} must be an address such as https://work.example.org or https://example.org/work, not "${publicUrl}".`,
    )
  }
  const trustedProxies = (given('trusted-proxies') ?? 'loopback').split(',').map((one) => one.trim())
  const wrongProxy = trustedProxies.find((one) => !isProxy(one))
  if (wrongProxy !== undefined) {
    throw new UsageError(`${named('trusted-proxies')} must list addresses such as 10.0.0.1 or 10.0.0.0/8, not "${wrongProxy}".`)
  }
  const listed = (flag: string): string[] =>
    (given(flag) ?? '')
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean)
  const outgoingAllow = listed('outgoing-allow')
  const wrongHost = outgoingAllow.find((one) => !isAllowance(one))
  if (wrongHost !== undefined) {
    throw new UsageError(
      `${named('outgoing-allow')} must list hosts such as files.example.org or networks such as 10.1.0.0/16, not "${wrongHost}".`,
    )
  }
  const traceHosts = listed('trace-hosts').map((one) => one.toLowerCase())
  const wrongTraced = traceHosts.find((one) => !isAllowance(one) || one.includes('/'))
  if (wrongTraced !== undefined) {
    throw new UsageError(`${named('trace-hosts')} must list hosts such as files.example.org, not "${wrongTraced}".`)
  }
  return Object.freeze({
    port: port('port', given, named) ?? 8080,
    host: given('host') ?? '127.0.0.1',
    databaseUrl: url,
    data: resolve(given('data') ?? 'data'),
    secretKey: secretKey(url, given, named),
    attachments: attachments(url, given, named),
    seed: oneOf('seed', SEEDS) ?? 'demo',
    adminToken,
    publicUrl,
    trustedProxies,
    outgoingAllow,
    traceHosts,
    mail: mail(given, named),
    double: double(url, given, named),
    workers: workers(url, given, named),
    worker: !isTrue(given('no-worker') ?? 'false', named('no-worker')),
    backup: backup(url, given, named),
    metrics: metrics(given, named),
    readyFile: given('ready-file'),
    logLevel: oneOf('log-level', LOG_LEVELS),
  })
}

/** The port of an option. */
function port(flag: string, given: (flag: string) => string | undefined, named: (flag: string) => string): number | undefined {
  const text = given(flag)
  if (text !== undefined && (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)) {
    throw new UsageError(`${named(flag)} must be a number from 0 to 65535, not "${text}".`)
  }
  return text === undefined ? undefined : Number(text)
}

const MOST_WORKERS = 64

/** The number of processes that serve requests. */
function workers(url: string, given: (flag: string) => string | undefined, named: (flag: string) => string): number {
  const text = given('workers') ?? '1'
  const count = text === 'auto' ? Math.min(availableParallelism(), MOST_WORKERS) : Number(text)
  if (text !== 'auto' && (!/^[1-9]\d?$/.test(text) || count > MOST_WORKERS)) {
    throw new UsageError(`${named('workers')} must be a number from 1 to ${MOST_WORKERS}, or auto, not "${text}".`)
  }
  if (url === IN_MEMORY && text !== '1') {
    throw new UsageError(`${named('workers')} requires a database that processes can share: leave it out with --ephemeral.`)
  }
  return count
}

/** The ways to the metrics, if there is one. */
function metrics(given: (flag: string) => string | undefined, named: (flag: string) => string): MetricsChoice | undefined {
  const [own, host, token] = [port('metrics-port', given, named), given('metrics-host'), given('metrics-token')]
  if (host !== undefined && own === undefined) throw new UsageError(`${named('metrics-host')} requires --metrics-port.`)
  // The characters of a bearer token (RFC 6750). The message does not repeat the value.
  if (token !== undefined && !/^[\w.~+/-]{16,}=*$/.test(token)) {
    throw new UsageError(
      `${named('metrics-token')} must be 16 characters at least: letters, digits and -._~+/, such as from openssl rand -hex 32.`,
    )
  }
  if (own === undefined && token === undefined) return undefined
  return { listen: own === undefined ? undefined : { port: own, host: host ?? '127.0.0.1' }, token }
}

/** Whether a token is one of our documentation's examples or a repeated character. */
const isSample = (token: string): boolean =>
  /^opapi-(.)\1*$/.test(token) || token.slice('opapi-'.length) === '0123456789abcdef'.repeat(3).slice(0, 40)

/** The SMTP server, if one is configured. */
function mail(given: (flag: string) => string | undefined, named: (flag: string) => string): MailChoice | undefined {
  const [url, from] = [given('smtp-url'), given('mail-from')]
  if (url === undefined) return undefined
  // The message does not repeat the value, which may contain a password.
  if (!/^smtps?:\/\/[^/?#\s]+\/?$/.test(url) || !URL.canParse(url)) {
    throw new UsageError(`${named('smtp-url')} must be an address such as smtp://USER:PASSWORD@mail.example.org:587.`)
  }
  if (from === undefined) throw new UsageError(`${named('smtp-url')} requires ${variableOf('mail-from')}, the sender of mails.`)
  if (!/^[^@<>\s]+@[^@<>\s]+$|^[^<>\r\n]+<[^@<>\s]+@[^@<>\s]+>$/.test(from)) {
    throw new UsageError(`${named('mail-from')} must be an e-mail address, not "${from}".`)
  }
  return { url, from }
}

function isProxy(text: string): boolean {
  if (text === 'loopback') return true
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address)
  return version !== 0 && (bits === undefined || Number(bits) <= (version === 4 ? 32 : 128))
}

/** Whether a text is the URL of a database of either engine. */
export const isDatabaseUrl = (url: string): boolean => /^sqlite:.|^postgres(ql)?:\/\/./.test(url)

/** The database URL. Among its three options, those of the source that takes precedence count. */
function databaseUrl({ given, named, sourceOf }: Sources): string {
  const made = ['ephemeral', 'database-url', 'data'].filter((flag) => {
    const value = given(flag)
    return value !== undefined && (flag !== 'ephemeral' || isTrue(value, named(flag)))
  })
  const [source] = (['flag', 'variable', 'file'] as const).filter((one) => made.some((flag) => sourceOf(flag) === one))
  const [place, other] = made.filter((flag) => sourceOf(flag) === source)
  if (place === 'ephemeral') {
    if (other) throw new UsageError(`${named(place)} and ${named(other)} contradict each other: --ephemeral keeps no data.`)
    return IN_MEMORY
  }
  if (place !== 'database-url') return `sqlite:${join(resolve(given('data') ?? 'data'), 'halyard.db')}`
  const url = given('database-url')!
  if (!isDatabaseUrl(url)) {
    throw new UsageError(`${named('database-url')} must be sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME.`)
  }
  return url
}

/** The source of the secret key: given, beside an SQLite database, or in the folder of --data. */
function secretKey(url: string, given: (flag: string) => string | undefined, named: (flag: string) => string): KeyChoice {
  const [text, file] = [given('secret-key'), given('secret-key-file')]
  if (text !== undefined && file !== undefined) {
    throw new UsageError(`${named('secret-key')} and ${named('secret-key-file')} contradict each other.`)
  }
  if (text !== undefined) return { in: 'text', text, named: named('secret-key') }
  if (file !== undefined) return { in: 'file', path: resolve(file), ours: false }
  if (url === IN_MEMORY) return { in: 'memory' }
  const path = url.startsWith('sqlite:')
    ? `${resolve(url.slice('sqlite:'.length))}.key`
    : join(resolve(given('data') ?? 'data'), 'halyard.key')
  return { in: 'file', path, ours: true }
}

/** When backups are made, and where they are kept. */
function backup(url: string, given: (flag: string) => string | undefined, named: (flag: string) => string): Config['backup'] {
  const [every, keep] = [given('backup-every'), given('backup-keep') ?? '7']
  const [, count = '', unit = ''] = /^(\d{1,6})(m|h|d)$/.exec(every ?? '') ?? []
  if (every !== undefined && (Number(count) === 0 || unit === '')) {
    throw new UsageError(`${named('backup-every')} must be a time such as 30m, 24h or 7d, not "${every}".`)
  }
  if (every !== undefined && url === IN_MEMORY) {
    throw new UsageError(`${named('backup-every')} contradicts --ephemeral, which keeps no data.`)
  }
  if (!/^[1-9]\d{0,3}$/.test(keep))
    throw new UsageError(`${named('backup-keep')} must be a number from 1 to 9999, not "${keep}".`)
  const minutes = { m: 1, h: 60, d: 24 * 60 }[unit] ?? 0
  return {
    folder: resolve(given('backup-dir') ?? join(resolve(given('data') ?? 'data'), 'backups')),
    every: every === undefined ? undefined : Number(count) * minutes * 60_000,
    keep: Number(keep),
  }
}

/** The storage of attachments: a bucket, a folder, or the folder of the data. */
function attachments(url: string, given: (flag: string) => string | undefined, named: (flag: string) => string): StoreChoice {
  const s3 = (flag: string) => given(`attachments-s3-${flag}`)
  const [folder, bucket] = [given('attachments-dir'), s3('bucket')]
  if (folder && bucket) {
    throw new UsageError(`${named('attachments-dir')} and ${named('attachments-s3-bucket')} contradict each other.`)
  }
  if (bucket) {
    const region = s3('region') ?? 'us-east-1'
    const endpoint = s3('endpoint') ?? `https://s3.${region}.amazonaws.com`
    if (!/^https?:\/\/[^/?#@]+(\/[^?#]*)?$/.test(endpoint)) {
      throw new UsageError(
        `${named('attachments-s3-endpoint')} must be an address such as https://s3.example.org, not "${endpoint}".`,
      )
    }
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
      throw new UsageError(`${named('attachments-s3-bucket')} must be the name of a bucket, not "${bucket}".`)
    }
    const [accessKey, secretKey] = [s3('access-key'), s3('secret-key')]
    if (!accessKey || !secretKey) {
      throw new UsageError(
        `${named('attachments-s3-bucket')} requires ${variableOf('attachments-s3-access-key')} and ${variableOf('attachments-s3-secret-key')}.`,
      )
    }
    return { in: 's3', bucket, region, endpoint, accessKey, secretKey }
  }
  if (folder) return { in: 'folder', path: resolve(folder) }
  if (url === IN_MEMORY) return { in: 'memory' }
  return { in: 'folder', path: join(resolve(given('data') ?? 'data'), 'attachments') }
}

/** The test double of a server in memory. */
function double(
  url: string,
  given: (flag: string) => string | undefined,
  named: (flag: string) => string,
): DoubleChoice | undefined {
  const [time, runs, fixtures] = [given('clock'), given('clock-runs'), given('fixtures')]
  if (url !== IN_MEMORY) {
    const other = ['clock', 'clock-runs', 'fixtures'].find((flag) => given(flag) !== undefined)
    if (other !== undefined) throw new UsageError(`${named(other)} requires --ephemeral.`)
    return undefined
  }
  if (runs !== undefined && time === undefined) throw new UsageError(`${named('clock-runs')} requires --clock.`)
  const at = time === undefined ? undefined : timeIn(time)
  if (time !== undefined && !at) {
    throw new UsageError(`${named('clock')} must be a time with its zone, such as 2026-01-05T09:00Z, not "${time}".`)
  }
  return { clock: at && { at, runs: isTrue(runs ?? 'false', named('clock-runs')) }, fixtures }
}

const IN_MEMORY = 'sqlite::memory:'

function isTrue(value: string, name: string): boolean {
  if (/^(true|yes|on|1)$/i.test(value)) return true
  if (/^(false|no|off|0)$/i.test(value)) return false
  throw new UsageError(`${name} must be true or false, not "${value}".`)
}
