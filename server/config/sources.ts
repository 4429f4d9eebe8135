/** Where values of options come from: flags, then variables, then the configuration file. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { reasonOf } from '#server/reason.ts'
import { UsageError } from '#server/usage.ts'
import { optionOf, options, variableOf } from './options.ts'

export type Environment = Readonly<Record<string, string | undefined>>
export type Flags = Readonly<Record<string, string | boolean>>

/** A source of values, by precedence. */
export type Source = 'flag' | 'variable' | 'file'

/** The values of options, from all sources. */
export interface Sources {
  /** The value of an option, which may be in a file of its own; undefined if none is given. Throws UsageError if that is unreadable. */
  given(flag: string): string | undefined
  /** The name of an option where its value was given, for messages. */
  named(flag: string): string
  /** Where the value of an option was given. */
  sourceOf(flag: string): Source | undefined
}

/** The values of a configuration file, by the names of options. */
export type FileValues = Readonly<Record<string, string>>

/** Puts the sources together. Empty variables count as unset. */
export function sourcesOf(flags: Flags, environment: Environment, file: FileValues = {}): Sources {
  const plain = (flag: string): [Source, string] | undefined => {
    if (flags[flag] !== undefined) return ['flag', String(flags[flag])]
    const variable = environment[variableOf(flag)]
    if (variable) return ['variable', variable]
    return file[flag] === undefined ? undefined : ['file', file[flag]]
  }
  /** The flag under which the value of an option is given: its own, or that of a file that holds it. */
  const carrier = (flag: string): string => {
    const inFile = `${flag}-file`
    if (flag === 'secret-key' || plain(inFile) === undefined) return flag
    if (plain(flag) !== undefined) throw new UsageError(`${named(flag)} and ${named(inFile)} contradict each other.`)
    return inFile
  }
  const named = (flag: string): string => {
    const [source] = plain(flag) ?? plain(`${flag}-file`) ?? []
    const own = plain(flag) === undefined && source !== undefined ? `${flag}-file` : flag
    return source === 'flag' ? `--${own}` : source === 'file' ? `${own} of the configuration file` : variableOf(own)
  }
  return {
    named,
    sourceOf: (flag) => plain(carrier(flag))?.[0],
    given(flag) {
      const holder = carrier(flag)
      const value = plain(holder)?.[1]
      return holder === flag || value === undefined ? value : contentOf(value, named(flag))
    },
  }
}

/** The text of a file without the white space around it. */
function contentOf(path: string, name: string): string {
  try {
    const text = readFileSync(resolve(path), 'utf8').trim()
    if (text !== '') return text
  } catch (cause) {
    throw new UsageError(`The file ${path} of ${name} cannot be read: ${reasonOf(cause)}.`, { cause })
  }
  throw new UsageError(`The file ${path} of ${name} is empty.`)
}

/** The file that is read where none is given. */
const USUAL_FILE = 'halyard.yaml'

/** The path of the configuration file: the given one, or that in the current folder; undefined if there is none. */
export function fileFor(flags: Flags, environment: Environment): string | undefined {
  const path = sourcesOf(flags, environment).given('config')
  return path ?? (existsSync(USUAL_FILE) ? USUAL_FILE : undefined)
}

/**
 * Reads a configuration file: a mapping of options, nested at hyphens if one likes (`attachments: { s3: { bucket: … } }`).
 * @throws UsageError if it is no such mapping, or names an option that there is not
 */
export async function readFile(path: string): Promise<FileValues> {
  const { parse } = await import('yaml')
  let content: unknown
  try {
    content = parse(readFileSync(resolve(path), 'utf8'))
  } catch (cause) {
    const [first = ''] = reasonOf(cause).split('\n')
    throw new UsageError(`The configuration file ${path} cannot be read: ${first.replace(/[.:]$/, '')}.`, { cause })
  }
  if (content === null || content === undefined) return {}
  if (!isMapping(content)) throw new UsageError(`The configuration file ${path} must be a mapping, such as port: 8080.`)
  const values: Record<string, string> = {}
  for (const [flag, value] of flat(content)) {
    const option = flag === 'config' ? undefined : options.find((one) => one.flag === flag)
    if (!option) throw new UsageError(`${path} names the option "${flag}", which does not exist.${await suggestion(flag, FLAGS)}`)
    if (Array.isArray(value)) values[flag] = value.join(',')
    else if (typeof value === 'object' && value !== null) throw new UsageError(`"${flag}" in ${path} must be a single value.`)
    else if (value !== null) values[flag] = String(value)
  }
  return values
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The entries of a mapping and of those in it, unless an option has the name of what they are in. */
function flat(mapping: Record<string, unknown>, before = ''): [flag: string, value: unknown][] {
  return Object.entries(mapping).flatMap(([key, value]): [string, unknown][] => {
    const flag = `${before}${key}`.replaceAll('_', '-')
    return isMapping(value) ? flat(value, `${flag}-`) : [[flag, value]]
  })
}

const FLAGS = options.map(({ flag }) => flag)
const VARIABLES = FLAGS.map(variableOf)

/** A question about the name that is nearest to a misspelt one; empty if none is near. */
async function suggestion(name: string, known: readonly string[]): Promise<string> {
  const { closestMatch } = await import('leven')
  const near = closestMatch(name, known, { maxDistance: 4 })
  return near === undefined ? '' : ` Did you mean ${near}?`
}

/** Variables that tests, and Kubernetes for a service named halyard, set. */
const FOREIGN = /^HALYARD_(TEST_.*|SERVICE_(HOST|PORT.*)|PORT_\d+_(TCP|UDP).*)$/

/** Sentences about variables that look like ours and are none; they are most likely misspelt. */
export async function unknownVariables(environment: Environment): Promise<string[]> {
  const names = Object.keys(environment).filter((name) => name.startsWith('HALYARD_') && !VARIABLES.includes(name))
  const unknown = names.filter((name) => !FOREIGN.test(name)).sort()
  return Promise.all(
    unknown.map(async (name) => `${name} is not a variable of Halyard, and is ignored.${await suggestion(name, VARIABLES)}`),
  )
}

/** The values of the options that have one, with their sources; those of secrets are blotted out. */
export function shownValues({ given, sourceOf }: Sources): { option: string; value: string | null; source: string }[] {
  return options
    .filter(({ flag }) => !(flag.endsWith('-file') && options.some((one) => `${one.flag}-file` === flag && one.secret)))
    .map(({ flag, standard }) => {
      const value = given(flag)
      const blotted = value !== undefined && optionOf(flag).secret ? '•••' : value
      return { option: flag, value: blotted ?? standard ?? null, source: sourceOf(flag) ?? 'default' }
    })
}
