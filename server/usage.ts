/** Errors that end a command with another exit code than 1. */

/** A mistake in a command line, a variable or the configuration file; the message is one sentence for the operator. */
export class UsageError extends Error {}

/** The operator has ended the command by Ctrl-C. */
export class InterruptedError extends Error {}

/** The exit codes of commands; that of Ctrl-C is the one that shells have. */
export const EXIT = { failed: 1, misused: 2, interrupted: 130 } as const
