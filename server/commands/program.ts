/** The command line: commands, flags and help by Commander, made from the declared commands. */
import { Argument, type CommanderError, Option, Command as Program } from 'commander'
import { optionOf, variableOf, withFiles } from '#server/config/options.ts'
import { readConfig } from '#server/config/read.ts'
import { type Environment, type Flags, fileFor, readFile, sourcesOf, unknownVariables } from '#server/config/sources.ts'
import { UsageError } from '#server/usage.ts'
import type { Command, Commands } from './command.ts'

/** Names that the completion scripts call; what answers them is loaded for these alone. */
const COMPLETION = ['completion', 'complete']

/**
 * Runs the command of a command line.
 * @throws UsageError for a command line that cannot be understood
 */
export async function runCommand(commands: Commands, args: readonly string[], environment: Environment): Promise<void> {
  const program = programOf(commands, environment)
  if (COMPLETION.includes(args[0] ?? '')) {
    const { default: complete } = await import('@bomb.sh/tab/commander')
    complete(program, { completionCommandName: 'completion' })
  } else {
    described(
      program.command('completion'),
      'print a script that completes command lines in bash, zsh, fish or powershell',
    ).argument('<SHELL>')
  }
  if (args.length === 0) return program.outputHelp()
  try {
    await program.parseAsync(args[0] === '--version' ? ['version'] : [...args], { from: 'user' })
  } catch (error) {
    if (!isOfCommander(error)) throw error
    if (error.exitCode === 0) return
    if (error.code === 'commander.help') throw new UsageError('')
    throw new UsageError(sentence(error.message), { cause: error })
  }
}

const isOfCommander = (error: unknown): error is CommanderError =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('commander.')

/** The message of Commander as one sentence. */
function sentence(message: string): string {
  const text = message
    .replace(/^error: /, '')
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.)?]$/.test(text) ? '' : '.'}`
}

const described = (program: Program, text: string): Program => program.summary(text).description(text)

function programOf(commands: Commands, environment: Environment): Program {
  const program = described(
    new Program('halyard'),
    'Halyard, an open project-management server that speaks the OpenProject APIv3.',
  )
    .exitOverride()
    // What follows the name of a command is for that command.
    .enablePositionalOptions()
    // Errors are printed by `main`, in one place.
    .configureOutput({ outputError: () => {} })
    .configureHelp({ subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(usageOf)].join(' ') })
    .helpCommand('help [COMMAND]', 'print the help of a command')
    .addHelpText('after', '\nEvery option has a variable, and a key in halyard.yaml: halyard serve --help lists them.')
  for (const [name, command] of Object.entries(commands)) addCommand(program, name.split(' '), command, environment)
  return program
}

const usageOf = (argument: Argument): string => (argument.required ? argument.name() : `[${argument.name()}]`)

/** Descriptions of the groups of commands that are none themselves. */
const groups: Readonly<Record<string, string>> = {
  user: 'administer users',
  token: 'administer API tokens',
  oauth: 'administer OAuth applications',
  provider: 'administer OpenID Connect providers',
  setting: 'administer settings',
  project: 'administer the modules of projects',
  revisions: 'administer the revisions of projects',
  'custom-field': 'administer custom fields',
  'custom-action': 'administer custom actions',
  mail: 'try the mail server out',
  secrets: 'manage the key that encrypts secrets in the database',
  config: 'check and print the configuration',
}

/** Adds a command with this path of names. */
function addCommand(
  program: Program,
  [first = '', ...rest]: readonly string[],
  command: Command,
  environment: Environment,
): void {
  let target = program.commands.find((one) => one.name() === first)
  if (!target) {
    target = program.command(first).enablePositionalOptions()
    if (rest.length > 0) described(target, groups[first] ?? '')
  }
  if (rest.length > 0) addCommand(target, rest, command, environment)
  else describeCommand(target, command, environment)
}

/** Gives a command its arguments, flags and action. */
function describeCommand(target: Program, command: Command, environment: Environment): void {
  described(target, command.meaning)
  for (const word of command.words ?? []) target.addArgument(new Argument(word.startsWith('[') ? word : `<${word}>`))
  for (const [flag, { value, meaning, required, choices }] of Object.entries(command.flags ?? {})) {
    const option = optionFor(flag, value, meaning, choices).makeOptionMandatory(required === true)
    target.addOption(option.helpGroup('Options:'))
  }
  if (command.json) target.addOption(new Option('--json', 'print JSON').helpGroup('Options:'))
  const accepted = withFiles(command.options)
  for (const flag of accepted) {
    const { value, meaning, standard, choices } = optionOf(flag)
    const more = [variableOf(flag), ...(standard ? [`default: ${standard}`] : [])].join('; ')
    target.addOption(optionFor(flag, value, `${meaning} (${more})`, choices).helpGroup('Configuration:'))
  }
  target.action(async (...given: unknown[]) => {
    const words = given.slice(0, -2).filter((word) => word !== undefined) as string[]
    const flags = flagsOf(target)
    for (const warning of await unknownVariables(environment)) console.error(warning)
    // Variables and keys of the file that are for other commands are ignored, and so are their mistakes.
    const variables = Object.fromEntries(accepted.map((one) => [variableOf(one), environment[variableOf(one)]]))
    const file = accepted.includes('config') ? fileFor(flags, environment) : undefined
    const values = file === undefined ? {} : await readFile(file)
    const applicable = Object.fromEntries(Object.entries(values).filter(([flag]) => accepted.includes(flag)))
    const sources = sourcesOf(flags, variables, applicable)
    await command.run({ config: readConfig(sources), sources, flags, words })
  })
}

/** The option of Commander for a flag. A forgotten value is not taken from the next flag. */
function optionFor(flag: string, value: string | undefined, meaning: string, choices?: readonly string[]): Option {
  if (value === undefined) return new Option(`--${flag}`, meaning)
  const option = new Option(`--${flag} <${value}>`, meaning)
  if (choices) option.choices(choices)
  return option.argParser((text: string) => {
    if (text === '' || text.startsWith('--')) throw new UsageError(`--${flag} requires a value.`)
    if (choices && !choices.includes(text)) throw new UsageError(`--${flag} must be one of ${choices.join(', ')}, not "${text}".`)
    return text
  })
}

/** The flags that were given, by their names. */
function flagsOf(program: Program): Flags {
  const values: Record<string, string | boolean> = {}
  for (const option of program.options) {
    const name = option.attributeName()
    if (program.getOptionValueSource(name) === 'cli') {
      values[(option.long ?? '').slice('--'.length)] = option.negate ? true : program.getOptionValue(name)
    }
  }
  return values
}
