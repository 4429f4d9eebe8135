/** `halyard version`. */
import { version } from '#files/package.ts'
import type { Invocation } from './command.ts'
import { showResult } from './output.ts'

/** Prints the version of the package. */
export async function showVersion(invocation: Invocation): Promise<void> {
  showResult(invocation, { version, node: process.versions.node }, version)
}
