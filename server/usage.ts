/** Errors of whoever started a command: the process ends with 2 instead of 1. */

/** A mistake in a command line, a variable or the configuration file; the message is one sentence for the operator. */
export class UsageError extends Error {}
