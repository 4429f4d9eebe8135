/** What a command of `halyard` is. */
import type { Config, Flags, FlagTypes } from '#server/config.ts'

export interface Invocation {
  readonly config: Config
  readonly flags: Flags
  readonly words: readonly string[]
}

/** The ID that a word is. Throws an Error that tells which command lists the IDs `of` such things. */
export function idIn(word: string | undefined, of: string, listing: string): number {
  if (!/^\d{1,9}$/.test(word ?? '')) throw new Error(`"${word}" is not the ID of a ${of}; halyard ${listing} shows them.`)
  return Number(word)
}

/** One command; its name is its key in `main.ts`. */
export interface Command {
  readonly meaning: string
  /** The words that must follow its name. */
  readonly words?: readonly string[]
  /** Choices of `config.ts` that it takes. */
  readonly options: readonly string[]
  /** Flags of its own. */
  readonly flags?: FlagTypes
  /** How its own flags are written in the help. */
  readonly usage?: string
  /** Does it; an Error thrown is shown as its one sentence. */
  readonly run: (invocation: Invocation) => Promise<void>
}
