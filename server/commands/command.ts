/** The type of a `halyard` command. */
import type { Config } from '#server/config/read.ts'
import type { Flags, Sources } from '#server/config/sources.ts'
import { UsageError } from '#server/usage.ts'

/** A command line that has been read. */
export interface Invocation {
  readonly config: Config
  /** The values that the configuration was read from. */
  readonly sources: Sources
  readonly flags: Flags
  readonly words: readonly string[]
}

/** A flag of one command. */
export interface Flag {
  /** The placeholder of the value in the help; undefined: the flag has no value. */
  readonly value?: string
  readonly meaning: string
  readonly required?: boolean
  readonly choices?: readonly string[]
}

/** One command; its name is its key among the commands. */
export interface Command {
  readonly meaning: string
  /** The required arguments. */
  readonly words?: readonly string[]
  /** The options of `config/options.ts` that the command accepts. */
  readonly options: readonly string[]
  /** The command's own flags. */
  readonly flags?: Readonly<Record<string, Flag>>
  /** Whether `--json` makes it print its result as JSON. */
  readonly json?: boolean
  /** Runs the command; the message of a plain Error is printed without its stack. */
  readonly run: (invocation: Invocation) => Promise<void>
}

/** Commands by their names, such as `user list`. */
export type Commands = Readonly<Record<string, Command>>

/** Parses an ID. Throws a UsageError that names the command which lists the IDs. */
export function idIn(word: string | undefined, of: string, listing: string): number {
  if (!/^\d{1,9}$/.test(word ?? '')) throw new UsageError(`"${word}" is not a valid ${of} ID; halyard ${listing} shows the IDs.`)
  return Number(word)
}
