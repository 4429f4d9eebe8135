/** What an operator can choose: flags of the command line, and the environment variables that stand for them. */
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { StoreChoice } from '#files/open.ts'
import { isToken } from '#identity/tokens.ts'
import type { MailChoice } from '#jobs/post.ts'
import type { KeyChoice } from './keys.ts'
import type { Seed } from './setup.ts'

/** Every choice made. */
export interface Config {
  /** TCP port to listen on; 0: any that is free. */
  readonly port: number
  /** Address to listen on. */
  readonly host: string
  /** `sqlite:PATH`, `sqlite::memory:` or `postgres://…`. */
  readonly databaseUrl: string
  /** The folder that is ours: of the SQLite database, attached files and the key, unless they are said to be elsewhere. */
  readonly data: string
  /** Where the key comes from by which secrets are sealed. */
  readonly secretKey: KeyChoice
  /** Where attached files are kept. */
  readonly attachments: StoreChoice
  readonly seed: Seed
  readonly adminToken: string | undefined
  /** The origin by which people reach the server; undefined: as the settings say. */
  readonly publicUrl: string | undefined
  /** Proxies that may say for whom they ask, as Fastify's `trustProxy` takes them. */
  readonly trustedProxies: readonly string[]
  /** How mail is sent; undefined: not at all. */
  readonly mail: MailChoice | undefined
  /** pino's level; undefined: by whether a person is watching. */
  readonly logLevel: string | undefined
}

export type Environment = Readonly<Record<string, string | undefined>>
export type Flags = Readonly<Record<string, string | boolean>>
/** Flags by name, and whether they take a value. */
export type FlagTypes = Readonly<Record<string, 'string' | 'boolean'>>

/** A choice as `halyard help` lists it. */
export interface Option {
  readonly flag: string
  /** What a value is called in the help; undefined: the flag takes none. */
  readonly value?: string
  readonly meaning: string
  readonly standard?: string
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
const SEEDS: readonly Seed[] = ['demo', 'basic', 'none']

export const options: readonly Option[] = [
  { flag: 'port', value: 'PORT', meaning: 'port to listen on; 0 takes any free one', standard: '8080' },
  { flag: 'host', value: 'ADDRESS', meaning: 'address to listen on; 0.0.0.0 is all of them', standard: '127.0.0.1' },
  { flag: 'public-url', value: 'URL', meaning: 'address that people reach it by, such as https://work.example.org; it is kept' },
  {
    flag: 'trusted-proxies',
    value: 'LIST',
    meaning: 'addresses or nets, with commas, of proxies whose word for where a request comes from is taken',
    standard: 'loopback',
  },
  { flag: 'data', value: 'DIR', meaning: 'folder of the SQLite database, halyard.db', standard: './data' },
  { flag: 'database-url', value: 'URL', meaning: 'sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME, instead of --data' },
  { flag: 'ephemeral', meaning: 'keep everything in memory and leave nothing behind' },
  { flag: 'attachments-dir', value: 'DIR', meaning: 'folder of attached files', standard: 'attachments in the folder of --data' },
  { flag: 'attachments-s3-bucket', value: 'NAME', meaning: 'bucket of an S3-compatible store for attached files, instead' },
  { flag: 'attachments-s3-endpoint', value: 'URL', meaning: 'where that store answers', standard: 'Amazon, in the region' },
  { flag: 'attachments-s3-region', value: 'REGION', meaning: 'region of the bucket', standard: 'us-east-1' },
  { flag: 'attachments-s3-access-key', value: 'KEY', meaning: 'name of the key to that store' },
  { flag: 'attachments-s3-secret-key', value: 'KEY', meaning: 'the key itself; a variable keeps it from being listed' },
  {
    flag: 'secret-key',
    value: 'KEY',
    meaning: 'key by which secrets in the database are sealed; a variable keeps it from being listed',
    standard: 'one that the first start makes, in a file beside the data',
  },
  { flag: 'secret-key-file', value: 'PATH', meaning: 'file that holds that key, and after it those that were in use before' },
  { flag: 'seed', value: 'SEED', meaning: `what an empty database is filled with: ${SEEDS.join(', ')}`, standard: 'demo' },
  { flag: 'admin-token', value: 'TOKEN', meaning: 'API token that the first administrator shall have: opapi- and 40 hex digits' },
  {
    flag: 'smtp-url',
    value: 'URL',
    meaning: 'server that mail is sent by: smtp://USER:PASSWORD@HOST:PORT, or smtps://; a variable keeps it from being listed',
    standard: 'none: the log tells at level info what would have been sent',
  },
  { flag: 'mail-from', value: 'ADDRESS', meaning: 'whom mail comes from; --smtp-url needs it' },
  { flag: 'log-level', value: 'LEVEL', meaning: LOG_LEVELS.join(', '), standard: 'info, in a terminal warn' },
]

/** The types of some of these flags, for `parseFlags`. */
export const flagTypes = (...flags: readonly string[]): FlagTypes =>
  Object.fromEntries(flags.map((flag) => [flag, options.find((o) => o.flag === flag)?.value ? 'string' : 'boolean']))

/** The variable that stands for a flag: `HALYARD_DATABASE_URL` for `database-url`. */
export const variableOf = (flag: string): string => `HALYARD_${flag.toUpperCase().replaceAll('-', '_')}`

/**
 * Reads a command line.
 * @returns the flags given, and the words that are not flags
 * @throws an Error in one sentence for a flag that is not among `types`, or has a value too much or too few
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
    if (!type) throw new Error(`${rawName} is not a flag of this command; halyard help lists them.`)
    if (type === 'boolean' && value !== undefined) throw new Error(`${rawName} takes no value.`)
    const isMissing = value === undefined || value === '' || (!inlineValue && value.startsWith('-'))
    if (type === 'string' && isMissing) throw new Error(`${rawName} needs a value.`)
    flags[name] = value ?? true
  }
  return { flags, words: positionals }
}

/**
 * The configuration that flags and variables make together; flags win. Empty variables count as not set.
 * @throws an Error in one sentence for a value that makes no sense, and for choices that contradict each other
 */
export function readConfig(flags: Flags, environment: Environment): Config {
  const given = (flag: string) => (flags[flag] !== undefined ? String(flags[flag]) : environment[variableOf(flag)] || undefined)
  /** How to call a choice where it is wrong: as it was made. */
  const named = (flag: string) => (flags[flag] !== undefined ? `--${flag}` : variableOf(flag))
  const oneOf = <T extends string>(flag: string, values: readonly T[]): T | undefined => {
    const value = given(flag)
    if (value !== undefined && !values.includes(value as T)) {
      throw new Error(`${named(flag)} is one of ${values.join(', ')}, not "${value}".`)
    }
    return value as T | undefined
  }

  const port = given('port') ?? '8080'
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new Error(`${named('port')} is a number from 0 to 65535, not "${port}".`)
  }
  const adminToken = given('admin-token')
  if (adminToken !== undefined && !isToken(adminToken)) {
    throw new Error(`${named('admin-token')} must be opapi- followed by 40 hexadecimal digits (0-9, a-f).`)
  }
  const url = databaseUrl(flags, given, named)
  if (adminToken !== undefined && isSample(adminToken) && url !== IN_MEMORY) {
    throw new Error(`${named('admin-token')} is an example that everybody knows; with --ephemeral only it can be used.`)
  }
  const publicUrl = given('public-url')
  if (publicUrl !== undefined && !/^https?:\/\/[^/?#@\s]+$/.test(publicUrl)) {
    throw new Error(`${named('public-url')} is an address such as https://work.example.org, without a path, not "${publicUrl}".`)
  }
  const trustedProxies = (given('trusted-proxies') ?? 'loopback').split(',').map((one) => one.trim())
  const wrongProxy = trustedProxies.find((one) => !isProxy(one))
  if (wrongProxy !== undefined) {
    throw new Error(`${named('trusted-proxies')} lists addresses such as 10.0.0.1 or 10.0.0.0/8, not "${wrongProxy}".`)
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
    mail: mail(given, named),
    logLevel: oneOf('log-level', LOG_LEVELS),
  })
}

/** The tokens that our documents show, and those that fingers make of themselves. */
const isSample = (token: string): boolean =>
  /^opapi-(.)\1*$/.test(token) || token.slice('opapi-'.length) === '0123456789abcdef'.repeat(3).slice(0, 40)

/** How mail is sent, if at all. */
function mail(given: (flag: string) => string | undefined, named: (flag: string) => string): MailChoice | undefined {
  const [url, from] = [given('smtp-url'), given('mail-from')]
  if (url === undefined) return undefined
  // Not repeated: there may be a password in it.
  if (!/^smtps?:\/\/[^/?#\s]+\/?$/.test(url) || !URL.canParse(url)) {
    throw new Error(`${named('smtp-url')} is an address such as smtp://USER:PASSWORD@mail.example.org:587.`)
  }
  if (from === undefined)
    throw new Error(`${named('smtp-url')} needs ${variableOf('mail-from')}, the address that mail comes from.`)
  if (!/^[^@<>\s]+@[^@<>\s]+$|^[^<>\r\n]+<[^@<>\s]+@[^@<>\s]+>$/.test(from)) {
    throw new Error(`${named('mail-from')} is an e-mail address, not "${from}".`)
  }
  return { url, from }
}

function isProxy(text: string): boolean {
  if (text === 'loopback') return true
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address)
  return version !== 0 && (bits === undefined || Number(bits) <= (version === 4 ? 32 : 128))
}

/** Where the data is. Of the three choices that say so, those made by flags outdo those made by variables. */
function databaseUrl(flags: Flags, given: (flag: string) => string | undefined, named: (flag: string) => string): string {
  const made = ['ephemeral', 'database-url', 'data'].filter((flag) => {
    const value = given(flag)
    return value !== undefined && (flag !== 'ephemeral' || isTrue(value, named(flag)))
  })
  const byFlag = made.filter((flag) => flags[flag] !== undefined)
  const [place, other] = byFlag.length > 0 ? byFlag : made
  if (place === 'ephemeral') {
    if (other) throw new Error(`${named(place)} and ${named(other)} contradict each other: only one of them keeps the data.`)
    return IN_MEMORY
  }
  if (place !== 'database-url') return `sqlite:${join(resolve(given('data') ?? 'data'), 'halyard.db')}`
  const url = given('database-url')!
  if (!/^sqlite:.|^postgres(ql)?:\/\/./.test(url)) {
    throw new Error(`${named('database-url')} is neither sqlite:PATH nor postgres://USER:PASSWORD@HOST/NAME.`)
  }
  return url
}

/** Where the key to secrets is: given, beside an SQLite database, or in the folder of --data. */
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

/** Where attached files are: in a bucket, in a folder, or with the data. */
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
      throw new Error(`${named('attachments-s3-endpoint')} is an address such as https://s3.example.org, not "${endpoint}".`)
    }
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
      throw new Error(`${named('attachments-s3-bucket')} is not the name of a bucket: "${bucket}".`)
    }
    const [accessKey, secretKey] = [s3('access-key'), s3('secret-key')]
    if (!accessKey || !secretKey) {
      throw new Error(
        `${named('attachments-s3-bucket')} needs ${variableOf('attachments-s3-access-key')} and ${variableOf('attachments-s3-secret-key')}.`,
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
  throw new Error(`${name} is true or false, not "${value}".`)
}
