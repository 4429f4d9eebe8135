/** `halyard openapi`: prints the OpenAPI document without starting a server. */
import { openapiDocument } from '#http/documents.ts'
import { product } from '#server/modules.ts'
import type { Invocation } from './command.ts'

export async function printDocument({ flags }: Invocation): Promise<void> {
  const json = JSON.stringify(openapiDocument(product), null, 2)
  if (!flags.yaml) return console.log(json)
  const { stringify } = await import('yaml')
  process.stdout.write(stringify(JSON.parse(json), { aliasDuplicateObjects: false }))
}
