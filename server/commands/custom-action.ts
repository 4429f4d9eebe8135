/** `halyard custom-action`: administers custom actions. */
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { invalidate } from '#kernel/cache.ts'
import { makeAction } from '#modules/custom-fields/actions.ts'
import { columns } from './columns.ts'
import { type Invocation, idIn } from './command.ts'
import { withDatabase } from './database.ts'

export async function listActions({ config }: Invocation): Promise<void> {
  const actions = await withDatabase(config.databaseUrl, (db) =>
    db.all<Tables['custom_actions']>(sql`select * from custom_actions order by position, id`),
  )
  const rows = actions.map(({ id, name, conditions, changes }) => [
    String(id),
    name,
    JSON.stringify(changes),
    JSON.stringify(conditions),
  ])
  console.log(columns([['ID', 'NAME', 'CHANGES', 'CONDITIONS'], ...rows]))
}

/** The JSON object in a flag. */
function objectIn(flags: Invocation['flags'], flag: string): Record<string, unknown> | undefined {
  const text = flags[flag]
  if (text === undefined) return undefined
  try {
    const value = JSON.parse(String(text))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {}
  throw new Error(`--${flag} must be a JSON object.`)
}

export async function createAction({ config, flags, words }: Invocation): Promise<void> {
  const name = words[0] as string
  const changes = objectIn(flags, 'changes')
  if (!changes) throw new Error('halyard custom-action create requires --changes.')
  const conditions = objectIn(flags, 'conditions') ?? {}
  const description = String(flags.description ?? '')
  const id = await withDatabase(config.databaseUrl, (db) =>
    db.transaction((tx) => makeAction(tx, { name, description, conditions, changes })),
  )
  console.log(`Created ${name}: custom action ${id}`)
}

export async function deleteAction({ config, words }: Invocation): Promise<void> {
  const id = idIn(words[0], 'custom action', 'custom-action list')
  await withDatabase(config.databaseUrl, (db) =>
    db.transaction(async (tx) => {
      const count = await tx.run(sql`delete from custom_actions where id = ${id}`)
      if (count === 0) throw new Error(`There is no custom action ${id}.`)
      await invalidate(tx, 'custom_actions')
    }),
  )
  console.log(`Removed custom action ${id}.`)
}
