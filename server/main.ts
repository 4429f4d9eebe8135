/** Runs the command of the command line: the only file that starts anything. */

import { UnavailableError } from '#db/database.ts'
import { nameSources } from '#files/stacks.ts'
import { commands } from './commands/all.ts'
import { runCommand } from './commands/program.ts'
import type { Environment } from './config/sources.ts'
import { EndingError } from './usage.ts'

const FAILED = 1

/** Runs the command of the command line. On failure, prints the reason and exits with 1, or with 2 if it was called wrongly. */
export async function main(args: readonly string[], environment: Environment): Promise<void> {
  nameSources()
  try {
    await runCommand(commands, args, environment)
  } catch (error) {
    const isEnding = error instanceof EndingError
    // A plain Error is a message for the operator; any other error is a bug, and its stack helps to find it.
    const isPlain = error instanceof Error && Object.getPrototypeOf(error) === Error.prototype
    const shown = isEnding || isPlain || error instanceof UnavailableError ? error.message : error
    if (shown !== '') console.error(shown)
    process.exit(isEnding ? error.exitCode : FAILED)
  }
}

if (import.meta.main) await main(process.argv.slice(2), process.env)
