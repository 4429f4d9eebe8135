/** `halyard custom-action`: administers custom actions. */
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { invalidate } from '#kernel/cache.ts'
import { makeAction } from '#modules/custom-fields/actions.ts'
import { UsageError } from '#server/usage.ts'
import { type Invocation, idIn } from './command.ts'
import { withDatabase } from './database.ts'
import { showList, showResult } from './output.ts'

export async function listActions(invocation: Invocation): Promise<void> {
  const actions = await withDatabase(invocation.config.databaseUrl, (db) =>
    db.all<Tables['custom_actions']>(sql`select * from custom_actions order by position, id`),
  )
  const rows = actions.map(({ id, name, description, conditions, changes }) => ({ id, name, description, conditions, changes }))
  showList(invocation, rows, {
    ID: ({ id }) => id,
    NAME: ({ name }) => name,
    CHANGES: ({ changes }) => JSON.stringify(changes),
    CONDITIONS: ({ conditions }) => JSON.stringify(conditions),
  })
}

/** The JSON object in a flag. */
function objectIn(flags: Invocation['flags'], flag: string): Record<string, unknown> | undefined {
  const text = flags[flag]
  if (text === undefined) return undefined
  try {
    const value = JSON.parse(String(text))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {}
  throw new UsageError(`--${flag} must be a JSON object.`)
}

export async function createAction(invocation: Invocation): Promise<void> {
  const { config, flags, words } = invocation
  const name = words[0] as string
  const changes = objectIn(flags, 'changes')
  if (!changes) throw new UsageError('--changes must be a JSON object.')
  const conditions = objectIn(flags, 'conditions') ?? {}
  const description = String(flags.description ?? '')
  const id = await withDatabase(config.databaseUrl, (db) =>
    db.transaction((tx) => makeAction(tx, { name, description, conditions, changes })),
  )
  showResult(invocation, { id, name }, `Created ${name}: custom action ${id}`)
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
