/** The type of a `halyard` command. */
import type { Config, Flags, FlagTypes } from '#server/config.ts'

export interface Invocation {
  readonly config: Config
  readonly flags: Flags
  readonly words: readonly string[]
}

/** Parses an ID. Throws an Error that names the command which lists the IDs. */
export function idIn(word: string | undefined, of: string, listing: string): number {
  if (!/^\d{1,9}$/.test(word ?? '')) throw new Error(`"${word}" is not a valid ${of} ID; halyard ${listing} shows the IDs.`)
  return Number(word)
}

/** One command; its name is its key in `main.ts`. */
export interface Command {
  readonly meaning: string
  /** The required arguments. */
  readonly words?: readonly string[]
  /** The options of `config.ts` that the command accepts. */
  readonly options: readonly string[]
  /** The command's own flags. */
  readonly flags?: FlagTypes
  /** The command's own flags as the help shows them. */
  readonly usage?: string
  /** Runs the command; the message of a plain Error is printed without its stack. */
  readonly run: (invocation: Invocation) => Promise<void>
}
