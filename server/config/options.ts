/** The options: every one is a flag, a variable of the environment and a key of `halyard.yaml`. */
import type { Seed } from '#server/seeds/seed.ts'

/** An option: a flag of commands, a variable of the environment, and a key of the configuration file. */
export interface Option {
  readonly flag: string
  /** The placeholder of the value in the help; undefined: the flag has no value. */
  readonly value?: string
  readonly meaning: string
  readonly standard?: string
  /** The values that there are. */
  readonly choices?: readonly string[]
  /** Whether the value is a secret, so that it is never shown, and a file can hold it: `--smtp-url-file`. */
  readonly secret?: boolean
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
export const SEEDS: readonly Seed[] = ['demo', 'showcase', 'basic', 'none']

const declared: readonly Option[] = [
  {
    flag: 'config',
    value: 'FILE',
    meaning: 'YAML file with values of these options, such as port: 8080',
    standard: 'halyard.yaml in the current folder, if there is one',
  },
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
  {
    flag: 'trace-hosts',
    value: 'LIST',
    meaning: 'comma-separated hosts that requests of the server tell the trace they belong to (traceparent)',
    standard: 'none',
  },
  { flag: 'data', value: 'DIR', meaning: 'folder of the SQLite database, halyard.db', standard: './data' },
  {
    flag: 'database-url',
    value: 'URL',
    meaning: 'sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME, instead of --data',
    secret: true,
  },
  { flag: 'ephemeral', meaning: 'keep all data in memory only, with the controls of a test double below /api/v3/test' },
  { flag: 'clock', value: 'TIME', meaning: 'with --ephemeral: time at which the clock stands, such as 2026-01-05T09:00Z' },
  { flag: 'clock-runs', meaning: 'let the clock run on from --clock' },
  {
    flag: 'fixtures',
    value: 'FILE',
    meaning: 'with --ephemeral: YAML or JSON file of users, projects, work packages and others to create',
  },
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
  { flag: 'attachments-s3-access-key', value: 'KEY', meaning: 'access key ID of the store', secret: true },
  {
    flag: 'attachments-s3-secret-key',
    value: 'KEY',
    meaning: 'secret access key of the store',
    secret: true,
  },
  {
    flag: 'secret-key',
    value: 'KEY',
    meaning: 'key that encrypts secrets in the database',
    secret: true,
    standard: 'a key file that the first start creates beside the data',
  },
  { flag: 'secret-key-file', value: 'PATH', meaning: 'file with that key, followed by former keys' },
  { flag: 'seed', value: 'SEED', meaning: 'initial data of an empty database', choices: SEEDS, standard: 'demo' },
  {
    flag: 'admin-token',
    value: 'TOKEN',
    meaning: 'API token for the first administrator: opapi- and 40 hex digits',
    secret: true,
  },
  {
    flag: 'smtp-url',
    value: 'URL',
    meaning: 'SMTP server: smtp://USER:PASSWORD@HOST:PORT, or smtps://',
    secret: true,
    standard: 'none: mails are logged at level info',
  },
  { flag: 'mail-from', value: 'ADDRESS', meaning: 'sender of mails; required with --smtp-url' },
  {
    flag: 'workers',
    value: 'COUNT',
    meaning: 'processes that serve requests: a number, or auto for one per core',
    standard: '1: the process itself',
  },
  { flag: 'no-worker', meaning: 'leave background jobs to halyard worker' },
  {
    flag: 'backup-dir',
    value: 'DIR',
    meaning: 'folder of backups: regular ones, and those before migrations that rewrite data',
    standard: 'backups in the folder of --data',
  },
  { flag: 'backup-every', value: 'TIME', meaning: 'how often to make a backup, such as 24h or 7d', standard: 'never' },
  { flag: 'backup-keep', value: 'COUNT', meaning: 'how many regular backups to keep', standard: '7' },
  { flag: 'metrics-port', value: 'PORT', meaning: 'port of the metrics, at /metrics; 0 selects any free port', standard: 'none' },
  {
    flag: 'metrics-host',
    value: 'ADDRESS',
    meaning: 'with --metrics-port: address to listen on, where no token is asked for',
    standard: '127.0.0.1',
  },
  {
    flag: 'metrics-token',
    value: 'TOKEN',
    meaning: 'bearer token of the metrics at /metrics on the port of the server; 16 characters at least',
    secret: true,
    standard: 'none: they are not there',
  },
  { flag: 'ready-file', value: 'PATH', meaning: 'file that holds the address while the server is ready' },
  {
    flag: 'log-level',
    value: 'LEVEL',
    meaning: 'least level that is logged',
    choices: LOG_LEVELS,
    standard: 'warn in a terminal, otherwise info',
  },
]

/** For secrets: the option of a file that holds one. The secret key has its own, which may hold former keys as well. */
const inFile = ({ flag, secret }: Option): readonly Option[] =>
  secret && flag !== 'secret-key'
    ? [{ flag: `${flag}-file`, value: 'PATH', meaning: `file that holds the value of --${flag}` }]
    : []

export const options: readonly Option[] = declared.flatMap((option) => [option, ...inFile(option)])

/** Adds to the names of options those of the files that can hold their values. */
export const withFiles = (flags: readonly string[]): string[] => {
  const files = flags.flatMap((flag) => inFile(optionOf(flag))).map(({ flag }) => flag)
  return [...new Set([...flags, ...files])]
}

/** The option of a flag. Throws an Error if there is none. */
export function optionOf(flag: string): Option {
  const found = options.find((one) => one.flag === flag)
  if (!found) throw new Error(`There is no option "${flag}".`)
  return found
}

/** The environment variable of a flag: `HALYARD_DATABASE_URL` for `database-url`. */
export const variableOf = (flag: string): string => `HALYARD_${flag.toUpperCase().replaceAll('-', '_')}`
