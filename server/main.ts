/** From a command line to the command it names: the only file that starts anything. */
import { UnavailableError } from '#db/database.ts'
import { columns } from './commands/columns.ts'
import type { Command } from './commands/command.ts'
import { type Environment, flagTypes, options, parseFlags, readConfig, variableOf } from './config.ts'

const DATABASE = ['data', 'database-url']
/** Of commands that seal or open secrets. */
const SECRETS = [...DATABASE, 'secret-key', 'secret-key-file']

/** Every command. Each loads what it needs when it runs, so that none waits for what another needs. */
const commands: Readonly<Record<string, Command>> = {
  serve: {
    meaning: 'set up the database where that is needed, then answer requests until SIGTERM or SIGINT',
    options: options.map(({ flag }) => flag),
    run: async (invocation) => (await import('./commands/serve.ts')).serve(invocation),
  },
  migrate: {
    meaning: 'bring the database to the layout of this version',
    options: SECRETS,
    run: async (invocation) => (await import('./commands/migrate.ts')).migrateDatabase(invocation),
  },
  seed: {
    meaning: 'fill an empty instance; or add the demo data to one that has no projects',
    options: [...SECRETS, 'seed', 'admin-token'],
    run: async (invocation) => (await import('./commands/seed.ts')).seedInstance(invocation),
  },
  'user list': {
    meaning: 'list all users',
    options: DATABASE,
    run: async (invocation) => (await import('./commands/user.ts')).listUsers(invocation),
  },
  'user create': {
    meaning: 'create a user; without --password a random one is shown',
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
    meaning: 'give a user a random password, which has to be changed at the next sign-in',
    words: ['LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/user.ts')).resetPassword(invocation),
  },
  'user lock': {
    meaning: 'keep a user out, tokens included',
    words: ['LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/user.ts')).lockUser(invocation),
  },
  'user unlock': {
    meaning: 'let a locked user in again',
    words: ['LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/user.ts')).unlockUser(invocation),
  },
  'user reset-two-factor': {
    meaning: 'take two-factor sign-in and passkeys from a user who has lost what they need for it',
    words: ['LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/user.ts')).resetUser(invocation),
  },
  'token list': {
    meaning: "list a user's tokens, and what each opens",
    words: ['LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/token.ts')).listTokens(invocation),
  },
  'token create': {
    meaning: 'give a user an API token, shown only this once',
    words: ['LOGIN'],
    options: DATABASE,
    flags: { name: 'string', scope: 'string', expires: 'string', project: 'string' },
    usage: '[--name NAME] [--scope api_v3|api_v3:read] [--expires DAYS|DATE] [--project ID,…]',
    run: async (invocation) => (await import('./commands/token.ts')).createToken(invocation),
  },
  'token revoke': {
    meaning: 'make a token worthless',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/token.ts')).revokeToken(invocation),
  },
  'oauth list': {
    meaning: 'list the applications that may ask people to let them in',
    options: DATABASE,
    run: async (invocation) => (await import('./commands/oauth.ts')).listApplications(invocation),
  },
  'oauth register': {
    meaning: 'register an application; the secret of one that is not public is shown only this once',
    words: ['NAME'],
    options: DATABASE,
    flags: { 'redirect-uris': 'string', scopes: 'string', public: 'boolean', 'acts-as': 'string' },
    usage: '[--redirect-uris URI,…] [--scopes SCOPE,…] [--public] [--acts-as LOGIN]',
    run: async (invocation) => (await import('./commands/oauth.ts')).registerApplication(invocation),
  },
  'oauth rotate': {
    meaning: 'give an application a new secret, shown only this once',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/oauth.ts')).rotateApplication(invocation),
  },
  'oauth disable': {
    meaning: 'keep an application out, with all its tokens',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/oauth.ts')).disableApplication(invocation),
  },
  'oauth enable': {
    meaning: 'let a disabled application in again',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/oauth.ts')).enableApplication(invocation),
  },
  'oauth delete': {
    meaning: 'remove an application and everything it was given',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/oauth.ts')).deleteApplication(invocation),
  },
  'provider list': {
    meaning: 'list the OpenID Connect providers that people can sign in by',
    options: DATABASE,
    run: async (invocation) => (await import('./commands/provider.ts')).listProviders(invocation),
  },
  'provider add': {
    meaning: 'let people sign in, and use the API, by what a provider says of them',
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
    meaning: 'forget a provider, and who is who with it',
    words: ['SLUG'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/provider.ts')).removeProvider(invocation),
  },
  'provider enable': {
    meaning: 'let a provider vouch for people again',
    words: ['SLUG'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/provider.ts')).enableProvider(invocation),
  },
  'provider disable': {
    meaning: 'believe a provider no more; sessions that have begun go on',
    words: ['SLUG'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/provider.ts')).disableProvider(invocation),
  },
  'provider link': {
    meaning: 'say which user somebody is whom a provider knows as SUBJECT',
    words: ['SLUG', 'LOGIN', 'SUBJECT'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/provider.ts')).linkUser(invocation),
  },
  'provider unlink': {
    meaning: 'undo that',
    words: ['SLUG', 'LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/provider.ts')).unlinkUser(invocation),
  },
  'setting list': {
    meaning: 'list the settings, and what was changed of them',
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
    meaning: 'change a setting; servers that run follow at once',
    words: ['NAME', 'VALUE'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/setting.ts')).changeSetting(invocation),
  },
  'project modules': {
    meaning: 'list the modules there are, and which of them a project uses',
    words: ['IDENTIFIER'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/project.ts')).listModules(invocation),
  },
  'project enable': {
    meaning: 'have a project use a module, such as internal_comments',
    words: ['IDENTIFIER', 'MODULE'],
    options: DATABASE,
    run: async (invocation) => (await import('./commands/project.ts')).enableModule(invocation),
  },
  'project disable': {
    meaning: 'have a project use a module no more; what there is of it is kept, and hidden',
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
    meaning: 'remove a custom field and everything it holds',
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
    meaning: 'add an action that changes work packages as it says, written as the API takes it',
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
    meaning: "take over the commits of a project's git repository, each once",
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
    meaning: 'print a new key to seal secrets by',
    options: [],
    run: async () => (await import('./commands/secrets.ts')).generateKey(),
  },
  'secrets list': {
    meaning: 'tell which secrets are sealed by which key',
    options: DATABASE,
    run: async (invocation) => (await import('./commands/secrets.ts')).listSecrets(invocation),
  },
  'secrets rotate': {
    meaning: 'seal all secrets by another key: a new one, or the first of those given',
    options: SECRETS,
    run: async (invocation) => (await import('./commands/secrets.ts')).rotateKey(invocation),
  },
  openapi: {
    meaning: 'print the description of the API, as JSON or YAML',
    options: [],
    flags: { yaml: 'boolean' },
    usage: '[--yaml]',
    run: async (invocation) => (await import('./commands/openapi.ts')).printDocument(invocation),
  },
  doctor: {
    meaning: 'check whether Halyard can run here, changing nothing',
    options: [...SECRETS, 'port', 'host'],
    run: async (invocation) => (await import('./commands/doctor.ts')).examine(invocation),
  },
  help: {
    meaning: 'print this',
    options: [],
    run: async () => console.log(help()),
  },
  version: {
    meaning: 'print the version',
    options: [],
    run: async () => {
      const { default: description } = await import('../package.json', { with: { type: 'json' } })
      console.log(description.version)
    },
  },
}

/** Runs the command that `args` name. When it fails, prints why and ends the process with 1. */
export async function main(args: readonly string[], environment: Environment): Promise<void> {
  try {
    await run(args, environment)
  } catch (error) {
    // A plain Error is a sentence for the operator; anything else is a mistake of ours, whose stack is worth having.
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
  if (words.length < wanted.length) throw new Error(`halyard ${name} needs ${wanted.slice(words.length).join(' and ')}.`)
  if (words.length > wanted.length) throw new Error(`halyard ${name} does not take the word "${words[wanted.length]}".`)
  // A variable that does not concern the command cannot be wrong for it.
  const variables = command.options.map(variableOf).map((variable) => [variable, environment[variable]])
  await command.run({ config: readConfig(flags, Object.fromEntries(variables)), flags, words })
}

/** The command that a command line begins with. Throws an Error in one sentence when there is none. */
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
    'Options of serve, each with the variable that stands for it; the other commands take those that concern them.',
    'An option outdoes its variable. What holds where nothing is chosen is given in parentheses.',
    '',
    columns(optionRows, '  '),
    '',
    'Options of single commands:',
    '',
    ...own,
  ].join('\n')
}
