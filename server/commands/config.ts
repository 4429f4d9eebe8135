/** `halyard config`: checks and prints the configuration. */
import { shownValues, unknownVariables } from '#server/config/sources.ts'
import { keySource } from '#server/keys.ts'
import { reasonOf } from '#server/reason.ts'
import { UsageError } from '#server/usage.ts'
import type { Invocation } from './command.ts'
import { showList } from './output.ts'

/** Reports that the configuration is valid: whatever is not has been refused before. @throws UsageError for unknown variables, and for an invalid key */
export async function checkConfig({ config }: Invocation): Promise<void> {
  const unknown = await unknownVariables(process.env)
  if (unknown.length > 0) throw new UsageError('There are unknown variables.')
  // A key file of ours may not exist yet.
  try {
    keySource(config.secretKey).read()
  } catch (error) {
    throw new UsageError(reasonOf(error))
  }
  console.log(`The configuration is valid: it serves ${config.host}, port ${config.port}.`)
}

/** Prints the value of each option, and where it comes from. */
export async function printConfig(invocation: Invocation): Promise<void> {
  showList(invocation, shownValues(invocation.sources), {
    OPTION: ({ option }) => option,
    VALUE: ({ value }) => value,
    SOURCE: ({ source }) => source,
  })
}
