/** The configuration: command-line flags and their environment variables. */
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { StoreChoice } from '#files/open.ts'
import { isToken } from '#identity/tokens.ts'
import type { MailChoice } from '#jobs/post.ts'
import { isAllowance } from '#outgoing/addresses.ts'
import type { KeyChoice } from './keys.ts'
import type { Seed } from './seeds/seed.ts'

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
  /** The origin at which people reach the server; undefined: the stored one. */
  readonly publicUrl: string | undefined
  /** Proxies whose forwarded headers are trusted, in the format of Fastify's `trustProxy`. */
  readonly trustedProxies: readonly string[]
  /** Hosts and networks that the server may contact besides public addresses. */
  readonly outgoingAllow: readonly string[]
  /** The SMTP server; undefined: mails are only logged. */
  readonly mail: MailChoice | undefined
  /** Whether the server runs background jobs. */
  readonly worker: boolean
  /** pino's level; undefined: `warn` in a terminal, otherwise `info`. */
  readonly logLevel: string | undefined
}

export type Environment = Readonly<Record<string, string | undefined>>
export type Flags = Readonly<Record<string, string | boolean>>
/** The types of flags: `string` flags have a value. */
export type FlagTypes = Readonly<Record<string, 'string' | 'boolean'>>

/** An option as `halyard help` lists it. */
export interface Option {
  readonly flag: string
  /** The placeholder of the value in the help; undefined: the flag has no value. */
  readonly value?: string
  readonly meaning: string
  readonly standard?: string
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
const SEEDS: readonly Seed[] = ['demo', 'showcase', 'basic', 'none']

export const options: readonly Option[] = [
  { flag: 'port', value: 'PORT', meaning: 'port to listen on; 0 selects any free port', standard: '8080' },
  { flag: 'host', value: 'ADDRESS', meaning: 'address to listen on; 0.0.0.0 means all addresses', standard: '127.0.0.1' },
  { flag: 'public-url', value: 'URL', meaning: 'public address of the server, such as https://work.example.org; it is stored' },
  {
    flag: 'trusted-proxies',
    value: 'LIST',
    meaning: 'comma-separated addresses or networks of trusted proxies',
    standard: 'loopback',
  },
  {
    flag: 'outgoing-allow',
    value: 'LIST',
    meaning: 'comma-separated hosts or networks inside your own that users may connect as file storages',
    standard: 'none: only public addresses are contacted',
  },
  { flag: 'data', value: 'DIR', meaning: 'folder of the SQLite database, halyard.db', standard: './data' },
  { flag: 'database-url', value: 'URL', meaning: 'sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME, instead of --data' },
  { flag: 'ephemeral', meaning: 'keep all data in memory only' },
  {
    flag: 'attachments-dir',
    value: 'DIR',
    meaning: 'folder of the attachments',
    standard: 'attachments in the folder of --data',
  },
  { flag: 'attachments-s3-bucket', value: 'NAME', meaning: 'S3 bucket for the attachments, instead of a folder' },
  {
    flag: 'attachments-s3-endpoint',
    value: 'URL',
    meaning: 'endpoint of the S3-compatible store',
    standard: 'Amazon S3 in the region',
  },
  { flag: 'attachments-s3-region', value: 'REGION', meaning: 'region of the bucket', standard: 'us-east-1' },
  { flag: 'attachments-s3-access-key', value: 'KEY', meaning: 'access key ID of the store' },
  {
    flag: 'attachments-s3-secret-key',
    value: 'KEY',
    meaning: 'secret access key of the store; use the variable to hide it from process lists',
  },
  {
    flag: 'secret-key',
    value: 'KEY',
    meaning: 'key that encrypts secrets in the database; use the variable to hide it from process lists',
    standard: 'a key file that the first start creates beside the data',
  },
  { flag: 'secret-key-file', value: 'PATH', meaning: 'file with that key, followed by former keys' },
  { flag: 'seed', value: 'SEED', meaning: `initial data of an empty database: ${SEEDS.join(', ')}`, standard: 'demo' },
  { flag: 'admin-token', value: 'TOKEN', meaning: 'API token for the first administrator: opapi- and 40 hex digits' },
  {
    flag: 'smtp-url',
    value: 'URL',
    meaning: 'SMTP server: smtp://USER:PASSWORD@HOST:PORT, or smtps://; use the variable to hide it from process lists',
    standard: 'none: mails are logged at level info',
  },
  { flag: 'mail-from', value: 'ADDRESS', meaning: 'sender of mails; required with --smtp-url' },
  { flag: 'no-worker', meaning: 'leave background jobs to halyard worker' },
  { flag: 'log-level', value: 'LEVEL', meaning: LOG_LEVELS.join(', '), standard: 'warn in a terminal, otherwise info' },
]

/** The types of these flags, for `parseFlags`. */
export const flagTypes = (...flags: readonly string[]): FlagTypes =>
  Object.fromEntries(flags.map((flag) => [flag, options.find((o) => o.flag === flag)?.value ? 'string' : 'boolean']))

/** The environment variable of a flag: `HALYARD_DATABASE_URL` for `database-url`. */
export const variableOf = (flag: string): string => `HALYARD_${flag.toUpperCase().replaceAll('-', '_')}`

/**
 * Parses a command line.
 * @returns the flags and the positional arguments
 * @throws an Error in one sentence for a flag that is not in `types`, has an unexpected value, or lacks its value
 */
export function parseFlags(args: readonly string[], types: FlagTypes): { flags: Flags; words: string[] } {
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(Object.entries(types).map(([flag, type]) => [flag, { type }])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const flags: Record<string, string | boolean> = {}
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const type = Object.hasOwn(types, name) && rawName === `--${name}` ? types[name] : undefined
    if (!type) throw new Error(`${rawName} is not a flag of this command; halyard help lists the flags.`)
    if (type === 'boolean' && value !== undefined) throw new Error(`${rawName} has no value.`)
    const isMissing = value === undefined || value === '' || (!inlineValue && value.startsWith('-'))
    if (type === 'string' && isMissing) throw new Error(`${rawName} requires a value.`)
    flags[name] = value ?? true
  }
  return { flags, words: positionals }
}

/**
 * The configuration from flags and variables; flags take precedence. Empty variables count as unset.
 * @throws an Error in one sentence for an invalid value, and for contradictory flags
 */
export function readConfig(flags: Flags, environment: Environment): Config {
  const given = (flag: string) => (flags[flag] !== undefined ? String(flags[flag]) : environment[variableOf(flag)] || undefined)
  /** The name of an option for error messages: the flag or the variable. */
  const named = (flag: string) => (flags[flag] !== undefined ? `--${flag}` : variableOf(flag))
  const oneOf = <T extends string>(flag: string, values: readonly T[]): T | undefined => {
    const value = given(flag)
    if (value !== undefined && !values.includes(value as T)) {
      throw new Error(`${named(flag)} must be one of ${values.join(', ')}, not "${value}".`)
    }
    return value as T | undefined
  }

  const port = given('port') ?? '8080'
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new Error(`${named('port')} must be a number from 0 to 65535, not "${port}".`)
  }
  const adminToken = given('admin-token')
  if (adminToken !== undefined && !isToken(adminToken)) {
    throw new Error(`${named('admin-token')} must be opapi- followed by 40 hexadecimal digits (0-9, a-f).`)
  }
  const url = databaseUrl(flags, given, named)
  if (adminToken !== undefined && isSample(adminToken) && url !== IN_MEMORY) {
    throw new Error(`${named('admin-token')} is a well-known example; it is allowed only with --ephemeral.`)
  }
  const publicUrl = given('public-url')
  if (publicUrl !== undefined && !/^https?:\/\/[^/?#@\s]+$/.test(publicUrl)) {
    throw new Error(
      `${named('public-url')} must be an address such as https://work.example.org, without a path, not "${publicUrl}".`,
    )
  }
  const trustedProxies = (given('trusted-proxies') ?? 'loopback').split(',').map((one) => one.trim())
  const wrongProxy = trustedProxies.find((one) => !isProxy(one))
  if (wrongProxy !== undefined) {
    throw new Error(`${named('trusted-proxies')} must list addresses such as 10.0.0.1 or 10.0.0.0/8, not "${wrongProxy}".`)
  }
  const outgoingAllow = (given('outgoing-allow') ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)
  const wrongHost = outgoingAllow.find((one) => !isAllowance(one))
  if (wrongHost !== undefined) {
    throw new Error(
      `${named('outgoing-allow')} must list hosts such as files.example.org or networks such as 10.1.0.0/16, not "${wrongHost}".`,
    )
  }
  return Object.freeze({
    port: Number(port),
    host: given('host') ?? '127.0.0.1',
    databaseUrl: url,
    data: resolve(given('data') ?? 'data'),
    secretKey: secretKey(url, given, named),
    attachments: attachments(flags, given, named),
    seed: oneOf('seed', SEEDS) ?? 'demo',
    adminToken,
    publicUrl,
    trustedProxies,
    outgoingAllow,
    mail: mail(given, named),
    worker: !isTrue(given('no-worker') ?? 'false', named('no-worker')),
    logLevel: oneOf('log-level', LOG_LEVELS),
  })
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
    throw new Error(`${named('smtp-url')} must be an address such as smtp://USER:PASSWORD@mail.example.org:587.`)
  }
  if (from === undefined) throw new Error(`${named('smtp-url')} requires ${variableOf('mail-from')}, the sender of mails.`)
  if (!/^[^@<>\s]+@[^@<>\s]+$|^[^<>\r\n]+<[^@<>\s]+@[^@<>\s]+>$/.test(from)) {
    throw new Error(`${named('mail-from')} must be an e-mail address, not "${from}".`)
  }
  return { url, from }
}

function isProxy(text: string): boolean {
  if (text === 'loopback') return true
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address)
  return version !== 0 && (bits === undefined || Number(bits) <= (version === 4 ? 32 : 128))
}

/** The database URL. Among its three options, flags take precedence over variables. */
function databaseUrl(flags: Flags, given: (flag: string) => string | undefined, named: (flag: string) => string): string {
  const made = ['ephemeral', 'database-url', 'data'].filter((flag) => {
    const value = given(flag)
    return value !== undefined && (flag !== 'ephemeral' || isTrue(value, named(flag)))
  })
  const byFlag = made.filter((flag) => flags[flag] !== undefined)
  const [place, other] = byFlag.length > 0 ? byFlag : made
  if (place === 'ephemeral') {
    if (other) throw new Error(`${named(place)} and ${named(other)} contradict each other: --ephemeral keeps no data.`)
    return IN_MEMORY
  }
  if (place !== 'database-url') return `sqlite:${join(resolve(given('data') ?? 'data'), 'halyard.db')}`
  const url = given('database-url')!
  if (!/^sqlite:.|^postgres(ql)?:\/\/./.test(url)) {
    throw new Error(`${named('database-url')} must be sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME.`)
  }
  return url
}

/** The source of the secret key: given, beside an SQLite database, or in the folder of --data. */
function secretKey(url: string, given: (flag: string) => string | undefined, named: (flag: string) => string): KeyChoice {
  const [text, file] = [given('secret-key'), given('secret-key-file')]
  if (text !== undefined && file !== undefined) {
    throw new Error(`${named('secret-key')} and ${named('secret-key-file')} contradict each other.`)
  }
  if (text !== undefined) return { in: 'text', text, named: named('secret-key') }
  if (file !== undefined) return { in: 'file', path: resolve(file), ours: false }
  if (url === IN_MEMORY) return { in: 'memory' }
  const path = url.startsWith('sqlite:')
    ? `${resolve(url.slice('sqlite:'.length))}.key`
    : join(resolve(given('data') ?? 'data'), 'halyard.key')
  return { in: 'file', path, ours: true }
}

/** The storage of attachments: a bucket, a folder, or the folder of the data. */
function attachments(flags: Flags, given: (flag: string) => string | undefined, named: (flag: string) => string): StoreChoice {
  const s3 = (flag: string) => given(`attachments-s3-${flag}`)
  const [folder, bucket] = [given('attachments-dir'), s3('bucket')]
  if (folder && bucket) {
    throw new Error(`${named('attachments-dir')} and ${named('attachments-s3-bucket')} contradict each other.`)
  }
  if (bucket) {
    const region = s3('region') ?? 'us-east-1'
    const endpoint = s3('endpoint') ?? `https://s3.${region}.amazonaws.com`
    if (!/^https?:\/\/[^/?#@]+(\/[^?#]*)?$/.test(endpoint)) {
      throw new Error(`${named('attachments-s3-endpoint')} must be an address such as https://s3.example.org, not "${endpoint}".`)
    }
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
      throw new Error(`${named('attachments-s3-bucket')} must be the name of a bucket, not "${bucket}".`)
    }
    const [accessKey, secretKey] = [s3('access-key'), s3('secret-key')]
    if (!accessKey || !secretKey) {
      throw new Error(
        `${named('attachments-s3-bucket')} requires ${variableOf('attachments-s3-access-key')} and ${variableOf('attachments-s3-secret-key')}.`,
      )
    }
    return { in: 's3', bucket, region, endpoint, accessKey, secretKey }
  }
  if (folder) return { in: 'folder', path: resolve(folder) }
  if (databaseUrl(flags, given, named) === IN_MEMORY) return { in: 'memory' }
  return { in: 'folder', path: join(resolve(given('data') ?? 'data'), 'attachments') }
}

const IN_MEMORY = 'sqlite::memory:'

function isTrue(value: string, name: string): boolean {
  if (/^(true|yes|on|1)$/i.test(value)) return true
  if (/^(false|no|off|0)$/i.test(value)) return false
  throw new Error(`${name} must be true or false, not "${value}".`)
}
