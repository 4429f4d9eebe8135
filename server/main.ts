/** Dispatches the command line to a command: the only file that starts anything. */

import { UnavailableError } from '#db/database.ts'
import { nameSources } from '#files/stacks.ts'
import { columns } from './commands/columns.ts'
import type { Command } from './commands/command.ts'
import { type Environment, flagTypes, options, parseFlags, readConfig, variableOf } from './config.ts'

const DATABASE = ['data', 'database-url']
/** For commands that encrypt or decrypt secrets. */
const SECRETS = [...DATABASE, 'secret-key', 'secret-key-file']

const isOfAttachments = (flag: string) => flag.startsWith('attachments-')

/** All commands. Each loads its modules when it runs, so that no command waits for the modules of another. */
const commands: Readonly<Record<string, Command>> = {
  serve: {
    meaning: 'set up the database if necessary, then serve requests until SIGTERM or SIGINT',
    options: options.map(({ flag }) => flag),
    run: async (invocation) => (await import('./commands/serve.ts')).serve(invocation),
  },
  worker: {
    meaning: 'run background jobs until SIGTERM or SIGINT, beside servers with --no-worker',
    options: [...SECRETS, 'log-level', 'smtp-url', 'mail-from', ...options.map(({ flag }) => flag).filter(isOfAttachments)],
    run: async (invocation) => (await import('./commands/worker.ts')).work(invocation),
  },
  migrate: {
    meaning: 'migrate the database to the schema of this version',
    options: SECRETS,
    run: async (invocation) => (await import('./commands/migrate.ts')).migrateDatabase(invocation),
  },
  seed: {
    meaning: 'fill an empty instance, or add the demo data to an instance without projects',
    options: [...SECRETS, 'seed', 'admin-token'],
    run: async (invocation) => (await import('./commands/seed.ts')).seedInstance(invocation),
  },
  'user list': {
    meaning: 'list all users',
    options: DATABASE,
    run: async (invocation) => (await import('./commands/user.ts')).listUsers(invocation),
  },
  'user create': {
    meaning: 'create a user; without --password, print a random password',
    options: DATABASE,
    flags: {
      login: 'string',
      email: 'string',
      'first-name': 'string',
      'last-name': 'string',
      admin: 'boolean',
      password: 'string',
    },
    usage: '--login LOGIN --email ADDRESS --first-name NAME --last-name NAME [--admin] [--password PASSWORD]',
    run: async (invocation) => (await import('./commands/user.ts')).createUser(invocation),
  },
  'user reset-password': {
    meaning: 'set a random password, which the user must change at the next sign-in',
    words: ['LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/user.ts')).resetPassword(invocation),
  },
  'user lock': {
    meaning: 'lock a user; the server also rejects their tokens',
    words: ['LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/user.ts')).lockUser(invocation),
  },
  'user unlock': {
    meaning: 'unlock a locked user',
    words: ['LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/user.ts')).unlockUser(invocation),
  },
  'user reset-two-factor': {
    meaning: 'remove the authenticator app, passkeys and recovery codes of a user who has lost them',
    words: ['LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/user.ts')).resetUser(invocation),
  },
  'token list': {
    meaning: "list a user's tokens and their access",
    words: ['LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/token.ts')).listTokens(invocation),
  },
  'token create': {
    meaning: 'create an API token for a user; the token is shown only once',
    words: ['LOGIN'],
    options: DATABASE,
    flags: { name: 'string', scope: 'string', expires: 'string', project: 'string' },
    usage: '[--name NAME] [--scope api_v3|api_v3:read] [--expires DAYS|DATE] [--project ID,…]',
    run: async (invocation) => (await import('./commands/token.ts')).createToken(invocation),
  },
  'token revoke': {
    meaning: 'revoke a token',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/token.ts')).revokeToken(invocation),
  },
  'oauth list': {
    meaning: 'list the OAuth applications',
    options: DATABASE,
    run: async (invocation) => (await import('./commands/oauth.ts')).listApplications(invocation),
  },
  'oauth register': {
    meaning: 'register an OAuth application; the client secret is shown only once',
    words: ['NAME'],
    options: DATABASE,
    flags: { 'redirect-uris': 'string', scopes: 'string', public: 'boolean', 'acts-as': 'string' },
    usage: '[--redirect-uris URI,…] [--scopes SCOPE,…] [--public] [--acts-as LOGIN]',
    run: async (invocation) => (await import('./commands/oauth.ts')).registerApplication(invocation),
  },
  'oauth rotate': {
    meaning: 'rotate the client secret of an application; the new secret is shown only once',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/oauth.ts')).rotateApplication(invocation),
  },
  'oauth disable': {
    meaning: 'disable an application and all its tokens',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/oauth.ts')).disableApplication(invocation),
  },
  'oauth enable': {
    meaning: 'enable a disabled application',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/oauth.ts')).enableApplication(invocation),
  },
  'oauth delete': {
    meaning: 'delete an application, its tokens and the consent of its users',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/oauth.ts')).deleteApplication(invocation),
  },
  'provider list': {
    meaning: 'list the OpenID Connect providers',
    options: DATABASE,
    run: async (invocation) => (await import('./commands/provider.ts')).listProviders(invocation),
  },
  'provider add': {
    meaning: 'add a provider for signing in and for the API',
    words: ['SLUG', 'ISSUER'],
    options: SECRETS,
    flags: {
      name: 'string',
      'client-id': 'string',
      'client-secret-file': 'string',
      registration: 'string',
      'trust-email': 'boolean',
      claims: 'string',
    },
    usage:
      '--client-id ID [--client-secret-file PATH] [--name NAME] [--registration none|limited|open] [--trust-email] [--claims login=upn,email=mail]',
    run: async (invocation) => (await import('./commands/provider.ts')).addProvider(invocation),
  },
  'provider remove': {
    meaning: 'remove a provider and all its links to users',
    words: ['SLUG'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/provider.ts')).removeProvider(invocation),
  },
  'provider enable': {
    meaning: 'enable a disabled provider',
    words: ['SLUG'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/provider.ts')).enableProvider(invocation),
  },
  'provider disable': {
    meaning: 'disable a provider and its tokens; existing sessions continue',
    words: ['SLUG'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/provider.ts')).disableProvider(invocation),
  },
  'provider link': {
    meaning: 'link a user to the SUBJECT of a provider',
    words: ['SLUG', 'LOGIN', 'SUBJECT'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/provider.ts')).linkUser(invocation),
  },
  'provider unlink': {
    meaning: 'unlink a user from a provider',
    words: ['SLUG', 'LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/provider.ts')).unlinkUser(invocation),
  },
  'setting list': {
    meaning: 'list the settings, and the defaults of changed ones',
    options: DATABASE,
    run: async (invocation) => (await import('./commands/setting.ts')).listSettings(invocation),
  },
  'setting get': {
    meaning: 'show a setting',
    words: ['NAME'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/setting.ts')).showSetting(invocation),
  },
  'setting set': {
    meaning: 'change a setting; running servers apply it at once',
    words: ['NAME', 'VALUE'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/setting.ts')).changeSetting(invocation),
  },
  'project modules': {
    meaning: 'list all modules and their status in a project',
    words: ['IDENTIFIER'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/project.ts')).listModules(invocation),
  },
  'project enable': {
    meaning: 'enable a module in a project, such as internal_comments',
    words: ['IDENTIFIER', 'MODULE'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/project.ts')).enableModule(invocation),
  },
  'project disable': {
    meaning: 'disable a module in a project; its data is kept but hidden',
    words: ['IDENTIFIER', 'MODULE'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/project.ts')).disableModule(invocation),
  },
  'custom-field list': {
    meaning: 'list the custom fields',
    options: DATABASE,
    run: async (invocation) => (await import('./commands/custom-field.ts')).listFields(invocation),
  },
  'custom-field create': {
    meaning: 'add a custom field to work packages or another resource',
    words: ['RESOURCE', 'NAME', 'FORMAT'],
    options: DATABASE,
    flags: {
      options: 'string',
      items: 'string',
      default: 'string',
      formula: 'string',
      section: 'string',
      pattern: 'string',
      'min-length': 'string',
      'max-length': 'string',
      projects: 'string',
      types: 'string',
      required: 'boolean',
      multiple: 'boolean',
      searchable: 'boolean',
      'admin-only': 'boolean',
    },
    usage:
      '[--options S,M,L] [--items Europe/Spain,Europe/Italy] [--default VALUE] [--required] [--multiple] [--searchable] [--admin-only] [--projects IDENTIFIER,…] [--types NAME,…] [--pattern REGEXP] [--min-length N] [--max-length N] [--formula FORMULA] [--section HEADING]',
    run: async (invocation) => (await import('./commands/custom-field.ts')).createField(invocation),
  },
  'custom-field remove': {
    meaning: 'remove a custom field and all its values',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/custom-field.ts')).deleteField(invocation),
  },
  'custom-action list': {
    meaning: 'list the custom actions',
    options: DATABASE,
    run: async (invocation) => (await import('./commands/custom-action.ts')).listActions(invocation),
  },
  'custom-action create': {
    meaning: 'add a custom action; its changes have the format of the API',
    words: ['NAME'],
    options: DATABASE,
    flags: { changes: 'string', conditions: 'string', description: 'string' },
    usage: `--changes '{"_links":{"assignee":{"href":"/api/v3/users/me"}}}' [--conditions '{"status":[1]}'] [--description TEXT]`,
    run: async (invocation) => (await import('./commands/custom-action.ts')).createAction(invocation),
  },
  'custom-action remove': {
    meaning: 'remove a custom action',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/custom-action.ts')).deleteAction(invocation),
  },
  'revisions import': {
    meaning: "import new commits of a project's git repository",
    words: ['PROJECT', 'PATH'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/revisions.ts')).importRevisions(invocation),
  },
  jobs: {
    meaning: 'list what is done in the background: what waits, runs, or has failed and why',
    options: DATABASE,
    run: async (invocation) => (await import('./commands/jobs.ts')).showJobs(invocation),
  },
  'jobs retry': {
    meaning: 'have a job tried again at once, as if it had never failed',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/jobs.ts')).retry(invocation),
  },
  'jobs discard': {
    meaning: 'remove a job; what it is about is not done',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/jobs.ts')).discard(invocation),
  },
  'secrets generate': {
    meaning: 'print a new secret key',
    options: [],
    run: async () => (await import('./commands/secrets.ts')).generateKey(),
  },
  'secrets list': {
    meaning: 'list the encrypted secrets and their keys',
    options: DATABASE,
    run: async (invocation) => (await import('./commands/secrets.ts')).listSecrets(invocation),
  },
  'secrets rotate': {
    meaning: 'encrypt all secrets with another key: a new one, or the first of the given keys',
    options: SECRETS,
    run: async (invocation) => (await import('./commands/secrets.ts')).rotateKey(invocation),
  },
  openapi: {
    meaning: 'print the OpenAPI document as JSON or YAML',
    options: [],
    flags: { yaml: 'boolean' },
    usage: '[--yaml]',
    run: async (invocation) => (await import('./commands/openapi.ts')).printDocument(invocation),
  },
  doctor: {
    meaning: 'check whether Halyard can run on this machine, without changing anything',
    options: [...SECRETS, 'port', 'host'],
    run: async (invocation) => (await import('./commands/doctor.ts')).examine(invocation),
  },
  help: {
    meaning: 'print this help',
    options: [],
    run: async () => console.log(help()),
  },
  version: {
    meaning: 'print the version',
    options: [],
    run: async () => console.log((await import('#files/package.ts')).version),
  },
}

/** Runs the command of the command line. On failure, prints the reason and exits with 1. */
export async function main(args: readonly string[], environment: Environment): Promise<void> {
  nameSources()
  try {
    await run(args, environment)
  } catch (error) {
    // A plain Error is a message for the operator; any other error is a bug, and its stack helps to find it.
    const isSentence =
      error instanceof UnavailableError || (error instanceof Error && Object.getPrototypeOf(error) === Error.prototype)
    console.error(isSentence ? error.message : error)
    process.exit(1)
  }
}

async function run(args: readonly string[], environment: Environment): Promise<void> {
  if (args.length === 0 || args.includes('--help') || args.includes('-h')) return console.log(help())
  const name = nameOf(args[0] === '--version' ? ['version'] : args)
  const command = commands[name]!
  const own = command.flags ?? {}
  const { flags, words } = parseFlags(args.slice(name.split(' ').length), { ...flagTypes(...command.options), ...own })
  const wanted = command.words ?? []
  if (words.length < wanted.length) throw new Error(`halyard ${name} requires ${wanted.slice(words.length).join(' and ')}.`)
  if (words.length > wanted.length) throw new Error(`halyard ${name} does not accept the argument "${words[wanted.length]}".`)
  // Invalid variables for other commands are ignored.
  const variables = command.options.map(variableOf).map((variable) => [variable, environment[variable]])
  await command.run({ config: readConfig(flags, Object.fromEntries(variables)), flags, words })
}

/** The command at the start of a command line. Throws an Error in one sentence if it is unknown. */
function nameOf(args: readonly string[]): string {
  const [first = '', second = ''] = args
  const name = [`${first} ${second}`, first].find((words) => Object.hasOwn(commands, words))
  if (name !== undefined) return name
  const continuations = Object.keys(commands).filter((known) => known.startsWith(`${first} `))
  if (continuations.length > 0) throw new Error(`Did you mean one of these: halyard ${continuations.join(', halyard ')}?`)
  throw new Error(`"${first}" is not a command of halyard; halyard help lists them.`)
}

function help(): string {
  const commandRows = Object.entries(commands).map(([name, { words = [], meaning }]) => [[name, ...words].join(' '), meaning])
  const own = Object.entries(commands).flatMap(([name, { words = [], usage }]) =>
    usage ? [`  halyard ${[name, ...words].join(' ')} ${usage}`] : [],
  )
  const optionRows = options.map(({ flag, value, meaning, standard }) => [
    value ? `--${flag} ${value}` : `--${flag}`,
    variableOf(flag),
    meaning + (standard ? ` (${standard})` : ''),
  ])
  return [
    'Halyard, an open project-management server that speaks the OpenProject APIv3.',
    '',
    'Usage: halyard COMMAND [OPTION…]',
    '',
    columns(commandRows, '  '),
    '',
    'Options of serve, with their environment variables; other commands accept the options that apply to them.',
    'An option takes precedence over its variable. Defaults are in parentheses.',
    '',
    columns(optionRows, '  '),
    '',
    'Options of single commands:',
    '',
    ...own,
  ].join('\n')
}

if (import.meta.main) await main(process.argv.slice(2), process.env)
