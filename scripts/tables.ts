/** Writes server/db/tables.ts: the row type of every table, from a freshly migrated database. */
import { writeFileSync } from 'node:fs'
import { migrate } from '#db/migrate.ts'
import { name, sql } from '#db/sql.ts'
import { openSqlite } from '#db/sqlite.ts'
import { product } from '#server/modules.ts'

const db = openSqlite(':memory:', { durable: false })
await migrate(db, product.migrations)
const tables = await db.all<{ name: string }>(
  sql`select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' and name not like 'texts_%' and name not like 'counts_%' and name <> 'migrations' order by name`,
)
const typeOf = (declared: string) =>
  /^bool/i.test(declared) ? 'boolean' : /^json/i.test(declared) ? 'unknown' : /int|real/i.test(declared) ? 'number' : 'string'

let text =
  '/** The row of every table. Written by `npm run tables` from a migrated database; not to be edited. */\n\nexport interface Tables {\n'
for (const table of tables) {
  text += `  ${table.name}: {\n`
  for (const column of await db.all(sql`pragma table_info(${name(table.name)})`)) {
    const optional = column.notnull || column.pk ? '' : ' | null'
    text += `    ${column.name}: ${typeOf(String(column.type))}${optional}\n`
  }
  text += '  }\n'
}
text += '}\n\nexport type TableName = keyof Tables\n'
writeFileSync(new URL('../server/db/tables.ts', import.meta.url), text)
await db.close()
