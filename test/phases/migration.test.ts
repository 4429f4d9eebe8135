/** Instances from before there were phases: those with the basic data get the usual definitions, all others make their own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Database, Transaction } from '#db/database.ts'
import { migrate } from '#db/migrate.ts'
import { sql } from '#db/sql.ts'
import { product } from '#server/modules.ts'
import { phaseDefinitions } from '#server/seeds/basic.ts'
import { emptyDatabase } from '#test/database.ts'
import { instance } from '#test/instance.ts'

const at = '2026-01-02T03:04:05.000Z'

/** Names that only the basic data gives. */
async function fill(tx: Transaction): Promise<void> {
  for (const [i, name] of ['Milestone', 'Summary task'].entries())
    await tx.run(sql`insert into types (name, position, created_at, updated_at) values (${name}, ${i}, ${at}, ${at})`)
  for (const [i, name] of ['In specification', 'To be scheduled'].entries())
    await tx.run(sql`insert into statuses (name, position) values (${name}, ${i})`)
  for (const [i, name] of ['Project admin', 'Reader'].entries())
    await tx.run(sql`
      insert into roles (name, kind, position, created_at, updated_at) values (${name}, 'project', ${i}, ${at}, ${at})`)
}

/** The definitions of an instance that was migrated from before phases, after `work` on it. */
async function definitionsAfter(work: (db: Database) => Promise<unknown>): Promise<object[]> {
  const { db, drop } = await emptyDatabase()
  try {
    await migrate(db, product.migrations, { last: '0039-help-texts' })
    await work(db)
    await migrate(db, product.migrations)
    const rows = await db.all(sql`
      select name, color, position, start_gate, start_gate_name from project_phase_definitions order by position`)
    return rows.map((row) => ({ ...row, start_gate: Boolean(row.start_gate) }))
  } finally {
    await drop()
  }
}

test('an instance with the basic data gets the definitions of a new one', async () => {
  assert.deepEqual(
    await definitionsAfter((db) => db.transaction(fill)),
    phaseDefinitions.map(({ name, color, position, start_gate, start_gate_name }) => ({
      ...{ name, color, position, start_gate, start_gate_name },
    })),
  )
})

test('an instance with other data gets none, and so does one whose administrators have deleted theirs', async () => {
  assert.deepEqual(await definitionsAfter(async () => {}), [])
  const deleted = async (db: Database) => {
    await migrate(db, product.migrations, { last: '0040-project-phases' })
    await db.transaction(async (tx) => {
      await fill(tx)
      await tx.run(sql`insert into revisions (name, value) values ('project_phase_definitions', 2)`)
    })
  }
  assert.deepEqual(await definitionsAfter(deleted), [])
})

test('an administrator of an instance without definitions finds none, and makes one', async () => {
  const it = await instance({ seed: 'none' })
  try {
    const { status, body } = await it.admin.get('/project_phase_definitions')
    assert.deepEqual([status, body.total], [200, 0])
    const made = await it.admin.post('/project_phase_definitions', { name: 'Mooring' })
    assert.deepEqual([made.status, made.body.position, made.body.startGate], [201, 1, false])
  } finally {
    await it.close()
  }
})
