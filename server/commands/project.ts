/** `halyard project`: lists, enables and disables the modules of a project. */
import { sql } from '#db/sql.ts'
import { projectIdentifiedBy } from '#modules/projects/identifiers.ts'
import { switchModule } from '#modules/projects/modules.ts'
import { product } from '#server/modules.ts'
import type { Invocation } from './command.ts'
import { withDatabase } from './database.ts'
import { showList } from './output.ts'

/** The id of the project with an identifier. Throws an Error if there is none. */
async function projectIn(db: Parameters<typeof projectIdentifiedBy>[1]['db'], word = ''): Promise<number> {
  const id = await projectIdentifiedBy(word, { db })
  if (id === undefined) throw new Error(`There is no project "${word}".`)
  return id
}

export async function listModules(invocation: Invocation): Promise<void> {
  const { config, words } = invocation
  const on = await withDatabase(config.databaseUrl, async (db) => {
    const id = await projectIn(db, words[0])
    const rows = await db.all<{ name: string }>(sql`select name from enabled_modules where project_id = ${id}`)
    return new Set(rows.map((row) => row.name))
  })
  const rows = product.projectModules.map(({ name }) => ({ name, enabled: on.has(name) }))
  showList(invocation, rows, {
    MODULE: ({ name }) => name,
    STATUS: ({ enabled }) => (enabled ? 'enabled' : 'disabled'),
  })
}

const switching = (isOn: boolean) =>
  async function change({ config, words }: Invocation): Promise<void> {
    const [identifier, module = ''] = words
    await withDatabase(config.databaseUrl, (db) =>
      db.transaction(async (tx) => switchModule(tx, product, await projectIn(tx, identifier), module, isOn)),
    )
    console.log(`${isOn ? 'Enabled' : 'Disabled'} ${module} in ${identifier}.`)
  }
export const enableModule = switching(true)
export const disableModule = switching(false)
