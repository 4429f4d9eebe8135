/** Errors that end a command with another exit code than 1; their message is one sentence for the operator. */
export abstract class EndingError extends Error {
  abstract readonly exitCode: number
}

/** A mistake in a command line, a variable or the configuration file. */
export class UsageError extends EndingError {
  readonly exitCode = 2
}

/** The operator has ended the command by Ctrl-C. Shells have this exit code. */
export class InterruptedError extends EndingError {
  readonly exitCode = 130

  constructor() {
    super('Interrupted.')
  }
}
